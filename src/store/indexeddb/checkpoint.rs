//! Replacing a prefix of the log: everything is written first, then one short transaction decides.
//!
//! ```text
//! survey (meta, blocks) ─▶ state record (blocks) ─▶ decide (meta) ─▶ sweep (blocks, log)
//! ```
//!
//! Owns the order of these transactions. The deciding one touches nothing but the head, so an append
//! never waits for it; deleting costs the browser as much as writing, and is done in pieces. Invariant:
//! swept is only what the survey found, before the decision: whoever wrote that started from the same
//! manifest or an earlier one, and has lost by then. What a crash leaves behind is found by the next
//! survey; readers pass over frames up to the base.

use super::blocks;
use super::head::{Head, StateRecord};
use super::keys::{self, Stretch};
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

/// Gaps between segments that one transaction looks into; for each the browser reads a block.
const SURVEY_GAPS: usize = 16;
/// Blocks that one transaction deletes.
const SWEEP_BLOCKS: u32 = 4;
/// Records that one transaction cuts off the log.
const CUT_RECORDS: u32 = 16;

/// The checkpoint being made, and the manifest's version it started from.
pub struct Attempt<'a> {
    pub known: Incarnation,
    pub expected: u64,
    pub next: &'a Next,
    pub state: StateRecord,
    /// How much was written of new segments.
    pub written: BTreeMap<SegmentId, Space>,
}

/// What nobody needs any more once the attempt has won.
#[derive(Clone)]
pub struct Garbage {
    /// Of the log: the frames up to this one.
    base: Seq,
    stretches: Vec<Stretch>,
}

impl Attempt<'_> {
    /// Nothing if the attempt has lost already.
    pub async fn survey(&self, database: &Database) -> Result<Option<Garbage>, Trouble> {
        let transaction = Transaction::read(database, &[META])?;
        let head = Head::ask(&transaction)?.expect(&transaction, self.known).await?;
        if head.manifest.version != self.expected {
            return Ok(None);
        }
        drop(transaction);
        let dropped = self.dropped(&head);
        let mut known: Vec<_> = dropped.iter().map(|(segment, _)| *segment).collect();
        known.extend(&self.next.segments);
        known.sort_unstable();
        known.dedup();
        let mut stretches: Vec<_> =
            dropped.into_iter().map(|(segment, count)| Stretch::of(segment, count)).collect();
        stretches.extend(Stretch::join(unknown(database, &known).await?));
        Ok(Some(Garbage { base: self.next.base, stretches }))
    }

    /// Segments of the present checkpoint that the next one does not name, with their numbers of blocks.
    /// Where that is not known, the survey finds their blocks like any others.
    fn dropped(&self, head: &Head) -> Vec<(SegmentId, u32)> {
        let state = head.state.iter().map(|state| (state.id, state.space));
        let segments = head.manifest.segments.iter().copied().zip(head.sizes.iter().copied());
        let segments = segments.filter(|(segment, _)| !self.next.segments.contains(segment));
        let counted = state.chain(segments).map(|(segment, size)| (segment, size.records as u32));
        counted.filter(|(_, count)| *count > 0).collect()
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

/// The keys in `blocks` that are of none of these segments, which are sorted. Asked for gap by gap, as
/// the browser reads every block on its way to find a key.
pub async fn unknown(database: &Database, segments: &[SegmentId]) -> Result<Vec<JsValue>, Trouble> {
    let mut found = Vec::new();
    for gaps in keys::gaps(segments).chunks(SURVEY_GAPS) {
        let transaction = Transaction::read(database, &[BLOCKS])?;
        let asked = gaps.iter().map(|gap| range_keys(&transaction, BLOCKS, gap.clone()));
        for keys in asked.collect::<Result<Vec<_>, _>>()? {
            let keys = keys.await.map_err(|error| transaction.why(error))?;
            found.extend(keys.collect::<Result<Vec<_>, _>>()?);
        }
    }
    Ok(found)
}

impl Garbage {
    pub async fn sweep(&self, database: &Database) -> Result<(), Trouble> {
        while cut(database, self.base).await? {}
        for range in self.stretches.iter().flat_map(|stretch| stretch.pieces(SWEEP_BLOCKS)) {
            blocks::delete(database, range).await?;
        }
        Ok(())
    }
}

/// Takes the first frames up to `base` out of the log. Whether there may be more.
async fn cut(database: &Database, base: Seq) -> Result<bool, Trouble> {
    let transaction = Transaction::write(database, &[LOG], Durability::Relaxed)?;
    let log = transaction.store(LOG)?;
    let prefix = KeyRange::UpperBound(base as f64, false);
    let keys = log.get_all_keys().with_query::<f64, _>(prefix).with_limit(CUT_RECORDS).primitive()?;
    let keys = keys.await.map_err(|error| transaction.why(error))?;
    let keys: Vec<f64> = keys.collect::<Result<_, _>>()?;
    let Some(last) = keys.last() else { return Ok(false) };
    let _sent = log.delete::<f64, _>(KeyRange::UpperBound(*last, false)).primitive()?;
    drop(log);
    transaction.commit().await?;
    Ok(keys.len() == CUT_RECORDS as usize)
}
