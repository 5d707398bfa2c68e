//! The server as SYNC.md says it is, in memory: push with remembered answers, pull by snapshot cursors.
//!
//! It also keeps what no server could: every version that ever was, and every mutation that took effect.

mod definitions;
mod others;
mod pull;
mod rights;
mod settle;

use self::definitions::Altered;
use self::others::Foreign;
pub use self::pull::Snapshot;
use crate::dice::Dice;
use std::collections::{BTreeMap, BTreeSet};
use thermocline::engine::RowId;
use thermocline::engine::interface::{Failure, Message, Reply};
use thermocline::protocol::pull::{PullAnswer, SchemaAnswer};
use thermocline::protocol::push::{Group, Outcome, PushAnswer, SentMutation};
use thermocline::protocol::{ErrorCode, Fault, Key, MutationId, Op, Rev, Row, Schema, Stamp, Text};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    Merge,
    RemoteWins,
    Ask,
}

/// How this world's database is set up.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Of entries, and of projects.
    pub policies: [Policy; 2],
    /// Removing a project removes its entries; else it is refused while there are any.
    pub cascade: bool,
    /// An entry's insert changes its project.
    pub touch_parent: bool,
    pub page_rows: usize,
}

#[derive(Clone, Debug)]
struct Stored {
    rev: Rev,
    fields: BTreeMap<Text, Text>,
    /// Column → stamp of its last change.
    at: BTreeMap<Text, Stamp>,
}

/// A mutation that was answered.
#[derive(Clone)]
pub struct Settled {
    pub id: MutationId,
    pub row: RowId,
    pub stamp: Stamp,
    pub cells: BTreeMap<Text, Text>,
}

struct Transaction {
    xid: u64,
    stamped: usize,
    /// Rows whose insert this batch did not apply.
    refused: BTreeSet<RowId>,
}

#[derive(Clone)]
pub struct Server {
    pub setup: Setup,
    pub schema: Schema,
    /// Somebody has changed definitions: clients may show what never was.
    pub altered: Altered,
    epoch: u64,
    next_xid: u64,
    sequence: u64,
    clock: Stamp,
    rows: BTreeMap<RowId, Stored>,
    /// Rows that row-level security hides from the user.
    hidden: BTreeSet<RowId>,
    tombstones: Vec<(RowId, Rev)>,
    open: BTreeMap<u64, Vec<Foreign>>,
    answers: BTreeMap<MutationId, (Outcome, Option<u64>)>,
    /// Every version that ever was.
    pub history: BTreeMap<(RowId, Rev), BTreeSet<String>>,
    /// Mutations in the order in which they were answered for the first time.
    pub settled: Vec<Settled>,
    pub superseded: usize,
    pub conflicts: usize,
    saved: Option<Box<Self>>,
}

pub fn json(fields: &BTreeMap<Text, Text>) -> Text {
    let fields: Vec<String> = fields.iter().map(|(column, value)| format!("\"{column}\":{value}")).collect();
    format!("{{{}}}", fields.join(",")).into()
}

fn failure(code: ErrorCode, too_large: bool) -> Failure {
    Failure { fault: Fault::new(code, "simulated"), retry_after_ms: None, too_large }
}

impl Server {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            schema: definitions::schema(setup.policies),
            altered: Altered::default(),
            epoch: 1,
            next_xid: 1_000,
            sequence: 0,
            clock: 0,
            rows: BTreeMap::new(),
            hidden: BTreeSet::new(),
            tombstones: Vec::new(),
            open: BTreeMap::new(),
            answers: BTreeMap::new(),
            history: BTreeMap::new(),
            settled: Vec::new(),
            superseded: 0,
            conflicts: 0,
            saved: None,
        }
    }

    /// The rows of a table as a client should hold them.
    pub fn table(&self, name: &str) -> BTreeMap<Key, (Rev, Row)> {
        let definition = &self.schema.tables[name];
        let rows = self.rows.iter().filter(|(id, _)| &*id.0 == name && !self.hidden.contains(*id));
        rows.map(|((_, key), stored)| {
            let row = Row::from_json(definition, &json(&stored.fields)).expect("an object");
            (key.clone(), (stored.rev, row))
        })
        .collect()
    }

    pub fn answer(
        &mut self,
        message: &Message,
        refuse: u32,
        now_ms: u64,
        dice: &mut Dice,
    ) -> Result<Reply, Failure> {
        self.clock = now_ms * 1_000;
        match message {
            Message::Schema(_) => {
                let tables = SchemaAnswer::Tables { schema: self.schema.clone(), unknown: Vec::new() };
                Ok(Reply::Schema(tables))
            }
            Message::Push(_) if dice.chance(refuse) => match dice.below(4) {
                0 => Ok(Reply::Push(PushAnswer::Busy)),
                1 => Err(failure(ErrorCode::Timeout, true)),
                2 => Err(failure(ErrorCode::RateLimited, false)),
                _ => Err(failure(ErrorCode::Unauthorized, false)),
            },
            Message::Push(groups) => Ok(Reply::Push(self.push(groups))),
            Message::Pull(..) if dice.chance(refuse) => Ok(Reply::Pull(PullAnswer::Later)),
            Message::Pull(request, _) => Ok(Reply::Pull(self.pull(request))),
            Message::Audit(request) => Ok(Reply::Audit(self.audit(request))),
            Message::Buckets(request) => Ok(Reply::Buckets(self.buckets(request))),
        }
    }

    fn push(&mut self, groups: &[Group]) -> PushAnswer {
        let mut transaction = Transaction { xid: self.next_xid, stamped: 0, refused: BTreeSet::new() };
        self.next_xid += 1;
        let rows: Vec<RowId> = groups.iter().flat_map(|g| g.mutations.iter().map(|m| row_id(g, m))).collect();
        assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), rows.len(), "invariant 3: twice in a batch");
        let (mut outcomes, mut known, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
        let mut in_full = 0;
        for group in groups {
            for mutation in &group.mutations {
                let id = row_id(group, mutation);
                let outcome = match self.answers.get(&mutation.id) {
                    Some((outcome, xid)) => {
                        known.push(*xid);
                        outcome.clone()
                    }
                    None => {
                        let outcome = self.settle(&mut transaction, group, mutation);
                        in_full +=
                            usize::from(rev_of(&outcome).is_some_and(|rev| rev.xid() == transaction.xid));
                        fresh.push(mutation.id);
                        self.note(group, mutation, &outcome);
                        outcome
                    }
                };
                let inserts = matches!(group.op, Op::Insert | Op::InsertIgnore | Op::Upsert);
                if inserts && matches!(outcome, Outcome::Rejected { .. } | Outcome::Blocked) {
                    transaction.refused.insert(id);
                }
                outcomes.push((mutation.id, outcome));
            }
        }
        let xid = (transaction.stamped == in_full).then_some(transaction.xid);
        for id in fresh {
            let outcome = outcomes.iter().find(|(other, _)| *other == id).expect("just answered").1.clone();
            if outcome != Outcome::Blocked {
                self.answers.insert(id, (outcome, xid));
            }
        }
        // A repeated batch changed nothing itself: its client may still hide what the original wrote.
        let repeated = known
            .first()
            .copied()
            .flatten()
            .filter(|_| known.len() == outcomes.len() && known.iter().all(|xid| *xid == known[0]));
        PushAnswer::Done { xid: if transaction.stamped == 0 { repeated } else { xid }, outcomes }
    }

    fn note(&mut self, group: &Group, mutation: &SentMutation, outcome: &Outcome) {
        if *outcome == Outcome::Blocked {
            return;
        }
        // Who has lost power may have forgotten a row; an insert that gives way to it does what it says.
        let gives_way = group.op == Op::InsertIgnore;
        self.superseded += usize::from(!gives_way && matches!(outcome, Outcome::Superseded { .. }));
        self.conflicts += usize::from(matches!(outcome, Outcome::Conflict { .. }));
        let cells = mutation.cells.iter().map(|cell| (cell.column.clone(), cell.value.clone()));
        let (id, stamp, cells) = (mutation.id, mutation.stamp, cells.collect());
        self.settled.push(Settled { id, row: row_id(group, mutation), stamp, cells });
    }
}

/// For audits.
impl Server {
    pub fn epoch_text(&self) -> String {
        format!("e{}", self.epoch)
    }

    /// The rows of a table that the user sees, with their revs.
    pub fn stored(&self, table: &str) -> impl Iterator<Item = (&RowId, Rev, &BTreeMap<Text, Text>)> {
        let of_table = move |(id, _): &(&RowId, &Stored)| &*id.0 == table && !self.hidden.contains(*id);
        self.rows.iter().filter(of_table).map(|(id, stored)| (id, stored.rev, &stored.fields))
    }

    /// The removed keys of a table.
    pub fn removed(&self, table: &str) -> impl Iterator<Item = (&Key, Rev)> {
        let of_table = move |(id, _): &&(RowId, Rev)| &*id.0 == table;
        self.tombstones.iter().filter(of_table).map(|(id, rev)| (&id.1, *rev))
    }
}

fn project(value: &str) -> RowId {
    ("projects".into(), Key::from_values([value]))
}

fn row_id(group: &Group, mutation: &SentMutation) -> RowId {
    (group.table.clone(), Key::from_values(mutation.key.iter().map(|(_, value)| &**value)))
}

fn rev_of(outcome: &Outcome) -> Option<Rev> {
    match outcome {
        Outcome::Applied { rev, .. } | Outcome::Superseded { rev, .. } | Outcome::Conflict { rev, .. } => {
            *rev
        }
        Outcome::Merged { rev, .. } => Some(*rev),
        Outcome::Hidden | Outcome::Rejected { .. } | Outcome::Blocked => None,
    }
}
