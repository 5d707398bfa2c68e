//! How a live query is answered past the coverage: from the device at once, and from the server where it may have
//! news that no change here tells of.
//!
//! It asks when it begins, when the coverage of its table moves, when the network is back, and at the end of a round
//! if its answer is owed something since; never for a change made here. What it was told is kept like anything that is
//! read through, so that it can be run again on what is here.
//!
//! ```text
//! begun, moved, back online ──▶ due ──(asked)──▶ whole ──(pulled; or a write, under a limit)──▶ owed ──(round)──▶ due
//! ```

use super::desk::{COVERAGE, Desk};
use super::platform::Platform;
use super::through::marked;
use crate::engine::Changes;
use crate::protocol::limits;
use crate::query::{Answer, HttpRequest, Parsed};
use crate::remote::Remote;
use crate::store::Store;

/// What the server answered.
pub struct Reached {
    pub answer: Answer,
    /// All of it is there, and kept: with what changes here, it still is.
    lasts: bool,
    is_whole: bool,
}

/// How one live query stands to the coverage.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Its last run lay past it.
    is_past: bool,
    /// What the device shows is all that is asked for, as the server has told.
    is_whole: bool,
    lasts: bool,
    is_owed: bool,
    is_due: bool,
    is_asking: bool,
}

/// What is to be done about a run on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Its answer counts as it is.
    Tell,
    /// It counts, and the mark `partial` does not.
    TellWhole,
    /// The server is to be asked; meanwhile it counts only if nothing was told before.
    Ask,
}

impl Default for Reach {
    fn default() -> Self {
        Self { is_past: false, is_whole: false, lasts: false, is_owed: false, is_due: true, is_asking: false }
    }
}

impl Reach {
    /// Takes note of a fold; whether the query has to run again only to ask.
    pub fn note(&mut self, changes: &Changes, table: &str, is_touched: bool) -> bool {
        let is_named = |tables: &[crate::protocol::Text]| tables.iter().any(|name| name.as_ref() == table);
        let is_write = !changes.decisions.is_empty();
        if is_touched && (changes.pulled || (is_write && !self.lasts)) {
            (self.is_whole, self.is_owed) = (false, true);
        }
        let owes = self.is_past && self.is_owed && is_named(&changes.rounds);
        self.is_due |= owes || is_named(&changes.tables);
        owes
    }

    /// The network is back, or gone; whether the query has to run again.
    pub fn reconnect(&mut self) -> bool {
        self.is_due |= self.is_past;
        self.is_past
    }

    /// Another database, or the same one anew.
    pub fn begin(&mut self) {
        *self = Self::default();
    }

    /// It has run on the device.
    pub fn ran(&mut self, is_past: bool, is_online: bool) -> Run {
        self.is_past = is_past;
        if !is_past {
            *self = Self { is_due: false, is_asking: self.is_asking, ..Self::default() };
            return Run::Tell;
        }
        // One question at a time; the next one waits for its answer.
        if self.is_due && is_online && !self.is_asking {
            (self.is_due, self.is_asking) = (false, true);
            return Run::Ask;
        }
        if self.is_whole && is_online { Run::TellWhole } else { Run::Tell }
    }

    /// The server was asked, none: it did not answer. Whether the query has to run again.
    pub fn reached(&mut self, reached: Option<&Reached>) -> bool {
        self.is_asking = false;
        self.is_whole = reached.is_some_and(|reached| reached.is_whole);
        self.lasts = reached.is_some_and(|reached| reached.lasts);
        self.is_owed = reached.is_none();
        self.is_due || reached.is_none()
    }
}

impl<S: Store + 'static, P: Platform, R: Remote> Desk<S, P, R> {
    /// Asks the server for the rows of a read, keeps them, and answers from them. None: it did not tell them.
    pub async fn reach_past(&self, request: &HttpRequest<'_>) -> Option<Reached> {
        if !self.is_online() {
            return None;
        }
        let Parsed::Read(plan) = self.parse(request) else { return None };
        let plan = plan.uncounted();
        let by_keys = plan.keys().map(|keys| keys.len() as u64);
        let limit = plan.most().map(|most| most + self.pending(plan.table()));
        let most = by_keys.or(limit).unwrap_or(u64::MAX).min(limits::FETCHED_ROWS as u64 + 1);
        let told = self.run_past(&plan, Some(most)).await.ok()?;
        let is_whole = told.rows <= limits::FETCHED_ROWS;
        let answer = if is_whole { told.answer } else { marked(told.answer, COVERAGE, "partial") };
        let lasts = is_whole && told.is_kept && (by_keys.is_some() || limit.is_none());
        Some(Reached { answer, lasts, is_whole })
    }
}
