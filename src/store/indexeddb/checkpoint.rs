//! Replacing a prefix of the log: blocks first, in slices, then one short transaction that decides.
//!
//! Owns the keys of blocks and state record. Blocks lie under a random segment id that no manifest
//! names yet, in transactions that touch no log: appends go on meanwhile. Invariant: only the winner
//! sweeps, in its deciding transaction. Whoever else is writing blocks then has already lost.

use super::bytes;
use super::head::Head;
use super::transaction::{BLOCKS, LOG, META, Transaction};
use super::trouble::Trouble;
use crate::protocol::limits::RECORD_BYTES;
use crate::store::{Durability, Incarnation, Manifest, Seq};
use indexed_db_futures::KeyRange;
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use js_sys::Array;
use wasm_bindgen::JsValue;

/// Blocks in one transaction: about 1 MiB.
const SLICE_BLOCKS: usize = 16;

/// The checkpoint being made, and the manifest's version it started from.
pub struct Next {
    pub known: Incarnation,
    pub expected: u64,
    pub base: Seq,
    pub segment: u128,
}

impl Next {
    pub async fn write_blocks(&self, database: &Database, blocks: &[Vec<u8>]) -> Result<(), Trouble> {
        for (slice, blocks) in blocks.chunks(SLICE_BLOCKS).enumerate() {
            let transaction = Transaction::write(database, &[BLOCKS], Durability::Relaxed)?;
            let store = transaction.store(BLOCKS)?;
            for (n, block) in blocks.iter().enumerate() {
                let key = block_key(self.segment, slice * SLICE_BLOCKS + n);
                let _sent = store.put(bytes::to_js(block)).with_key(key).primitive()?;
            }
            drop(store);
            transaction.commit().await?;
        }
        Ok(())
    }

    /// The new manifest, or nothing if another context was quicker.
    pub async fn decide(&self, database: &Database, state: &[u8]) -> Result<Option<Manifest>, Trouble> {
        let transaction = Transaction::write(database, &[META, LOG, BLOCKS], Durability::Strict)?;
        let head = Head::ask(&transaction)?.expect(&transaction, self.known).await?;
        if head.segment == Some(self.segment) {
            // Committed before the connection was lost: only its answer was missing.
            return Ok(Some(head.manifest));
        }
        if head.manifest.version != self.expected {
            delete(&transaction, BLOCKS, segment_range(self.segment))?;
            transaction.commit().await?;
            return Ok(None);
        }
        let manifest = Manifest { version: self.expected + 1, base: self.base, ..head.manifest };
        Head { manifest: manifest.clone(), segment: Some(self.segment) }.put(&transaction)?;
        put_state(&transaction, state)?;
        delete(&transaction, LOG, KeyRange::UpperBound(JsValue::from(self.base as f64), false))?;
        delete(&transaction, BLOCKS, KeyRange::UpperBound(key([segment_id(self.segment)]), true))?;
        delete(&transaction, BLOCKS, KeyRange::LowerBound(segment_end(self.segment), true))?;
        transaction.commit().await?;
        Ok(Some(manifest))
    }
}

fn put_state(transaction: &Transaction, state: &[u8]) -> Result<(), Trouble> {
    delete(transaction, META, state_range())?;
    let store = transaction.store(META)?;
    for (n, piece) in state.chunks(RECORD_BYTES).enumerate() {
        let key = key(["state".into(), JsValue::from(n as f64)]);
        let _sent = store.put(bytes::to_js(piece)).with_key(key).primitive()?;
    }
    Ok(())
}

fn delete(transaction: &Transaction, store: &str, range: KeyRange<JsValue>) -> Result<(), Trouble> {
    let _sent = transaction.store(store)?.delete::<JsValue, _>(range).primitive()?;
    Ok(())
}

/// The pieces of the state record.
pub fn state_range() -> KeyRange<JsValue> {
    KeyRange::Bound(key(["state".into()]), false, key(["state".into(), Array::new().into()]), false)
}

/// The blocks of a segment: in keys an array sorts behind every number.
pub fn segment_range(segment: u128) -> KeyRange<JsValue> {
    KeyRange::Bound(key([segment_id(segment)]), false, segment_end(segment), false)
}

fn segment_end(segment: u128) -> JsValue {
    key([segment_id(segment), Array::new().into()])
}

fn block_key(segment: u128, n: usize) -> JsValue {
    key([segment_id(segment), JsValue::from(n as f64)])
}

fn segment_id(segment: u128) -> JsValue {
    format!("{segment:032x}").into()
}

fn key(parts: impl IntoIterator<Item = JsValue>) -> JsValue {
    parts.into_iter().collect::<Array>().into()
}
