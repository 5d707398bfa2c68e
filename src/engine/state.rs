//! The whole local state: base rows, outbox, cursors, definitions, and the visible rows over them.
//!
//! Only the fold changes it. Visible rows are derived: base row with its pending mutations applied in
//! order; they are kept for rows that have pending mutations and are the base row everywhere else.

use super::answers::Answers;
use super::outbox::Outbox;
use super::rows::{BaseRows, RowId};
use crate::protocol::{Key, MutationId, Op, Row, Schema, Seq, Stamp, Text};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The batch that is under way: sent for the first time by its `Sent` frame, not answered in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Not answered yet, in outbox order.
    pub mutations: Vec<MutationId>,
    pub sent_ms: u64,
}

/// A pull round between its first and its last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    pub tables: Vec<(Text, Option<Text>)>,
    pub token: Text,
    pub own_xids: Vec<u64>,
    /// The seq of its first page.
    pub began: Seq,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The last frame folded.
    pub seq: Seq,
    pub schema: Schema,
    pub rows: BaseRows,
    pub outbox: Outbox,
    pub batch: Option<Batch>,
    pub cursors: BTreeMap<Text, Text>,
    pub round: Option<Round>,
    /// Tables whose first round has ended: held whole.
    pub held: BTreeSet<Text>,
    /// Own pushes that a pull need not bring back.
    pub own_xids: BTreeSet<u64>,
    /// The greatest stamp folded.
    pub stamp: Stamp,
    pub answers: Answers,
    pub last_push_ms: Option<u64>,
    pub last_pull_ms: Option<u64>,
    /// Visible rows that differ from their base; `None`: not visible.
    pub(super) overlay: BTreeMap<Text, BTreeMap<Key, Option<Row>>>,
}

impl State {
    /// The empty state at a seq.
    pub fn at(seq: Seq) -> Self {
        Self { seq, ..Self::default() }
    }

    pub fn visible(&self, table: &str, key: &Key) -> Option<&Row> {
        match self.overlay.get(table).and_then(|rows| rows.get(key)) {
            Some(over) => over.as_ref(),
            None => self.rows.get(table, key).map(|base| &base.row),
        }
    }

    /// Every visible row of a table, in key order.
    pub fn for_each_visible<'a>(&'a self, table: &str, visit: &mut dyn FnMut(&'a Key, &'a Row)) {
        let mut over = self.overlay.get(table).into_iter().flatten().peekable();
        for (key, base) in self.rows.iter(table) {
            while let Some((inserted, row)) = over.next_if(|(other, _)| *other < key) {
                row.iter().for_each(|row| visit(inserted, row));
            }
            match over.next_if(|(other, _)| *other == key) {
                Some((_, row)) => row.iter().for_each(|row| visit(key, row)),
                None => visit(key, &base.row),
            }
        }
        for (key, row) in over {
            row.iter().for_each(|row| visit(key, row));
        }
    }

    /// Whether a row's base is in memory, or known to be absent. Every table is hot in this version.
    pub fn is_resident(&self, _row: &RowId) -> bool {
        true
    }

    /// Recomputes a row's overlay after its base or its pending mutations changed.
    pub(super) fn rebase(&mut self, id: &RowId) {
        let (table, key) = id;
        let Some(definition) = self.schema.tables.get(table) else { return };
        let mut pending = self.outbox.of_row(id).peekable();
        if pending.peek().is_none() {
            if let Some(rows) = self.overlay.get_mut(table) {
                rows.remove(key);
                if rows.is_empty() {
                    self.overlay.remove(table);
                }
            }
            return;
        }
        let mut row = self.rows.get(table, key).map(|base| base.row.clone());
        for (_, mutation) in pending {
            let cells = mutation.cells.iter().map(|cell| (cell.column.as_ref(), cell.value.as_ref()));
            row = match mutation.op {
                Op::Delete => None,
                Op::Update => row.map(|row| row.with(definition, cells)),
                Op::InsertIgnore if row.is_some() => row,
                Op::Upsert if row.is_some() => row.map(|row| row.with(definition, cells)),
                Op::Insert | Op::InsertIgnore | Op::Upsert => {
                    let shown =
                        mutation.shown.iter().map(|(column, value)| (column.as_ref(), value.as_ref()));
                    let fields: Vec<_> = shown.chain(cells).map(|(c, v)| (Cow::Borrowed(c), v)).collect();
                    Some(Row::from_fields(definition, &fields))
                }
            };
        }
        self.overlay.entry(table.clone()).or_default().insert(key.clone(), row);
    }

    /// Recomputes every overlay, after a load or a change of definitions.
    pub(super) fn rebase_all(&mut self) {
        self.overlay.clear();
        let ids: Vec<RowId> = self.outbox.rows().cloned().collect();
        for id in &ids {
            self.rebase(id);
        }
    }
}
