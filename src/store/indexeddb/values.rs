//! Named values beside the log, and the wiping of everything.

use super::bytes;
use super::head::Head;
use super::transaction::{BLOCKS, FILES, LOG, META, Transaction};
use super::trouble::Trouble;
use crate::store::{Durability, Incarnation, Manifest, fault, next_life};
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use js_sys::Array;
use wasm_bindgen::JsValue;

pub async fn get(database: &Database, known: Incarnation, name: &str) -> Result<Option<Vec<u8>>, Trouble> {
    let transaction = Transaction::read(database, &[META])?;
    let head = Head::ask(&transaction)?;
    let value = transaction.store(META)?.get::<JsValue, _, _>(key(name)).primitive()?;
    head.expect(&transaction, known).await?;
    let value = value.await.map_err(|error| transaction.why(error))?;
    Ok(value.map(|value| bytes::from_js(&value)))
}

pub async fn put(
    database: &Database,
    known: Incarnation,
    name: &str,
    value: Option<&[u8]>,
) -> Result<(), Trouble> {
    let transaction = Transaction::write(database, &[META], Durability::Strict)?;
    let head = Head::ask(&transaction)?;
    let store = transaction.store(META)?;
    match value {
        Some(value) => drop(store.put(bytes::to_js(value)).with_key(key(name)).primitive()?),
        None => drop(store.delete::<JsValue, _>(key(name)).primitive()?),
    }
    head.expect(&transaction, known).await?;
    drop(store);
    transaction.commit().await
}

/// Empties all stores and begins a new life, whose manifest comes back: `fresh` with its base.
pub async fn wipe(database: &Database, known: Incarnation, fresh: &Manifest) -> Result<Manifest, Trouble> {
    let stores = [META, LOG, BLOCKS, FILES];
    let transaction = Transaction::write(database, &stores, Durability::Strict)?;
    let head = Head::ask(&transaction)?.answer(&transaction).await?;
    let before = match head {
        // Committed before the connection was lost: only its answer was missing.
        Some(head) if head.manifest.incarnation == fresh.incarnation => return Ok(head.manifest),
        Some(head) if head.manifest.incarnation != known => {
            return Err(fault::storage_lost("another one took its place").into());
        }
        Some(head) => head.manifest.base,
        None => 0,
    };
    let manifest = Manifest { base: next_life(before), ..fresh.clone() };
    // A record with a key of its own moves the key generator behind it; clearing does not move it back.
    let log = transaction.store(LOG)?;
    let _sent = log.put(bytes::to_js(&[])).with_key(manifest.base as f64).primitive()?;
    drop(log);
    for name in stores {
        let _sent = transaction.store(name)?.clear()?;
    }
    Head { manifest: manifest.clone(), segment: None }.put(&transaction)?;
    transaction.commit().await?;
    Ok(manifest)
}

fn key(name: &str) -> JsValue {
    Array::of2(&"value".into(), &name.into()).into()
}
