//! Writing, reading and deleting blocks: transactions that touch no log, so that appends go on meanwhile.
//!
//! Owns how a block lies in `blocks`. Invariant: a block is written before a manifest names it, and
//! deleted after the last one did; what somebody may read is only ever replaced by the same, sealed.

use super::bytes;
use super::head::Head;
use super::keys;
use super::transaction::{BLOCKS, META, Transaction};
use super::trouble::Trouble;
use crate::protocol::SegmentId;
use crate::store::{Durability, Incarnation, ReadBlocks, fault};
use indexed_db_futures::KeyRange;
use indexed_db_futures::database::Database;
use indexed_db_futures::future::BasicRequest;
use indexed_db_futures::prelude::*;
use wasm_bindgen::JsValue;

/// Writes a slice of a segment in one transaction.
pub async fn write(
    database: &Database,
    segment: SegmentId,
    first: u32,
    blocks: &[Vec<u8>],
    durability: Durability,
) -> Result<(), Trouble> {
    let transaction = Transaction::write(database, &[BLOCKS], durability)?;
    let store = transaction.store(BLOCKS)?;
    for (n, block) in (first..).zip(blocks) {
        let key = keys::block(segment, n);
        let _sent = store.put(bytes::to_js(block)).with_key(key).primitive()?;
    }
    drop(store);
    transaction.commit().await
}

/// Deletes a range of blocks.
pub async fn delete(database: &Database, range: KeyRange<JsValue>) -> Result<(), Trouble> {
    let transaction = Transaction::write(database, &[BLOCKS], Durability::Relaxed)?;
    let _sent = transaction.store(BLOCKS)?.delete::<JsValue, _>(range).primitive()?;
    transaction.commit().await
}

/// Makes sure that the database was not wiped meanwhile: what was meant for a former life leaves it.
pub async fn check(database: &Database, known: Incarnation, segment: SegmentId) -> Result<(), Trouble> {
    let transaction = Transaction::read(database, &[META])?;
    let head = Head::ask(&transaction)?.answer(&transaction).await?;
    if head.is_some_and(|head| head.manifest.incarnation == known) {
        return Ok(());
    }
    drop(transaction);
    delete(database, keys::segment(segment)).await?;
    Err(fault::storage_lost("another one took its place").into())
}

/// All requests are sent before the first is awaited. One each: measured in Chromium, one request for a
/// range is no quicker for four neighbours of 62 KiB, and takes twice as long for sixteen.
pub async fn read(
    database: &Database,
    known: Incarnation,
    wanted: &[(SegmentId, u32)],
) -> Result<ReadBlocks, Trouble> {
    let transaction = Transaction::read(database, &[META, BLOCKS])?;
    let head = Head::ask(&transaction)?;
    let asked = wanted.iter().map(|(segment, n)| get(&transaction, *segment, *n));
    let asked: Vec<_> = asked.collect::<Result<_, _>>()?;
    let version = head.expect(&transaction, known).await?.manifest.version;
    let mut blocks = Vec::with_capacity(wanted.len());
    for request in asked {
        blocks.push(got(&transaction, request).await?);
    }
    Ok(ReadBlocks { version, blocks })
}

/// One block, on its way.
pub fn get(
    transaction: &Transaction,
    segment: SegmentId,
    n: u32,
) -> Result<BasicRequest<Option<JsValue>>, Trouble> {
    Ok(transaction.store(BLOCKS)?.get::<JsValue, _, _>(keys::block(segment, n)).primitive()?)
}

/// A block that has arrived, if it is there.
pub async fn got(
    transaction: &Transaction<'_>,
    request: BasicRequest<Option<JsValue>>,
) -> Result<Option<Vec<u8>>, Trouble> {
    let value = request.await.map_err(|error| transaction.why(error))?;
    Ok(value.map(|value| bytes::from_js(&value)))
}
