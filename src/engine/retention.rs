//! Retention: how much of a table this device keeps, as a horizon.
//!
//! Days are counted from now; rows and bytes are turned into the time of the oldest row that fits. A horizon
//! moves only by a step that is worth its round and its checkpoint, and back only where nobody asked for it
//! and no bound on rows or bytes put it there.

use super::frame::Evicted;
use super::priority::Priority;
use super::rows::View;
use crate::protocol::Text;
use crate::query::age::{has_age, millis, text};
use crate::query::{Rows, Walk};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

pub const DAY_MS: u64 = 86_400_000;
const HOUR_MS: u64 = 3_600_000;

/// What the app wants to keep of a table; without any bound, all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    pub days: Option<u32>,
    pub rows: Option<u64>,
    pub bytes: Option<u64>,
    /// For so long what was read through, or a round brought to a cache, is fresh.
    pub ttl_ms: Option<u64>,
    /// When its rounds come.
    pub priority: Priority,
    /// Its changes are sent at once.
    pub urgent: bool,
}

impl Keep {
    pub fn is_bounded(&self) -> bool {
        self.days.is_some() || self.rows.is_some() || self.bytes.is_some()
    }

    /// The horizon that days alone make.
    pub fn by_days(&self, now_ms: u64) -> Option<Text> {
        let days = u64::from(self.days?);
        Some(text(now_ms.saturating_sub(days * DAY_MS)).into())
    }
}

/// The eviction that a table is due, if one is; run again where blocks are missing.
pub fn due(view: &View, name: &Text, keep: &Keep, now_ms: u64) -> Option<Evicted> {
    let state = view.state();
    let table = state.schema.tables.get(name).filter(|table| has_age(table))?;
    let horizon = state.horizons.get(name);
    let present = horizon.and_then(|horizon| horizon.since.as_deref()).and_then(millis);
    let by_rows = oldest_that_fits(view, name, keep, &table.time.clone()?);
    let wanted = [keep.by_days(now_ms), by_rows].into_iter().flatten().max_by_key(|time| millis(time));
    let asked = horizon.is_some_and(|horizon| horizon.asked);
    let is_worth_it = |a: u64, b: u64| a.abs_diff(b) >= HOUR_MS.max(now_ms.saturating_sub(a.max(b)) / 20);
    let is_free = !asked && keep.rows.is_none() && keep.bytes.is_none();
    let moves = match (present, wanted.as_deref().and_then(millis)) {
        (None, wanted) => wanted.is_some(),
        (Some(_), None) => is_free,
        (Some(present), Some(wanted)) => is_worth_it(present, wanted) && (wanted > present || is_free),
    };
    moves.then(|| Evicted { table: name.clone(), horizon: wanted, asked: false })
}

/// The time of the oldest row that a bound on rows or bytes leaves, where it is exceeded by a tenth.
fn oldest_that_fits(view: &View, name: &Text, keep: &Keep, time: &str) -> Option<Text> {
    let size = view.state().rows.size(name);
    let (rows, bytes) = (size.rows as u64, size.bytes as u64);
    let by_bytes =
        keep.bytes.map(|most| (u128::from(rows) * u128::from(most) / u128::from(bytes.max(1))) as u64);
    let most = [keep.rows, by_bytes].into_iter().flatten().min()?;
    if rows <= most.saturating_add(most / 10) {
        return None;
    }
    let mut surplus = rows - most;
    let mut found = None;
    let walk = Walk { index: Some(0), limit: usize::try_from(surplus).ok(), ..Walk::whole() };
    view.walk(name, &walk, &mut |entry| {
        if surplus > 0 {
            surplus -= 1;
            return ControlFlow::Continue(());
        }
        found = time_of(entry.row, time);
        ControlFlow::Break(())
    });
    found
}

/// The text of a row's time column.
pub fn time_of(row: &str, column: &str) -> Option<Text> {
    let row = crate::protocol::Row::from_stored(row);
    let text = row.value(column)?.strip_prefix('"')?.strip_suffix('"')?;
    millis(text).is_some().then(|| text.into())
}
