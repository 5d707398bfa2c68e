//! Named values beside the log, and the wiping of everything.

use super::bytes;
use super::head::Head;
use super::transaction::{BLOCKS, FILES, LOG, META, Transaction};
use super::trouble::Trouble;
use crate::store::{Durability, Incarnation, Manifest};
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

/// Empties all stores and begins anew. The log's keys go on from where they were.
pub async fn wipe(database: &Database, known: Incarnation, fresh: &Manifest) -> Result<(), Trouble> {
    let stores = [META, LOG, BLOCKS, FILES];
    let transaction = Transaction::write(database, &stores, Durability::Strict)?;
    let head = Head::ask(&transaction)?;
    if let Some(head) = head.answer(&transaction).await?
        && head.manifest.incarnation != known
        && head.manifest.incarnation != fresh.incarnation
    {
        return Err(crate::store::fault::storage_lost("another one took its place").into());
    }
    for name in stores {
        let _sent = transaction.store(name)?.clear()?;
    }
    Head { manifest: fresh.clone(), segment: None }.put(&transaction)?;
    transaction.commit().await
}

fn key(name: &str) -> JsValue {
    Array::of2(&"value".into(), &name.into()).into()
}
