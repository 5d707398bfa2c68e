//! The vault: what an origin keeps about one project beside any user's database.
//!
//! Database `thermocline/<name>`: who is signed in, the options the page opened with (so that the service
//! worker can sync without it), whether sync is on. Everything is sealed with AES-256-GCM under a key that
//! cannot be exported; each value has a fresh nonce.

use super::platform::random;
use crate::protocol::{ErrorCode, Fault};
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::TransactionMode;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

const STORE: &str = "values";
const KEY: &str = "key";
const NONCE_BYTES: usize = 12;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = generateKey, catch)]
    async fn generate_key(algorithm: &Object, extractable: bool, usages: &Array) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    async fn encrypt(algorithm: &Object, key: &JsValue, data: &Uint8Array) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    async fn decrypt(algorithm: &Object, key: &JsValue, data: &Uint8Array) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = indexedDB, js_name = databases, catch)]
    fn databases() -> Result<js_sys::Promise, JsValue>;
}

pub struct Vault {
    db: Database,
    key: JsValue,
}

impl Vault {
    /// Opens or makes the vault of a project.
    pub async fn open(name: &str) -> Result<Self, Fault> {
        let db = Database::open(format!("thermocline/{name}"))
            .with_version(1u8)
            .with_on_upgrade_needed(|_, db| db.create_object_store(STORE).build().map(drop))
            .await
            .map_err(|error| blocked(&error))?;
        let key = match read(&db, KEY).await? {
            Some(key) => key,
            None => make_key(&db).await?,
        };
        Ok(Self { db, key })
    }

    /// Names of the projects that have a vault in this origin.
    pub async fn names() -> Vec<String> {
        let Ok(promise) = databases() else { return Vec::new() };
        let Ok(list) = JsFuture::from(promise).await else { return Vec::new() };
        let name = |entry: JsValue| Reflect::get(&entry, &"name".into()).ok()?.as_string();
        Array::from(&list)
            .iter()
            .filter_map(name)
            .filter_map(|name| name.strip_prefix("thermocline/").map(str::to_owned))
            .filter(|name| !name.contains('/'))
            .collect()
    }

    pub async fn get(&self, name: &str) -> Result<Option<String>, Fault> {
        let Some(sealed) = read(&self.db, name).await? else { return Ok(None) };
        let sealed = Uint8Array::new(&sealed);
        let nonce = sealed.subarray(0, NONCE_BYTES as u32);
        let data = sealed.subarray(NONCE_BYTES as u32, sealed.length());
        let Ok(plain) = decrypt(&algorithm(&nonce), &self.key, &data).await else { return Ok(None) };
        Ok(String::from_utf8(Uint8Array::new(&plain).to_vec()).ok())
    }

    pub async fn put(&self, name: &str, value: Option<&str>) -> Result<(), Fault> {
        let sealed = match value {
            Some(value) => Some(self.seal(value).await?),
            None => None,
        };
        write(&self.db, name, sealed.as_ref().map(AsRef::as_ref)).await
    }

    async fn seal(&self, value: &str) -> Result<Uint8Array, Fault> {
        let nonce = Uint8Array::from(&random()[..NONCE_BYTES]);
        let data = Uint8Array::from(value.as_bytes());
        let sealed = encrypt(&algorithm(&nonce), &self.key, &data).await.map_err(|error| unusable(&error))?;
        let sealed = Uint8Array::new(&sealed);
        let whole = Uint8Array::new_with_length(NONCE_BYTES as u32 + sealed.length());
        whole.set(&nonce, 0);
        whole.set(&sealed, NONCE_BYTES as u32);
        Ok(whole)
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.db.clone().close();
    }
}

async fn make_key(db: &Database) -> Result<JsValue, Fault> {
    let algorithm = object(&[("name", "AES-GCM".into()), ("length", 256.into())]);
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let made = generate_key(&algorithm, false, &usages).await.map_err(|error| unusable(&error))?;
    // Two contexts at once: the first key that is stored counts.
    let transaction =
        db.transaction(STORE).with_mode(TransactionMode::Readwrite).build().map_err(|e| blocked(&e))?;
    let key = {
        let store = transaction.object_store(STORE).map_err(|error| blocked(&error))?;
        let known: Option<JsValue> =
            store.get(KEY).primitive().map_err(|e| blocked(&e))?.await.map_err(|e| blocked(&e))?;
        match known {
            Some(key) => key,
            None => {
                store.put(&made).with_key(KEY).build().map_err(|e| blocked(&e))?;
                made
            }
        }
    };
    transaction.commit().await.map_err(|error| blocked(&error))?;
    Ok(key)
}

async fn read(db: &Database, name: &str) -> Result<Option<JsValue>, Fault> {
    let transaction = db.transaction(STORE).build().map_err(|error| blocked(&error))?;
    let store = transaction.object_store(STORE).map_err(|error| blocked(&error))?;
    store.get(name).primitive().map_err(|e| blocked(&e))?.await.map_err(|error| blocked(&error))
}

async fn write(db: &Database, name: &str, value: Option<&JsValue>) -> Result<(), Fault> {
    let transaction =
        db.transaction(STORE).with_mode(TransactionMode::Readwrite).build().map_err(|e| blocked(&e))?;
    {
        let store = transaction.object_store(STORE).map_err(|error| blocked(&error))?;
        match value {
            Some(value) => drop(store.put(value).with_key(name).build().map_err(|e| blocked(&e))?),
            None => drop(store.delete(name).build().map_err(|error| blocked(&error))?),
        }
    }
    transaction.commit().await.map_err(|error| blocked(&error))
}

fn algorithm(nonce: &Uint8Array) -> Object {
    object(&[("name", "AES-GCM".into()), ("iv", nonce.into())])
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // A plain object takes any property.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object
}

fn blocked(error: &dyn std::fmt::Display) -> Fault {
    let message = format!("the browser's storage does not answer ({error}); close other tabs or free space");
    Fault::new(ErrorCode::StorageBlocked, message)
}

fn unusable(error: &JsValue) -> Fault {
    let message = format!("WebCrypto does not answer ({error:?}); it needs https or localhost");
    Fault::new(ErrorCode::StorageBlocked, message)
}
