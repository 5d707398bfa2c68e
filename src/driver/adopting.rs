//! Adopting: moving what nobody's database holds into a user's, and emptying it.
//!
//! ```text
//! catch up ─▶ issue anew, into the user's log ─▶ empty it, if nothing was written since ─(something was)─▶ once more
//! ```
//!
//! Whatever crashes in between, the next adoption by the same user takes up what the last one did not, each change once.

use super::export::page;
use super::platform::Platform;
use super::replica::Replica;
use crate::engine::frame::Imported;
use crate::engine::{Adoption, Frame, State};
use crate::protocol::{Fault, Key, Rev, Schema, Table, Text};
use crate::store::Store;
use serde_json::value::RawValue;
use std::rc::Rc;

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// Takes over what `nobodys` holds, as this user's; it is empty then. How many changes and rows there were.
    pub async fn adopt(self: &Rc<Self>, nobodys: &Rc<Self>, user: &Text) -> Result<usize, Fault> {
        loop {
            nobodys.catch_up().await?;
            let (seq, count) = (nobodys.state().seq, unadopted(&nobodys.state()));
            self.issue_anew(nobodys, user).await?;
            let (incarnation, client) = (self.platform().random(), self.platform().random());
            if nobodys.store().wipe_at(seq, incarnation, client).await? {
                return Ok(count);
            }
        }
    }

    async fn issue_anew(self: &Rc<Self>, nobodys: &Rc<Self>, user: &Text) -> Result<(), Fault> {
        let from = nobodys.manifest().incarnation;
        let mut schema = nobodys.state().schema.clone();
        schema.tables.retain(|name, _| !self.state().schema.tables.contains_key(name));
        if schema != Schema::default() {
            self.append(Frame::Schema(schema)).await?;
        }
        let adoption = Adoption::new(&nobodys.state(), user);
        let tables = local_tables(&nobodys.state());
        for table in tables {
            let mut after: Option<Key> = None;
            loop {
                let (rows, last) = nobodys.query(|_, view| page(view, &table, after.as_ref())).await?;
                let adopted = |(rev, row): (Rev, Box<RawValue>)| {
                    adoption.row(&table, row.get()).map(|(id, row)| (id, rev, row))
                };
                let rows = rows.into_iter().filter_map(adopted).collect();
                self.append(Frame::Imported(Imported { from, rows, ..Imported::default() })).await?;
                after = last;
                if after.is_none() {
                    break;
                }
            }
        }
        let imports = adoption.imports(&nobodys.state(), from);
        for import in imports {
            self.append(Frame::Imported(import)).await?;
        }
        Ok(())
    }
}

/// Changes that wait, and rows of tables that are on this device alone.
pub fn unadopted(state: &State) -> usize {
    let rows = local_tables(state).iter().map(|table| state.rows.size(table).rows).sum::<usize>();
    state.outbox.len() + rows
}

fn local_tables(state: &State) -> Vec<Text> {
    let is_local = |(_, table): &(&Text, &Table)| table.is_local();
    state.schema.tables.iter().filter(is_local).map(|(name, _)| name.clone()).collect()
}
