//! The sync machine: events in, effects out; it decides, and carries out nothing.
//!
//! ```text
//! stopped ─start─▶ idle ─▶ leasing ─▶ [defining ─▶ adopting] ─▶ (sealing ─▶ pushing ─▶ settling)* ─▶ (pulling ─▶ folding)* ─▶ auditing* ─▶ idle
//!                   ▲                        any failure ─▶ waiting ─wake─▶ again                                                     │
//!                   └─────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! It holds no durable truth: what is under way (batch, round) is in the state, so a machine that starts
//! after a crash goes on where the log says. Time and randomness come in with every step.

mod alarm;
mod answered;
mod pulls;
mod reach;
mod spread;
mod triggers;

pub use self::triggers::{DEBOUNCE_MS, FIRST_MS, HIDDEN_INTERVAL_MS, INTERVAL_MS, NOTICED_MS, ONLINE_MS};

use self::alarm::{Alarm, Cause};
use self::pulls::{Done, is_past};
use self::reach::Reach;
use self::spread::Spread;
use super::backoff;
use super::batch::{self, Terms};
use super::frame::{Frame, Pushed, Sent};
use super::interface::{At, Effect, Event, Failure, Message, SyncState};
use super::retention::{DAY_MS, Keep};
use super::state::{Batch, State};
use crate::protocol::pull::PullRequest;
use crate::protocol::push::Outcome;
use crate::protocol::{ErrorCode, Fault, MutationId, Text, limits};
use std::collections::{BTreeMap, BTreeSet};

/// Resyncs in one round before it counts as failed.
const RESYNCS: u32 = 3;
/// The server remembers answers for 90 days; what was sent longer ago than this is not sent again.
const ANSWERED_MS: u64 = 80 * DAY_MS;

#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Stopped,
    Idle,
    Leasing,
    Defining,
    Adopting,
    Sealing,
    Pushing,
    Settling,
    Pulling(PullRequest),
    Folding,
    Auditing,
    Waiting,
}

#[derive(Clone, Debug)]
pub struct Machine {
    phase: Phase,
    tables: BTreeSet<Text>,
    keeps: BTreeMap<Text, Keep>,
    user: Option<Text>,
    reach: Reach,
    visible: bool,
    /// When the app wrote last.
    wrote_ms: Option<u64>,
    /// When definitions were read, in this context's life.
    defined_ms: Option<u64>,
    /// The app has asked for this run, or for the one that follows it.
    asked: bool,
    /// It has asked for audits, too.
    audit_asked: bool,
    /// What this run has done for tables.
    done: BTreeMap<Text, Done>,
    /// Tables that were up to date, and audited if they were due, in this context's life.
    audited: BTreeSet<Text>,
    again: bool,
    progress: Progress,
    size: usize,
    failures: u32,
    resyncs: u32,
    spread: Spread,
    blocked: BTreeSet<MutationId>,
    alarm: Option<Alarm>,
    error: Option<Fault>,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Mutations that were answered.
    pub sent: usize,
    /// Rows and removals that were brought.
    pub received: usize,
}

impl Machine {
    /// A stopped machine for these tables.
    pub fn new(tables: impl IntoIterator<Item = Text>) -> Self {
        Self {
            phase: Phase::Stopped,
            tables: tables.into_iter().collect(),
            keeps: BTreeMap::new(),
            user: None,
            reach: Reach::new(),
            visible: true,
            wrote_ms: None,
            defined_ms: None,
            asked: false,
            audit_asked: false,
            done: BTreeMap::new(),
            audited: BTreeSet::new(),
            again: false,
            progress: Progress::default(),
            size: limits::BATCH_DEFAULT,
            failures: 0,
            resyncs: 0,
            spread: Spread::Never,
            blocked: BTreeSet::new(),
            alarm: None,
            error: None,
        }
    }

    /// Whether they are others than before.
    pub fn set_tables(&mut self, tables: impl IntoIterator<Item = Text>) -> bool {
        let before = std::mem::replace(&mut self.tables, tables.into_iter().collect());
        before != self.tables
    }

    /// Those that sync is on for.
    pub fn tables(&self) -> &BTreeSet<Text> {
        &self.tables
    }

    /// What is kept of tables: days bound the first pull already.
    pub fn set_keeps(&mut self, keeps: BTreeMap<Text, Keep>) {
        self.keeps = keeps;
    }

    pub fn step(&mut self, state: &State, event: Event, at: At) -> Vec<Effect> {
        match event {
            Event::Start if self.phase == Phase::Stopped => {
                self.phase = Phase::Idle;
                self.on_now()
            }
            Event::Start => Vec::new(),
            Event::Stop => self.stop(),
            Event::Session(user) => self.on_session(user),
            Event::Network(online) => self.on_network(online, at),
            Event::Reached => self.on_reached(at),
            Event::Metered(metered) => self.on_metered(metered),
            Event::Visible(visible) => self.on_visible(visible, at),
            Event::Wrote => self.on_wrote(at),
            Event::Urgent => self.wake_in(0, Cause::Outbox, at),
            Event::Noticed => self.wake_in(NOTICED_MS, Cause::Outbox, at),
            Event::Now => self.on_now(),
            Event::Poked(xid) => self.on_poke(state, xid, at),
            Event::Asked { audit } => {
                self.asked = true;
                self.audit_asked |= audit;
                self.on_asked()
            }
            Event::Wake => self.on_wake(state, at),
            Event::Leased if self.phase == Phase::Leasing => self.next(state, at),
            Event::Leased => Vec::new(),
            Event::Folded => self.on_folded(state, at),
            Event::NotStored(fault) if self.is_running() => {
                self.fail(Failure { fault, retry_after_ms: None, too_large: false }, at)
            }
            Event::NotStored(_) => Vec::new(),
            Event::Answered(answer) => self.on_answer(state, answer, at),
            Event::Audited(result) => self.on_audited(state, result, at),
        }
    }

    pub fn is_running(&self) -> bool {
        !matches!(self.phase, Phase::Stopped | Phase::Idle | Phase::Waiting)
    }

    /// Whether the last run ended well and nothing is under way.
    pub fn is_content(&self) -> bool {
        self.phase == Phase::Idle && self.error.is_none() && self.alarm.is_some()
    }

    pub fn is_stopped(&self) -> bool {
        self.phase == Phase::Stopped
    }

    /// Whether a run would have someone to run for.
    pub fn can_run(&self) -> bool {
        self.phase != Phase::Stopped && self.user.is_some()
    }

    /// Whether there is a network, as far as anybody knows.
    pub fn is_online(&self) -> bool {
        self.reach.is_online()
    }

    /// Of the run under way.
    pub fn progress(&self) -> Option<Progress> {
        self.is_running().then_some(self.progress)
    }

    /// Runs in a row that failed with a network there.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    pub fn user(&self) -> Option<&Text> {
        self.user.as_ref()
    }

    pub fn error(&self) -> Option<&Fault> {
        self.error.as_ref()
    }

    pub fn retry_at_ms(&self) -> Option<u64> {
        self.alarm.filter(|_| self.phase == Phase::Waiting).map(|alarm| alarm.due_ms)
    }

    pub fn sync_state(&self) -> SyncState {
        match self.phase {
            Phase::Stopped => SyncState::Stopped,
            _ if !self.reach.is_online() => SyncState::Offline,
            Phase::Waiting if self.reach.is_limited() => SyncState::Limited,
            Phase::Waiting => SyncState::Retry,
            Phase::Idle => SyncState::Idle,
            Phase::Leasing | Phase::Defining | Phase::Adopting => SyncState::Pulling,
            Phase::Pulling(_) | Phase::Folding | Phase::Auditing => SyncState::Pulling,
            Phase::Sealing | Phase::Pushing | Phase::Settling => SyncState::Pushing,
        }
    }

    fn stop(&mut self) -> Vec<Effect> {
        let was_running = self.is_running();
        self.phase = Phase::Stopped;
        self.again = false;
        if was_running { vec![Effect::Ended(Ok(()))] } else { Vec::new() }
    }

    /// What is under way belongs to the user who was signed in: the run ends with them.
    fn on_session(&mut self, user: Option<Text>) -> Vec<Effect> {
        let changed = self.user != user;
        self.user = user;
        self.failures = 0;
        if !changed {
            return Vec::new();
        }
        let mut effects = Vec::new();
        if self.is_running() {
            self.phase = Phase::Idle;
            effects.push(Effect::Ended(Ok(())));
        }
        effects.extend(self.on_now());
        effects
    }

    fn on_folded(&mut self, state: &State, at: At) -> Vec<Effect> {
        match self.phase {
            Phase::Adopting => {
                self.defined_ms = Some(at.now_ms);
                self.next(state, at)
            }
            Phase::Sealing | Phase::Settling | Phase::Folding => self.next(state, at),
            Phase::Stopped | Phase::Idle | Phase::Leasing | Phase::Defining => Vec::new(),
            Phase::Pushing | Phase::Pulling(_) | Phase::Auditing | Phase::Waiting => Vec::new(),
        }
    }

    fn begin(&mut self) -> Vec<Effect> {
        if !self.can_run() {
            self.phase = if self.phase == Phase::Waiting { Phase::Idle } else { self.phase.clone() };
            return Vec::new();
        }
        self.alarm = None;
        self.again = false;
        self.progress = Progress::default();
        self.done.clear();
        self.resyncs = 0;
        self.blocked.clear();
        self.phase = Phase::Leasing;
        vec![Effect::Lease]
    }

    /// What is to be done now, by what the state says.
    fn next(&mut self, state: &State, at: At) -> Vec<Effect> {
        if self.defined_ms.is_none_or(|read_ms| is_past(read_ms, DAY_MS, at)) {
            self.phase = Phase::Defining;
            return vec![Effect::Send(Message::Schema(self.tables.iter().cloned().collect()))];
        }
        if let Some(effect) = self.next_push(state, at) {
            return vec![effect];
        }
        if let Some(evicted) = self.next_horizon(state, at) {
            self.phase = Phase::Folding;
            return vec![Effect::Append(Frame::Evicted(evicted))];
        }
        if let Spread::Next(wait_ms) = self.spread {
            self.spread = Spread::Done;
            return self.rest_for(wait_ms, Cause::Run, at);
        }
        if let Some(request) = self.next_pull(state) {
            self.phase = Phase::Pulling(request.clone());
            let since = state.since(request.tables.iter().map(|(table, _)| table));
            return vec![Effect::Send(Message::Pull(request, since))];
        }
        if let Some(table) = self.next_audit(state, at) {
            self.phase = Phase::Auditing;
            self.done.insert(table.clone(), Done::Audited);
            return vec![Effect::Audit(table)];
        }
        self.end(at)
    }

    /// The batch under way is repeated as it is until it is answered; then the next one is sealed.
    fn next_push(&mut self, state: &State, at: At) -> Option<Effect> {
        let user = self.user.as_deref()?;
        if let Some(batch) = &state.batch {
            if let Some(forgotten) = outcome_unknown(batch, at) {
                self.phase = Phase::Settling;
                return Some(Effect::Append(forgotten));
            }
            let part = &batch.mutations[..batch.mutations.len().min(self.size)];
            let is_ours =
                |id: &MutationId| state.outbox.get(*id).is_some_and(|m| m.user.as_deref() == Some(user));
            return part.iter().all(is_ours).then(|| {
                self.phase = Phase::Pushing;
                Effect::Send(Message::Push(batch::groups(state, part)))
            });
        }
        let terms = Terms { user, tables: Some(&self.tables), size: self.size, blocked: &self.blocked };
        let mutations = batch::choose(state, &terms);
        (!mutations.is_empty()).then(|| {
            self.phase = Phase::Sealing;
            Effect::Append(Frame::Sent(Sent { mutations, time_ms: at.now_ms }))
        })
    }

    fn end(&mut self, at: At) -> Vec<Effect> {
        self.failures = 0;
        self.spread = Spread::Never;
        self.error = self.error.take().filter(|fault| fault.code == ErrorCode::UnknownTable);
        self.audited.extend(self.done.keys().cloned());
        self.rest_for(self.interval_ms(), Cause::Interval, at)
    }

    /// Ends the run well, and begins the next one if it is asked for. What is due earlier stays due.
    fn rest_for(&mut self, wait_ms: u64, cause: Cause, at: At) -> Vec<Effect> {
        self.phase = Phase::Idle;
        let mut effects = vec![Effect::Ended(Ok(()))];
        if self.again {
            effects.extend(self.begin());
        } else {
            (self.asked, self.audit_asked) = (false, false);
            let alarm = *self.alarm.get_or_insert(Alarm::new(at.now_ms, wait_ms, cause));
            effects.push(Effect::Wake(alarm.due_ms));
        }
        effects
    }

    /// Tries again later: soon where there is a network, else when it is back or after the interval.
    fn fail(&mut self, failure: Failure, at: At) -> Vec<Effect> {
        self.phase = Phase::Waiting;
        self.again = false;
        let alarm = if self.reach.is_online() {
            self.failures += 1;
            let wait_ms = backoff::wait_ms(self.failures, at.entropy, failure.retry_after_ms);
            Alarm::new(at.now_ms, wait_ms, Cause::Retry)
        } else {
            Alarm::new(at.now_ms, self.interval_ms(), Cause::Interval)
        };
        self.alarm = Some(alarm);
        self.error = Some(failure.fault.clone()).filter(|_| self.reach.is_online());
        vec![Effect::Ended(Err(failure.fault)), Effect::Wake(alarm.due_ms)]
    }
}

/// The server has forgotten its answers to a batch that was sent so long ago: it might take effect again.
fn outcome_unknown(batch: &Batch, at: At) -> Option<Frame> {
    (at.now_ms.saturating_sub(batch.sent_ms) > ANSWERED_MS).then(|| {
        let message = "it was sent more than 80 days ago and never answered, so nobody knows whether it took effect; \
                       compare the row with the server's, then try again or discard";
        let unknown = Outcome::Rejected {
            code: ErrorCode::OutcomeUnknown.as_str().into(),
            message: message.into(),
            row: None,
        };
        let outcomes = batch.mutations.iter().map(|id| (*id, unknown.clone())).collect();
        Frame::Pushed(Pushed { outcomes, xid: None, time_ms: at.now_ms })
    })
}
