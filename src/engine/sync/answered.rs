//! What the sync machine makes of an answer: a frame to fold, a failure, or the next message.
//!
//! A failure is never a refusal: nothing is dead-lettered for it. A batch that was too large is halved at
//! once and grows again with every answer.

use super::pulls::Done;
use super::{Machine, Phase, RESYNCS};
use crate::engine::State;
use crate::engine::backoff;
use crate::engine::frame::{Frame, Pulled, Pushed, Resync};
use crate::engine::interface::{At, Effect, Failure, Reply};
use crate::protocol::pull::{Page, PullAnswer, PullRequest, SchemaAnswer, told};
use crate::protocol::push::{Outcome, PushAnswer};
use crate::protocol::{ErrorCode, Fault, limits};

impl Machine {
    pub(super) fn on_answer(&mut self, state: &State, answer: Result<Reply, Failure>, at: At) -> Vec<Effect> {
        let phase = self.phase.clone();
        if self.is_running() {
            self.reach.note(answer.as_ref().err().is_none_or(Failure::is_an_answer));
        }
        match (phase, answer) {
            (Phase::Stopped | Phase::Idle | Phase::Waiting, _) => Vec::new(),
            (Phase::Pushing, Err(failure)) if failure.too_large && self.sent(state) > 1 => {
                self.size = self.sent(state) / 2;
                self.next(state, at)
            }
            (Phase::Pushing, Err(failure)) if failure.is_too_large_for_ever() => {
                self.refuse_oversized(state, failure, at)
            }
            (_, Err(failure)) => self.fail(failure, at),
            (Phase::Defining, Ok(Reply::Schema(answer))) => self.on_schema(state, answer, at),
            (Phase::Pushing, Ok(Reply::Push(answer))) => self.on_push(answer, at),
            (Phase::Pulling(request), Ok(Reply::Pull(answer))) => self.on_pull(request, answer, at),
            (Phase::Leasing | Phase::Defining | Phase::Adopting | Phase::Sealing, Ok(_)) => Vec::new(),
            (Phase::Pushing | Phase::Settling | Phase::Pulling(_) | Phase::Folding, Ok(_)) => Vec::new(),
            (Phase::Auditing, Ok(_)) => Vec::new(),
        }
    }

    /// The one mutation that was sent exceeds what the server takes: a dead letter, not a wedge.
    fn refuse_oversized(&mut self, state: &State, failure: Failure, at: At) -> Vec<Effect> {
        let sent = state.batch.as_ref().and_then(|batch| batch.mutations.first().copied());
        let message =
            format!("{}; shorten the row's longest values and write it again", failure.fault.message);
        let rejected = Outcome::Rejected { code: "413".into(), message: message.into(), row: None };
        let outcomes = sent.map(|id| (id, rejected)).into_iter().collect();
        self.phase = Phase::Settling;
        vec![Effect::Append(Frame::Pushed(Pushed { outcomes, xid: None, time_ms: at.now_ms }))]
    }

    /// Mutations in the message that is under way.
    fn sent(&self, state: &State) -> usize {
        state.batch.as_ref().map_or(0, |batch| batch.mutations.len()).min(self.size)
    }

    fn on_schema(&mut self, state: &State, answer: SchemaAnswer, at: At) -> Vec<Effect> {
        let (schema, unknown) = match answer {
            SchemaAnswer::Tables { schema, unknown } => (schema, unknown),
            SchemaAnswer::Version(versions) => return self.fail(incompatible(&versions), at),
        };
        if let Some(table) = unknown.first() {
            let message = format!(
                "table {table:?} is not set up for sync on the server; run: select thermocline.enable('public.{table}')"
            );
            self.error = Some(Fault::new(ErrorCode::UnknownTable, message));
        }
        let is_known = schema.tables.iter().all(|(name, table)| state.schema.tables.get(name) == Some(table));
        self.phase = Phase::Adopting;
        if is_known { self.on_folded(state, at) } else { vec![Effect::Append(Frame::Schema(schema))] }
    }

    fn on_push(&mut self, answer: PushAnswer, at: At) -> Vec<Effect> {
        let (xid, outcomes) = match answer {
            PushAnswer::Done { xid, outcomes } => (xid, outcomes),
            PushAnswer::Busy => {
                let fault =
                    Fault::new(ErrorCode::ServerError, "another device of yours is pushing; trying again");
                return self.fail(Failure { fault, retry_after_ms: None, too_large: false }, at);
            }
            PushAnswer::Version(versions) => return self.fail(incompatible(&versions), at),
        };
        self.size = (self.size * 2).min(limits::BATCH_DEFAULT);
        let blocked = outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Blocked);
        self.blocked.extend(blocked.map(|(id, _)| *id));
        if outcomes.iter().any(|(_, outcome)| names_what_is_not_there(outcome)) {
            self.defined_ms = None;
        }
        self.progress.sent += outcomes.iter().filter(|(_, outcome)| *outcome != Outcome::Blocked).count();
        self.phase = Phase::Settling;
        vec![Effect::Append(Frame::Pushed(Pushed { outcomes, xid, time_ms: at.now_ms }))]
    }

    fn on_pull(&mut self, request: PullRequest, answer: PullAnswer, at: At) -> Vec<Effect> {
        let frame = match answer {
            PullAnswer::Page { pages, round, cursor } => {
                let synced = request.tables.iter().all(|(_, cursor)| told(cursor.as_ref()).is_some());
                if cursor.is_some() && synced {
                    for (table, _) in &request.tables {
                        self.done.entry(table.clone()).or_insert(Done::Pulled);
                    }
                }
                let told = |page: &Page| page.rows.len() + page.gone.len() + page.cold.len();
                self.progress.received += pages.iter().map(told).sum::<usize>();
                Frame::Pulled(Pulled { request, pages, round, cursor, time_ms: at.now_ms })
            }
            PullAnswer::Resync(reason) if self.resyncs < RESYNCS => {
                self.resyncs += 1;
                self.spread(&reason, at);
                self.phase = Phase::Folding;
                return vec![Effect::Resync(Resync { request, reason })];
            }
            PullAnswer::Resync(reason) => {
                let message = format!("the server asks for a fresh pull again and again ({reason})");
                let fault = Fault::new(ErrorCode::ServerError, message);
                return self.fail(Failure { fault, retry_after_ms: None, too_large: false }, at);
            }
            PullAnswer::Later => {
                let fault = Fault::new(ErrorCode::ServerError, "this replica lags behind; trying again");
                return self.fail(Failure { fault, retry_after_ms: None, too_large: false }, at);
            }
            PullAnswer::Version(versions) => return self.fail(incompatible(&versions), at),
        };
        self.phase = Phase::Folding;
        vec![Effect::Append(frame)]
    }
}

/// A column or a table that has gone since the definitions were read.
fn names_what_is_not_there(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected { code, .. } if matches!(&**code, "42703" | "42P01"))
}

fn incompatible(versions: &[u32]) -> Failure {
    let message = format!(
        "the server speaks sync protocol {versions:?}, this client 1; apply the newest migration (supabase db push)"
    );
    let fault = Fault::new(ErrorCode::IncompatibleServer, message);
    Failure { fault, retry_after_ms: Some(backoff::MOST_MS), too_large: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Batch;
    use crate::engine::interface::Event;
    use crate::engine::sync::Machine;
    use crate::protocol::MutationId;

    #[test]
    fn one_mutation_that_the_server_never_takes_is_a_dead_letter_and_no_wedge() {
        let mut machine = Machine::new(["entries".into()]);
        machine.phase = Phase::Pushing;
        let id = MutationId([1; 16]);
        let batch = Batch { mutations: vec![id], sent_ms: 0 };
        let state = State { batch: Some(batch), ..State::default() };
        let fault = Fault::new(ErrorCode::InvalidRequest, "413");
        let failure = Failure { fault, retry_after_ms: None, too_large: true };
        let effects = machine.step(&state, Event::Answered(Err(failure)), At { now_ms: 0, entropy: 0 });
        let [Effect::Append(Frame::Pushed(pushed))] = effects.as_slice() else { panic!("{effects:?}") };
        assert!(matches!(&pushed.outcomes[..], [(refused, Outcome::Rejected { .. })] if *refused == id));
    }
}
