//! A checkpoint: changed rows come to rest in segments, and the state record names them.
//!
//! The plan is taken at one seq, without waiting; frames folded while it is carried out do not touch it.
//! Its steps are pure, the driver reads and writes between them:
//!
//! ```text
//! Plan::of(state) ─▶ locate* (which rows of segments are replaced) ─▶ next_segment* ─▶ next_mutations* ─▶ merges ─▶ record
//!                                                     the store decides ─▶ State::rest(plan)
//! ```

mod choice;
mod merge;

use super::outbox::rest::{OutboxPlan, SEGMENT_MUTATIONS};
use super::rows::{Known, Layout, Rested, RowId, Slot};
use super::segment::{Blocks, Builder, Directory, Packed, Place, SegmentId};
use super::snapshot::{Record, TableRecord};
use super::state::State;
use crate::protocol::{Key, Seq, Text, limits};
use crate::query::index::Indexer;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

pub use merge::{Merge, Progress};

/// Keys looked up in segments before the blocks read for them may go.
const LOCATE_KEYS: usize = 256;
/// Most row text in one segment.
const SEGMENT_BYTES: usize = 4 << 20;

/// A checkpoint that is being made.
pub struct Plan {
    pub base: Seq,
    record: Record,
    outbox: OutboxPlan,
    tables: BTreeMap<Text, TablePlan>,
    /// Rows whose former place is not known yet.
    replaced: VecDeque<RowId>,
    /// Rows for the segments to come, each list of one table and generation, in the order of time.
    resting: VecDeque<Resting>,
}

struct TablePlan {
    /// The generation, and whether a round from nothing is under way, and the last round.
    shape: (u32, bool, Seq),
    /// The definition when it began, and how often the columns had changed: what its segments are built by.
    layout: Rc<Layout>,
    changes: usize,
    /// Kept in memory and in the record: what pending mutations or older pages need.
    kept: Vec<(Key, Slot)>,
    segments: Vec<Rested>,
    /// The segments it began with.
    former: Vec<SegmentId>,
}

struct Resting {
    table: Text,
    generation: u32,
    rows: VecDeque<Packed>,
}

impl Plan {
    pub fn of(state: &State) -> Self {
        Self::with(state, SEGMENT_MUTATIONS)
    }

    /// `least`: so many mutations make a segment.
    pub fn with(state: &State, least: usize) -> Self {
        let mut plan = Self {
            base: state.seq,
            record: Record::of(state),
            outbox: OutboxPlan::of(&state.outbox, least),
            tables: BTreeMap::new(),
            replaced: VecDeque::new(),
            resting: VecDeque::new(),
        };
        for (name, rows) in state.rows.tables() {
            let mut kept = Vec::new();
            let mut resting: BTreeMap<u32, Vec<Packed>> = BTreeMap::new();
            for (key, slot) in rows.slots() {
                // A row of which only its pending mutations are known is made of those.
                let is_base = slot.over.is_some() && slot.known != Known::Absent;
                if slot.recent || slot.fetched.is_some() || is_base {
                    kept.push((key.clone(), Slot { changed: false, ..slot.clone() }));
                }
                if !slot.changed {
                    continue;
                }
                if !rows.segments().is_empty() {
                    plan.replaced.push_back((name.clone(), key.clone()));
                }
                if let Known::Row(base) = &slot.known
                    && slot.fetched.is_none()
                {
                    let packed = Packed { key: key.clone(), rev: base.rev, row: base.row.clone() };
                    resting.entry(slot.generation).or_default().push(packed);
                }
            }
            for (generation, packed) in resting {
                let rows = in_time_order(state, name, packed);
                plan.resting.push_back(Resting { table: name.clone(), generation, rows });
            }
            let segments = rows.segments().to_vec();
            let former = segments.iter().map(|rested| rested.id).collect();
            let (shape, changes, layout) = (rows.shape(), rows.changes(), Rc::clone(&rows.layout));
            plan.tables.insert(name.clone(), TablePlan { shape, layout, changes, kept, segments, former });
        }
        plan
    }

    /// Finds the rows of older segments that changed rows replace. False: blocks are missing, read them and
    /// call again. True once all are found; in between, what was read may be let go.
    pub fn locate(&mut self, blocks: &dyn Blocks) -> bool {
        // Those whose blocks are missing come first again: what is read for them is then still at hand.
        let count = LOCATE_KEYS.min(self.replaced.len());
        let mut waiting: Vec<RowId> = self.replaced.drain(..count).collect();
        waiting.retain(|(table, key)| !self.mark(table, key, blocks));
        waiting.into_iter().rev().for_each(|id| self.replaced.push_front(id));
        self.replaced.is_empty()
    }

    fn mark(&mut self, table: &str, key: &Key, blocks: &dyn Blocks) -> bool {
        let Some(plan) = self.tables.get_mut(table) else { return true };
        let mut is_read = true;
        for rested in &mut plan.segments {
            match rested.directory.find(rested.id, key.as_str(), blocks) {
                Place::Row(row) => rested.dead.mark(row),
                Place::Absent => {}
                Place::Unread => is_read = false,
            }
        }
        is_read
    }

    /// The next segment to be built and added.
    pub fn next_segment(&mut self) -> Option<Builder> {
        while self.resting.front().is_some_and(|resting| resting.rows.is_empty()) {
            self.resting.pop_front();
        }
        let resting = self.resting.front_mut()?;
        let mut bytes = 0;
        let fits = resting.rows.iter().take(limits::SEGMENT_ROWS).take_while(|packed| {
            bytes += packed.row.as_str().len();
            bytes <= SEGMENT_BYTES
        });
        let count = fits.count().max(1);
        let rows: Vec<Packed> = resting.rows.drain(..count).collect();
        let (table, generation) = (resting.table.clone(), resting.generation);
        self.builder(&table, generation, rows)
    }

    fn builder(&self, table: &Text, generation: u32, rows: Vec<Packed>) -> Option<Builder> {
        let plan = self.tables.get(table)?;
        Some(Builder::new(table, &plan.layout.table, generation, rows))
    }

    /// A segment of a table is built: its directory is the first of these blocks.
    pub fn add(&mut self, table: &str, id: SegmentId, blocks: &[Vec<u8>]) -> Rc<Directory> {
        let directory = blocks.first().and_then(|block| Directory::read(block).ok());
        let directory = Rc::new(directory.expect("what was just built can be read"));
        if let Some(plan) = self.tables.get_mut(table) {
            plan.segments.push(Rested::new(id, Rc::clone(&directory)));
        }
        directory
    }

    /// The block of the next segment of mutations, to be written and added.
    pub fn next_mutations(&mut self) -> Option<Vec<u8>> {
        self.outbox.next()
    }

    pub fn add_mutations(&mut self, id: SegmentId) {
        self.outbox.add(id);
    }

    /// The segments that should become fewer, of one table after the other.
    pub fn next_merge(&self, state: &State) -> Option<Merge> {
        self.tables.iter().find_map(|(table, plan)| {
            let rows = state.rows.table(table)?;
            let inputs = choice::inputs(&plan.segments, rows.generation())?;
            Some(Merge::new(table, rows.generation(), Rc::clone(&plan.layout), inputs))
        })
    }

    /// One more segment of a merge, to be built and added.
    pub fn merged(&self, merge: &Merge, rows: Vec<Packed>) -> Option<Builder> {
        self.builder(&merge.table, merge.generation, rows)
    }

    /// A merge is written: its inputs are no longer named.
    pub fn end_merge(&mut self, merge: &Merge) {
        if let Some(plan) = self.tables.get_mut(&merge.table) {
            plan.segments.retain(|rested| !merge.has_input(rested.id));
        }
    }

    /// Every segment that the new manifest names.
    pub fn segments(&self) -> Vec<SegmentId> {
        let rows = self.tables.values().flat_map(|plan| plan.segments.iter().map(|rested| rested.id));
        let mut ids: Vec<SegmentId> = rows.chain(self.outbox.ids()).collect();
        ids.sort_unstable();
        ids
    }

    /// The state record.
    pub fn record(&mut self) -> Vec<u8> {
        let tables = self
            .tables
            .iter()
            .map(|(name, plan)| TableRecord::of(name, plan.shape, plan.kept.clone(), &plan.segments));
        self.record.seal(tables.collect(), &self.outbox)
    }
}

impl State {
    /// Takes over a checkpoint that the store has accepted.
    pub fn rest(&mut self, plan: Plan) {
        self.outbox.rest(plan.outbox);
        for (name, table) in plan.tables {
            let Some(rows) = self.rows.table_mut(&name) else { continue };
            // What has been given up or swept meanwhile does not come back.
            let is_there = |id| rows.segments().iter().any(|rested| rested.id == id);
            let stays = |rested: &Rested| !table.former.contains(&rested.id) || is_there(rested.id);
            let segments = table.segments.into_iter().filter(stays).collect();
            rows.rest(plan.base, segments, table.changes);
        }
    }
}

/// Rows of a table with a time column by it, else by key, as segments want them.
fn in_time_order(state: &State, table: &str, rows: Vec<Packed>) -> VecDeque<Packed> {
    let Some(layout) = state.rows.table(table).map(|rows| Rc::clone(&rows.layout)) else {
        return rows.into();
    };
    let mut indexer = Indexer::new(&layout.table, layout.time_index());
    let mut placed: Vec<(Vec<u8>, Packed)> = rows
        .into_iter()
        .map(|packed| (indexer.keys(packed.row.as_str()).pop().unwrap_or_default(), packed))
        .collect();
    placed.sort_unstable_by(|a, b| (&a.0, &a.1.key).cmp(&(&b.0, &b.1.key)));
    placed.into_iter().map(|(_, packed)| packed).collect()
}
