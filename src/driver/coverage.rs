//! Whether the rows on this device are all that a request is about (DESIGN 4, coverage).
//!
//! They are if the table is held whole; if the request asks for nothing before the horizon; if it asks for
//! the newest rows and the horizon leaves enough of them; or if it names keys that are all held. What was read
//! through counts for keys only, and only while it is fresh.

use crate::engine::{Known, State, View};
use crate::protocol::{Key, Table};
use crate::query::age::horizon_key;
use crate::query::{Collate, ReadPlan, Rows, Walk, WritePlan};
use std::ops::{Bound, ControlFlow};

/// How long a row that was read through answers by its key, unless the table says otherwise.
pub const FETCHED_TTL_MS: u64 = 900_000;
/// A time this much ahead of the clock says nothing of freshness.
const AHEAD_MS: u64 = 300_000;
/// Most rows that are counted to see whether the horizon leaves enough.
const NEWEST_MAX: u64 = 10_000;

/// What a request is about.
pub struct Asked<'p> {
    pub table: &'p str,
    keys: Option<&'p [Key]>,
    /// The least time, as a key of the time column.
    from: Option<Vec<u8>>,
    /// How many of the newest matches are enough.
    newest: Option<u64>,
    matches: Matches<'p>,
}

/// Whether a row is among those that are asked for.
type Matches<'p> = Box<dyn Fn(&Table, &str) -> bool + 'p>;

impl<'p> Asked<'p> {
    pub fn of_read(plan: &'p ReadPlan, state: &State, collate: &'p dyn Collate) -> Self {
        Self {
            table: plan.table(),
            keys: plan.keys(),
            from: plan.time_bound(&state.schema),
            newest: plan.newest_first(&state.schema).filter(|_| !plan.is_counted()),
            matches: Box::new(move |table, row| plan.matches(table, row, collate)),
        }
    }

    pub fn of_write(plan: &'p WritePlan, state: &State, collate: &'p dyn Collate) -> Self {
        Self {
            table: plan.table(),
            keys: plan.keys(),
            from: plan.time_bound(&state.schema),
            newest: None,
            matches: Box::new(move |table, row| plan.matches(table, row, collate)),
        }
    }
}

/// How old may be what was read through.
#[derive(Clone, Copy)]
pub struct Freshness {
    pub now_ms: u64,
    pub ttl_ms: u64,
    /// Rows that a round brought grow stale too.
    pub is_cache: bool,
}

impl Freshness {
    /// Whether something of this time still counts.
    pub fn is_fresh(&self, time_ms: u64) -> bool {
        time_ms <= self.now_ms + AHEAD_MS && self.now_ms < time_ms.saturating_add(self.ttl_ms)
    }
}

/// What the local rows are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// They are all that is asked for.
    Held,
    /// They were, longer ago than a cache may be old.
    Stale,
    /// Others may be asked for too.
    Past,
}

pub fn coverage(view: &View, asked: &Asked, freshness: Freshness) -> Coverage {
    let state = view.state();
    let Some(table) = state.schema.tables.get(asked.table) else { return Coverage::Past };
    if table.is_local() {
        return Coverage::Held;
    }
    let is_held = |freshness| {
        asked.keys.is_some_and(|keys| keys.iter().all(|key| is_held(view, asked.table, key, freshness)))
    };
    let ended_ms = state.paged.get(asked.table).and_then(|paged| paged.ended_ms);
    let is_cache = freshness.is_cache || table.direction.as_ref() == "cache";
    let is_fresh = !is_cache || ended_ms.is_some_and(|time_ms| freshness.is_fresh(time_ms));
    let was_pulled = is_pulled(view, asked, table);
    match (was_pulled, is_fresh) {
        (true, true) => Coverage::Held,
        _ if is_held(Freshness { is_cache: is_cache && !is_fresh, ..freshness }) => Coverage::Held,
        (true, false) => Coverage::Stale,
        (false, _) if is_held(Freshness { ttl_ms: u64::MAX, now_ms: u64::MAX / 2, is_cache: false }) => {
            Coverage::Stale
        }
        (false, _) => Coverage::Past,
    }
}

/// Whether the last rounds brought all that is asked for.
fn is_pulled(view: &View, asked: &Asked, table: &Table) -> bool {
    let state = view.state();
    if !state.held.contains(asked.table) {
        return false;
    }
    let horizon = state.horizons.get(asked.table).and_then(|horizon| horizon.covered.as_deref());
    let Some(covered) = horizon else { return true };
    let Some(horizon) = horizon_key(table, covered) else { return false };
    let is_after = asked.from.as_ref().is_some_and(|from| *from >= horizon);
    is_after || is_filled(view, asked, table, horizon)
}

/// Whether there are as many matches after the horizon as are asked for.
fn is_filled(view: &View, asked: &Asked, table: &Table, horizon: Vec<u8>) -> bool {
    let Some(wanted) = asked.newest.filter(|wanted| *wanted <= NEWEST_MAX) else { return false };
    let mut left = wanted;
    let walk = Walk {
        index: Some(0),
        from: Bound::Included(horizon),
        descending: true,
        limit: usize::try_from(wanted).ok(),
        ..Walk::whole()
    };
    view.walk(asked.table, &walk, &mut |entry| {
        left -= u64::from(left > 0 && (asked.matches)(table, entry.row));
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    left == 0
}

/// Whether a key is held, or known to be absent.
fn is_held(view: &View, table: &str, key: &Key, freshness: Freshness) -> bool {
    let Some(slot) = view.state().rows.slot(table, key) else {
        return !freshness.is_cache && view.base(table, key).is_some();
    };
    match (&slot.known, slot.fetched) {
        (Known::Row(_), Some(time_ms)) => freshness.is_fresh(time_ms),
        (Known::Row(_) | Known::Gone(_), _) if !freshness.is_cache => true,
        _ => matches!(slot.over, Some(Some(_))),
    }
}
