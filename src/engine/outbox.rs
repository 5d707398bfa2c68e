//! The outbox: all pending mutations, oldest first.
//!
//! Refused mutations and conflicts stay in their place, so that what depends on them is held back and
//! their rows keep showing what the user wrote. Coalescing rules live in `write`, batches in `batch`.

use super::rows::RowId;
use crate::protocol::{MutationId, Op, Rev, Stamp, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Order in the outbox.
pub type Place = u64;

/// A column's pending value, as raw JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub column: Text,
    pub value: Text,
    /// What the first coalesced edit replaced in the visible row.
    pub old: Option<Text>,
    /// When this column was last edited.
    pub stamp: Stamp,
}

/// Where a pending mutation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    Waiting,
    /// A dead letter.
    Refused {
        code: Text,
        message: Text,
    },
    /// Someone else changed the same column; the server's row.
    Conflict {
        row: Option<Text>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub id: MutationId,
    pub user: Option<Text>,
    pub row: RowId,
    pub op: Op,
    pub cells: Vec<Cell>,
    /// Shown until answered, not sent.
    pub shown: Vec<(Text, Text)>,
    pub base: Option<Rev>,
    /// When the first coalesced edit was made, milliseconds since 1970.
    pub made_ms: u64,
    /// When the last of them was made.
    pub stamp: Stamp,
    /// A `Sent` frame has named it: its content is fixed.
    pub sealed: bool,
    pub standing: Standing,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    next: Place,
    pending: BTreeMap<Place, Pending>,
    by_id: BTreeMap<MutationId, Place>,
    by_row: BTreeMap<RowId, Vec<Place>>,
    bytes: usize,
}

impl Pending {
    pub fn is_waiting(&self) -> bool {
        self.standing == Standing::Waiting
    }

    /// Its size as it counts against the outbox's limit.
    fn bytes(&self) -> usize {
        let cells = self.cells.iter().map(|c| c.value.len() + c.old.as_ref().map_or(0, |o| o.len()) + 16);
        64 + cells.sum::<usize>()
    }
}

impl Outbox {
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Place, &Pending)> {
        self.pending.iter().map(|(place, pending)| (*place, pending))
    }

    pub fn get(&self, id: MutationId) -> Option<&Pending> {
        self.pending.get(self.by_id.get(&id)?)
    }

    /// The pending mutations of a row, oldest first.
    pub fn of_row(&self, row: &RowId) -> impl DoubleEndedIterator<Item = (Place, &Pending)> {
        self.by_row.get(row).into_iter().flatten().map(|place| (*place, &self.pending[place]))
    }

    /// Rows that have pending mutations.
    pub fn rows(&self) -> impl Iterator<Item = &RowId> {
        self.by_row.keys()
    }

    pub fn has_table(&self, table: &str) -> bool {
        self.by_row.keys().any(|(name, _)| name.as_ref() == table)
    }

    pub fn push(&mut self, pending: Pending) {
        let place = self.next;
        self.next += 1;
        self.insert(place, pending);
    }

    fn insert(&mut self, place: Place, pending: Pending) {
        self.bytes += pending.bytes();
        self.by_id.insert(pending.id, place);
        self.by_row.entry(pending.row.clone()).or_default().push(place);
        self.pending.insert(place, pending);
    }

    /// Changes a pending mutation in its place.
    pub fn edit(&mut self, place: Place, change: impl FnOnce(&mut Pending)) {
        if let Some(pending) = self.pending.get_mut(&place) {
            self.bytes -= pending.bytes();
            change(pending);
            self.bytes += pending.bytes();
        }
    }

    pub fn place(&self, id: MutationId) -> Option<Place> {
        self.by_id.get(&id).copied()
    }

    pub fn remove(&mut self, place: Place) -> Option<Pending> {
        let pending = self.pending.remove(&place)?;
        self.bytes -= pending.bytes();
        self.by_id.remove(&pending.id);
        if let Some(places) = self.by_row.get_mut(&pending.row) {
            places.retain(|other| *other != place);
            if places.is_empty() {
                self.by_row.remove(&pending.row);
            }
        }
        Some(pending)
    }
}

/// As the state record keeps it: the order and the mutations, the indexes are made anew.
#[derive(Serialize, Deserialize)]
struct OutboxRecord {
    next: Place,
    pending: Vec<(Place, Pending)>,
}

impl Serialize for Outbox {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pending = self.iter().map(|(place, pending)| (place, pending.clone())).collect();
        OutboxRecord { next: self.next, pending }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Outbox {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let record = OutboxRecord::deserialize(deserializer)?;
        let mut outbox = Self { next: record.next, ..Self::default() };
        for (place, pending) in record.pending {
            outbox.insert(place, pending);
        }
        Ok(outbox)
    }
}
