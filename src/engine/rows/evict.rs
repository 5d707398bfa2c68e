//! Rows that lie before a table's horizon: how they leave memory and segments, and which of them stay.
//!
//! In memory stay rows with pending mutations, what an answer told until a round has ended, and what was read
//! through. A segment that lies before the horizon leaves the list; of one over which it lies the rows before
//! it are hidden from then on, and gone when it is merged. Which rows are seen depends on the frames alone,
//! never on when a context has checkpointed (invariant 7).

use super::index::Layout;
use super::rested::Rested;
use super::slot::{Known, Slot};
use super::table::TableRows;
use super::{RowId, Rows};
use crate::protocol::{Key, Row, Seq, Text};
use std::cmp::Reverse;

/// A table's horizon as a key of its time column, and how it came there.
#[derive(Clone, Debug, Default)]
pub struct Evictions {
    pub since: Option<Vec<u8>>,
    /// Those that a checkpoint under way may not know of.
    recent: Vec<(Seq, Vec<u8>)>,
}

impl Rows {
    pub fn evict(&mut self, table: &str, seq: Seq, horizon: Vec<u8>) {
        if let Some(rows) = self.table_mut(table) {
            rows.evict(seq, horizon);
        }
    }

    /// Where the horizon lies from now on; drops nothing.
    pub fn set_horizon(&mut self, table: &str, horizon: Option<Vec<u8>>) {
        if let Some(rows) = self.table_mut(table) {
            rows.evictions.since = horizon;
        }
    }

    pub fn lose_horizon(&mut self, table: &str) {
        if let Some(rows) = self.table_mut(table) {
            rows.evictions = Evictions::default();
            rows.segments.retain(|rested| rested.from.is_none());
        }
    }

    pub fn mark_fetched(&mut self, (table, key): &RowId, time_ms: u64) {
        if let Some(rows) = self.table_mut(table).filter(|rows| rows.slots.contains_key(key)) {
            rows.change(key, |slot| slot.fetched = Some(time_ms));
        }
    }

    /// A row that was read through is no longer kept for that.
    pub fn unmark_fetched(&mut self, (table, key): &RowId, seq: Seq) {
        if let Some(rows) = self.table_mut(table) {
            let base = rows.slots.get(key).and_then(|slot| slot.known.base());
            // A cold row that no push made comes by no page: there is no older one to hold off.
            let is_free = base.is_some_and(|base| base.made_from.is_none() && rows.is_cold(&base.row));
            rows.change(key, |slot| {
                slot.fetched = None;
                slot.recent &= !is_free;
                slot.changed = true; // it never came to rest
            });
            rows.settle(key, seq);
        }
    }

    /// What was read through goes, unless something else needs it.
    pub fn forget_fetched(&mut self, table: &Text, seq: Seq) {
        for id in self.surplus_fetched(table, 0) {
            self.unmark_fetched(&id, seq);
        }
    }

    /// Rows that were read through first, beyond `most`.
    pub fn surplus_fetched(&self, table: &Text, most: usize) -> Vec<RowId> {
        let Some(rows) = self.table(table) else { return Vec::new() };
        let mut fetched: Vec<(Reverse<u64>, &Key)> =
            rows.slots().filter_map(|(key, slot)| Some((Reverse(slot.fetched?), key))).collect();
        fetched.sort_unstable();
        fetched.into_iter().skip(most).map(|(_, key)| (table.clone(), key.clone())).collect()
    }
}

impl TableRows {
    fn evict(&mut self, seq: Seq, horizon: Vec<u8>) {
        self.cut_segments(&horizon);
        self.evictions.recent.push((seq, horizon.clone()));
        self.evictions.since = Some(horizon);
        let keys: Vec<Key> = self.slots.keys().cloned().collect();
        keys.iter().for_each(|key| self.settle(key, seq));
    }

    /// The segments of a checkpoint at `base` are taken over: what was evicted since leaves them too.
    pub(super) fn evict_again(&mut self, base: Seq) {
        self.evictions.recent.retain(|(seq, _)| *seq > base);
        for (_, horizon) in self.evictions.recent.clone() {
            self.cut_segments(&horizon);
        }
    }

    fn cut_segments(&mut self, horizon: &[u8]) {
        let layout = &self.layout;
        self.segments.retain_mut(|rested| rested.cut(layout, horizon));
    }

    /// A slot that nothing keeps any more leaves, if its row lies before the horizon.
    pub(super) fn settle(&mut self, key: &Key, seq: Seq) {
        let Some(slot) = self.slots.get(key).filter(|slot| !slot.is_kept()) else { return };
        let Known::Row(base) = &slot.known else { return };
        if self.is_cold(&base.row) {
            self.forget(key, seq);
        }
    }

    /// A round has ended over a slot that an answer told.
    pub(super) fn grow_old(&mut self, key: &Key, seq: Seq) {
        let Some(slot) = self.slots.get(key) else { return };
        let is_cold = slot.known.base().is_some_and(|base| self.is_cold(&base.row));
        self.change(key, |slot| {
            slot.grow_old();
            if !is_cold && slot.fetched.take().is_some() {
                slot.changed = true; // it rests with the others from now on
            }
        });
        self.settle(key, seq);
    }

    /// Whether a row lies before the horizon.
    pub fn is_cold(&self, row: &Row) -> bool {
        let Some(since) = &self.evictions.since else { return false };
        self.layout.time_key(row.as_str()).is_some_and(|time| time < *since)
    }
}

impl Slot {
    /// Whether it stays, however old its row is.
    fn is_kept(&self) -> bool {
        self.recent || self.over.is_some() || self.fetched.is_some()
    }
}

impl Rested {
    /// Hides the rows before a horizon; false if none is left.
    fn cut(&mut self, layout: &Layout, horizon: &[u8]) -> bool {
        let is_known = layout.signatures.first().is_some_and(|time| self.directory.list(time).is_some());
        if let (true, Some(oldest), Some(newest)) = (is_known, &self.directory.oldest, &self.directory.newest)
        {
            if newest.as_slice() < horizon {
                return false;
            }
            if oldest.as_slice() >= horizon {
                return true;
            }
        }
        if self.from.as_deref().is_none_or(|from| from < horizon) {
            self.from = Some(horizon.to_vec());
        }
        true
    }

    /// Whether a row of it was evicted.
    pub fn hides(&self, layout: &Layout, row: &str) -> bool {
        let Some(from) = &self.from else { return false };
        let shaped = self.shaped(&layout.table, row);
        let row = shaped.as_ref().map_or(row, Row::as_str);
        layout.time_key(row).is_some_and(|time| time < *from)
    }
}
