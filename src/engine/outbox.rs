//! The outbox: all pending mutations, oldest first.
//!
//! Refused mutations and conflicts stay in their place, so that what depends on them is held back and
//! their rows keep showing what the user wrote. Coalescing rules live in `write`, batches in `batch`. Which of
//! them rest in segments is [`rest`]'s.

pub mod rest;

use self::rest::Rest;
use super::rows::RowId;
use crate::protocol::{Key, MutationId, Op, Rev, Row, Stamp, Table, Text, json};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Order in the outbox.
pub type Place = u64;

/// A column's pending value, as raw JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub column: Text,
    #[serde(deserialize_with = "json::value")]
    pub value: Text,
    /// What the first coalesced edit replaced in the visible row.
    #[serde(deserialize_with = "json::optional_value")]
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
        #[serde(deserialize_with = "json::optional_object")]
        row: Option<Text>,
    },
    /// The server was restored to an earlier state: whether it has the row still, the round under way will tell.
    Doubted,
    /// It has not, or has it otherwise; its row.
    Lost {
        #[serde(deserialize_with = "json::optional_object")]
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
    /// Shown until answered, not sent. Of an update: the other columns of a row that went meanwhile, for a person who wants it back.
    #[serde(deserialize_with = "json::columns")]
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

#[derive(Clone, Debug, Default)]
pub struct Outbox {
    next: Place,
    pending: BTreeMap<Place, Rc<Pending>>,
    by_id: BTreeMap<MutationId, Place>,
    by_row: BTreeMap<Text, BTreeMap<Key, Vec<Place>>>,
    bytes: usize,
    refused: usize,
    conflicts: usize,
    /// Deletes, by table.
    deletes: BTreeMap<Text, usize>,
    rest: Rest,
}

/// Where its mutations rest is no part of what it is.
impl PartialEq for Outbox {
    fn eq(&self, other: &Self) -> bool {
        (self.next, &self.pending) == (other.next, &other.pending)
    }
}

impl Eq for Outbox {}

impl Pending {
    pub fn is_waiting(&self) -> bool {
        self.standing == Standing::Waiting
    }

    /// What it makes beyond its cells.
    pub(super) fn made(&self) -> &[(Text, Text)] {
        if self.op == Op::Update { &[] } else { &self.shown }
    }

    /// Whether only a person can say what becomes of it.
    pub fn needs_decision(&self) -> bool {
        !matches!(self.standing, Standing::Waiting | Standing::Doubted)
    }

    /// What it makes of a row.
    pub(super) fn made_of(&self, table: &Table, row: Option<Row>) -> Option<Row> {
        let cells = self.cells.iter().map(|cell| (cell.column.as_ref(), cell.value.as_ref()));
        match self.op {
            Op::Delete => None,
            Op::Update => row.map(|row| row.with(table, cells)),
            Op::InsertIgnore if row.is_some() => row,
            Op::Upsert if row.is_some() => row.map(|row| row.with(table, cells)),
            Op::Insert | Op::InsertIgnore | Op::Upsert => {
                let shown = self.shown.iter().map(|(column, value)| (column.as_ref(), value.as_ref()));
                let fields: Vec<_> = shown.chain(cells).map(|(c, v)| (Cow::Borrowed(c), v)).collect();
                Some(Row::from_fields(table, &fields))
            }
        }
    }

    /// About what it takes encoded.
    pub(super) fn text_bytes(&self) -> usize {
        let cells = self.cells.iter();
        let cells =
            cells.map(|c| c.column.len() + c.value.len() + c.old.as_ref().map_or(0, |o| o.len()) + 16);
        let shown = self.shown.iter().map(|(column, value)| column.len() + value.len() + 4);
        64 + self.row.0.len() + self.row.1.as_str().len() + cells.sum::<usize>() + shown.sum::<usize>()
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

    /// Above all places that were given out.
    pub fn next(&self) -> Place {
        self.next
    }

    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Dead letters among them.
    pub fn refused(&self) -> usize {
        self.refused
    }

    pub fn conflicts(&self) -> usize {
        self.conflicts
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Place, &Pending)> {
        self.pending.iter().map(|(place, pending)| (*place, &**pending))
    }

    pub fn get(&self, id: MutationId) -> Option<&Pending> {
        self.pending.get(self.by_id.get(&id)?).map(Rc::as_ref)
    }

    /// The pending mutations of a row, oldest first.
    pub fn of_row(&self, (table, key): &RowId) -> impl DoubleEndedIterator<Item = (Place, &Pending)> {
        let places = self.by_row.get(table).and_then(|rows| rows.get(key));
        places.into_iter().flatten().map(|place| (*place, &*self.pending[place]))
    }

    /// Rows that have pending mutations.
    pub fn rows(&self) -> impl Iterator<Item = RowId> {
        self.by_row.iter().flat_map(|(table, rows)| rows.keys().map(|key| (table.clone(), key.clone())))
    }

    /// Rows of a table that have pending mutations.
    pub fn rows_of(&self, table: &str) -> impl Iterator<Item = &Key> {
        self.by_row.get(table).into_iter().flat_map(BTreeMap::keys)
    }

    pub fn has_deletes(&self, table: &str) -> bool {
        self.deletes.get(table).is_some_and(|count| *count > 0)
    }

    pub fn has_table(&self, table: &str) -> bool {
        self.by_row.contains_key(table)
    }

    pub fn push(&mut self, pending: Pending) {
        let place = self.next;
        self.next += 1;
        self.rest.push(place);
        self.insert(place, Rc::new(pending));
    }

    fn insert(&mut self, place: Place, pending: Rc<Pending>) {
        self.count(&pending);
        self.by_id.insert(pending.id, place);
        let (table, key) = &pending.row;
        if !self.by_row.contains_key(table) {
            self.by_row.insert(table.clone(), BTreeMap::new());
        }
        if let Some(rows) = self.by_row.get_mut(table) {
            let places = rows.entry(key.clone()).or_default();
            places.insert(places.partition_point(|other| *other < place), place);
        }
        self.pending.insert(place, pending);
    }

    /// Changes a pending mutation in its place.
    pub fn edit(&mut self, place: Place, change: impl FnOnce(&mut Pending)) {
        if let Some(mut pending) = self.pending.remove(&place) {
            self.discount(&pending);
            change(Rc::make_mut(&mut pending));
            self.count(&pending);
            self.pending.insert(place, pending);
            self.rest.change(place, true);
        }
    }

    fn count(&mut self, pending: &Pending) {
        self.bytes += pending.bytes();
        if pending.op == Op::Delete {
            *self.deletes.entry(pending.row.0.clone()).or_default() += 1;
        }
        match pending.standing {
            Standing::Waiting | Standing::Doubted => {}
            Standing::Refused { .. } => self.refused += 1,
            Standing::Conflict { .. } | Standing::Lost { .. } => self.conflicts += 1,
        }
    }

    fn discount(&mut self, pending: &Pending) {
        self.bytes -= pending.bytes();
        if let Some(count) = self.deletes.get_mut(&pending.row.0).filter(|_| pending.op == Op::Delete) {
            *count -= 1;
        }
        match pending.standing {
            Standing::Waiting | Standing::Doubted => {}
            Standing::Refused { .. } => self.refused -= 1,
            Standing::Conflict { .. } | Standing::Lost { .. } => self.conflicts -= 1,
        }
    }

    pub fn at(&self, place: Place) -> Option<&Pending> {
        self.pending.get(&place).map(Rc::as_ref)
    }

    /// Another mutation takes the place of one.
    pub fn replace(&mut self, place: Place, other: Pending) {
        let Some(known) = self.pending.remove(&place) else { return };
        self.discount(&known);
        self.by_id.remove(&known.id);
        self.forget_place(&known.row, place);
        self.insert(place, Rc::new(other));
        self.rest.change(place, true);
    }

    pub fn place(&self, id: MutationId) -> Option<Place> {
        self.by_id.get(&id).copied()
    }

    pub fn remove(&mut self, place: Place) -> Option<Pending> {
        let pending = self.pending.remove(&place)?;
        self.discount(&pending);
        self.rest.change(place, false);
        self.by_id.remove(&pending.id);
        self.forget_place(&pending.row, place);
        Some(Rc::unwrap_or_clone(pending))
    }

    fn forget_place(&mut self, (table, key): &RowId, place: Place) {
        let Some(rows) = self.by_row.get_mut(table) else { return };
        let Some(places) = rows.get_mut(key) else { return };
        places.retain(|other| *other != place);
        if places.is_empty() {
            rows.remove(key);
        }
        if rows.is_empty() {
            self.by_row.remove(table);
        }
    }
}

/// As the state record keeps it: the order, and the mutations that are in no segment.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct OutboxRecord {
    next: Place,
    pending: Vec<Placed>,
}

/// A mutation in its place.
type Placed = (Place, Rc<Pending>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Key;

    #[test]
    fn the_counts_follow_every_change_of_standing() {
        let mut outbox = Outbox::default();
        for n in 0..3 {
            outbox.push(Pending {
                id: MutationId([n; 16]),
                user: None,
                row: ("t".into(), Key::from_values([n.to_string().as_str()])),
                op: Op::Insert,
                cells: Vec::new(),
                shown: Vec::new(),
                base: None,
                made_ms: 0,
                stamp: 0,
                sealed: false,
                standing: Standing::Waiting,
            });
        }
        outbox.edit(0, |p| p.standing = Standing::Refused { code: "23505".into(), message: "".into() });
        outbox.edit(1, |p| p.standing = Standing::Conflict { row: None });
        assert_eq!((outbox.len(), outbox.refused(), outbox.conflicts()), (3, 1, 1));
        outbox.edit(1, |p| p.standing = Standing::Waiting);
        outbox.remove(0);
        assert_eq!((outbox.len(), outbox.refused(), outbox.conflicts()), (2, 0, 0));
    }
}
