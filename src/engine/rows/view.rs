//! The visible rows of a state, seen through the blocks that are at hand: what queries run over.

use super::arena::Arena;
use super::rested::Rested;
use super::slot::{Base, Known};
use super::table::TableRows;
use super::{RowId, walk};
use crate::engine::cascade::{Shade, Shaded};
use crate::engine::segment::{Blocks, Place};
use crate::engine::state::State;
use crate::protocol::{Key, Rev, Row, SegmentId};
use crate::query::{Entry, Rows, Walk};
use std::cell::OnceCell;
use std::ops::ControlFlow;

pub struct View<'v> {
    state: &'v State,
    blocks: &'v dyn Blocks,
    /// Rows of segments that have older columns, as they are now, and rows whose parents are gone.
    arena: Arena,
    shade: OnceCell<Shade<'v>>,
}

/// What memory and segments say of a row.
pub enum Lookup<'v> {
    Row {
        text: &'v str,
        /// The row as it is now, if the segment has older columns.
        shaped: Option<Row>,
        rev: Rev,
        generation: u32,
    },
    Absent,
    /// A block is missing; it has been noted.
    Unread,
}

impl<'v> View<'v> {
    pub fn new(state: &'v State, blocks: &'v dyn Blocks) -> Self {
        Self { state, blocks, arena: Arena::default(), shade: OnceCell::new() }
    }

    pub fn state(&self) -> &'v State {
        self.state
    }

    pub fn blocks(&self) -> &'v dyn Blocks {
        self.blocks
    }

    /// What the segments say of a row, as a fold takes it in; `None` where a block is missing.
    pub fn find(&self, (table, key): &RowId) -> Option<Option<(Base, u32)>> {
        let Some(rows) = self.state.rows.table(table) else { return Some(None) };
        match in_segments(rows, key, self.blocks) {
            Lookup::Unread => None,
            Lookup::Absent => Some(None),
            Lookup::Row { text, shaped, rev, generation } => {
                let row = shaped.unwrap_or_else(|| Row::from_stored(text));
                Some(Some((Base { rev, row, made_from: None }, generation)))
            }
        }
    }

    /// Every visible row of a table, in key order.
    pub fn each(&self, table: &str, mut visit: impl FnMut(&str, &str)) {
        self.walk(table, &Walk::whole(), &mut |entry| {
            visit(entry.key, entry.row);
            ControlFlow::Continue(())
        });
    }

    /// Every base row of a table, in no order.
    pub fn each_base(&self, table: &str, mut visit: impl FnMut(&str, Rev, &str)) {
        let Some(rows) = self.state.rows.table(table) else { return };
        for (key, slot) in rows.slots() {
            if let Some(base) = slot.known.base() {
                visit(key.as_str(), base.rev, base.row.as_str());
            }
        }
        for rested in rows.segments() {
            self.each_base_of(rows, rested, &mut visit);
        }
    }

    /// Those of one segment, in no order; false if the table no longer has it.
    pub fn each_base_at_rest(
        &self,
        table: &str,
        segment: SegmentId,
        mut visit: impl FnMut(&str, Rev, &str),
    ) -> bool {
        let Some(rows) = self.state.rows.table(table) else { return false };
        let Some(rested) = rows.segments().iter().find(|rested| rested.id == segment) else { return false };
        self.each_base_of(rows, rested, &mut visit);
        true
    }

    fn each_base_of(&self, rows: &TableRows, rested: &Rested, visit: &mut impl FnMut(&str, Rev, &str)) {
        let living = (0..rested.directory.rows as u16).filter(|row| !rested.dead.is_dead(*row));
        for packed in living.filter_map(|row| rested.directory.row(rested.id, row, self.blocks)) {
            if rows.slot_of(packed.key).is_none() && !rested.hides(&rows.layout, packed.text) {
                let shaped = rested.shaped(&rows.layout.table, packed.text);
                visit(packed.key, packed.rev, shaped.as_ref().map_or(packed.text, Row::as_str));
            }
        }
    }

    /// A row as its parents leave it, of one that would be visible.
    pub fn shaded<'a>(&'a self, table: &str, key: &str, row: &'a str) -> Option<&'a str> {
        if !self.state.is_shaded(table) {
            return Some(row);
        }
        let shade = self.shade.get_or_init(|| Shade::new(self.state, self.blocks));
        match shade.over(&table.into(), key, row) {
            Shaded::Clear => Some(row),
            Shaded::Row(row) => Some(self.arena.keep(row)),
            Shaded::Hidden => None,
        }
    }

    fn lookup(&self, table: &str, key: &Key) -> Lookup<'v> {
        self.state.rows.table(table).map_or(Lookup::Absent, |rows| in_segments(rows, key, self.blocks))
    }
}

/// A base row; `None` too where a block is missing.
pub fn base_row(state: &State, blocks: &dyn Blocks, (table, key): &RowId) -> Option<Row> {
    let rows = state.rows.table(table)?;
    if let Some(slot) = rows.slot(key) {
        return slot.known.base().map(|base| base.row.clone());
    }
    match in_segments(rows, key, blocks) {
        Lookup::Row { text, shaped, .. } => Some(shaped.unwrap_or_else(|| Row::from_stored(text))),
        Lookup::Absent | Lookup::Unread => None,
    }
}

/// The one living row of a key, if a segment has it.
fn in_segments<'v>(rows: &'v TableRows, key: &Key, blocks: &'v dyn Blocks) -> Lookup<'v> {
    let mut is_read = true;
    for rested in rows.segments().iter().rev() {
        match rested.directory.find(rested.id, key.as_str(), blocks) {
            Place::Absent => {}
            Place::Unread => is_read = false,
            Place::Row(row) if rested.dead.is_dead(row) => {}
            Place::Row(row) => {
                return match rested.directory.row(rested.id, row, blocks) {
                    Some(packed) if rested.hides(&rows.layout, packed.text) => Lookup::Absent,
                    Some(packed) => Lookup::Row {
                        text: packed.text,
                        shaped: rested.shaped(&rows.layout.table, packed.text),
                        rev: packed.rev,
                        generation: rested.directory.generation,
                    },
                    None => Lookup::Unread,
                };
            }
        }
    }
    if is_read { Lookup::Absent } else { Lookup::Unread }
}

impl Rows for View<'_> {
    fn row<'a>(&'a self, table: &str, key: &Key) -> Option<&'a str> {
        let key = self.state.rekeyed.key(table, key).unwrap_or(key);
        let row = match self.state.rows.slot(table, key) {
            Some(slot) => slot.shown()?.as_str(),
            None => match self.lookup(table, key) {
                Lookup::Row { text, shaped, .. } => shaped.map_or(text, |row| self.arena.keep(row)),
                Lookup::Absent | Lookup::Unread => return None,
            },
        };
        self.shaded(table, key.as_str(), row)
    }

    fn base(&self, table: &str, key: &Key) -> Option<Rev> {
        let key = self.state.rekeyed.key(table, key).unwrap_or(key);
        match self.state.rows.slot(table, key).map(|slot| &slot.known) {
            Some(Known::Row(base)) => Some(base.rev),
            Some(_) => None,
            None => match self.lookup(table, key) {
                Lookup::Row { rev, .. } => Some(rev),
                Lookup::Absent | Lookup::Unread => None,
            },
        }
    }

    fn walk<'a>(&'a self, table: &str, walk: &Walk, visit: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>) {
        let Some(rows) = self.state.rows.table(table) else { return };
        let at_hand = (self.blocks, &self.arena);
        if !self.state.is_shaded(table) {
            return walk::walk(rows, at_hand, walk, visit);
        }
        walk::walk(rows, at_hand, walk, &mut |entry| match self.shaded(table, entry.key, entry.row) {
            Some(row) => visit(Entry { row, ..entry }),
            None => ControlFlow::Continue(()),
        });
    }

    fn estimate(&self, table: &str, walk: &Walk) -> usize {
        self.state.rows.table(table).map_or(0, |rows| walk::estimate(rows, walk))
    }

    fn has_index(&self, table: &str, index: usize) -> bool {
        let Some(rows) = self.state.rows.table(table) else { return false };
        let columns = rows.layout.indexes.get(index).map_or(&[][..], |index| &index.columns);
        // Such a row is not where its index key says.
        if columns.iter().any(|place| self.state.clears(table, &rows.layout.table.columns[*place].name)) {
            return false;
        }
        let walk = Walk { index: Some(index), ..Walk::whole() };
        rows.segments().iter().all(|rested| walk::list_of(rows, rested, &walk).is_some())
    }
}
