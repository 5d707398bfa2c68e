//! A client: its log, and the contexts over it, each with the engine's own sync machine.
//!
//! What a machine asks for is under way until the world moves it on: a lease to be had, a frame to be
//! stored, a message on its way, its answer on the way back. One of them at most, as the contract has it;
//! so a crash between any two steps is a crash before or after an effect.

use crate::log::Log;
use crate::memo::{Memo, remembered};
use crate::plan::{Deed, NOW_MS, Plan, TABLE, USER};
use crate::server::{key, schema};
use crate::shared::Shared;
use std::rc::Rc;
use thermocline::engine::interface::{At, Effect, Event, Message, Reply};
use thermocline::engine::sync::Machine;
use thermocline::engine::{Frame, State};
use thermocline::protocol::pull::SchemaAnswer;
use thermocline::protocol::{Change, ErrorCode, Fault, Mutation, MutationId, Op, Request, Text};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    pub number: usize,
    pub log: Log,
    /// What it held before anything happened: flushed long ago.
    pub given: usize,
    pub contexts: Vec<Context>,
    /// The context that holds the sync lease.
    pub lease: Option<usize>,
    /// Deeds done.
    pub done: usize,
    /// Runs that an alarm may still begin.
    pub runs: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Context {
    machine: Shared<Machine>,
    pub doing: Doing,
    /// When the machine is to be woken.
    pub wake_ms: Option<u64>,
}

/// What is under way for a machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Doing {
    Nothing,
    Leasing,
    Storing(Shared<Frame>),
    /// On its way to the server.
    Asking(Shared<Message>),
    /// On its way back.
    Hearing(Shared<Reply>),
}

/// An effect, ready to be taken up.
enum Asked {
    Lease,
    Frame(Shared<Frame>),
    Schema,
    Message(Shared<Message>),
    Wake(u64),
    End,
}

/// What a machine is told.
enum Said {
    Session,
    Start,
    Wake,
    Leased,
    Folded,
    Schema,
    Reply(Shared<Reply>),
    /// It has waited long enough.
    Nothing,
}

impl Said {
    fn print(&self) -> u64 {
        match self {
            Self::Session => 1,
            Self::Start => 2,
            Self::Wake => 3,
            Self::Leased => 4,
            Self::Folded => 5,
            Self::Schema => 6,
            Self::Nothing => 7,
            Self::Reply(reply) => reply.print,
        }
    }
}

impl From<Said> for Event {
    fn from(said: Said) -> Self {
        match said {
            Said::Session => Self::Session(Some(USER.into())),
            Said::Start => Self::Start,
            Said::Wake => Self::Wake,
            Said::Leased => Self::Leased,
            Said::Folded => Self::Folded,
            Said::Schema => {
                let answer = SchemaAnswer::Tables { schema: schema(), unknown: Vec::new() };
                Self::Answered(Ok(Reply::Schema(answer)))
            }
            Said::Reply(reply) => Self::Answered(Ok((*reply).clone())),
            Said::Nothing => {
                Self::Answered(Err(Fault::new(ErrorCode::Offline, "the model's network").into()))
            }
        }
    }
}

type Stepped = (Shared<Machine>, Rc<[Asked]>);

thread_local! {
    static STEPS: Memo<Stepped> = Memo::default();
    static WRITES: Memo<Option<Shared<Frame>>> = Memo::default();
}

impl From<Effect> for Asked {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Lease => Self::Lease,
            Effect::Append(frame) => Self::Frame(Shared::new(frame)),
            // Nothing is in doubt: the model's server has one history, and its clock stands still.
            Effect::Resync(resync) => Self::Frame(Shared::new(Frame::Resync(resync))),
            Effect::Audit(table) => unreachable!("an audit of {table}, within the hour"),
            Effect::Send(Message::Schema(_)) => Self::Schema,
            Effect::Send(message) => Self::Message(Shared::new(message)),
            Effect::Wake(due_ms) => Self::Wake(due_ms),
            Effect::Ended(_) => Self::End,
        }
    }
}

impl Context {
    fn new() -> Self {
        Self { machine: Shared::new(Machine::new([TABLE.into()])), doing: Doing::Nothing, wake_ms: None }
    }

    pub fn is_running(&self) -> bool {
        self.machine.is_running()
    }
}

impl Client {
    /// Its contexts have started, one after the other.
    pub fn new(plan: &Plan, number: usize) -> Self {
        let role = &plan.clients[number];
        let mut log = Log::default();
        log.push(Shared::new(Frame::Schema(schema())));
        let contexts = vec![Context::new(); role.contexts];
        Self { number, log, given: 0, contexts, lease: None, done: 0, runs: role.runs }
    }

    /// A context that has just been opened: someone is signed in.
    pub fn open(&mut self, plan: &Plan, at: usize) {
        self.contexts[at] = Context::new();
        if self.lease == Some(at) {
            self.lease = None;
        }
        self.feed(plan, at, Said::Session, NOW_MS);
        self.feed(plan, at, Said::Start, NOW_MS);
    }

    pub fn is_alone(&self) -> bool {
        self.contexts.len() == 1
    }

    /// None of its contexts holds the lease any more, and none waits for it.
    pub fn die(&mut self) {
        self.lease = None;
        self.contexts.iter_mut().for_each(|context| *context = Context::new());
    }

    /// The machine's step, and of what it asks for all that nothing can come between.
    fn feed(&mut self, plan: &Plan, at: usize, said: Said, now_ms: u64) {
        let mut all = vec![said];
        while let Some(said) = all.pop() {
            let (machine, effects) = self.step(plan, at, said, now_ms);
            self.contexts[at].machine = machine;
            for effect in effects.iter() {
                all.extend(self.take_up(at, effect));
            }
        }
    }

    fn step(&self, plan: &Plan, at: usize, said: Said, now_ms: u64) -> Stepped {
        let machine = &self.contexts[at].machine;
        remembered(&STEPS, plan, [machine.print, self.log.print(), said.print(), now_ms], || {
            let mut machine = Machine::clone(machine);
            let at = At { now_ms, entropy: u32::MAX };
            let effects = machine.step(&self.log.fold(plan).state, said.into(), at);
            (Shared::new(machine), effects.into_iter().map(Asked::from).collect())
        })
    }

    fn take_up(&mut self, at: usize, asked: &Asked) -> Option<Said> {
        let context = &mut self.contexts[at];
        match asked {
            Asked::Lease if self.lease.is_none() => {
                self.lease = Some(at);
                return Some(Said::Leased);
            }
            Asked::Lease => context.doing = Doing::Leasing,
            Asked::Frame(frame) => context.doing = Doing::Storing(frame.clone()),
            // Definitions never change here: they are told at once.
            Asked::Schema => return Some(Said::Schema),
            Asked::Message(message) => context.doing = Doing::Asking(message.clone()),
            Asked::Wake(due_ms) => context.wake_ms = Some(*due_ms),
            Asked::End => {
                if self.lease == Some(at) {
                    self.lease = None;
                }
            }
        }
        None
    }

    pub fn take_lease(&mut self, plan: &Plan, at: usize) {
        self.lease = Some(at);
        self.contexts[at].doing = Doing::Nothing;
        self.feed(plan, at, Said::Leased, NOW_MS);
    }

    pub fn wake(&mut self, plan: &Plan, at: usize) {
        if let Some(due_ms) = self.contexts[at].wake_ms.take() {
            self.feed(plan, at, Said::Wake, due_ms);
        }
    }

    pub fn store(&mut self, plan: &Plan, at: usize, frame: Shared<Frame>) {
        self.log.push(frame);
        self.contexts[at].doing = Doing::Nothing;
        self.feed(plan, at, Said::Folded, NOW_MS);
    }

    pub fn hear(&mut self, plan: &Plan, at: usize, reply: &Shared<Reply>) {
        self.contexts[at].doing = Doing::Nothing;
        self.feed(plan, at, Said::Reply(reply.clone()), NOW_MS);
    }

    pub fn give_up(&mut self, plan: &Plan, at: usize) {
        self.contexts[at].doing = Doing::Nothing;
        self.feed(plan, at, Said::Nothing, NOW_MS);
    }

    /// The app does the next thing it has to do; none: it would have no effect.
    pub fn next_write(&self, plan: &Plan) -> Option<Shared<Frame>> {
        let role = &plan.clients[self.number];
        let deed = role.deeds.get(self.done)?;
        remembered(&WRITES, plan, [self.log.print(), self.number as u64, self.done as u64], || {
            let folded = self.log.fold(plan);
            let is_there = folded.state.visible(TABLE, &key(deed.row)).is_some();
            (is_there != (deed.op == Op::Insert)).then(|| {
                let request = self.request(&folded.state, deed, NOW_MS + role.ahead_ms);
                Shared::new(Frame::Write(vec![request]))
            })
        })
    }

    /// A change as the app makes it, seeing what its client sees.
    fn request(&self, state: &State, deed: &Deed, time_ms: u64) -> Request {
        let key = key(deed.row);
        let visible = state.visible(TABLE, &key).filter(|_| deed.op != Op::Insert);
        let base = state.rows.get(TABLE, &key).map(|base| base.rev);
        let named = (deed.op == Op::Insert).then_some(("id", deed.row));
        let changes = named.into_iter().chain(deed.cell).map(|(column, value)| Change {
            column: column.into(),
            value: value.into(),
            old: visible.and_then(|row| row.value(column)).map(Text::from),
        });
        let mutation = Mutation {
            id: mutation_id(self.number, self.done),
            table: TABLE.into(),
            op: deed.op,
            changes: changes.collect(),
            shown: Vec::new(),
            base,
            key,
        };
        let id = id(b'r', self.number, self.done);
        Request { id, user: Some(USER.into()), time_ms, mutations: vec![mutation] }
    }
}

/// Of a client's n-th deed.
pub fn mutation_id(client: usize, deed: usize) -> MutationId {
    id(b'm', client, deed)
}

fn id(kind: u8, client: usize, deed: usize) -> MutationId {
    let mut id = [0; 16];
    (id[0], id[14], id[15]) = (kind, client as u8 + 1, deed as u8);
    MutationId(id)
}
