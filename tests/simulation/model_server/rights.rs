//! Rights: rows that the user sees no more, or again, with no change of their own.
//!
//! `thermocline.touch` makes such a row known: it is buried and stamped anew, so who still sees it gets the row
//! and who does not gets the tombstone.

use super::{Server, Stored, Transaction};
use crate::dice::Dice;
use crate::world::trace;
use std::collections::BTreeSet;
use thermocline::engine::RowId;

impl Server {
    /// Takes the right to see some row, or gives it back.
    pub fn change_rights(&mut self, with_touch: bool, dice: &mut Dice) {
        let rows: Vec<RowId> = self.rows.keys().cloned().collect();
        if rows.is_empty() {
            return;
        }
        let id = dice.pick(&rows).clone();
        if !self.hidden.remove(&id) {
            self.hidden.insert(id.clone());
        }
        trace(|| format!("{id:?} is hidden: {}", self.hidden.contains(&id)));
        if with_touch {
            let mut transaction = Transaction { xid: self.next_xid, stamped: 0, refused: BTreeSet::new() };
            self.next_xid += 1;
            self.make_known(&mut transaction, &id);
        }
    }

    fn make_known(&mut self, transaction: &mut Transaction, id: &RowId) {
        let tombstone = self.next_rev(transaction);
        self.tombstones.push((id.clone(), tombstone));
        let rev = self.next_rev(transaction);
        let stored = self.rows[id].clone();
        self.keep(id, Stored { rev, ..stored });
    }
}
