//! The server as SYNC.md says it is, in memory: push with remembered answers, pull by snapshot cursors.
//!
//! It also keeps what no server could: every version that ever was, and every mutation that took effect.

use crate::dice::Dice;
use std::collections::{BTreeMap, BTreeSet};
use thermocline::engine::RowId;
use thermocline::engine::interface::{Failure, Message, Reply};
use thermocline::protocol::pull::{Page, PullAnswer, PullRequest, SchemaAnswer};
use thermocline::protocol::push::{Group, Outcome, PushAnswer, SentMutation};
use thermocline::protocol::{ErrorCode, Fault, Key, MutationId, Op, Rev, Row, Schema, Stamp, Text};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    Merge,
    RemoteWins,
}

/// How this world's database is set up.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub policy: Policy,
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

/// What `pg_current_snapshot()` tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    end: u64,
    open: BTreeSet<u64>,
}

/// Someone else's change, made when its transaction commits.
#[derive(Clone, Debug)]
struct Foreign {
    row: RowId,
    op: Op,
    value: u64,
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
    epoch: u64,
    next_xid: u64,
    sequence: u64,
    clock: Stamp,
    rows: BTreeMap<RowId, Stored>,
    tombstones: Vec<(RowId, Rev)>,
    open: BTreeMap<u64, Vec<Foreign>>,
    answers: BTreeMap<MutationId, (Outcome, Option<u64>)>,
    /// Every version that ever was.
    pub history: BTreeMap<(RowId, Rev), BTreeSet<String>>,
    /// Mutations in the order in which they were answered for the first time.
    pub settled: Vec<Settled>,
    pub superseded: usize,
    saved: Option<Box<Self>>,
}

const COLUMNS: [(&str, &[&str]); 2] =
    [("entries", &["id", "title", "n", "project", "slug"]), ("projects", &["id", "name", "touched"])];

pub fn schema() -> Schema {
    let column = |name: &&str| {
        format!(
            r#"{{"name":"{name}","type":"text","not_null":false,"default":null,"collation":null,"generated":false,"identity":false}}"#
        )
    };
    let table = |(name, columns): &(&str, &[&str])| {
        let columns: Vec<String> = columns.iter().map(column).collect();
        let foreign = r#"{"name":"f","columns":["project"],"table":"projects","references":["id"],"on_delete":"NO ACTION"}"#;
        let foreign = if *name == "entries" { foreign } else { "" };
        format!(
            r#""{name}":{{"columns":[{}],"key":["id"],"unique":[],"foreign_keys":[{foreign}],"owner":null,"time":null,"policy":"merge","direction":"both"}}"#,
            columns.join(",")
        )
    };
    let tables: Vec<String> = COLUMNS.iter().map(table).collect();
    serde_json::from_str(&format!(r#"{{"tables":{{{}}}}}"#, tables.join(","))).expect("a schema")
}

pub fn json(fields: &BTreeMap<Text, Text>) -> Text {
    let fields: Vec<String> = fields.iter().map(|(column, value)| format!("\"{column}\":{value}")).collect();
    format!("{{{}}}", fields.join(",")).into()
}

fn failure(code: ErrorCode, too_large: bool) -> Failure {
    Failure { fault: Fault::new(code, "simulated"), retry_after_ms: None, too_large }
}

fn rejected(code: &str) -> Outcome {
    Outcome::Rejected { code: code.into(), message: "simulated".into(), row: None }
}

impl Server {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            epoch: 1,
            next_xid: 1_000,
            sequence: 0,
            clock: 0,
            rows: BTreeMap::new(),
            tombstones: Vec::new(),
            open: BTreeMap::new(),
            answers: BTreeMap::new(),
            history: BTreeMap::new(),
            settled: Vec::new(),
            superseded: 0,
            saved: None,
        }
    }

    /// The rows of a table as a client should hold them.
    pub fn table(&self, name: &str) -> BTreeMap<Key, (Rev, Row)> {
        let definition = &schema().tables[name];
        let rows = self.rows.iter().filter(|((table, _), _)| &**table == name);
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
                let tables = SchemaAnswer::Tables { schema: schema(), unknown: Vec::new() };
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
        let cells = mutation.cells.iter().map(|cell| (cell.column.clone(), cell.value.clone()));
        let (id, stamp, cells) = (mutation.id, mutation.stamp, cells.collect());
        self.settled.push(Settled { id, row: row_id(group, mutation), stamp, cells });
    }

    fn settle(&mut self, transaction: &mut Transaction, group: &Group, mutation: &SentMutation) -> Outcome {
        let id = row_id(group, mutation);
        let cell = |name: &str| {
            mutation.cells.iter().find(|cell| &*cell.column == name).map(|cell| cell.value.clone())
        };
        let parent = cell("project").filter(|value| &**value != "null").map(|value| project(&value));
        if parent.as_ref().is_some_and(|parent| transaction.refused.contains(parent)) {
            return Outcome::Blocked;
        }
        if group.op == Op::Delete {
            return self.settle_delete(transaction, &id, mutation);
        }
        let exists = self.rows.contains_key(&id);
        if !exists && group.op == Op::Update {
            return Outcome::Hidden;
        }
        let refusal = || {
            let check = cell("n").is_some_and(|n| &*n == "-1").then(|| rejected("23514"));
            let orphan = parent.as_ref().is_some_and(|parent| !self.rows.contains_key(parent));
            check.or(orphan.then(|| rejected("23503")))
        };
        if exists {
            let (verdict, taken) = self.decide(transaction, group.op, &id, mutation);
            return match verdict {
                Verdict::Superseded => {
                    self.whole(&id, |rev, row| Outcome::Superseded { rev: Some(rev), row: Some(row) })
                }
                _ if refusal().is_some() => refusal().expect("just seen"),
                Verdict::Applied | Verdict::Merged => {
                    self.update(transaction, &id, mutation, verdict, &taken)
                }
            };
        }
        if let Some(refusal) = refusal() {
            return refusal;
        }
        let mut fields = BTreeMap::new();
        for (table, columns) in COLUMNS {
            let columns = columns.iter().filter(|_| table == &*id.0);
            fields.extend(columns.map(|column| (Text::from(*column), Text::from("null"))));
        }
        fields.extend(mutation.key.iter().cloned());
        fields.extend(mutation.cells.iter().map(|cell| (cell.column.clone(), cell.value.clone())));
        let at = mutation.cells.iter().map(|cell| (cell.column.clone(), cell.stamp.min(self.clock)));
        let rev = self.store(transaction, &id, fields, at.collect());
        if let Some(parent) = parent.filter(|_| self.setup.touch_parent) {
            self.touch(transaction, &parent);
        }
        Outcome::Applied { rev: Some(rev), set: self.set_otherwise(&id, mutation, &BTreeMap::new()) }
    }

    fn decide(
        &self,
        transaction: &Transaction,
        op: Op,
        id: &RowId,
        mutation: &SentMutation,
    ) -> (Verdict, BTreeSet<Text>) {
        let stored = &self.rows[id];
        let is_current = Some(stored.rev) == mutation.base || stored.rev.xid() == transaction.xid;
        let remote_wins = self.setup.policy == Policy::RemoteWins || op == Op::InsertIgnore;
        if remote_wins && !is_current {
            return (Verdict::Superseded, BTreeSet::new());
        }
        let taken = mutation.cells.iter().filter(|cell| {
            let held = stored.fields.get(&cell.column);
            let held_at = stored.at.get(&cell.column).copied();
            is_current
                || held == Some(&cell.value)
                || (cell.old.is_some() && held == cell.old.as_ref())
                || held_at.is_none_or(|held_at| cell.stamp.min(self.clock) > held_at)
        });
        let taken: BTreeSet<Text> = taken.map(|cell| cell.column.clone()).collect();
        let lost = taken.len() < mutation.cells.len();
        let verdict = match (is_current, lost && taken.is_empty()) {
            (true, _) => Verdict::Applied,
            (false, true) => Verdict::Superseded,
            (false, false) => Verdict::Merged,
        };
        (verdict, taken)
    }

    fn update(
        &mut self,
        transaction: &mut Transaction,
        id: &RowId,
        mutation: &SentMutation,
        verdict: Verdict,
        taken: &BTreeSet<Text>,
    ) -> Outcome {
        let before = self.rows[id].clone();
        let (mut fields, mut at) = (before.fields.clone(), before.at.clone());
        for cell in mutation.cells.iter().filter(|cell| taken.contains(&cell.column)) {
            fields.insert(cell.column.clone(), cell.value.clone());
            let least = at.get(&cell.column).map_or(0, |held_at| held_at + 1);
            at.insert(cell.column.clone(), cell.stamp.min(self.clock).max(least));
        }
        let rev = self.store(transaction, id, fields, at);
        if verdict == Verdict::Applied && Some(before.rev) == mutation.base {
            return Outcome::Applied {
                rev: Some(rev),
                set: self.set_otherwise(id, mutation, &before.fields),
            };
        }
        self.whole(id, |rev, row| Outcome::Merged { rev, row })
    }

    fn settle_delete(
        &mut self,
        transaction: &mut Transaction,
        id: &RowId,
        mutation: &SentMutation,
    ) -> Outcome {
        let Some(stored) = self.rows.get(id) else { return Outcome::Applied { rev: None, set: Vec::new() } };
        let is_current = Some(stored.rev) == mutation.base || stored.rev.xid() == transaction.xid;
        let newest = stored.at.values().max().copied().unwrap_or_default();
        let later = self.setup.policy == Policy::Merge && newest < mutation.stamp.min(self.clock);
        if !is_current && !later {
            return self.whole(id, |rev, row| Outcome::Superseded { rev: Some(rev), row: Some(row) });
        }
        let children = self.children(id);
        if !children.is_empty() && !self.setup.cascade {
            return rejected("23503");
        }
        for child in children {
            self.bury(transaction, &child);
        }
        Outcome::Applied { rev: Some(self.bury(transaction, id)), set: Vec::new() }
    }

    fn children(&self, id: &RowId) -> Vec<RowId> {
        let refers = |stored: &Stored| {
            stored.fields.get("project").is_some_and(|value| &**value != "null" && project(value) == *id)
        };
        self.rows.iter().filter(|(_, stored)| refers(stored)).map(|(id, _)| id.clone()).collect()
    }

    /// Triggers and stamp; an update that changes nothing keeps its rev.
    fn store(
        &mut self,
        transaction: &mut Transaction,
        id: &RowId,
        mut fields: BTreeMap<Text, Text>,
        at: BTreeMap<Text, Stamp>,
    ) -> Rev {
        if let Some(title) = fields.get("title") {
            let slug = if &**title == "null" { title.clone() } else { title.to_uppercase().into() };
            fields.insert("slug".into(), slug);
        }
        if let Some(stored) = self.rows.get(id).filter(|stored| stored.fields == fields) {
            return stored.rev;
        }
        let rev = self.next_rev(transaction);
        self.history.entry((id.clone(), rev)).or_default().insert(canonical(id, &fields));
        self.rows.insert(id.clone(), Stored { rev, fields, at });
        rev
    }

    fn touch(&mut self, transaction: &mut Transaction, parent: &RowId) {
        let mut stored = self.rows[parent].clone();
        stored.fields.insert("touched".into(), self.sequence.to_string().into());
        stored.at.insert("touched".into(), self.clock);
        self.store(transaction, parent, stored.fields, stored.at);
    }

    fn bury(&mut self, transaction: &mut Transaction, id: &RowId) -> Rev {
        let rev = self.next_rev(transaction);
        self.rows.remove(id);
        self.tombstones.push((id.clone(), rev));
        rev
    }

    fn next_rev(&mut self, transaction: &mut Transaction) -> Rev {
        self.sequence += 1;
        transaction.stamped += 1;
        Rev((transaction.xid << 22) | self.sequence)
    }

    fn whole(&self, id: &RowId, outcome: impl Fn(Rev, Text) -> Outcome) -> Outcome {
        let stored = &self.rows[id];
        outcome(stored.rev, json(&stored.fields))
    }

    fn set_otherwise(
        &self,
        id: &RowId,
        mutation: &SentMutation,
        before: &BTreeMap<Text, Text>,
    ) -> Vec<(Text, Text)> {
        let mut expected = before.clone();
        expected.extend(mutation.key.iter().cloned());
        expected.extend(mutation.cells.iter().map(|cell| (cell.column.clone(), cell.value.clone())));
        let stored = self.rows[id].fields.iter();
        stored
            .filter(|(column, value)| expected.get(*column) != Some(value))
            .map(|(c, v)| (c.clone(), v.clone()))
            .collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Applied,
    Merged,
    Superseded,
}

fn canonical(id: &RowId, fields: &BTreeMap<Text, Text>) -> String {
    Row::from_json(&schema().tables[&id.0], &json(fields)).expect("an object").as_str().to_owned()
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

/// Pull.
impl Server {
    fn snapshot(&self) -> Snapshot {
        Snapshot { end: self.next_xid, open: self.open.keys().copied().collect() }
    }

    fn pull(&self, request: &PullRequest) -> PullAnswer {
        let epoch = self.epoch_text();
        let cursors: Vec<&Text> =
            request.tables.iter().flat_map(|(_, cursor)| cursor).chain(&request.round).collect();
        if cursors.iter().any(|cursor| cursor.split('.').next() != Some(&epoch)) {
            return PullAnswer::Resync("epoch".into());
        }
        let token: Vec<&str> =
            request.round.as_deref().map_or(Vec::new(), |round| round.split('.').collect());
        let upto = token.get(1).map_or_else(|| self.snapshot(), |text| Snapshot::read(text));
        let mut at: usize = token.get(2).map_or(0, |text| text.parse().expect("our own token"));
        let mut after: u64 = token.get(3).map_or(0, |text| text.parse().expect("our own token"));
        let (mut pages, mut left) = (Vec::new(), self.setup.page_rows);
        while let Some((table, cursor)) = request.tables.get(at) {
            let (page, last) = self.page(table, cursor.as_deref(), &upto, after, left, &request.own_xids);
            left -= (page.rows.len() + page.gone.len()).min(left);
            pages.push(page);
            (at, after) = last.map_or((at + 1, 0), |last| (at, last.0));
            if left == 0 && at < request.tables.len() {
                let round = format!("{epoch}.{}.{at}.{after}", upto.text());
                return PullAnswer::Page { pages, round: Some(round.into()), cursor: None };
            }
        }
        PullAnswer::Page { pages, round: None, cursor: Some(format!("{epoch}.{}", upto.text()).into()) }
    }

    /// A table's part of a page, and the last rev in it if there is more.
    fn page(
        &self,
        table: &Text,
        cursor: Option<&str>,
        upto: &Snapshot,
        after: u64,
        left: usize,
        own_xids: &[u64],
    ) -> (Page, Option<Rev>) {
        let since = cursor.map(|cursor| Snapshot::read(cursor.split('.').nth(1).expect("our own cursor")));
        let is_new = |rev: Rev| match &since {
            None => upto.sees(rev),
            Some(since) => upto.sees(rev) && !since.sees(rev) && !own_xids.contains(&rev.xid()),
        };
        let of_table = |id: &RowId| id.0 == *table;
        let rows = self.rows.iter().filter(|(id, _)| of_table(id));
        let rows = rows.map(|(_, stored)| (stored.rev, false, json(&stored.fields)));
        let gone = self.tombstones.iter().filter(|(id, _)| of_table(id) && since.is_some());
        let gone = gone.map(|((_, key), rev)| (*rev, true, format!("{{\"id\":{}}}", key.values()[0]).into()));
        let mut changed: Vec<(Rev, bool, Text)> =
            rows.chain(gone).filter(|(rev, ..)| is_new(*rev) && rev.0 > after).collect();
        changed.sort();
        let more = changed.len() > left || left == 0;
        changed.truncate(left);
        let last = more.then(|| changed.last().map_or(Rev(after), |(rev, ..)| *rev));
        let mut page = Page { table: table.clone(), rows: Vec::new(), gone: Vec::new(), cold: Vec::new() };
        for (rev, is_gone, text) in changed {
            if is_gone { page.gone.push((rev, text)) } else { page.rows.push((rev, text)) }
        }
        (page, last)
    }
}

/// For audits.
impl Server {
    pub fn epoch_text(&self) -> String {
        format!("e{}", self.epoch)
    }

    /// The rows of a table, with their revs.
    pub fn stored(&self, table: &str) -> impl Iterator<Item = (&RowId, Rev, &BTreeMap<Text, Text>)> {
        let of_table = move |(id, _): &(&RowId, &Stored)| &*id.0 == table;
        self.rows.iter().filter(of_table).map(|(id, stored)| (id, stored.rev, &stored.fields))
    }

    /// The removed keys of a table.
    pub fn removed(&self, table: &str) -> impl Iterator<Item = (&Key, Rev)> {
        let of_table = move |(id, _): &&(RowId, Rev)| &*id.0 == table;
        self.tombstones.iter().filter(of_table).map(|(id, rev)| (&id.1, *rev))
    }
}

impl Snapshot {
    pub fn sees(&self, rev: Rev) -> bool {
        rev.xid() < self.end && !self.open.contains(&rev.xid())
    }

    fn text(&self) -> String {
        let open: Vec<String> = self.open.iter().map(u64::to_string).collect();
        format!("{}:{}", self.end, open.join(","))
    }

    pub fn read(text: &str) -> Self {
        let (end, open) = text.split_once(':').expect("our own snapshot");
        let open = open.split(',').filter(|xid| !xid.is_empty());
        Self {
            end: end.parse().expect("our own snapshot"),
            open: open.map(|xid| xid.parse().expect("our own snapshot")).collect(),
        }
    }
}

/// What others do.
impl Server {
    pub fn begin_foreign(&mut self, row: RowId, op: Op, value: u64) {
        self.open.insert(self.next_xid, vec![Foreign { row, op, value }]);
        self.next_xid += 1;
    }

    pub fn commit_foreign(&mut self, dice: &mut Dice) {
        let open: Vec<u64> = self.open.keys().copied().collect();
        if open.is_empty() {
            return;
        }
        let xid = *dice.pick(&open);
        let mut transaction = Transaction { xid, stamped: 0, refused: BTreeSet::new() };
        for change in self.open.remove(&xid).expect("it is open") {
            self.carry_out(&mut transaction, change);
        }
    }

    pub fn commit_all(&mut self, dice: &mut Dice) {
        while !self.open.is_empty() {
            self.commit_foreign(dice);
        }
    }

    /// A row's revs grow: a transaction that comes to a row after a later one is undone (40001).
    fn carry_out(&mut self, transaction: &mut Transaction, change: Foreign) {
        let stored = self.rows.get(&change.row).cloned();
        let buried =
            self.tombstones.iter().filter(|(id, _)| *id == change.row).map(|(_, rev)| rev.xid()).max();
        let newest = stored.as_ref().map(|stored| stored.rev.xid()).max(buried);
        if newest.is_some_and(|newest| newest > transaction.xid) {
            return;
        }
        let column = if &*change.row.0 == "entries" { "title" } else { "name" };
        let value: Text = format!("\"foreign {}\"", change.value).into();
        match (change.op, stored) {
            (Op::Delete, Some(_)) if self.children(&change.row).is_empty() => {
                _ = self.bury(transaction, &change.row)
            }
            (Op::Update, Some(mut stored)) => {
                stored.fields.insert(column.into(), value);
                stored.at.insert(column.into(), self.clock);
                self.store(transaction, &change.row, stored.fields, stored.at);
            }
            (Op::Insert, None) => {
                let columns =
                    COLUMNS.iter().find(|(table, _)| *table == &*change.row.0).expect("a known table").1;
                let mut fields: BTreeMap<Text, Text> =
                    columns.iter().map(|column| ((*column).into(), "null".into())).collect();
                fields.insert("id".into(), change.row.1.values()[0].into());
                fields.insert(column.into(), value);
                let at = columns.iter().map(|column| ((*column).into(), self.clock)).collect();
                self.store(transaction, &change.row, fields, at);
            }
            _ => {}
        }
    }

    /// A backup is made.
    pub fn save(&mut self) {
        self.saved = None;
        self.saved = Some(Box::new(self.clone()));
    }

    /// The backup is restored: transactions and revs count on from there, in another epoch.
    pub fn restore(&mut self) {
        let history = std::mem::take(&mut self.history);
        let epoch = self.epoch + 1;
        if let Some(saved) = self.saved.take() {
            *self = *saved;
            self.open.clear();
        }
        self.epoch = epoch;
        for (version, texts) in history {
            self.history.entry(version).or_default().extend(texts);
        }
    }
}
