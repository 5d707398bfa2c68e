//! A sync machine on a bench: a device, and a person who plays driver, network and server by hand.

use crate::device::{Device, USER, schema};
use thermocline::engine::Frame;
use thermocline::engine::interface::{At, Effect, Event, Failure, Message, Reply};
use thermocline::engine::sync::Machine;
use thermocline::protocol::pull::{PullAnswer, SchemaAnswer};
use thermocline::protocol::push::{Outcome, PushAnswer};
use thermocline::protocol::{ErrorCode, Fault, MutationId, Schema, Text};

pub struct Bench {
    pub device: Device,
    pub machine: Machine,
    pub now_ms: u64,
    /// The frame of the last `Append`.
    pub appended: Option<Frame>,
    /// The last message sent.
    pub sent: Option<Message>,
}

impl Bench {
    /// A stopped machine over both tables, with somebody signed in.
    pub fn new(device: Device) -> Self {
        let machine = Machine::new(["entries".into(), "projects".into()]);
        let mut bench = Self { device, machine, now_ms: 100_000, appended: None, sent: None };
        bench.step(Event::Session(Some(USER.into())));
        bench
    }

    /// One that has read the definitions, pulled once and come to rest.
    pub fn at_rest(device: Device) -> Self {
        let mut bench = Self::new(device);
        bench.run([Event::Start, Event::Leased, known_schema()]);
        while bench.machine.is_running() {
            match bench.sent.take() {
                Some(Message::Pull(..)) => bench.step(last_page("c9")),
                _ => bench.fold(),
            };
        }
        bench
    }

    /// The effects of an event, in short.
    pub fn step(&mut self, event: Event) -> Vec<String> {
        let at = At { now_ms: self.now_ms, entropy: u32::MAX };
        let effects = self.machine.step(&self.device.state, event, at);
        effects.into_iter().map(|effect| self.note(effect)).collect()
    }

    /// The effects of several events, one list.
    pub fn run(&mut self, events: impl IntoIterator<Item = Event>) -> Vec<String> {
        events.into_iter().flat_map(|event| self.step(event)).collect()
    }

    /// Folds what was appended, and says so.
    pub fn fold(&mut self) -> Vec<String> {
        let frame = self.appended.take().expect("something was appended");
        self.device.fold(frame);
        self.step(Event::Folded)
    }

    /// Answers the push under way: every mutation gets the same outcome.
    pub fn answer_push(&mut self, xid: u64, outcome: Outcome) -> Vec<String> {
        let outcomes = self.pushed_ids().into_iter().map(|id| (id, outcome.clone())).collect();
        self.step(Event::Answered(Ok(Reply::Push(PushAnswer::Done { xid: Some(xid), outcomes }))))
    }

    /// An answer to a push, whatever was sent last.
    pub fn answer_late(&mut self) -> Vec<String> {
        let outcomes = self.device.state.outbox.iter().map(|(_, pending)| (pending.id, Outcome::Hidden));
        let answer = PushAnswer::Done { xid: None, outcomes: outcomes.collect() };
        self.step(Event::Answered(Ok(Reply::Push(answer))))
    }

    /// The mutations of the push that was sent last.
    pub fn pushed_ids(&self) -> Vec<MutationId> {
        let Some(Message::Push(groups)) = &self.sent else { panic!("{:?} is not a push", self.sent) };
        groups.iter().flat_map(|group| &group.mutations).map(|mutation| mutation.id).collect()
    }

    fn note(&mut self, effect: Effect) -> String {
        match effect {
            Effect::Lease => "lease".into(),
            Effect::Append(frame) => {
                let text = match &frame {
                    Frame::Write(_) => "append write".into(),
                    Frame::Sent(sent) => format!("append sent {}", sent.mutations.len()),
                    Frame::Pushed(pushed) => format!("append pushed {}", pushed.outcomes.len()),
                    Frame::Pulled(pulled) => match &pulled.cursor {
                        Some(cursor) => format!("append pulled up to {cursor}"),
                        None => "append pulled".into(),
                    },
                    Frame::Schema(_) => "append schema".into(),
                    Frame::Resync(_) => unreachable!("it has an effect of its own"),
                    Frame::Fetched(_) => "append fetched".into(),
                    Frame::Evicted(evicted) => format!("append evicted {:?}", evicted.horizon),
                    Frame::Lost(lost) => format!("append lost {}", lost.table),
                    Frame::Settled(settled) => format!("append settled {}", settled.mutation),
                    Frame::Audited(audited) => format!("append audited {}", audited.table),
                    Frame::Doubted(doubted) => format!("append doubted {}", doubted.rows.len()),
                    Frame::Imported(imported) => format!("append imported {}", imported.pending.len()),
                };
                self.appended = Some(frame);
                text
            }
            Effect::Send(message) => {
                let text = match &message {
                    Message::Schema(tables) => format!("send schema {}", tables.join(",")),
                    Message::Push(groups) => {
                        let count: usize = groups.iter().map(|group| group.mutations.len()).sum();
                        format!("send push {count}")
                    }
                    Message::Pull(request, _) => {
                        let tables = request.tables.iter();
                        let from = |cursor: &Option<Text>| cursor.clone().unwrap_or_else(|| "-".into());
                        let tables: Vec<String> =
                            tables.map(|(table, cursor)| format!("{table}@{}", from(cursor))).collect();
                        let round = request.round.as_ref().map_or(String::new(), |round| format!(" {round}"));
                        let own = if request.own_xids.is_empty() {
                            String::new()
                        } else {
                            format!(" without {:?}", request.own_xids)
                        };
                        format!("send pull {}{round}{own}", tables.join(","))
                    }
                    Message::Audit(request) => format!("send audit {}", request.table),
                    Message::Buckets(request) => format!("send buckets {:?}", request.buckets),
                };
                self.sent = Some(message);
                text
            }
            Effect::Resync(resync) => {
                let text = format!("append resync {}", resync.reason);
                self.appended = Some(Frame::Resync(resync));
                text
            }
            Effect::Audit(table) => format!("audit {table}"),
            Effect::Wake(at_ms) => format!("wake in {}", at_ms as i64 - self.now_ms as i64),
            Effect::Ended(Ok(())) => "ended".into(),
            Effect::Ended(Err(fault)) => format!("ended {}", fault.code.as_str()),
        }
    }
}

pub fn known_schema() -> Event {
    defined(schema())
}

pub fn defined(schema: Schema) -> Event {
    Event::Answered(Ok(Reply::Schema(SchemaAnswer::Tables { schema, unknown: Vec::new() })))
}

pub fn last_page(cursor: &str) -> Event {
    pulled(PullAnswer::Page { pages: Vec::new(), round: None, cursor: Some(cursor.into()) })
}

pub fn pulled(answer: PullAnswer) -> Event {
    Event::Answered(Ok(Reply::Pull(answer)))
}

pub fn failed(code: ErrorCode) -> Event {
    Event::Answered(Err(failure(code)))
}

pub fn too_large() -> Event {
    Event::Answered(Err(Failure { too_large: true, ..failure(ErrorCode::ServerError) }))
}

pub fn failure(code: ErrorCode) -> Failure {
    Failure { fault: Fault::new(code, "in a test"), retry_after_ms: None, too_large: false }
}
