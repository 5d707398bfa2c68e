//! The whole local state: rows in memory and the segments under them, outbox, cursors, definitions.
//!
//! Only the fold and a checkpoint change it. Visible rows are derived: base row with its pending mutations
//! applied in order; they are kept for rows that have pending mutations and are the base row everywhere else.

use super::answers::Answers;
use super::audited::Audit;
use super::cascade::Cascades;
use super::changes::Before;
use super::frame::Lost;
use super::horizon::{Horizon, Paged};
use super::imported::Imports;
use super::outbox::Outbox;
use super::own::OwnPushes;
use super::pulled;
use super::rekeyed::Rekeyed;
use super::rows::{RowId, Rows};
use crate::protocol::{Key, MutationId, Op, Row, Schema, Seq, Stamp, Text};
use serde::{Deserialize, Serialize};
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

#[derive(Clone, Debug, Default)]
pub struct State {
    /// The last frame folded.
    pub seq: Seq,
    pub schema: Schema,
    /// Derived from it.
    pub(super) cascades: Cascades,
    pub rows: Rows,
    pub outbox: Outbox,
    pub batch: Option<Batch>,
    pub cursors: BTreeMap<Text, Text>,
    pub round: Option<Round>,
    /// Tables whose first round has ended: held whole.
    pub held: BTreeSet<Text>,
    /// Of tables that are not held from the beginning.
    pub horizons: BTreeMap<Text, Horizon>,
    pub paged: BTreeMap<Text, Paged>,
    pub own: OwnPushes,
    /// The greatest stamp folded.
    pub stamp: Stamp,
    pub answers: Answers,
    pub imports: Imports,
    /// The last audit of each table.
    pub audits: BTreeMap<Text, Audit>,
    /// Keys that rows of ours had before the server's was known.
    pub rekeyed: Rekeyed,
    pub last_push_ms: Option<u64>,
    pub last_pull_ms: Option<u64>,
}

impl State {
    /// The empty state at a seq.
    pub fn at(seq: Seq) -> Self {
        Self { seq, ..Self::default() }
    }

    /// The visible row, of a row that memory knows of.
    /// Without the removals of its parents, which a view sees.
    pub fn visible(&self, table: &str, key: &Key) -> Option<&Row> {
        self.rows.slot(table, key)?.shown()
    }

    /// What was visible, as far as memory knows.
    pub(super) fn seen(&self, id: &RowId) -> Before {
        match self.rows.slot(&id.0, &id.1) {
            Some(slot) => Before::Row(slot.shown().cloned()),
            None if self.rows.is_unread(id) => Before::Unknown,
            None => Before::Row(None),
        }
    }

    /// Does without a segment that cannot be read: its table is no longer held, and pulled from nothing.
    pub fn lose(&mut self, lost: &Lost) {
        if let Some(rows) = self.rows.table_mut(&lost.table) {
            rows.lose(lost.segment);
        }
        self.held.remove(&lost.table);
        pulled::forget_cursors(self, [&lost.table]);
    }

    /// Recomputes a visible row after its base or its pending mutations changed; the row, if there is one.
    pub(super) fn rebase(&mut self, id: &RowId) -> Option<Row> {
        let over = self.laid_over(id);
        self.rows.lay_over(id, over, self.seq)
    }

    /// The row as its pending mutations make it; `None`: as its base.
    fn laid_over(&self, id: &RowId) -> Option<Option<Row>> {
        let (table, key) = id;
        let definition = self.schema.tables.get(table)?;
        let mut pending = self.outbox.of_row(id).map(|(_, mutation)| mutation).peekable();
        let row = match pending.peek()?.op {
            Op::Insert => None,
            _ => self.rows.get(table, key).map(|base| base.row.clone()),
        };
        Some(pending.fold(row, |row, mutation| mutation.made_of(definition, row)))
    }

    /// Recomputes those of a table, after its rows changed as a whole.
    pub(super) fn rebase_table(&mut self, table: &Text) {
        let keys: Vec<Key> = self.outbox.rows_of(table).cloned().collect();
        for key in keys {
            self.rebase(&(table.clone(), key));
        }
    }

    /// Recomputes them all, after a load or a change of definitions.
    pub(super) fn rebase_all(&mut self) {
        self.cascades = Cascades::of(&self.schema);
        let ids: Vec<RowId> = self.outbox.rows().collect();
        for id in &ids {
            self.rebase(id);
        }
    }
}
