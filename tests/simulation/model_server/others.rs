//! What others do to the database: transactions that commit late, backups.

use super::{Server, Transaction};
use crate::dice::Dice;
use std::collections::BTreeSet;
use thermocline::engine::RowId;
use thermocline::protocol::{Op, Text};

/// Someone else's change, made when its transaction commits.
#[derive(Clone, Debug)]
pub(super) struct Foreign {
    row: RowId,
    op: Op,
    value: u64,
}

impl Server {
    pub fn begin_foreign(&mut self, row: RowId, op: Op, value: u64) {
        self.open.insert(self.next_xid, vec![Foreign { row, op, value }]);
        self.next_xid += 1;
    }

    pub fn commit_foreign(&mut self, dice: &mut Dice) {
        let open: Vec<u64> = self.open.keys().copied().collect();
        if open.is_empty() {
            return;
        }
        let xid = *dice.pick(&open);
        let mut transaction = Transaction { xid, stamped: 0, refused: BTreeSet::new() };
        for change in self.open.remove(&xid).expect("it is open") {
            self.carry_out(&mut transaction, change);
        }
    }

    pub fn commit_all(&mut self, dice: &mut Dice) {
        while !self.open.is_empty() {
            self.commit_foreign(dice);
        }
    }

    /// A row's revs grow: a transaction that comes to a row after a later one is undone (40001).
    fn carry_out(&mut self, transaction: &mut Transaction, change: Foreign) {
        let stored = self.rows.get(&change.row).cloned();
        let buried =
            self.tombstones.iter().filter(|(id, _)| *id == change.row).map(|(_, rev)| rev.xid()).max();
        let newest = stored.as_ref().map(|stored| stored.rev.xid()).max(buried);
        if newest.is_some_and(|newest| newest > transaction.xid) {
            return;
        }
        let column = if &*change.row.0 == "entries" { "title" } else { "name" };
        let value: Text = format!("\"foreign {}\"", change.value).into();
        match (change.op, stored) {
            (Op::Delete, Some(_)) if self.children(&change.row).is_empty() => {
                _ = self.bury(transaction, &change.row)
            }
            (Op::Update, Some(mut stored)) => {
                stored.fields.insert(column.into(), value);
                stored.at.insert(column.into(), self.clock);
                self.store(transaction, &change.row, stored.fields, stored.at);
            }
            (Op::Insert, None) => {
                let mut fields = self.defaults(&change.row.0);
                fields.insert("id".into(), change.row.1.values()[0].into());
                fields.insert(column.into(), value);
                let at = fields.keys().map(|column| (column.clone(), self.clock)).collect();
                self.store(transaction, &change.row, fields, at);
            }
            _ => {}
        }
    }

    /// A backup is made.
    pub fn save(&mut self) {
        self.saved = None;
        self.saved = Some(Box::new(self.clone()));
    }

    /// The backup is restored: transactions and revs count on from there, in another epoch.
    pub fn restore(&mut self) {
        let history = std::mem::take(&mut self.history);
        let (epoch, altered) = (self.epoch + 1, self.altered);
        if let Some(saved) = self.saved.take() {
            *self = *saved;
            self.open.clear();
        }
        (self.epoch, self.altered) = (epoch, altered);
        for (version, texts) in history {
            self.history.entry(version).or_default().extend(texts);
        }
    }
}
