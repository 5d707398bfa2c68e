//! Which tables a run pulls next, and which it audits.

use super::{Machine, Phase};
use crate::engine::State;
use crate::engine::frame::Evicted;
use crate::engine::interface::{At, Effect, Failure};
use crate::engine::priority::{Priority, Step};
use crate::engine::retention::DAY_MS;
use crate::protocol::pull::{PullRequest, told};
use crate::protocol::{Table, Text};
use crate::query::age::has_age;

const HOUR_MS: u64 = 3_600_000;

/// What a run has done for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// A round that began in it has brought the table up to date.
    Pulled,
    /// And its audit was begun.
    Audited,
}

/// A table of the run with its cursor.
type Wanted = (Text, Option<Text>);

impl Machine {
    /// The horizon of a table that is to be pulled for the first time.
    pub(super) fn next_horizon(&self, state: &State, at: At) -> Option<Evicted> {
        self.keeps.iter().find_map(|(name, keep)| {
            let is_fresh = !state.cursors.contains_key(name) && !state.horizons.contains_key(name);
            let table = state.schema.tables.get(name).filter(|_| is_fresh && self.tables.contains(name))?;
            let horizon = keep.by_days(at.now_ms).filter(|_| has_age(table))?;
            Some(Evicted { table: name.clone(), horizon: Some(horizon), asked: false })
        })
    }

    pub(super) fn next_pull(&self, state: &State) -> Option<PullRequest> {
        if let Some(round) = &state.round {
            return Some(PullRequest {
                tables: round.tables.clone(),
                round: Some(round.token.clone()),
                own_xids: round.own_xids.clone(),
            });
        }
        let is_free = self.asked || !self.reach.metered;
        let steps = [Step::First, Step::Second, Step::Alone].into_iter();
        steps.filter(|step| is_free || *step == Step::First).find_map(|step| self.next_of(state, step))
    }

    /// What is to be pulled in a step: from nothing first, then what no round of this run has brought up to date.
    fn next_of(&self, state: &State, step: Step) -> Option<PullRequest> {
        let is_new = |(_, cursor): &Wanted| told(cursor.as_ref()).is_none();
        let known = self.tables.iter().filter(|table| is_pulled(state, table));
        let wanted = known.map(|table| (table.clone(), state.cursors.get(table).cloned()));
        let of_step = |wanted: &Wanted| self.priority(&wanted.0).step(is_new(wanted)) == step;
        let (mut fresh, mut synced): (Vec<Wanted>, Vec<Wanted>) = wanted.filter(of_step).partition(is_new);
        if step == Step::Alone {
            fresh.truncate(1);
        }
        if !fresh.is_empty() {
            // A round from nothing names every row: own rows too, or it would sweep them.
            return Some(PullRequest { tables: fresh, round: None, own_xids: Vec::new() });
        }
        synced.retain(|(table, _)| !self.done.contains_key(table));
        let own_xids = state.own.named(synced.iter().map(|(table, _)| table));
        (!synced.is_empty()).then_some(PullRequest { tables: synced, round: None, own_xids })
    }

    fn priority(&self, table: &Text) -> Priority {
        self.keeps.get(table).map(|keep| keep.priority).unwrap_or_default()
    }

    /// A table that is up to date and due: once a day, and at the start if the last one was an hour ago.
    pub(super) fn next_audit(&self, state: &State, at: At) -> Option<Text> {
        if self.reach.metered && !self.asked {
            return None;
        }
        let is_due = |table: &&Text| {
            let least = if self.audited.contains(*table) { DAY_MS } else { HOUR_MS };
            let last = state.audits.get(*table);
            self.audit_asked || last.is_none_or(|audit| is_past(audit.ended_ms, least, at))
        };
        let is_whole = |table: &&Text| {
            let horizon = state.horizons.get(*table);
            state.held.contains(*table) && horizon.is_none_or(|horizon| horizon.covered == horizon.since)
        };
        let candidates = self.done.iter().filter(|(_, done)| **done == Done::Pulled).map(|(table, _)| table);
        candidates.filter(is_whole).find(is_due).cloned()
    }

    pub(super) fn on_audited(&mut self, state: &State, result: Result<(), Failure>, at: At) -> Vec<Effect> {
        match result {
            _ if self.phase != Phase::Auditing => Vec::new(),
            Ok(()) => self.next(state, at),
            Err(failure) => self.fail(failure, at),
        }
    }
}

/// Whether so much time has gone by; a moment to come says that the clock was put back.
pub(super) fn is_past(since_ms: u64, least_ms: u64, at: At) -> bool {
    at.now_ms.checked_sub(since_ms).is_none_or(|gone_ms| gone_ms >= least_ms)
}

/// Whether rounds bring a table's rows.
fn is_pulled(state: &State, table: &Text) -> bool {
    state.schema.tables.get(table).is_some_and(Table::is_pulled)
}
