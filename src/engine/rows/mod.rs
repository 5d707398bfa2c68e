//! The rows of all tables: what memory holds of them, and which segments hold the rest.
//!
//! Only the fold and a checkpoint change them. What is read from segments for a query is a cache and no
//! part of this: [`View`] is the state's rows seen through the blocks that are at hand.
//!
//! ```text
//! slot ──(hides)──▶ segments, each key living in one of them at most
//! ```

mod arena;
mod evict;
mod index;
mod rested;
mod size;
mod slot;
mod table;
mod view;
mod walk;

use crate::protocol::{Key, Rev, Row, Schema, Seq, Table, Text};
use std::collections::BTreeMap;
use std::rc::Rc;

pub use evict::Evictions;
pub use index::Layout;
pub use rested::{Dead, Rested};
pub use size::Size;
pub use slot::{Base, Known, Slot, Source};
pub use table::TableRows;
pub use view::{View, base_row};

/// A row's place: table and key.
pub type RowId = (Text, Key);

#[derive(Clone, Debug, Default)]
pub struct Rows {
    tables: BTreeMap<Text, TableRows>,
}

impl Rows {
    pub fn table(&self, table: &str) -> Option<&TableRows> {
        self.tables.get(table)
    }

    pub fn tables(&self) -> impl Iterator<Item = (&Text, &TableRows)> {
        self.tables.iter()
    }

    pub fn slot(&self, table: &str, key: &Key) -> Option<&Slot> {
        self.tables.get(table)?.slot(key)
    }

    /// The base row, where memory holds it.
    pub fn get(&self, table: &str, key: &Key) -> Option<&Base> {
        self.slot(table, key)?.known.base()
    }

    /// Whether only a segment can tell what is known of a row.
    pub fn is_unread(&self, (table, key): &RowId) -> bool {
        self.tables.get(table).is_some_and(|rows| rows.is_unread(key))
    }

    pub fn size(&self, table: &str) -> Size {
        self.tables.get(table).map(TableRows::size).unwrap_or_default()
    }

    pub fn put(&mut self, table: &str, key: &Key, base: Base, seq: Seq, source: Source) -> bool {
        self.tables.get_mut(table).is_some_and(|rows| rows.put(key, base, seq, source))
    }

    pub fn bury(&mut self, table: &str, key: &Key, rev: Rev, seq: Seq, source: Source) -> bool {
        self.tables.get_mut(table).is_some_and(|rows| rows.bury(key, rev, seq, source))
    }

    pub fn forget(&mut self, table: &str, key: &Key, seq: Seq) -> bool {
        self.tables.get_mut(table).is_some_and(|rows| rows.forget(key, seq))
    }

    pub fn read(&mut self, (table, key): &RowId, found: Option<(Base, u32)>) {
        if let Some(rows) = self.tables.get_mut(table) {
            rows.read(key, found);
        }
    }

    /// The visible row then.
    pub fn lay_over(&mut self, (table, key): &RowId, over: Option<Option<Row>>, seq: Seq) -> Option<Row> {
        self.tables.get_mut(table)?.lay_over(key, over, seq)
    }

    pub fn begin_afresh(&mut self, table: &str) {
        self.tables.get_mut(table).into_iter().for_each(TableRows::begin_afresh);
    }

    /// Whether every row of the table may have changed.
    pub fn end_round(&mut self, table: &str, began: Seq, seq: Seq) -> bool {
        self.tables.get_mut(table).is_some_and(|rows| rows.end_round(began, seq))
    }

    /// A table's definition, new or another.
    pub fn define(&mut self, name: &Text, table: &Table) {
        let layout = Rc::new(Layout::new(table));
        match self.tables.get_mut(name) {
            Some(rows) => rows.redefine(layout),
            None => {
                self.tables.insert(name.clone(), TableRows::new(layout));
            }
        }
    }

    /// The tables of a state that is being read.
    pub(super) fn restore(schema: &Schema, records: BTreeMap<Text, TableRows>) -> Self {
        let mut rows = Self { tables: records };
        for (name, table) in &schema.tables {
            if !rows.tables.contains_key(name) {
                rows.define(name, table);
            }
        }
        rows
    }

    pub(super) fn table_mut(&mut self, table: &str) -> Option<&mut TableRows> {
        self.tables.get_mut(table)
    }
}
