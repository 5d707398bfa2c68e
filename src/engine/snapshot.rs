//! The state record: what a checkpoint keeps of the log that is not rows, and which segments hold the rows.
//!
//! State record + segments are the whole state at a seq. Answers to recent requests are part of it, so a
//! context that missed the frames still answers its own waiting writes.

mod former;
mod v3;
mod v4;

use super::answers::Answers;
use super::audited::Audit;
use super::cascade::Cascades;
use super::frame::{self, Damage, TIERED_RECORD, seal};
use super::horizon::{Horizon, Paged};
use super::imported::Imports;
use super::outbox::rest::{self, NamedMutations, OutboxPlan, RestedMutations};
use super::outbox::{Outbox, OutboxRecord};
use super::own::OwnPushes;
use super::rekeyed::Rekeyed;
use super::rows::{Dead, Rested, Rows, Slot, TableRows};
use super::segment::{Directory, SegmentId};
use super::state::{Batch, Round, State};
use crate::protocol::{Key, Schema, Seq, Stamp, Text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

pub use former::read as read_former;

/// Everything but the rows, and mutations at rest.
#[derive(Clone, Serialize, Deserialize)]
pub struct Record {
    seq: Seq,
    schema: Schema,
    kept: Kept,
}

/// What has the same form in older records too.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    outbox: OutboxRecord,
    batch: Option<Batch>,
    cursors: BTreeMap<Text, Text>,
    round: Option<Round>,
    held: BTreeSet<Text>,
    own: OwnPushes,
    stamp: Stamp,
    answers: Answers,
    last_push_ms: Option<u64>,
    last_pull_ms: Option<u64>,
    horizons: BTreeMap<Text, Horizon>,
    paged: BTreeMap<Text, Paged>,
    imports: Imports,
    audits: BTreeMap<Text, Audit>,
    rekeyed: Rekeyed,
}

/// The rows of a table: slots that must stay in memory, and the segments with the rest.
#[derive(Clone, Serialize, Deserialize)]
pub struct TableRecord {
    name: Text,
    generation: u32,
    filling: bool,
    last_round: Seq,
    slots: Vec<(Key, Slot)>,
    segments: Vec<SegmentRecord>,
}

/// With its dead rows, the columns that have gone since, and the time before which rows were evicted, as
/// [`Rested`] has them.
type SegmentRecord = (SegmentId, Dead, Option<Vec<Text>>, Option<Vec<u8>>);

/// A state, and the segments that it lacks because their first block could not be read.
pub struct Opened {
    pub state: State,
    pub damaged: Vec<(Text, SegmentId)>,
    /// Segments of mutations: what they held is lost.
    pub damaged_mutations: Vec<SegmentId>,
}

impl Record {
    /// The outbox is in its plan.
    pub fn of(state: &State) -> Self {
        Self {
            seq: state.seq,
            schema: state.schema.clone(),
            kept: Kept {
                outbox: OutboxRecord::default(),
                batch: state.batch.clone(),
                cursors: state.cursors.clone(),
                round: state.round.clone(),
                held: state.held.clone(),
                own: state.own.clone(),
                stamp: state.stamp,
                answers: state.answers.clone(),
                last_push_ms: state.last_push_ms,
                last_pull_ms: state.last_pull_ms,
                horizons: state.horizons.clone(),
                paged: state.paged.clone(),
                imports: state.imports.clone(),
                audits: state.audits.clone(),
                rekeyed: state.rekeyed.clone(),
            },
        }
    }

    pub fn seal(&mut self, tables: Vec<TableRecord>, outbox: &OutboxPlan) -> Vec<u8> {
        self.kept.outbox = outbox.record();
        seal(TIERED_RECORD, &(&*self, tables, outbox.segments()))
    }

    fn into_state(self, rows: Rows, mutations: Vec<RestedMutations>) -> State {
        let Self { seq, schema, kept } = self;
        let mut state = State {
            seq,
            schema,
            cascades: Cascades::default(),
            rows,
            outbox: Outbox::restored(kept.outbox, mutations),
            batch: kept.batch,
            cursors: kept.cursors,
            round: kept.round,
            held: kept.held,
            own: kept.own,
            stamp: kept.stamp,
            answers: kept.answers,
            last_push_ms: kept.last_push_ms,
            last_pull_ms: kept.last_pull_ms,
            horizons: kept.horizons,
            paged: kept.paged,
            imports: kept.imports,
            audits: kept.audits,
            rekeyed: kept.rekeyed,
        };
        state.place_horizons();
        state.rebase_all();
        state
    }
}

impl TableRecord {
    pub fn of(
        name: &Text,
        (generation, filling, last_round): (u32, bool, Seq),
        slots: Vec<(Key, Slot)>,
        segments: &[Rested],
    ) -> Self {
        let record =
            |rested: &Rested| (rested.id, rested.dead.clone(), rested.gone.clone(), rested.from.clone());
        let segments = segments.iter().map(record).collect();
        Self { name: name.clone(), generation, filling, last_round, slots, segments }
    }
}

/// A state record, taken apart.
type Parts = (Record, Vec<TableRecord>, Vec<NamedMutations>);

fn parts(record: &[u8]) -> Result<Parts, Damage> {
    match frame::open(record)? {
        (TIERED_RECORD, payload) if frame::version(record) < 4 => v3::parts(payload, frame::version(record)),
        (TIERED_RECORD, payload) if frame::version(record) < 5 => v4::parts(payload),
        (TIERED_RECORD, payload) => frame::read(payload),
        (kind, _) => Err(Damage::UnknownKind(kind)),
    }
}

/// The state of a checkpoint; `first` gives the first block of a segment: a directory, or mutations.
pub fn read<B: AsRef<[u8]>>(record: &[u8], first: impl Fn(SegmentId) -> Option<B>) -> Result<Opened, Damage> {
    let (record, tables, outbox) = parts(record)?;
    let mut damaged = Vec::new();
    let mut rows = BTreeMap::new();
    for table in tables {
        let Some(definition) = record.schema.tables.get(&table.name) else { continue };
        let mut segments = Vec::new();
        for (id, dead, gone, from) in table.segments {
            match first(id).map(|block| Directory::read(block.as_ref())) {
                Some(Ok(directory)) => {
                    segments.push(Rested { id, directory: Rc::new(directory), dead, gone, from });
                }
                _ => damaged.push((table.name.clone(), id)),
            }
        }
        let held = TableRows::restored(
            definition,
            (table.generation, table.filling, table.last_round),
            table.slots,
            segments,
        );
        rows.insert(table.name, held);
    }
    let (mut mutations, mut damaged_mutations) = (Vec::new(), Vec::new());
    for named in outbox {
        match first(named.id).map(|block| rest::decode(&named, block.as_ref())) {
            Some(Ok(pending)) => mutations.push((named, pending)),
            _ => damaged_mutations.push(named.id),
        }
    }
    let rows = Rows::restore(&record.schema, rows);
    Ok(Opened { state: record.into_state(rows, mutations), damaged, damaged_mutations })
}
