//! Named values beside the log, how much lies where, and the wiping of everything.

use super::bytes;
use super::checkpoint::unknown;
use super::head::Head;
use super::keys;
use super::load::{all, answered, range_keys};
use super::transaction::{BLOCKS, FILES, LOG, META, Transaction};
use super::trouble::Trouble;
use crate::store::{Durability, Incarnation, Manifest, Seq, Space, StoreUsage, fault, next_life};
use indexed_db_futures::KeyRange;
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;

pub async fn get(database: &Database, known: Incarnation, name: &str) -> Result<Option<Vec<u8>>, Trouble> {
    let transaction = Transaction::read(database, &[META])?;
    let head = Head::ask(&transaction)?;
    let value = transaction.store(META)?.get::<JsValue, _, _>(keys::value(name)).primitive()?;
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
        Some(value) => drop(store.put(bytes::to_js(value)).with_key(keys::value(name)).primitive()?),
        None => drop(store.delete::<JsValue, _>(keys::value(name)).primitive()?),
    }
    head.expect(&transaction, known).await?;
    drop(store);
    transaction.commit().await
}

/// The names that begin so, in order.
pub async fn names(database: &Database, known: Incarnation, prefix: &str) -> Result<Vec<String>, Trouble> {
    let transaction = Transaction::read(database, &[META])?;
    let head = Head::ask(&transaction)?;
    let found = range_keys(&transaction, META, keys::values_from(prefix))?;
    head.expect(&transaction, known).await?;
    let found = found.await.map_err(|error| transaction.why(error))?;
    let mut names = Vec::new();
    for key in found {
        names.extend(key?.dyn_ref::<Array>().and_then(|parts| parts.get(1).as_string()));
    }
    names.retain(|name| name.starts_with(prefix));
    // IndexedDB sorts texts by their UTF-16, we by their characters.
    names.sort_unstable();
    Ok(names)
}

/// Of blocks nothing is read but what is written down: counting them would make the browser read them.
pub async fn usage(database: &Database, known: Incarnation) -> Result<StoreUsage, Trouble> {
    let transaction = Transaction::read(database, &[META, LOG, BLOCKS])?;
    let head = Head::ask(&transaction)?;
    let log = all(&transaction, LOG, KeyRange::LowerBound(f64::NEG_INFINITY.into(), false))?;
    let meta = all(&transaction, META, keys::values_from(""))?;
    let head = head.expect(&transaction, known).await?;
    let former = match head.former {
        Some(former) => Some(all(&transaction, BLOCKS, keys::segment(former.segment))?),
        None => None,
    };
    let mut usage = StoreUsage {
        log: Space::of(&answered(&transaction, log.await)?),
        meta: Space::of(&answered(&transaction, meta.await)?),
        ..StoreUsage::default()
    };
    if let Some(former) = former {
        usage.blocks = Space::of(&answered(&transaction, former.await)?);
    }
    drop(transaction);
    let state = head.state.map(|state| state.space);
    head.sizes.iter().copied().chain(state).for_each(|size| usage.blocks.add(size));
    usage.unnamed.records = unknown(database, &head.named()).await?.len() as u64;
    Ok(usage)
}

/// Empties all stores and begins a new life, whose manifest comes back: `fresh` with its base. Nothing comes back, and
/// nothing has changed, where the log goes on after `last`.
pub async fn wipe(
    database: &Database,
    known: Incarnation,
    last: Option<Seq>,
    fresh: &Manifest,
) -> Result<Option<Manifest>, Trouble> {
    let stores = [META, LOG, BLOCKS, FILES];
    let transaction = Transaction::write(database, &stores, Durability::Strict)?;
    let head = Head::ask(&transaction)?;
    let after = KeyRange::LowerBound(last.map_or(f64::INFINITY, |seq| seq as f64), true);
    let after = transaction.store(LOG)?.count().with_query::<f64, _>(after).primitive()?;
    let head = head.answer(&transaction).await?;
    let before = match head {
        // Committed before the connection was lost: only its answer was missing.
        Some(head) if head.manifest.incarnation == fresh.incarnation => return Ok(Some(head.manifest)),
        Some(head) if head.manifest.incarnation != known => {
            return Err(fault::storage_lost("another one took its place").into());
        }
        Some(head) => head.manifest.base,
        None => 0,
    };
    if after.await.map_err(|error| transaction.why(error))? > 0 {
        return Ok(None);
    }
    let manifest = Manifest { base: next_life(before), ..fresh.clone() };
    // A record with a key of its own moves the key generator behind it; clearing does not move it back.
    let log = transaction.store(LOG)?;
    let _sent = log.put(bytes::to_js(&[])).with_key(manifest.base as f64).primitive()?;
    drop(log);
    for name in stores {
        let _sent = transaction.store(name)?.clear()?;
    }
    Head::fresh(manifest.clone()).put(&transaction)?;
    transaction.commit().await?;
    Ok(Some(manifest))
}
