//! A context: a state over its client's store, and the blocks of segments it has read.
//!
//! It follows the log and the manifests as a replica does. A context on an old manifest goes on until it looks,
//! or until a segment it needs has been swept: then it starts anew from the store.

use crate::audits::Auditing;
use crate::client::{at_once, places_of};
use crate::shelf::{self, BlockId, Depot, Disk, Room, Shelf};
use crate::world::trace;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::iter::Sum;
use std::rc::Rc;
use thermocline::engine::interface::Effect;
use thermocline::engine::rest::Plan;
use thermocline::engine::segment::SegmentId;
use thermocline::engine::sync::Machine;
use thermocline::engine::{Cell, Frame, Pending, Picture, Standing, State, View, apply, needs, snapshot};
use thermocline::protocol::{MutationId, Request, Schema};
use thermocline::store::memory::MemoryStore;
use thermocline::store::{Incarnation, Logged, Manifest, Next, Seq, Store};

/// So many mutations make a segment here.
const MUTATIONS: usize = 2;

/// What all contexts of a client are built on.
pub struct Ground {
    pub store: MemoryStore,
    /// All segments that were ever written, for those who check.
    pub archive: Disk,
    /// Place of each mutation when it was sealed.
    pub places: BTreeMap<MutationId, u64>,
    /// What was tried again: the new mutation, and the one it stands for, with whether that or one before was a conflict.
    pub retries: BTreeMap<MutationId, (MutationId, bool)>,
    /// Above all places of the databases before this one.
    pub first_place: u64,
    /// The server may go back to an earlier state.
    pub restores: bool,
    pub tally: Tally,
}

/// What came of a world's steps and a client's checkpoints.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub steps: usize,
    pub decided: usize,
    pub lost: usize,
    pub given_up: usize,
    pub merges: usize,
    pub reloads: usize,
    pub evictions: usize,
    /// Segments of mutations.
    pub mutations: usize,
    /// Dead letters and conflicts that somebody decided about.
    pub mended: usize,
    /// Changes of definitions, and of rights.
    pub redefined: usize,
    pub rights: usize,
    /// Of those, changes that only an audit finds.
    pub silent: usize,
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |a, b| Self {
            steps: a.steps + b.steps,
            decided: a.decided + b.decided,
            lost: a.lost + b.lost,
            given_up: a.given_up + b.given_up,
            merges: a.merges + b.merges,
            reloads: a.reloads + b.reloads,
            evictions: a.evictions + b.evictions,
            mutations: a.mutations + b.mutations,
            mended: a.mended + b.mended,
            redefined: a.redefined + b.redefined,
            rights: a.rights + b.rights,
            silent: a.silent + b.silent,
        })
    }
}

impl Ground {
    /// The browser throws the database away; the incarnation that is gone.
    pub fn be_evicted(&mut self) -> Incarnation {
        let Manifest { incarnation, client, .. } = at_once(self.store.load()).expect("loads").tail.manifest;
        let mut next = incarnation;
        next[0] = next[0].wrapping_add(16);
        self.store.evict(next, client);
        self.first_place += 1 << 32;
        self.tally.evictions += 1;
        incarnation
    }
}

pub struct Context {
    pub life: u64,
    pub state: State,
    shelf: Shelf,
    pub machine: Machine,
    pub effects: VecDeque<Effect>,
    version: u64,
    pub run: u64,
    pub wake_ms: Option<u64>,
    /// Made of what this context saw at a seq, not appended yet.
    pub drafts: VecDeque<(Seq, Request)>,
    /// What it held unsent when its database went.
    pub imports: VecDeque<Frame>,
    /// An audit under way.
    pub auditing: Option<Auditing>,
    /// A checkpoint that has begun.
    resting: Option<Resting>,
    /// Who checks, and what they saw since the state last changed.
    eyes: RefCell<Room>,
    seen: RefCell<Option<Rc<Picture>>>,
}

struct Resting {
    plan: Plan,
    /// The definitions it began with.
    planned: Schema,
    /// The manifest's version when it began.
    expected: u64,
    is_written: bool,
}

/// Why a step over segments could not be done.
#[derive(Debug)]
pub enum Refused {
    /// Another checkpoint has swept them.
    Gone,
    /// The store would not take a block.
    NotStored,
}

/// One context's shelf before its client's store.
struct Stock<'c> {
    shelf: &'c mut Shelf,
    ground: &'c Ground,
    version: u64,
}

impl Depot for Stock<'_> {
    type Refusal = Refused;

    fn shelf(&mut self) -> &mut Shelf {
        self.shelf
    }

    fn fresh_id(&mut self) -> SegmentId {
        Room::on(&self.ground.archive).fresh_id()
    }

    fn write(&mut self, id: SegmentId, blocks: &[Vec<u8>]) -> Result<(), Refused> {
        self.ground.archive.put(id, blocks);
        at_once(self.ground.store.write_blocks(id, 0, blocks)).map_err(|_| Refused::NotStored)
    }

    fn read(&mut self, wanted: &[BlockId]) -> Result<Vec<Vec<u8>>, Refused> {
        if wanted.iter().any(|(id, _)| !self.shelf.knows(*id)) {
            return Err(Refused::Gone); // a plan that began under an older manifest; swept or not, it has lost
        }
        let read = at_once(self.ground.store.read_blocks(wanted)).expect("a memory store reads");
        let blocks: Option<Vec<_>> = read.blocks.into_iter().collect();
        assert!(blocks.is_some() || read.version != self.version, "a block that the manifest names is gone");
        blocks.ok_or(Refused::Gone)
    }
}

impl Context {
    /// A context as it starts: checkpoint, tail, fold.
    pub fn open(life: u64, ground: &mut Ground) -> Self {
        let mut context = Self {
            life,
            state: State::default(),
            shelf: Shelf::default(),
            machine: Machine::new(["entries".into(), "projects".into()]),
            effects: VecDeque::new(),
            version: 0,
            run: 0,
            wake_ms: None,
            drafts: VecDeque::new(),
            imports: VecDeque::new(),
            auditing: None,
            resting: None,
            eyes: RefCell::new(Room::on(&ground.archive)),
            seen: RefCell::default(),
        };
        context.load(ground);
        context
    }

    fn load(&mut self, ground: &mut Ground) {
        let loaded = at_once(ground.store.load()).expect("a memory store loads");
        let manifest = loaded.tail.manifest;
        let firsts: BTreeMap<SegmentId, Vec<u8>> = loaded
            .directories
            .into_iter()
            .map(|(id, block)| (id, block.expect("a segment that the manifest names is there")))
            .collect();
        self.state = match loaded.state {
            Some(record) => {
                let opened = snapshot::read(&record, |id| firsts.get(&id)).expect("our own checkpoint");
                assert_eq!(opened.damaged, [], "record and manifest name the same segments");
                assert_eq!(opened.damaged_mutations, [], "and the same segments of mutations");
                opened.state
            }
            None => State::at(manifest.base),
        };
        self.version = manifest.version;
        self.shelf = Shelf::default();
        let segments = self.state.rows.tables().flat_map(|(_, rows)| rows.segments());
        segments.for_each(|rested| self.shelf.know(rested.id, Rc::clone(&rested.directory)));
        ground.tally.reloads += 1;
        self.changed();
        self.fold(loaded.tail.frames, ground).expect("what has just been loaded can be read");
    }

    /// Folds what others have appended, and takes up their checkpoints.
    pub fn catch_up(&mut self, ground: &mut Ground) {
        let tail = at_once(ground.store.tail(self.state.seq)).expect("a memory store reads");
        if tail.manifest.version != self.version || self.fold(tail.frames, ground).is_err() {
            self.load(ground);
        }
    }

    /// Folds what this context has just appended; who is not at the log's end catches up.
    pub fn fold_own(&mut self, seq: Seq, frame: &[u8], ground: &mut Ground) {
        if seq != self.state.seq + 1 {
            return self.catch_up(ground);
        }
        if self.fold(vec![Logged { seq, frame: frame.to_vec() }], ground).is_err() {
            self.load(ground);
        }
    }

    fn fold(&mut self, frames: Vec<Logged>, ground: &mut Ground) -> Result<(), Refused> {
        for Logged { seq, frame } in frames {
            let frame = Frame::decode(&frame).expect("our own frame");
            let mut stock = Stock { shelf: &mut self.shelf, ground, version: self.version };
            let found = shelf::find(&mut stock, &self.state, &needs(&self.state, &frame))?;
            let is_page = matches!(frame, Frame::Pulled(_));
            let doubts = self.state.outbox.iter().filter(|(_, p)| is_page && p.standing == Standing::Doubted);
            let doubts: Vec<Pending> = doubts.map(|(_, pending)| pending.clone()).collect();
            let audited = match &frame {
                Frame::Audited(audited) if !ground.restores => Some((audited.table.clone(), self.picture())),
                _ => None,
            };
            apply(&mut self.state, found, seq, frame);
            doubts.iter().for_each(|doubt| self.check_doubt(doubt));
            self.changed();
            if let Some((table, before)) = audited {
                self.check_audit(&table, &before);
            }
            places_of(&self.state, ground.first_place, &mut ground.places);
        }
        Ok(())
    }

    /// An audit finds what is missing or has been changed; it brings no row back to what it was.
    fn check_audit(&self, table: &str, before: &Picture) {
        let after = self.picture();
        for (key, (rev, row)) in &before.tables[table].base {
            let now = after.tables[table].base.get(key);
            assert!(now.is_none_or(|(now, _)| now >= rev), "invariant 4: {row} of {rev:?} became {now:?}");
        }
    }

    /// After a restore, what this client wrote goes only where the server has it as it was.
    fn check_doubt(&self, doubt: &Pending) {
        let base = self.state.rows.get(&doubt.row.0, &doubt.row.1);
        let has = |cell: &Cell| base.is_some_and(|base| base.row.value(&cell.column) == cell.old.as_deref());
        let stays = self.state.outbox.get(doubt.id).is_some();
        assert!(
            stays || doubt.cells.iter().all(has),
            "invariant 1: lost by a restore: {doubt:?}, now {base:?}"
        );
    }

    /// What the app sees; it asks again where segments have been swept.
    pub fn ask<T>(&mut self, ground: &mut Ground, question: impl Fn(&View) -> T) -> T {
        loop {
            let mut stock = Stock { shelf: &mut self.shelf, ground, version: self.version };
            match shelf::ask(&mut stock, &self.state, &question) {
                Ok(answer) => return answer,
                Err(_) => self.catch_up(ground),
            }
        }
    }

    /// Lets go of the blocks it has read.
    pub fn forget_blocks(&mut self) {
        self.shelf.clear();
    }

    fn changed(&mut self) {
        self.seen.take();
    }

    /// What those see of it who check, whatever has been swept.
    pub fn picture(&self) -> Rc<Picture> {
        let picture = || {
            let mut eyes = self.eyes.borrow_mut();
            eyes.know(&self.state);
            Rc::new(eyes.picture(&self.state))
        };
        Rc::clone(self.seen.borrow_mut().get_or_insert_with(picture))
    }
}

/// Checkpoints, in three steps with anything between them: the plan, the segments, the decision.
impl Context {
    pub fn begin_checkpoint(&mut self) {
        let plan = Plan::with(&self.state, MUTATIONS);
        let planned = self.state.schema.clone();
        self.resting = Some(Resting { plan, planned, expected: self.version, is_written: false });
    }

    pub fn write_segments(&mut self, ground: &mut Ground) {
        let Some(resting) = self.resting.as_mut().filter(|resting| !resting.is_written) else { return };
        let mut stock = Stock { shelf: &mut self.shelf, ground, version: self.version };
        match shelf::carry_out(&mut resting.plan, &self.state, &mut stock) {
            Ok(carried) => {
                resting.is_written = true;
                ground.tally.merges += carried.merges;
                ground.tally.mutations += carried.mutations;
            }
            Err(refused) => {
                trace(|| format!("life {}: gives up a checkpoint: {refused:?}", self.life));
                self.resting = None;
                ground.tally.given_up += 1;
                self.catch_up(ground);
            }
        }
    }

    /// Whether the store took the checkpoint. Whatever it says, no visible row and no pending mutation has
    /// changed (invariant 8), and only what is needed stays in memory.
    pub fn end_checkpoint(&mut self, ground: &mut Ground) -> bool {
        self.write_segments(ground);
        let Some(Resting { mut plan, planned, expected, .. }) = self.resting.take() else { return false };
        let base = plan.base;
        let next = Next { base, state: plan.record(), segments: plan.segments() };
        let decided = at_once(ground.store.checkpoint(expected, &next));
        trace(|| format!("life {}: checkpoint at {base}: {decided:?}", self.life));
        let Ok(Some(Manifest { version, .. })) = decided else {
            ground.tally.lost += usize::from(decided == Ok(None));
            self.catch_up(ground);
            return false;
        };
        assert_eq!(self.version, expected, "who has another manifest cannot decide");
        ground.tally.decided += 1;
        let before = self.picture();
        self.version = version;
        self.state.rest(plan);
        self.changed();
        assert_eq!(self.picture(), before, "invariant 8: a checkpoint changed the state");
        shelf::assert_only_needed_slots(&self.state, base, &planned);
        true
    }
}
