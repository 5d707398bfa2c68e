//! What sets the machine going: writes, pokes, the network, the person who looks at the page, time.
//!
//! A first write waits a moment, those that follow it for longer, so that a burst leaves in few batches. What another context has written is sent by that
//! one; only if it cannot, by this one. Where nothing waits any more when the time has come, and where another context has
//! just pulled, there is no run. Without a network nothing is tried but by the interval, and by who asks.

use super::alarm::{Alarm, Cause};
use super::{Machine, Phase};
use crate::engine::State;
use crate::engine::batch::{self, Terms};
use crate::engine::interface::{At, Effect};
use std::collections::BTreeSet;

/// Time after a write before it is sent, in a burst of them.
pub const DEBOUNCE_MS: u64 = 2_000;
/// The same for the first write after such a time without any: nobody waits longer for a single one than for the network.
pub const FIRST_MS: u64 = 250;
/// Time after which a write is sent that another context should have sent.
pub const NOTICED_MS: u64 = 5_000;
/// Time between rounds while nothing happens.
pub const INTERVAL_MS: u64 = 300_000;
/// The same, while nobody sees the page.
pub const HIDDEN_INTERVAL_MS: u64 = 900_000;
/// Quiet time after the network came back.
pub const ONLINE_MS: u64 = 2_000;

impl Machine {
    pub(super) fn interval_ms(&self) -> u64 {
        if self.visible { INTERVAL_MS } else { HIDDEN_INTERVAL_MS }
    }

    /// What a metered connection held back is pulled once it is not.
    pub(super) fn on_metered(&mut self, metered: bool) -> Vec<Effect> {
        let is_free_again = self.reach.metered && !metered;
        self.reach.metered = metered;
        if is_free_again { self.on_now() } else { Vec::new() }
    }

    pub(super) fn on_network(&mut self, online: bool, at: At) -> Vec<Effect> {
        if self.reach.believe(online) { self.on_return(at) } else { Vec::new() }
    }

    pub(super) fn on_reached(&mut self, at: At) -> Vec<Effect> {
        if self.reach.note(true) { self.on_return(at) } else { Vec::new() }
    }

    /// The server can be reached again, or may be.
    fn on_return(&mut self, at: At) -> Vec<Effect> {
        if self.phase == Phase::Stopped {
            return Vec::new();
        }
        self.failures = 0;
        self.alarm = None;
        self.wake_in(ONLINE_MS, Cause::Run, at)
    }

    /// A page that is seen again looks at once, by an event of its own; one that is not looks less often.
    pub(super) fn on_visible(&mut self, visible: bool, at: At) -> Vec<Effect> {
        self.visible = visible;
        let is_resting = self.alarm.is_some_and(|alarm| alarm.cause == Cause::Interval);
        if !is_resting || self.is_running() {
            return Vec::new();
        }
        self.alarm = None;
        self.wake_in(self.interval_ms(), Cause::Interval, at)
    }

    pub(super) fn on_wrote(&mut self, at: At) -> Vec<Effect> {
        // A clock that was put back makes a first one of it.
        let quiet_ms = self.wrote_ms.and_then(|wrote_ms| at.now_ms.checked_sub(wrote_ms));
        self.wrote_ms = Some(at.now_ms);
        let is_first = quiet_ms.is_none_or(|quiet_ms| quiet_ms >= DEBOUNCE_MS);
        self.wake_in(if is_first { FIRST_MS } else { DEBOUNCE_MS }, Cause::Outbox, at)
    }

    pub(super) fn on_now(&mut self) -> Vec<Effect> {
        if self.reach.is_online() { self.on_asked() } else { Vec::new() }
    }

    /// Whoever asks is not told that there is no network: it is tried.
    pub(super) fn on_asked(&mut self) -> Vec<Effect> {
        match self.phase {
            Phase::Idle | Phase::Waiting => self.begin(),
            Phase::Stopped => Vec::new(),
            _ => {
                self.again = true;
                Vec::new()
            }
        }
    }

    /// A run that has not begun to pull sees what the poke is about; one that has failed is tried again when it is due.
    pub(super) fn on_poke(&mut self, state: &State, xid: Option<u64>, at: At) -> Vec<Effect> {
        let effects = self.on_reached(at);
        let is_ours = xid.is_some_and(|xid| state.own.is_of(xid));
        let sees_it = match self.phase {
            Phase::Stopped | Phase::Waiting | Phase::Leasing | Phase::Defining | Phase::Adopting => true,
            Phase::Sealing | Phase::Pushing | Phase::Settling => self.done.is_empty(),
            Phase::Idle | Phase::Pulling(_) | Phase::Folding | Phase::Auditing => false,
        };
        if sees_it || is_ours || !effects.is_empty() { effects } else { self.on_now() }
    }

    pub(super) fn on_wake(&mut self, state: &State, at: At) -> Vec<Effect> {
        match (&self.phase, self.alarm) {
            (Phase::Idle | Phase::Waiting, Some(alarm)) if alarm.is_due(at.now_ms) => {
                self.ring(state, alarm, at)
            }
            (Phase::Idle | Phase::Waiting, Some(alarm)) => vec![Effect::Wake(alarm.due_ms)],
            _ => Vec::new(),
        }
    }

    /// Begins the run that was due, if there is something in it.
    fn ring(&mut self, state: &State, alarm: Alarm, at: At) -> Vec<Effect> {
        let interval_ms = self.interval_ms();
        let wait_ms = match alarm.cause {
            Cause::Interval => rest_of(interval_ms, state.last_pull_ms, at),
            Cause::Outbox | Cause::Retry | Cause::Run if !self.reach.is_online() => Some(interval_ms),
            Cause::Outbox if !self.has_to_send(state) => {
                Some(rest_of(interval_ms, state.last_pull_ms, at).unwrap_or(0))
            }
            Cause::Outbox | Cause::Retry | Cause::Run => None,
        };
        let Some(wait_ms) = wait_ms else { return self.begin() };
        let alarm = Alarm::new(at.now_ms, wait_ms, Cause::Interval);
        self.alarm = Some(alarm);
        vec![Effect::Wake(alarm.due_ms)]
    }

    fn has_to_send(&self, state: &State) -> bool {
        let Some(user) = self.user.as_deref() else { return false };
        let terms = Terms { user, tables: Some(&self.tables), size: 1, blocked: &BTreeSet::new() };
        state.batch.is_some() || !batch::choose(state, &terms).is_empty()
    }

    /// Asks for a wake-up, unless an earlier one is due. While waiting, the back-off stands.
    pub(super) fn wake_in(&mut self, wait_ms: u64, cause: Cause, at: At) -> Vec<Effect> {
        if self.phase == Phase::Stopped || (self.phase == Phase::Waiting && self.alarm.is_some()) {
            return Vec::new();
        }
        let alarm = Alarm::new(at.now_ms, wait_ms, cause);
        // One that is due and has not rung is late: the clock was put forward, the timer knows nothing of it.
        let comes_first = |other: Alarm| other.due_ms <= alarm.due_ms && !other.is_due(at.now_ms);
        if self.alarm.is_some_and(comes_first) {
            return Vec::new();
        }
        self.alarm = Some(alarm);
        if self.is_running() { Vec::new() } else { vec![Effect::Wake(alarm.due_ms)] }
    }
}

/// What is left of an interval in which another context has pulled; none: it is over.
fn rest_of(interval_ms: u64, pulled_ms: Option<u64>, at: At) -> Option<u64> {
    let gone_ms = at.now_ms.checked_sub(pulled_ms?)?;
    interval_ms.checked_sub(gone_ms).filter(|rest_ms| *rest_ms > 0)
}
