//! A shelf for tests: blocks of segments at hand, a disk they come from, and checkpoints made at once.
//!
//! A [`Disk`] keeps what was written and forgets nothing, so a context on an old manifest still reads. A
//! [`Shelf`] is what one context has in memory; what it misses it notes.

#![allow(dead_code)] // the simulation needs a part of it

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use thermocline::engine::rest::{Plan, Progress};
use thermocline::engine::segment::{Block, Blocks, Builder, Directory, SegmentId};
use thermocline::engine::{Found, Frame, Picture, RowId, State, View, needs, needs_more, snapshot};
use thermocline::protocol::{Schema, Seq};

pub type BlockId = (SegmentId, u32);

#[derive(Default)]
pub struct Shelf {
    directories: BTreeMap<SegmentId, Rc<Directory>>,
    blocks: BTreeMap<BlockId, Block>,
    missing: RefCell<BTreeSet<BlockId>>,
}

impl Blocks for Shelf {
    fn block(&self, segment: SegmentId, n: u32) -> Option<&Block> {
        let block = self.blocks.get(&(segment, n));
        if block.is_none() {
            self.missing.borrow_mut().insert((segment, n));
        }
        block
    }
}

impl Shelf {
    /// A segment whose blocks may be asked for.
    pub fn know(&mut self, id: SegmentId, directory: Rc<Directory>) {
        self.directories.insert(id, directory);
    }

    pub fn knows(&self, id: SegmentId) -> bool {
        self.directories.contains_key(&id)
    }

    pub fn admit(&mut self, id: BlockId, bytes: &[u8]) {
        let block = self.directories[&id.0].admit(id.1, bytes).expect("our own block");
        self.blocks.insert(id, block);
    }

    /// Blocks that were asked for and are not here, since the last call.
    pub fn take_missing(&self) -> Vec<BlockId> {
        self.missing.take().into_iter().collect()
    }

    /// How many segments have a block here.
    pub fn segments_at_hand(&self) -> usize {
        self.blocks.keys().map(|(id, _)| id).collect::<BTreeSet<_>>().len()
    }

    /// Lets go of every block.
    pub fn clear(&mut self) {
        self.blocks.clear();
    }
}

/// Where a context's segments come from and go to.
pub trait Depot {
    /// Why a segment could not be written, or a block not be read.
    type Refusal;

    fn shelf(&mut self) -> &mut Shelf;
    fn fresh_id(&mut self) -> SegmentId;
    fn write(&mut self, id: SegmentId, blocks: &[Vec<u8>]) -> Result<(), Self::Refusal>;
    fn read(&mut self, wanted: &[BlockId]) -> Result<Vec<Vec<u8>>, Self::Refusal>;
}

/// Brings what was missed to the shelf. Whether there was anything.
fn fetch<D: Depot>(depot: &mut D) -> Result<bool, D::Refusal> {
    let missing = depot.shelf().take_missing();
    if missing.is_empty() {
        return Ok(false);
    }
    let blocks = depot.read(&missing)?;
    missing.iter().zip(blocks).for_each(|(id, bytes)| depot.shelf().admit(*id, &bytes));
    Ok(true)
}

/// Runs a question over the rows as often as it takes to have its blocks at hand.
pub fn ask<D: Depot, T>(depot: &mut D, state: &State, ask: impl Fn(&View) -> T) -> Result<T, D::Refusal> {
    loop {
        let answer = ask(&View::new(state, depot.shelf()));
        if !fetch(depot)? {
            return Ok(answer);
        }
    }
}

/// What the segments say of the rows that a fold needs.
pub fn find<D: Depot>(depot: &mut D, state: &State, needed: &[RowId]) -> Result<Found, D::Refusal> {
    ask(depot, state, |view| needed.iter().filter_map(|id| Some((id.clone(), view.find(id)?))).collect())
}

/// What the segments say of all that a fold depends on.
pub fn find_needed<D: Depot>(depot: &mut D, state: &State, frame: &Frame) -> Result<Found, D::Refusal> {
    let mut found = find(depot, state, &needs(state, frame))?;
    loop {
        let more = needs_more(state, &found, frame);
        if more.is_empty() {
            return Ok(found);
        }
        found.extend(find(depot, state, &more)?);
    }
}

/// What came of carrying out a plan: segments that were written, those by merges among them, and merges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    pub segments: usize,
    pub merges: usize,
    /// Segments of mutations.
    pub mutations: usize,
}

/// What is in memory after a checkpoint at `base`: pending rows, recent ones, and what changed meanwhile.
/// A table that was defined meanwhile was no part of it.
pub fn assert_only_needed_slots(state: &State, base: Seq, planned: &Schema) {
    for (table, rows) in state.rows.tables().filter(|(table, _)| planned.tables.contains_key(*table)) {
        for (key, slot) in rows.slots() {
            let is_needed = slot.recent || slot.over.is_some() || slot.since > base;
            assert!(is_needed, "{table} {key:?} stays in memory: {slot:?}");
        }
    }
}

/// Every step of a plan but the store's decision.
pub fn carry_out<D: Depot>(plan: &mut Plan, state: &State, depot: &mut D) -> Result<Carried, D::Refusal> {
    let mut carried = Carried::default();
    while !plan.locate(depot.shelf()) {
        fetch(depot)?;
    }
    while let Some(builder) = plan.next_segment() {
        keep(plan, depot, builder)?;
        carried.segments += 1;
    }
    while let Some(block) = plan.next_mutations() {
        let id = depot.fresh_id();
        depot.write(id, &[block])?;
        plan.add_mutations(id);
        carried.mutations += 1;
    }
    while let Some(mut merge) = plan.next_merge(state) {
        loop {
            match merge.step(depot.shelf()) {
                Progress::Segment(rows) => {
                    let builder = plan.merged(&merge, rows).expect("a table of the plan");
                    keep(plan, depot, builder)?;
                    carried.segments += 1;
                }
                Progress::Missing => drop(fetch(depot)?),
                Progress::Done => break,
            }
        }
        plan.end_merge(&merge);
        carried.merges += 1;
        assert!(carried.merges < 100, "merging comes to an end");
    }
    Ok(carried)
}

fn keep<D: Depot>(plan: &mut Plan, depot: &mut D, builder: Builder) -> Result<(), D::Refusal> {
    let (id, name) = (depot.fresh_id(), builder.name.clone());
    let blocks = builder.finish();
    let directory = plan.add(&name, id, &blocks);
    depot.shelf().know(id, directory);
    depot.write(id, &blocks)
}

/// A disk that clones share.
#[derive(Clone, Default)]
pub struct Disk(Rc<RefCell<BTreeMap<SegmentId, Vec<Vec<u8>>>>>);

impl Disk {
    /// Lays a segment on the disk, as somebody else has written it.
    pub fn put(&self, id: SegmentId, blocks: &[Vec<u8>]) {
        let former = self.0.borrow_mut().insert(id, blocks.to_vec());
        assert!(former.is_none(), "an id is given once");
    }
}

/// One context's shelf before a disk; it never refuses.
#[derive(Default)]
pub struct Room {
    pub disk: Disk,
    pub shelf: Shelf,
    /// How often something was read.
    pub reads: usize,
    /// Merges of all checkpoints.
    pub merges: usize,
}

#[derive(Debug)]
pub enum Never {}

impl Depot for Room {
    type Refusal = Never;

    fn shelf(&mut self) -> &mut Shelf {
        &mut self.shelf
    }

    /// Ids that do not come in the order of time, as random ones do not.
    fn fresh_id(&mut self) -> SegmentId {
        let count = self.disk.0.borrow().len() as u64 + 1;
        let mut id = [0; 16];
        id[..8].copy_from_slice(&count.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        SegmentId(id)
    }

    fn write(&mut self, id: SegmentId, blocks: &[Vec<u8>]) -> Result<(), Never> {
        self.disk.put(id, blocks);
        Ok(())
    }

    fn read(&mut self, wanted: &[BlockId]) -> Result<Vec<Vec<u8>>, Never> {
        self.reads += 1;
        let disk = self.disk.0.borrow();
        Ok(wanted.iter().map(|(segment, n)| disk[segment][*n as usize].clone()).collect())
    }
}

/// What never fails.
fn sure<T>(result: Result<T, Never>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

impl Room {
    pub fn on(disk: &Disk) -> Self {
        Self { disk: disk.clone(), ..Self::default() }
    }

    pub fn ask<T>(&mut self, state: &State, question: impl Fn(&View) -> T) -> T {
        sure(ask(self, state, question))
    }

    pub fn find(&mut self, state: &State, needed: &[RowId]) -> Found {
        sure(find(self, state, needed))
    }

    pub fn find_needed(&mut self, state: &State, frame: &Frame) -> Found {
        sure(find_needed(self, state, frame))
    }

    pub fn picture(&mut self, state: &State) -> Picture {
        self.ask(state, |view| view.picture())
    }

    /// Carries out a plan up to its record.
    pub fn carry_out(&mut self, plan: &mut Plan, state: &State) -> Vec<u8> {
        let carried = sure(carry_out(plan, state, self));
        self.merges += carried.merges;
        plan.record()
    }

    /// A whole checkpoint: the state rests, and this is its record.
    pub fn checkpoint(&mut self, state: &mut State) -> Vec<u8> {
        self.keep(state, Plan::of(state))
    }

    /// One that names so many mutations a segment.
    pub fn checkpoint_with(&mut self, state: &mut State, least: usize) -> Vec<u8> {
        self.keep(state, Plan::with(state, least))
    }

    fn keep(&mut self, state: &mut State, mut plan: Plan) -> Vec<u8> {
        let record = self.carry_out(&mut plan, state);
        state.rest(plan);
        record
    }

    /// The state of a checkpoint, its segments on the disk.
    pub fn open(&mut self, record: &[u8]) -> State {
        let first = |id: SegmentId| self.disk.0.borrow().get(&id)?.first().cloned();
        let opened = snapshot::read(record, first).expect("our own checkpoint");
        assert_eq!((opened.damaged, opened.damaged_mutations), Default::default());
        self.know(&opened.state);
        opened.state
    }

    /// The directories of a state's segments.
    pub fn know(&mut self, state: &State) {
        for rested in state.rows.tables().flat_map(|(_, rows)| rows.segments()) {
            self.shelf.know(rested.id, Rc::clone(&rested.directory));
        }
    }

    /// The blocks of a segment, as they lie on the disk.
    pub fn blocks(&self, id: SegmentId) -> Vec<Vec<u8>> {
        self.disk.0.borrow()[&id].clone()
    }
}
