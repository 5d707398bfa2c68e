//! After a restore of the server: what this client wrote is put aside before the tables are pulled from nothing.
//!
//! Whether the server still has it, the round tells (`engine/doubted`).

use super::courier::Courier;
use super::platform::Platform;
use crate::engine::frame::{Doubted, Resync};
use crate::engine::{Frame, RowId};
use crate::protocol::{Fault, Key, Text};
use crate::query::mutation_id;
use crate::remote::Remote;
use crate::store::Store;
use std::rc::Rc;

/// Rows in doubt that a frame names.
const FRAME_ROWS: usize = 1_000;

impl<S: Store + 'static, R: Remote + 'static, P: Platform> Courier<S, R, P> {
    pub(super) async fn resync(self: &Rc<Self>, resync: Resync, user: Option<Text>) -> Result<(), Fault> {
        // A cursor that is merely too old says nothing against the rows.
        if &*resync.reason != "expired" {
            for (table, _) in &resync.request.tables {
                self.doubt(table, user.clone()).await?;
            }
        }
        self.replica().append(Frame::Resync(resync)).await
    }

    async fn doubt(self: &Rc<Self>, table: &Text, user: Option<Text>) -> Result<(), Fault> {
        for rows in self.written(table).await?.chunks(FRAME_ROWS) {
            let platform = self.replica().platform();
            let time_ms = platform.now_ms();
            let named = |id: &RowId| (id.clone(), mutation_id(time_ms, platform.random()));
            let rows = rows.iter().map(named).collect();
            self.replica().append(Frame::Doubted(Doubted { rows, user: user.clone(), time_ms })).await?;
        }
        Ok(())
    }

    /// Rows whose version a push of this client made.
    async fn written(self: &Rc<Self>, table: &Text) -> Result<Vec<RowId>, Fault> {
        let segments: Vec<_> = {
            let state = self.replica().state();
            let Some(rows) = state.rows.table(table) else { return Ok(Vec::new()) };
            rows.segments().iter().map(|rested| rested.id).collect()
        };
        let id = |key: &str| (table.clone(), Key::from_text(key));
        let mut written: Vec<RowId> = {
            let state = self.replica().state();
            let slots = state.rows.table(table).into_iter().flat_map(|rows| rows.slots());
            let ours =
                slots.filter(|(_, slot)| slot.known.base().is_some_and(|base| state.own.made(base.rev)));
            ours.map(|(key, _)| (table.clone(), key.clone())).collect()
        };
        for segment in segments {
            let rows = self.replica().query(|state, view| {
                let mut rows = Vec::new();
                view.each_base_at_rest(table, segment, |key, rev, _| {
                    if state.own.made(rev) {
                        rows.push(id(key));
                    }
                });
                rows
            });
            written.extend(rows.await?);
            self.replica().platform().others().await;
        }
        Ok(written)
    }
}
