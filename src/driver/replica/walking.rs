//! Going over all base rows of a table without holding anybody up.

use super::Replica;
use crate::driver::platform::Platform;
use crate::engine::{State, View};
use crate::protocol::{Fault, Rev, SegmentId, Text};
use crate::store::Store;
use std::rc::Rc;

/// A base row on the way: its key's text and version; cold ones are on this device for their pending mutations only.
pub struct Held<'a> {
    pub key: &'a str,
    pub rev: Rev,
    pub is_cold: bool,
}

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// Visits every base row, in no order; between segments others have their turn. False: a checkpoint came in between, and
    /// some may not have been visited.
    pub async fn each_base(
        self: &Rc<Self>,
        table: &Text,
        mut visit: impl FnMut(&State, Held<'_>),
    ) -> Result<bool, Fault> {
        let Some(segments) = self.segment_ids(table) else { return Ok(true) };
        {
            let state = self.state();
            let Some(rows) = state.rows.table(table) else { return Ok(false) };
            for (key, slot) in rows.slots() {
                if let Some(base) = slot.known.base() {
                    let is_cold = rows.is_cold(&base.row);
                    visit(&state, Held { key: key.as_str(), rev: base.rev, is_cold });
                }
            }
        }
        for segment in &segments {
            let held = |view: &View| {
                let mut held: Vec<(String, Rev)> = Vec::new();
                let is_there =
                    view.each_base_at_rest(table, *segment, |key, rev, _| held.push((key.into(), rev)));
                is_there.then_some(held)
            };
            let Some(held) = self.query(|_, view| held(view)).await? else { return Ok(false) };
            {
                let state = self.state();
                held.iter().for_each(|(key, rev)| visit(&state, Held { key, rev: *rev, is_cold: false }));
            }
            self.platform().others().await;
        }
        Ok(self.segment_ids(table).as_ref() == Some(&segments))
    }

    fn segment_ids(&self, table: &Text) -> Option<Vec<SegmentId>> {
        let state = self.state();
        Some(state.rows.table(table)?.segments().iter().map(|rested| rested.id).collect())
    }
}
