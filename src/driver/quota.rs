//! Making room when the browser has none left: the oldest rows go that the server has too.
//!
//! The outbox is never evicted. What a write needs is tried again once room was made, and once more a second
//! later, since a browser frees space when it likes.

use super::platform::Platform;
use super::replica::Replica;
use crate::engine::frame::Evicted;
use crate::engine::retention::time_of;
use crate::engine::segment::Blocks;
use crate::engine::{Frame, State};
use crate::protocol::{ErrorCode, Fault, Text};
use crate::query::age::{has_age, just_after};
use crate::store::{Durability, Seq, Store};
use std::rc::Rc;

const AGAIN_MS: u64 = 1_000;

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// Appends frames, if need be in the place of old rows. Nothing is half written.
    pub(super) async fn append_or_evict(
        self: &Rc<Self>,
        frames: &[Vec<u8>],
        durability: Durability,
    ) -> Result<Vec<Seq>, Fault> {
        let full = match self.store().append(frames, durability).await {
            Err(fault) if fault.code == ErrorCode::QuotaExceeded => fault,
            other => return other,
        };
        match Box::pin(self.make_room()).await {
            Ok(true) => {}
            Ok(false) => return Err(full),
            Err(fault) => {
                self.platform().report(&fault);
                return Err(full);
            }
        }
        match self.store().append(frames, durability).await {
            Err(fault) if fault.code == ErrorCode::QuotaExceeded => {}
            other => return other,
        }
        self.platform().sleep(AGAIN_MS).await;
        self.store().append(frames, durability).await
    }

    /// Evicts the time of the largest table's oldest segment; false if no table has one to give.
    async fn make_room(self: &Rc<Self>) -> Result<bool, Fault> {
        let Some(evicted) = self.query(|state, view| oldest_segment(state, view.blocks())).await? else {
            return Ok(false);
        };
        let frames = [Frame::Evicted(evicted).encode()];
        self.store().append(&frames, Durability::Relaxed).await?;
        self.catch_up().await?;
        self.checkpoint().await?;
        self.store().sweep().await?;
        Ok(true)
    }
}

/// The eviction of the oldest segment of the table that has most in segments.
fn oldest_segment(state: &State, blocks: &dyn Blocks) -> Option<Evicted> {
    let aged = |name: &Text| state.schema.tables.get(name).is_some_and(has_age);
    let mut tables: Vec<_> =
        state.rows.tables().filter(|(name, rows)| aged(name) && !rows.shape().1).collect();
    tables.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.size().warm_bytes));
    tables.into_iter().find_map(|(name, rows)| {
        let time = rows.layout.table.time.as_ref()?;
        let oldest = rows.segments().iter().min_by(|a, b| a.directory.newest.cmp(&b.directory.newest))?;
        let last = u16::try_from(oldest.directory.rows.checked_sub(1)?).ok()?;
        let row = oldest.directory.row(oldest.id, last, blocks)?;
        let horizon = just_after(&time_of(row.text, time)?)?.into();
        Some(Evicted { table: name.clone(), horizon: Some(horizon), asked: false })
    })
}
