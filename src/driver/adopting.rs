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
use crate::protocol::{ErrorCode, Fault, Key, Rev, Schema, Table, Text};
use crate::store::Store;
use serde_json::value::RawValue;
use std::rc::Rc;

/// Value in nobody's database: who adopts it. It goes with all else when that is emptied.
const ADOPTER: &str = "adopter";

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// Takes over what `nobodys` holds, as this user's; it is empty then. How many changes and rows there were.
    pub async fn adopt(self: &Rc<Self>, nobodys: &Rc<Self>, user: &Text) -> Result<usize, Fault> {
        nobodys.claim(user).await?;
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

    /// What one user has begun to adopt is no other's: part of it may be theirs already (invariant 11).
    async fn claim(&self, user: &Text) -> Result<(), Fault> {
        match self.store().get(ADOPTER).await? {
            None => self.store().put(ADOPTER, Some(user.as_bytes())).await,
            Some(adopter) if adopter == user.as_bytes() => Ok(()),
            Some(_) => {
                let message = "adopt: another user has begun to adopt what was written before any sign-in; sign in as \
                    them and adopt the rest, or drop it by discardLocal";
                Err(Fault::new(ErrorCode::Unauthorized, message))
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
