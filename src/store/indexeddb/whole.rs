//! A checkpoint as the first release made it: for as long as the engine writes one.
//!
//! Owns format 1's layout. One snapshot segment of row blocks, the state record in `meta`; one
//! transaction over everything decides, and sweeps what is not of this segment.

use super::bytes;
use super::head::{Former, Head};
use super::keys;
use super::transaction::{BLOCKS, LOG, META, Transaction};
use super::trouble::Trouble;
use crate::protocol::SegmentId;
use crate::protocol::limits::RECORD_BYTES;
use crate::store::{Durability, Incarnation, Manifest, Seq};
use indexed_db_futures::KeyRange;
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use js_sys::Array;
use wasm_bindgen::JsValue;

pub struct Whole {
    pub known: Incarnation,
    pub expected: u64,
    pub base: Seq,
    pub segment: SegmentId,
}

impl Whole {
    /// The new manifest, or nothing if another context was quicker.
    pub async fn decide(&self, database: &Database, state: &[u8]) -> Result<Option<Manifest>, Trouble> {
        let transaction = Transaction::write(database, &[META, LOG, BLOCKS], Durability::Strict)?;
        let head = Head::ask(&transaction)?.expect(&transaction, self.known).await?;
        let former = Some(Former { segment: self.segment });
        if head.former == former {
            return Ok(Some(head.manifest));
        }
        if head.manifest.version != self.expected {
            delete(&transaction, BLOCKS, keys::segment(self.segment))?;
            transaction.commit().await?;
            return Ok(None);
        }
        let manifest = Manifest { version: self.expected + 1, base: self.base, ..head.manifest };
        Head { former, ..Head::fresh(manifest.clone()) }.put(&transaction)?;
        delete(&transaction, META, keys::former_state())?;
        let store = transaction.store(META)?;
        for (n, piece) in (0..).zip(state.chunks(RECORD_BYTES)) {
            let key: JsValue = Array::of2(&"state".into(), &JsValue::from(n)).into();
            let _sent = store.put(bytes::to_js(piece)).with_key(key).primitive()?;
        }
        drop(store);
        delete(&transaction, LOG, KeyRange::UpperBound(JsValue::from(self.base as f64), false))?;
        for gap in keys::gaps(&[self.segment]) {
            delete(&transaction, BLOCKS, gap)?;
        }
        transaction.commit().await?;
        Ok(Some(manifest))
    }
}

fn delete(transaction: &Transaction, store: &str, range: KeyRange<JsValue>) -> Result<(), Trouble> {
    let _sent = transaction.store(store)?.delete::<JsValue, _>(range).primitive()?;
    Ok(())
}
