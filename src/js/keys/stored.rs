//! A key ring as it lies in the vault: its bytes, and the key that wraps it where that one is stored too.

use crate::js::crypto::{self, CryptoKey};
use crate::js::vault::{Vault, Verdict};
use crate::protocol::{ErrorCode, Fault};
use crate::store::sealed::{KeyId, Ring, WrappedKey, Wrapping, holds_seals};
use crate::store::{IndexedDbStore, Store};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

#[derive(Clone)]
pub struct Stored {
    pub ring: Ring,
    /// Where no passphrase wraps the ring: the key that does.
    pub wrapping: Option<CryptoKey>,
}

impl Stored {
    /// A ring that `key` wraps.
    pub fn new(ring: Ring, key: &CryptoKey) -> Self {
        let wrapping = (ring.wrapping == Wrapping::Stored).then(|| key.clone());
        Self { ring, wrapping }
    }

    pub async fn read(vault: &Vault, name: &str) -> Result<Option<Self>, Fault> {
        vault.look(name).await?.map(|value| Self::from_js(&value)).transpose()
    }

    /// Looks at the ring and decides about it, in one transaction: what it becomes, and what to tell.
    pub async fn decide<T>(
        vault: &Vault,
        name: &str,
        decide: impl FnOnce(Option<Self>) -> (Option<Self>, T),
    ) -> Result<T, Fault> {
        let decide = |value: Option<JsValue>| match value.map(|value| Self::from_js(&value)).transpose() {
            Err(fault) => (Verdict::Keep, Err(fault)),
            Ok(known) => {
                let (next, told) = decide(known);
                (next.map_or(Verdict::Keep, |next| Verdict::Put(next.to_js())), Ok(told))
            }
        };
        vault.decide(name, decide).await?
    }

    pub async fn delete(vault: &Vault, name: &str) -> Result<(), Fault> {
        vault.decide(name, |_| (Verdict::Delete, ())).await
    }

    fn from_js(value: &JsValue) -> Result<Self, Fault> {
        let pair = value.dyn_ref::<Array>().cloned().unwrap_or_default();
        let bytes = pair.get(0).dyn_into::<Uint8Array>().map(|bytes| bytes.to_vec());
        let ring = Ring::decode(&bytes.unwrap_or_default())?;
        let wrapping: JsValue = pair.get(1);
        Ok(Self { ring, wrapping: wrapping.is_object().then(|| wrapping.unchecked_into()) })
    }

    fn to_js(&self) -> JsValue {
        let bytes = Uint8Array::from(self.ring.encode().as_slice());
        let wrapping = self.wrapping.clone().map_or(JsValue::UNDEFINED, Into::into);
        Array::of2(&bytes, &wrapping).into()
    }

    /// The key that wraps the ring; `passphrase` derives it where there is one.
    pub async fn wrapping_key(&self, passphrase: Option<&CryptoKey>) -> Result<CryptoKey, Fault> {
        match (self.ring.wrapping, passphrase, &self.wrapping) {
            (Wrapping::Passphrase(how), Some(base), _) => crypto::derive_wrapping_key(base, &how).await,
            (Wrapping::Passphrase(_), None, _) => Err(passphrase_wanted()),
            (Wrapping::Stored, _, Some(key)) => Ok(key.clone()),
            (Wrapping::Stored, _, None) => Err(key_gone()),
        }
    }
}

/// Whether something in a database is sealed, by whatever key.
pub async fn holds_sealed(database: &str) -> Result<bool, Fault> {
    if !Vault::has_database(database).await {
        return Ok(false);
    }
    let store = IndexedDbStore::open(database).await?;
    let loaded = store.load().await;
    store.close();
    Ok(holds_seals(&loaded?))
}

/// Makes a data key: how it is stored, and the key itself, which cannot be exported.
pub async fn make_key(id: KeyId, wrapping: &CryptoKey) -> Result<(WrappedKey, CryptoKey), Fault> {
    let wrapped = wrap(id, &crypto::make_data_key(true).await?, wrapping).await?;
    let key = unwrap(&wrapped, wrapping, false).await?.ok_or_else(key_gone)?;
    Ok((wrapped, key))
}

pub async fn wrap(id: KeyId, key: &CryptoKey, wrapping: &CryptoKey) -> Result<WrappedKey, Fault> {
    let nonce = crypto::nonce();
    let wrapped = crypto::wrap(key, wrapping, &nonce, &associated(id)).await?;
    Ok(WrappedKey { id, nonce, wrapped })
}

/// `None` if `wrapping` is not what wraps it.
pub async fn unwrap(
    key: &WrappedKey,
    wrapping: &CryptoKey,
    extractable: bool,
) -> Result<Option<CryptoKey>, Fault> {
    crypto::unwrap(&key.wrapped, wrapping, &key.nonce, &associated(key.id), extractable).await
}

fn associated(id: KeyId) -> Vec<u8> {
    [b"thermocline data key".as_slice(), &id.0].concat()
}

fn locked(message: &str) -> Fault {
    Fault::new(ErrorCode::Locked, message)
}

pub fn passphrase_wanted() -> Fault {
    locked(
        "the local database is locked; unlock it with its passphrase (tc.encryption.unlock), \
            or give it up with tc.encryption.shred",
    )
}

pub fn wrong_passphrase() -> Fault {
    locked(
        "this passphrase does not open the local database, which is not damaged; try another, \
            or give the database up with tc.encryption.shred",
    )
}

pub fn key_gone() -> Fault {
    locked(
        "the local database is encrypted and its key is gone: what it holds can never be read again, changes that \
            were not sent included; tc.encryption.shred empties it, and the next start begins anew from the server",
    )
}

pub fn shredded() -> Fault {
    locked("the local database was shredded; open Thermocline again to begin anew")
}
