//! Replacing a prefix of the log: everything is written first, then one short transaction decides.
//!
//! ```text
//! survey (meta, blocks) ─▶ state record (blocks) ─▶ decide (meta) ─▶ sweep (blocks), cut (log)
//! ```
//!
//! Owns the order of these transactions. The deciding one touches nothing but the head, so an append
//! never waits for it. Invariant: swept is only what the survey found unnamed, before the decision:
//! whoever is writing that started from the same manifest, or an earlier one, and has lost by then.
//! What a crash leaves behind is found by the next survey; readers pass over frames up to the base.

use super::blocks;
use super::head::{Head, StateRecord};
use super::keys;
use super::load::range_keys;
use super::transaction::{BLOCKS, LOG, META, Transaction};
use super::trouble::Trouble;
use crate::protocol::SegmentId;
use crate::store::{Durability, Incarnation, Manifest, Next, Seq, Space};
use indexed_db_futures::KeyRange;
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use std::collections::BTreeMap;
use wasm_bindgen::JsValue;

/// The checkpoint being made, and the manifest's version it started from.
pub struct Attempt<'a> {
    pub known: Incarnation,
    pub expected: u64,
    pub next: &'a Next,
    pub state: StateRecord,
    /// How much was written of new segments.
    pub written: BTreeMap<SegmentId, Space>,
}

/// What becomes garbage once the attempt has won: first parts of keys in `blocks`.
pub struct Garbage(Vec<JsValue>);

impl Attempt<'_> {
    /// Nothing if the attempt has lost already.
    pub async fn survey(&self, database: &Database) -> Result<Option<Garbage>, Trouble> {
        let transaction = Transaction::read(database, &[META, BLOCKS])?;
        let head = Head::ask(&transaction)?.expect(&transaction, self.known).await?;
        if head.manifest.version != self.expected {
            return Ok(None);
        }
        let mut kept = self.next.segments.clone();
        kept.sort_unstable();
        kept.dedup();
        let asked: Vec<_> = keys::gaps(&kept)
            .into_iter()
            .map(|gap| range_keys(&transaction, BLOCKS, gap))
            .collect::<Result<_, _>>()?;
        let mut names: Vec<JsValue> = Vec::new();
        for keys in asked {
            let keys = keys.await.map_err(|error| transaction.why(error))?;
            for key in keys {
                let name = keys::name_in(&key?);
                names.extend(name.filter(|name| names.last() != Some(name)));
            }
        }
        Ok(Some(Garbage(names)))
    }

    /// The new manifest, or nothing if another context was quicker.
    pub async fn decide(&self, database: &Database) -> Result<Option<Manifest>, Trouble> {
        let transaction = Transaction::write(database, &[META], Durability::Strict)?;
        let head = Head::ask(&transaction)?.expect(&transaction, self.known).await?;
        if head.state.is_some_and(|state| state.id == self.state.id) {
            // Committed before the connection was lost: only its answer was missing.
            return Ok(Some(head.manifest));
        }
        if head.manifest.version != self.expected {
            return Ok(None);
        }
        let manifest = head.manifest.followed_by(self.next);
        let size = |segment: &SegmentId| {
            head.size(*segment).or_else(|| self.written.get(segment).copied()).unwrap_or_default()
        };
        let sizes = manifest.segments.iter().map(size).collect();
        Head { manifest: manifest.clone(), state: Some(self.state), sizes, former: None }
            .put(&transaction)?;
        if head.former.is_some() {
            let meta = transaction.store(META)?;
            let _sent = meta.delete::<JsValue, _>(keys::former_state()).primitive()?;
        }
        transaction.commit().await?;
        Ok(Some(manifest))
    }
}

impl Garbage {
    pub async fn sweep(&self, database: &Database) -> Result<(), Trouble> {
        match self.0.is_empty() {
            true => Ok(()),
            false => blocks::delete(database, self.0.iter().map(keys::named)).await,
        }
    }
}

/// Takes the frames up to `base` out of the log.
pub async fn cut(database: &Database, base: Seq) -> Result<(), Trouble> {
    let transaction = Transaction::write(database, &[LOG], Durability::Relaxed)?;
    let range = KeyRange::UpperBound(base as f64, false);
    let _sent = transaction.store(LOG)?.delete::<f64, _>(range).primitive()?;
    transaction.commit().await
}
