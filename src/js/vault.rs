//! The vault: what an origin keeps about one project beside any user's database.
//!
//! Database `thermocline/<name>`: who is signed in, the options the page opened with (so that the service
//! worker can sync without it), whether sync is on. Everything is sealed with AES-256-GCM under a key that
//! cannot be exported; each value has a fresh nonce. Where the browser has closed the database, or thrown it
//! away, it is opened again; a new one gets the same key.

use super::crypto::{self, CryptoKey};
use crate::protocol::{ErrorCode, Fault};
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::{TransactionDurability, TransactionMode, TransactionOptions};
use js_sys::{Array, Reflect, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

const STORE: &str = "values";
const KEY: &str = "key";
const NONCE_BYTES: usize = 12;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = indexedDB, js_name = databases, catch)]
    fn databases() -> Result<js_sys::Promise, JsValue>;
}

pub struct Vault {
    name: String,
    open: RefCell<Rc<Open>>,
}

struct Open {
    db: Database,
    key: CryptoKey,
}

/// What becomes of a value that was looked at.
pub enum Verdict {
    Keep,
    Put(JsValue),
    Delete,
}

impl Vault {
    /// Opens or makes the vault of a project.
    pub async fn open(name: &str) -> Result<Self, Fault> {
        let open = Open::new(name, None).await?;
        Ok(Self { name: name.into(), open: RefCell::new(Rc::new(open)) })
    }

    /// The open database, opened again if it was closed.
    async fn opened(&self) -> Result<Rc<Open>, Fault> {
        let held = Rc::clone(&self.open.borrow());
        if held.db.transaction(STORE).build().is_ok() {
            return Ok(held);
        }
        let again = Rc::new(Open::new(&self.name, Some(&held.key)).await?);
        self.open.replace(Rc::clone(&again));
        Ok(again)
    }

    /// Names of the projects that have a vault in this origin.
    pub async fn names() -> Vec<String> {
        let names = database_names().await.unwrap_or_default();
        names
            .iter()
            .filter_map(|name| name.strip_prefix("thermocline/").map(str::to_owned))
            .filter(|name| !name.contains('/'))
            .collect()
    }

    /// Whether this origin has such a database; true where the browser does not tell.
    pub async fn has_database(name: &str) -> bool {
        database_names().await.is_none_or(|names| names.iter().any(|known| known == name))
    }

    pub async fn get(&self, name: &str) -> Result<Option<String>, Fault> {
        let open = self.opened().await?;
        match read(&open.db, name).await? {
            Some(record) => open.unseal(&bytes_of(&record)).await,
            None => Ok(None),
        }
    }

    /// Changes a value, whatever other contexts do to it at the same time; `change` may be asked more than once.
    pub async fn change(
        &self,
        name: &str,
        change: impl Fn(Option<String>) -> Option<String>,
    ) -> Result<(), Fault> {
        loop {
            let open = self.opened().await?;
            let known = read(&open.db, name).await?.map(|record| bytes_of(&record));
            let before = match &known {
                Some(record) => open.unseal(record).await?,
                None => None,
            };
            let next = match change(before) {
                Some(value) => Verdict::Put(open.seal(&value).await?.into()),
                None => Verdict::Delete,
            };
            // Sealing would end a transaction, so it comes first; each seal has another nonce.
            let decide = |now: Option<JsValue>| match now.map(|record| bytes_of(&record)) == known {
                true => (next, true),
                false => (Verdict::Keep, false),
            };
            if self.decide(name, decide).await? {
                return Ok(());
            }
        }
    }

    pub async fn put(&self, name: &str, value: Option<&str>) -> Result<(), Fault> {
        let record = match value {
            Some(value) => Verdict::Put(self.opened().await?.seal(value).await?.into()),
            None => Verdict::Delete,
        };
        self.decide(name, |_| (record, ())).await
    }

    /// A value as it lies there, for what is sealed in a way of its own.
    pub async fn look(&self, name: &str) -> Result<Option<JsValue>, Fault> {
        read(&self.opened().await?.db, name).await
    }

    /// Looks at a value and decides about it, in one transaction.
    pub async fn decide<T>(
        &self,
        name: &str,
        decide: impl FnOnce(Option<JsValue>) -> (Verdict, T),
    ) -> Result<T, Fault> {
        decide_in(&self.opened().await?.db, name, decide).await
    }
}

impl Open {
    /// `known`: the key of the vault that was open before, for one that has none.
    async fn new(name: &str, known: Option<&CryptoKey>) -> Result<Self, Fault> {
        let db = Database::open(format!("thermocline/{name}"))
            .with_version(1u8)
            .with_on_upgrade_needed(|_, db| db.create_object_store(STORE).build().map(drop))
            .await
            .map_err(|error| blocked(&error))?;
        let key = match (read(&db, KEY).await?, known) {
            (Some(key), _) => key.unchecked_into(),
            (None, Some(known)) => keep_key(&db, known.clone()).await?,
            (None, None) => keep_key(&db, crypto::make_data_key(false).await?).await?,
        };
        Ok(Self { db, key })
    }

    async fn seal(&self, value: &str) -> Result<Uint8Array, Fault> {
        let nonce = crypto::nonce();
        let sealed = crypto::encrypt(&self.key, &nonce, &[], value.as_bytes()).await?;
        Ok(Uint8Array::from([nonce.as_slice(), &sealed].concat().as_slice()))
    }

    /// None of what is not ours.
    async fn unseal(&self, record: &[u8]) -> Result<Option<String>, Fault> {
        let Some((nonce, sealed)) = record.split_first_chunk::<NONCE_BYTES>() else { return Ok(None) };
        let plain = crypto::decrypt(&self.key, nonce, &[], sealed).await?;
        Ok(plain.and_then(|plain| String::from_utf8(plain).ok()))
    }
}

fn bytes_of(record: &JsValue) -> Vec<u8> {
    Uint8Array::new(record).to_vec()
}

impl Drop for Open {
    fn drop(&mut self) {
        self.db.clone().close();
    }
}

async fn database_names() -> Option<Vec<String>> {
    let list = JsFuture::from(databases().ok()?).await.ok()?;
    let name = |entry: JsValue| Reflect::get(&entry, &"name".into()).ok()?.as_string();
    Some(Array::from(&list).iter().filter_map(name).collect())
}

/// Two contexts at once: the first key that is stored counts.
async fn keep_key(db: &Database, key: CryptoKey) -> Result<CryptoKey, Fault> {
    decide_in(db, KEY, |known| match known {
        Some(known) => (Verdict::Keep, known.unchecked_into()),
        None => (Verdict::Put(key.clone().into()), key),
    })
    .await
}

async fn read(db: &Database, name: &str) -> Result<Option<JsValue>, Fault> {
    let transaction = db.transaction(STORE).build().map_err(|error| blocked(&error))?;
    let store = transaction.object_store(STORE).map_err(|error| blocked(&error))?;
    store.get(name).primitive().map_err(|e| blocked(&e))?.await.map_err(|error| blocked(&error))
}

async fn decide_in<T>(
    db: &Database,
    name: &str,
    decide: impl FnOnce(Option<JsValue>) -> (Verdict, T),
) -> Result<T, Fault> {
    // A ring that is lost takes everything with it that was sealed.
    let mut options = TransactionOptions::new();
    options.set_durability(TransactionDurability::Strict);
    let builder = db.transaction(STORE).with_mode(TransactionMode::Readwrite).with_options(options);
    let transaction = builder.build().map_err(|error| blocked(&error))?;
    let decided = {
        let store = transaction.object_store(STORE).map_err(|error| blocked(&error))?;
        let known: Option<JsValue> =
            store.get(name).primitive().map_err(|e| blocked(&e))?.await.map_err(|e| blocked(&e))?;
        let (verdict, decided) = decide(known);
        match verdict {
            Verdict::Keep => {}
            Verdict::Put(value) => {
                drop(store.put(&value).with_key(name).build().map_err(|error| blocked(&error))?)
            }
            Verdict::Delete => drop(store.delete(name).build().map_err(|error| blocked(&error))?),
        }
        decided
    };
    transaction.commit().await.map_err(|error| blocked(&error))?;
    Ok(decided)
}

fn blocked(error: &dyn std::fmt::Display) -> Fault {
    let message = format!("the browser's storage does not answer ({error}); close other tabs or free space");
    Fault::new(ErrorCode::StorageBlocked, message)
}
