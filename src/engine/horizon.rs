//! Horizons: from which time on a table's rows are held, and what moves it.
//!
//! ```text
//! ── before: only in Supabase, or read through ──┤ since ├── held, once the round has ended ──▶ newer
//! ```
//!
//! A horizon that moves forward lets rows go; one that moves back has the table pulled from nothing, and
//! covers no more than before until that round has ended. Either ends a round under way and marks the
//! table's cursor, so that a page which was asked under another horizon is dropped. Eviction changes nothing
//! inside the coverage and no row with a pending mutation (invariant 8).

use super::changes::Changes;
use super::frame::{Evicted, Fetched};
use super::pulled::keyed_row;
use super::rows::{Base, Source};
use super::state::State;
use crate::protocol::pull::{Since, marked, told};
use crate::protocol::{Seq, Text, limits};
use crate::query::age::horizon_key;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Horizon {
    /// Rows of an earlier time are not pulled. None: all are.
    pub since: Option<Text>,
    /// From here on all rows are held, if the table is held at all. None: all.
    pub covered: Option<Text>,
    /// Asked for by the app: retention does not move it back.
    pub asked: bool,
    /// The frame that moved it last.
    pub set: Seq,
}

/// What the last rounds over a table did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paged {
    /// The last frame with a page of it.
    pub seq: Seq,
    /// When a round over it ended, by this device's clock.
    pub ended_ms: Option<u64>,
}

impl State {
    /// The horizons under which these tables are pulled.
    pub fn since<'a>(&self, tables: impl Iterator<Item = &'a Text>) -> Since {
        let horizon = |table: &'a Text| Some((table.clone(), self.horizons.get(table)?.since.clone()?));
        tables.filter_map(horizon).collect()
    }

    /// The table is pulled from nothing; its rows stay until then.
    pub(super) fn forget_cursor(&mut self, table: &Text) {
        match self.horizons.get(table) {
            Some(horizon) => self.cursors.insert(table.clone(), marked(None, horizon.set)),
            None => self.cursors.remove(table),
        };
        self.round = None;
    }

    /// A round over the table has ended: from nothing, it covers what was asked for.
    pub(super) fn reach_horizon(&mut self, table: &Text, from_nothing: bool) {
        let Some(horizon) = self.horizons.get_mut(table).filter(|_| from_nothing) else { return };
        horizon.covered = horizon.since.clone();
        if horizon.since.is_none() {
            self.horizons.remove(table);
        }
    }

    /// The definition has another time column: what is known of the old one's times says nothing.
    pub(super) fn lose_horizon(&mut self, table: &Text) {
        if self.horizons.remove(table).is_some() {
            self.held.remove(table);
            self.rows.lose_horizon(table);
        }
    }

    /// Tells the rows of every table where its horizon lies.
    pub(super) fn place_horizons(&mut self) {
        for (name, horizon) in &self.horizons {
            let Some(table) = self.schema.tables.get(name) else { continue };
            let key = horizon.since.as_deref().and_then(|since| horizon_key(table, since));
            self.rows.set_horizon(name, key);
        }
    }
}

pub fn evict(state: &mut State, seq: Seq, evicted: Evicted, changes: &mut Changes) {
    let Evicted { table: name, horizon: since, asked } = evicted;
    let Some(table) = state.schema.tables.get(&name).cloned() else {
        changes.dropped = true;
        return;
    };
    let place = |horizon: &Option<Text>| horizon.as_deref().and_then(|text| horizon_key(&table, text));
    let key = place(&since);
    if since.is_some() && key.is_none() {
        changes.dropped = true;
        return;
    }
    let before = state.horizons.get(&name).cloned();
    let before_key = before.as_ref().and_then(|horizon| place(&horizon.since));
    state.rows.forget_fetched(&name, seq);
    changes.tables.push(name.clone());
    if before_key == key {
        if let Some(horizon) = state.horizons.get_mut(&name) {
            horizon.asked = asked;
        }
        return;
    }
    let is_back = before_key.as_ref().is_some_and(|before| key.as_ref().is_none_or(|key| key < before));
    let covered = before.and_then(|horizon| horizon.covered);
    let covered = if place(&covered) < key { since.clone() } else { covered };
    let cursor = marked(told(state.cursors.get(&name)).filter(|_| !is_back), seq);
    state.cursors.insert(name.clone(), cursor);
    state.round = None;
    state.horizons.insert(name.clone(), Horizon { since, covered, asked, set: seq });
    match key {
        Some(key) if !is_back => state.rows.evict(&name, seq, key),
        key => state.rows.set_horizon(&name, key),
    }
}

pub fn fetch(state: &mut State, seq: Seq, fetched: Fetched, changes: &mut Changes) {
    let Fetched { table: name, rows, as_of, time_ms } = fetched;
    let is_overtaken = state.paged.get(&name).is_some_and(|paged| paged.seq > as_of);
    let Some(table) = state.schema.tables.get(&name).cloned().filter(|_| !is_overtaken) else {
        changes.dropped = true;
        return;
    };
    for (rev, json) in rows {
        let Some((key, row)) = keyed_row(&table, &json) else { continue };
        let id = (name.clone(), key);
        let before = state.seen(&id);
        state.rows.put(&id.0, &id.1, Base { rev, row, made_from: None }, seq, Source::Answer);
        state.rows.mark_fetched(&id, time_ms);
        let after = state.rebase(&id);
        changes.note(id, before, after);
    }
    for id in state.rows.surplus_fetched(&name, limits::FETCHED_ROWS) {
        let before = state.seen(&id);
        state.rows.unmark_fetched(&id, seq);
        let after = state.visible(&id.0, &id.1).cloned();
        changes.note(id, before, after);
    }
}
