//! After a restore of the server: what this client wrote is put aside before the tables are pulled from nothing.
//!
//! Whether the server still has it, the round tells (`engine/doubted`).

use super::courier::Courier;
use super::platform::Platform;
use super::replica::Held;
use crate::engine::frame::{Doubted, Resync};
use crate::engine::{Frame, RowId, State};
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

    /// Rows whose version a push of this client made. Where a checkpoint comes in between, it looks again.
    async fn written(self: &Rc<Self>, table: &Text) -> Result<Vec<RowId>, Fault> {
        loop {
            let mut written = Vec::new();
            let ours = |state: &State, held: Held<'_>| {
                if state.own.made(held.rev) {
                    written.push((table.clone(), Key::from_text(held.key)));
                }
            };
            if self.replica().each_base(table, ours).await? {
                return Ok(written);
            }
        }
    }
}
