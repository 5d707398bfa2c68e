//! A client: one store, several contexts over it, and a small driver that carries out one effect a step.
//!
//! Between any two effects, and after any stored frame, a context can be dropped: that is a crash.

use crate::context::{Context, Ground, Tally};
use crate::dice::Dice;
use crate::faults::Faults;
use crate::network::{Asker, Network};
use crate::shelf::Disk;
use crate::tab::Tab;
use crate::world::trace;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};
use thermocline::engine::interface::{At, Effect, Event};
use thermocline::engine::{Frame, RowId, State};
use thermocline::protocol::{Change, Decision, Fault, Mutation, MutationId, Op, Request, Row, Text};
use thermocline::query::Rows;
use thermocline::store::memory::{Failure as StoreFailure, MemoryStore};
use thermocline::store::{Durability, Seq, Store};

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
    /// Values that a person gave a dead letter or a conflict: in the log from this seq on.
    pub mended_at: Option<Seq>,
    /// Values that went with a dead letter when it was discarded.
    pub let_go: Vec<(RowId, Text, Text)>,
    /// The browser threw the database away, and no context that had seen it survived.
    pub is_gone: bool,
}

pub struct Client {
    pub number: usize,
    pub ground: Ground,
    pub contexts: Vec<Context>,
    /// Where a person looks at what is to be mended.
    pub tabs: Vec<Tab>,
    /// The context that holds the sync lease, by its life.
    lease: Option<u64>,
    pub acknowledged: Vec<Acknowledged>,
    /// The first of them whose answer is in the present database.
    pub answered: usize,
    /// The context that survived the database before this one, until all it held is in.
    heir: Option<usize>,
    /// The seq at which what the one before it held was in.
    taken_over: Seq,
    lives: u64,
    ids: u64,
    /// How far its clock is ahead.
    ahead_ms: i64,
}

/// Most that a clock is wrong.
const CLOCK_MS: usize = 3_600_000;

impl Client {
    pub fn new(number: usize, contexts: usize) -> Self {
        let mark = number as u8 + 1;
        let store = MemoryStore::new([mark; 16], [mark; 16]);
        let ground = Ground {
            store,
            archive: Disk::default(),
            places: BTreeMap::new(),
            retries: BTreeMap::new(),
            first_place: 0,
            restores: false,
            tally: Tally::default(),
        };
        let mut client = Self {
            number,
            ground,
            contexts: Vec::new(),
            tabs: Vec::new(),
            lease: None,
            acknowledged: Vec::new(),
            answered: 0,
            heir: None,
            taken_over: 0,
            lives: 0,
            ids: 0,
            ahead_ms: 0,
        };
        for _ in 0..contexts {
            let context = client.open();
            client.contexts.push(context);
        }
        client
    }

    /// Somebody sets its clock, or the network does.
    pub fn set_clock(&mut self, dice: &mut Dice) {
        self.ahead_ms = dice.below(2 * CLOCK_MS) as i64 - CLOCK_MS as i64;
        trace(|| format!("client {}: its clock is {} ms ahead", self.number, self.ahead_ms));
    }

    /// What its clock shows.
    pub fn clock(&self, now_ms: u64) -> u64 {
        now_ms.saturating_add_signed(self.ahead_ms)
    }

    pub fn open(&mut self) -> Context {
        self.lives += 1;
        Context::open(self.lives, &mut self.ground)
    }

    /// What an heir holds it has taken over before it dies.
    pub fn crash(&mut self, at: usize) {
        if self.heir == Some(at) {
            self.take_over(at);
        }
        trace(|| format!("client {} life {}: crash", self.number, self.contexts[at].life));
        let context = self.open();
        let dead = std::mem::replace(&mut self.contexts[at], context);
        if self.lease == Some(dead.life) {
            self.lease = None;
        }
    }

    pub fn lose_power(&mut self, dice: &mut Dice) {
        self.end_taking_over();
        let store = &self.ground.store;
        store.lose_power(dice.below(store.unflushed() + 1));
        self.tabs.clear();
        for at in 0..self.contexts.len() {
            self.crash(at);
        }
    }

    /// The browser throws the database away. One context writes what it held at once. Where it was at the log's
    /// end, the others do so too, sooner or later; else it had been frozen, and the others die.
    pub fn evict(&mut self, is_frozen: bool, dice: &mut Dice) {
        self.end_taking_over();
        let last = (0..self.contexts.len()).min_by_key(|at| self.contexts[*at].state.seq);
        let best = last.filter(|_| is_frozen).unwrap_or(dice.below(self.contexts.len()));
        trace(|| format!("client {}: evicted, frozen {is_frozen}", self.number));
        if !is_frozen {
            self.catch_up(best);
        }
        self.tabs.clear();
        let gone = self.ground.be_evicted();
        let State { answers, seq, .. } = &self.contexts[best].state;
        let (former, here) = self.acknowledged.split_at_mut(self.answered);
        former.iter_mut().for_each(|acknowledged| acknowledged.is_gone |= *seq < self.taken_over);
        here.iter_mut().for_each(|acknowledged| {
            acknowledged.is_gone = match acknowledged.mended_at {
                Some(mended_at) => *seq < mended_at,
                None => answers.get(acknowledged.request.id).is_none(),
            };
        });
        self.answered = self.acknowledged.len();
        for at in 0..self.contexts.len() {
            let State { schema, .. } = &self.contexts[at].state;
            let mut frames = VecDeque::from([Frame::Schema(schema.clone())]);
            frames.extend(self.contexts[at].state.unsent(gone).into_iter().map(Frame::Imported));
            self.crash(at);
            if is_frozen && at != best {
                continue;
            }
            self.contexts[at].imports = frames;
        }
        self.heir = Some(best);
        if dice.chance(700) {
            self.take_over(best);
        }
    }

    /// Whether what an evicted database held is still to come: no app writes before.
    pub fn awaits_heir(&self) -> bool {
        self.heir.is_some()
    }

    pub fn end_taking_over(&mut self) {
        self.heir.into_iter().for_each(|at| self.take_over(at));
    }

    /// An heir writes what it holds.
    pub fn take_over(&mut self, at: usize) {
        let no_chance = &mut Dice::new(0);
        while self.heir == Some(at) {
            self.import(at, &Faults::none(), no_chance);
        }
    }

    /// Writes the next frame of what a context held before its database went.
    pub fn import(&mut self, at: usize, faults: &Faults, dice: &mut Dice) {
        if self.heir.is_some_and(|heir| heir != at) {
            return;
        }
        let frame = self.contexts[at].imports.pop_front();
        if let Some(frame) = frame
            && self.append(at, &frame, Durability::Strict, faults, dice).is_err()
        {
            self.catch_up(at);
            self.contexts[at].imports.push_front(frame); // stored or not: it is taken up once
        }
        if self.heir == Some(at) && self.contexts[at].imports.is_empty() {
            self.heir = None;
            self.taken_over = self.contexts[at].state.seq;
        }
    }

    pub fn feed(&mut self, at: usize, event: Event, now_ms: u64, dice: &mut Dice) {
        let here = At { now_ms: self.clock(now_ms), entropy: dice.next() as u32 };
        let context = &mut self.contexts[at];
        let effects = context.machine.step(&context.state, event, here);
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
                context.auditing = None;
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
            Effect::Resync(resync) => self.resync(at, resync, faults, now_ms, dice),
            Effect::Audit(table) => self.begin_audit(at, table, network, now_ms, dice),
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
    pub fn hear(&mut self, asker: Asker, event: Event, network: &mut Network, now_ms: u64, dice: &mut Dice) {
        let listens = |context: &Context| context.life == asker.life && context.run == asker.run;
        let Some(at) = self.contexts.iter().position(listens) else { return };
        if self.contexts[at].auditing.is_some() {
            self.go_on_with_audit(at, event, network, now_ms, dice);
        } else {
            self.feed(at, event, now_ms, dice);
        }
    }

    pub fn wake_if_due(&mut self, at: usize, now_ms: u64, dice: &mut Dice) {
        let here_ms = self.clock(now_ms);
        if self.contexts[at].wake_ms.is_some_and(|due| due <= here_ms) {
            self.contexts[at].wake_ms = None;
            self.feed(at, Event::Wake, now_ms, dice);
        }
    }

    /// When the earliest alarm of the client is due, in the world's time.
    pub fn wake_ms(&self) -> Option<u64> {
        let due = self.contexts.iter().filter_map(|context| context.wake_ms).min()?;
        Some(due.saturating_add_signed(-self.ahead_ms))
    }

    pub fn catch_up(&mut self, at: usize) {
        self.contexts[at].catch_up(&mut self.ground);
    }

    pub fn append(
        &mut self,
        at: usize,
        frame: &Frame,
        durability: Durability,
        faults: &Faults,
        dice: &mut Dice,
    ) -> Result<(), Fault> {
        self.fail_soon(1, faults, dice);
        let frames = [frame.encode()];
        let stored = at_once(self.ground.store.append(&frames, durability));
        trace(|| format!("client {} life {}: {stored:?} {frame:?}", self.number, self.contexts[at].life));
        self.contexts[at].fold_own(stored?[0], &frames[0], &mut self.ground);
        Ok(())
    }

    /// Lets one of the next writes to the store fail, perhaps.
    pub fn fail_soon(&mut self, within: usize, faults: &Faults, dice: &mut Dice) {
        if dice.chance(faults.storage) {
            let failures = [StoreFailure::QuotaExceeded, StoreFailure::Aborted, StoreFailure::AnswerLost];
            let passed = std::iter::repeat_n(None, dice.below(within));
            self.ground.store.script(passed.chain([Some(*dice.pick(&failures))]));
        }
    }

    /// Appends the oldest draft of a context, and tells its writer what was decided.
    pub fn commit(&mut self, at: usize, faults: &Faults, now_ms: u64, dice: &mut Dice) {
        let Some((saw, request)) = self.contexts[at].drafts.pop_front() else { return };
        let since = at_once(self.ground.store.tail(saw)).expect("a memory store reads");
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
        self.acknowledged.push(Acknowledged {
            request: request.clone(),
            decision,
            mended_at: None,
            let_go: Vec::new(),
            is_gone: false,
        });
        if dice.chance(faults.crash) {
            return self.crash(at);
        }
        if dice.chance(faults.storage) {
            let again = Frame::Write(vec![request]); // as a page does whose answer was late
            let _ = self.append(at, &again, Durability::Strict, &Faults::none(), dice);
        }
        self.feed(at, Event::Wrote, now_ms, dice);
    }

    /// A context begins a checkpoint; its segments may be written at once or at the end.
    pub fn begin_checkpoint(&mut self, at: usize, faults: &Faults, dice: &mut Dice) {
        self.contexts[at].begin_checkpoint();
        if dice.chance(500) {
            self.fail_soon(4, faults, dice);
            self.contexts[at].write_segments(&mut self.ground);
        }
    }

    /// The store decides about a checkpoint that has begun, unless its context dies before.
    pub fn end_checkpoint(&mut self, at: usize, faults: &Faults, dice: &mut Dice) {
        self.fail_soon(6, faults, dice);
        self.contexts[at].write_segments(&mut self.ground);
        if dice.chance(faults.crash) {
            return self.crash(at);
        }
        if !self.contexts[at].end_checkpoint(&mut self.ground) {
            return;
        }
        if dice.chance(500) {
            self.contexts[at].forget_blocks();
        }
        self.catch_up(at);
        let opened = self.open();
        let (there, here) = (opened.picture(), self.contexts[at].picture());
        assert_eq!(there, here, "invariants 7 and 8: who opens it finds another state");
    }

    /// A change as the app makes it, seeing what this context sees.
    pub fn draft(&mut self, at: usize, op: Op, row: RowId, cells: Vec<(Text, Text)>, now_ms: u64) -> Request {
        let time_ms = self.clock(now_ms);
        let ids = [self.fresh_id(time_ms), self.fresh_id(time_ms)];
        let look = |view: &thermocline::engine::View| {
            (view.row(&row.0, &row.1).map(Row::from_stored), view.base(&row.0, &row.1))
        };
        let (visible, base) = self.contexts[at].ask(&mut self.ground, look);
        let is_insert = matches!(op, Op::Insert | Op::InsertIgnore | Op::Upsert);
        let key = is_insert.then(|| ("id".into(), row.1.values()[0].into()));
        let changes = key.into_iter().chain(cells).map(|(column, value)| {
            let seen = visible.as_ref().filter(|_| !is_insert);
            let old = seen.and_then(|row| row.value(&column)).map(Text::from);
            Change { column, value, old }
        });
        let mutation = Mutation {
            id: ids[0],
            op,
            changes: changes.collect(),
            shown: Vec::new(),
            base,
            table: row.0,
            key: row.1,
        };
        Request { id: ids[1], user: Some(USER.into()), time_ms, mutations: vec![mutation] }
    }

    pub fn fresh_id(&mut self, now_ms: u64) -> MutationId {
        self.ids += 1;
        let ids = self.ids.to_be_bytes();
        MutationId::new(
            now_ms,
            [0, self.number as u8, ids[0], ids[1], ids[2], ids[3], ids[4], ids[5], ids[6], ids[7]],
        )
    }
}

/// The places of the mutations under way.
pub fn places_of(state: &State, first: u64, places: &mut BTreeMap<MutationId, u64>) {
    let batch = state.batch.iter().flat_map(|batch| &batch.mutations);
    for id in batch {
        if let Some(place) = state.outbox.place(*id) {
            places.entry(*id).or_insert(first + place); // in the database that sent it first
        }
    }
}
