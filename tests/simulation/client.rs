//! A client: one store, several contexts over it, and a small driver that carries out one effect a step.
//!
//! Between any two effects, and after any stored frame, a context can be dropped: that is a crash.

use crate::dice::Dice;
use crate::faults::Faults;
use crate::model_server;
use crate::network::{Asker, Network};
use crate::world::trace;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};
use thermocline::engine::interface::{At, Effect, Event};
use thermocline::engine::sync::Machine;
use thermocline::engine::{Found, Frame, RowId, State, apply, needs, snapshot};
use thermocline::protocol::{Change, Decision, Fault, Key, Mutation, MutationId, Op, Request, Text};
use thermocline::store::memory::{Failure as StoreFailure, MemoryStore};
use thermocline::store::{Checkpoint, Durability, Logged, Seq, Store};

pub const USER: &str = "u1";
/// Frames that may be folded between a writer's look and its write: time for one answer, not for two.
const DRAFT_FRAMES: usize = 2;

/// The memory store never waits.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut task = TaskContext::from_waker(Waker::noop());
    match pin!(future).poll(&mut task) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the memory store waits for nothing"),
    }
}

/// What the writer was told, in the order of the log.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub request: Request,
    pub decision: Decision,
}

pub struct Client {
    pub number: usize,
    pub store: MemoryStore,
    pub contexts: Vec<Context>,
    /// The context that holds the sync lease, by its life.
    lease: Option<u64>,
    pub acknowledged: Vec<Acknowledged>,
    /// Place of each mutation when it was sealed.
    pub places: BTreeMap<MutationId, u64>,
    lives: u64,
    ids: u64,
}

pub struct Context {
    pub life: u64,
    pub state: State,
    pub machine: Machine,
    pub effects: VecDeque<Effect>,
    version: u64,
    run: u64,
    wake_ms: Option<u64>,
    /// Made of what this context saw at a seq, not appended yet.
    pub drafts: VecDeque<(Seq, Request)>,
}

impl Client {
    pub fn new(number: usize, contexts: usize) -> Self {
        let mark = number as u8 + 1;
        let mut client = Self {
            number,
            store: MemoryStore::new([mark; 16], [mark; 16]),
            contexts: Vec::new(),
            lease: None,
            acknowledged: Vec::new(),
            places: BTreeMap::new(),
            lives: 0,
            ids: 0,
        };
        for _ in 0..contexts {
            let context = client.open();
            client.contexts.push(context);
        }
        client
    }

    /// A context as it starts: checkpoint, tail, fold.
    fn open(&mut self) -> Context {
        self.lives += 1;
        let mut context = Context {
            life: self.lives,
            state: State::default(),
            machine: Machine::new(["entries".into(), "projects".into()]),
            effects: VecDeque::new(),
            version: 0,
            run: 0,
            wake_ms: None,
            drafts: VecDeque::new(),
        };
        context.load(&self.store, &mut self.places);
        context
    }

    pub fn crash(&mut self, at: usize) {
        trace(|| format!("client {} life {}: crash", self.number, self.contexts[at].life));
        let context = self.open();
        let dead = std::mem::replace(&mut self.contexts[at], context);
        if self.lease == Some(dead.life) {
            self.lease = None;
        }
    }

    pub fn lose_power(&mut self, dice: &mut Dice) {
        self.store.lose_power(dice.below(self.store.unflushed() + 1));
        for at in 0..self.contexts.len() {
            self.crash(at);
        }
    }

    pub fn feed(&mut self, at: usize, event: Event, now_ms: u64, dice: &mut Dice) {
        let context = &mut self.contexts[at];
        let entropy = dice.next() as u32;
        let effects = context.machine.step(&context.state, event, At { now_ms, entropy });
        // A run that has ended takes what it still asked for along.
        context.effects.extend(effects);
    }

    /// Carries out the next effect of a context.
    pub fn carry_out(
        &mut self,
        at: usize,
        network: &mut Network,
        faults: &Faults,
        now_ms: u64,
        dice: &mut Dice,
    ) {
        let context = &mut self.contexts[at];
        let Some(effect) = context.effects.pop_front() else { return };
        match effect {
            Effect::Lease => {
                if self.lease.is_some() && !dice.chance(faults.steal_lease) {
                    context.effects.push_front(Effect::Lease);
                    return;
                }
                self.lease = Some(context.life);
                context.run += 1;
                self.catch_up(at);
                self.feed(at, Event::Leased, now_ms, dice);
            }
            Effect::Append(frame) => {
                let durability =
                    if matches!(frame, Frame::Sent(_)) { Durability::Strict } else { Durability::Relaxed };
                match self.append(at, &frame, durability, faults, dice) {
                    Ok(()) if dice.chance(faults.crash) => self.crash(at),
                    Ok(()) => self.feed(at, Event::Folded, now_ms, dice),
                    Err(fault) => self.feed(at, Event::NotStored(fault), now_ms, dice),
                }
            }
            Effect::Send(message) => {
                let asker = Asker { client: self.number, life: context.life, run: context.run };
                network.send(asker, message);
            }
            Effect::Wake(at_ms) => context.wake_ms = Some(at_ms),
            Effect::Ended(_) => {
                if self.lease == Some(context.life) {
                    self.lease = None;
                }
            }
        }
    }

    /// An answer, if the run that asked is still the one that listens.
    pub fn hear(&mut self, asker: Asker, event: Event, now_ms: u64, dice: &mut Dice) {
        let listens = |context: &Context| context.life == asker.life && context.run == asker.run;
        if let Some(at) = self.contexts.iter().position(listens) {
            self.feed(at, event, now_ms, dice);
        }
    }

    pub fn wake_if_due(&mut self, at: usize, now_ms: u64, dice: &mut Dice) {
        if self.contexts[at].wake_ms.is_some_and(|due| due <= now_ms) {
            self.contexts[at].wake_ms = None;
            self.feed(at, Event::Wake, now_ms, dice);
        }
    }

    /// When the earliest alarm of the client is due.
    pub fn wake_ms(&self) -> Option<u64> {
        self.contexts.iter().filter_map(|context| context.wake_ms).min()
    }

    pub fn catch_up(&mut self, at: usize) {
        self.contexts[at].catch_up(&self.store, &mut self.places);
    }

    fn append(
        &mut self,
        at: usize,
        frame: &Frame,
        durability: Durability,
        faults: &Faults,
        dice: &mut Dice,
    ) -> Result<(), Fault> {
        if dice.chance(faults.storage) {
            let failures = [StoreFailure::QuotaExceeded, StoreFailure::Aborted, StoreFailure::AnswerLost];
            self.store.fail_next(*dice.pick(&failures));
        }
        let stored = at_once(self.store.append(&[frame.encode()], durability));
        trace(|| format!("client {} life {}: {stored:?} {frame:?}", self.number, self.contexts[at].life));
        stored?;
        self.catch_up(at);
        Ok(())
    }

    /// Appends the oldest draft of a context, and tells its writer what was decided.
    pub fn commit(&mut self, at: usize, faults: &Faults, now_ms: u64, dice: &mut Dice) {
        let Some((saw, request)) = self.contexts[at].drafts.pop_front() else { return };
        let since = at_once(self.store.tail(saw)).expect("a memory store reads");
        if since.frames.len() > DRAFT_FRAMES || since.manifest.base > saw {
            return; // the app looks again, and decides anew
        }
        let stored = self.append(at, &Frame::Write(vec![request.clone()]), Durability::Strict, faults, dice);
        if stored.is_err() {
            self.catch_up(at); // it may be in the log all the same
        }
        let Some(decision) = self.contexts[at].state.answers.get(request.id).cloned() else {
            self.contexts[at].drafts.push_front((saw, request)); // its writer tries again
            return;
        };
        self.acknowledged.push(Acknowledged { request: request.clone(), decision });
        if dice.chance(faults.crash) {
            return self.crash(at);
        }
        if dice.chance(faults.storage) {
            let again = Frame::Write(vec![request]); // as a page does whose answer was late
            let _ = self.append(at, &again, Durability::Strict, &Faults::none(), dice);
        }
        self.feed(at, Event::Wrote, now_ms, dice);
    }

    /// A checkpoint, which must lose nothing (invariant 8).
    pub fn checkpoint(&mut self, at: usize) {
        let context = &self.contexts[at];
        let (state, blocks) = snapshot::write(&context.state);
        let base = context.state.seq;
        let written =
            at_once(self.store.checkpoint_whole(context.version, base, Checkpoint { state, blocks }));
        if let Ok(Some(manifest)) = written {
            self.contexts[at].version = manifest.version;
        }
        self.catch_up(at);
        let opened = self.open();
        assert_eq!(opened.state, self.contexts[at].state, "invariant 8: a checkpoint changed the state");
    }

    /// A change as the app makes it, seeing what this context sees.
    pub fn draft(&mut self, at: usize, op: Op, row: RowId, cells: Vec<(Text, Text)>, now_ms: u64) -> Request {
        let ids = [self.fresh_id(now_ms), self.fresh_id(now_ms)];
        let state = &self.contexts[at].state;
        let visible = state.visible(&row.0, &row.1);
        let is_insert = matches!(op, Op::Insert | Op::InsertIgnore | Op::Upsert);
        let key = is_insert.then(|| ("id".into(), row.1.values()[0].into()));
        let changes = key.into_iter().chain(cells).map(|(column, value)| {
            let old = visible.filter(|_| !is_insert).and_then(|row| row.value(&column)).map(Text::from);
            Change { column, value, old }
        });
        let mutation = Mutation {
            id: ids[0],
            op,
            changes: changes.collect(),
            shown: Vec::new(),
            base: state.rows.get(&row.0, &row.1).map(|base| base.rev),
            table: row.0,
            key: row.1,
        };
        Request { id: ids[1], user: Some(USER.into()), time_ms: now_ms, mutations: vec![mutation] }
    }

    fn fresh_id(&mut self, now_ms: u64) -> MutationId {
        self.ids += 1;
        let ids = self.ids.to_be_bytes();
        MutationId::new(
            now_ms,
            [0, self.number as u8, ids[0], ids[1], ids[2], ids[3], ids[4], ids[5], ids[6], ids[7]],
        )
    }
}

impl Context {
    fn load(&mut self, store: &MemoryStore, places: &mut BTreeMap<MutationId, u64>) {
        let loaded = at_once(store.load()).expect("a memory store loads");
        self.state = match loaded.state {
            Some(state) => snapshot::read(&state, &loaded.former_blocks).expect("our own checkpoint"),
            None => State::default(),
        };
        self.version = loaded.tail.manifest.version;
        self.fold(loaded.tail.frames, places);
    }

    fn catch_up(&mut self, store: &MemoryStore, places: &mut BTreeMap<MutationId, u64>) {
        let tail = at_once(store.tail(self.state.seq)).expect("a memory store reads");
        if tail.manifest.base > self.state.seq {
            return self.load(store, places);
        }
        self.version = tail.manifest.version;
        self.fold(tail.frames, places);
    }

    fn fold(&mut self, frames: Vec<Logged>, places: &mut BTreeMap<MutationId, u64>) {
        for Logged { seq, frame } in frames {
            let frame = Frame::decode(&frame).expect("our own frame");
            assert!(needs(&self.state, &frame).is_empty());
            apply(&mut self.state, Found::new(), seq, frame);
            let batch = self.state.batch.iter().flat_map(|batch| &batch.mutations);
            places.extend(batch.filter_map(|id| Some((*id, self.state.outbox.place(*id)?))));
        }
    }
}

/// The rows of a table as this state shows them.
pub fn shown(state: &State, table: &str) -> BTreeMap<Key, String> {
    let mut rows = BTreeMap::new();
    state.for_each_visible(table, &mut |key, row| {
        rows.insert(key.clone(), row.as_str().to_owned());
    });
    debug_assert!(model_server::schema().tables.contains_key(table));
    rows
}
