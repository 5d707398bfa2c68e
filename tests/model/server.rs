//! A small server: push with remembered answers, pull by snapshot cursors, one transaction after the other.
//!
//! It keeps what no server could, for those who check: every version that ever was, what took effect, and
//! whether a mutation ever arrived with another content.

use crate::plan::{Deed, Mutant, Plan, Policy, TABLE};
use crate::shared::print;
use std::collections::{BTreeMap, BTreeSet};
use thermocline::engine::interface::{Message, Reply};
use thermocline::protocol::pull::{Page, PullAnswer, PullRequest, SchemaAnswer};
use thermocline::protocol::push::{Group, Outcome, PushAnswer, SentMutation};
use thermocline::protocol::{Key, MutationId, Op, Rev, Row, Schema, Stamp, Text};

const COLUMNS: [&str; 3] = ["id", "title", "n"];
const FIRST_XID: u64 = 100;

#[derive(Clone, Debug)]
pub struct Stored {
    pub rev: Rev,
    pub fields: BTreeMap<Text, Text>,
    /// Column → stamp of its last change.
    at: BTreeMap<Text, Stamp>,
}

#[derive(Clone, Debug)]
pub struct Settled {
    pub id: MutationId,
    pub row: Text,
    pub cells: BTreeMap<Text, Text>,
}

#[derive(Clone, Debug)]
pub struct Server {
    next_xid: u64,
    /// A transaction that has begun and not committed.
    open: Option<u64>,
    pub foreign: usize,
    pub rows: BTreeMap<Text, Stored>,
    pub gone: BTreeMap<Text, Rev>,
    answers: BTreeMap<MutationId, (Outcome, Option<u64>)>,
    contents: BTreeMap<MutationId, u64>,
    pub seen: Seen,
    /// Mutations in the order in which they took effect or were refused.
    pub settled: Vec<Settled>,
    /// Every version that ever was.
    pub history: BTreeMap<(Text, Rev), String>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// A mutation arrived with another content than before.
    pub altered: bool,
    pub repeated: bool,
    pub merged: bool,
    pub superseded: bool,
}

struct Transaction {
    xid: u64,
    stamped: u64,
}

pub fn schema() -> Schema {
    let column = |name: &str| {
        format!(
            r#"{{"name":"{name}","type":"text","not_null":false,"default":null,"collation":null,"generated":false,"identity":false}}"#
        )
    };
    let columns = COLUMNS.map(column).join(",");
    let table = format!(
        r#"{{"columns":[{columns}],"key":["id"],"unique":[],"foreign_keys":[],"owner":null,"time":null,"policy":"merge","direction":"both"}}"#
    );
    serde_json::from_str(&format!(r#"{{"tables":{{"{TABLE}":{table}}}}}"#)).expect("a schema")
}

pub fn key(row: &str) -> Key {
    Key::from_values([row])
}

fn json(fields: &BTreeMap<Text, Text>) -> Text {
    let fields: Vec<String> = fields.iter().map(|(column, value)| format!("\"{column}\":{value}")).collect();
    format!("{{{}}}", fields.join(",")).into()
}

/// A row's text as clients keep it.
pub fn canonical(fields: &BTreeMap<Text, Text>) -> String {
    Row::from_json(&schema().tables[TABLE], &json(fields)).expect("an object").as_str().to_owned()
}

impl Server {
    pub fn new(plan: &Plan) -> Self {
        let mut server = Self {
            next_xid: FIRST_XID,
            open: None,
            foreign: 0,
            rows: BTreeMap::new(),
            gone: BTreeMap::new(),
            answers: BTreeMap::new(),
            contents: BTreeMap::new(),
            seen: Seen::default(),
            settled: Vec::new(),
            history: BTreeMap::new(),
        };
        for row in plan.given {
            server.carry_out(&Deed { op: Op::Insert, row, cell: Some(("title", "\"given\"")) });
        }
        server
    }

    /// Whether a message would find all its answers made.
    pub fn remembers(&self, message: &Message) -> bool {
        let Message::Push(groups) = message else { return true };
        groups.iter().flat_map(|group| &group.mutations).all(|mutation| {
            self.answers.contains_key(&mutation.id) && self.contents[&mutation.id] == print(mutation)
        })
    }

    pub fn answer(&mut self, plan: &Plan, message: &Message) -> Reply {
        match message {
            Message::Schema(_) => {
                Reply::Schema(SchemaAnswer::Tables { schema: schema(), unknown: Vec::new() })
            }
            Message::Push(groups) => Reply::Push(self.push(plan, groups)),
            Message::Pull(request, _) => Reply::Pull(self.pull(plan, request)),
            Message::Audit(_) | Message::Buckets(_) => unreachable!("an audit within the hour"),
        }
    }

    fn begin(&self) -> Transaction {
        Transaction { xid: self.next_xid, stamped: 0 }
    }

    /// A transaction that wrote nothing, not even an answer to be remembered, has no number.
    fn commit(&mut self, transaction: &Transaction, wrote: bool) {
        if wrote && transaction.xid == self.next_xid {
            self.next_xid += 1;
        }
    }
}

/// Push.
impl Server {
    fn push(&mut self, plan: &Plan, groups: &[Group]) -> PushAnswer {
        let mut transaction = self.begin();
        let (mut outcomes, mut known, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
        let mut in_full = 0;
        for (group, mutation) in
            groups.iter().flat_map(|group| group.mutations.iter().map(move |m| (group, m)))
        {
            let content = print(mutation);
            self.seen.altered |= *self.contents.entry(mutation.id).or_insert(content) != content;
            let remembered =
                self.answers.get(&mutation.id).filter(|_| plan.mutant != Some(Mutant::ForgetfulServer));
            if let Some((outcome, xid)) = remembered {
                self.seen.repeated = true;
                known.push(*xid);
                outcomes.push((mutation.id, outcome.clone()));
                continue;
            }
            let outcome = self.settle(plan.policy, &mut transaction, group.op, mutation);
            in_full += u64::from(rev_of(&outcome).is_some_and(|rev| rev.xid() == transaction.xid));
            fresh.push((mutation.id, outcome.clone()));
            outcomes.push((mutation.id, outcome));
            let cells = mutation.cells.iter().map(|cell| (cell.column.clone(), cell.value.clone())).collect();
            self.settled.push(Settled { id: mutation.id, row: mutation.key[0].1.clone(), cells });
        }
        let xid = (transaction.stamped == in_full).then_some(transaction.xid);
        self.commit(&transaction, !fresh.is_empty());
        self.answers.extend(fresh.into_iter().map(|(id, outcome)| (id, (outcome, xid))));
        // A repeated batch changed nothing itself: its client may still hide what the original wrote.
        let is_one = known.len() == outcomes.len() && known.iter().all(|xid| *xid == known[0]);
        let repeated = known.first().copied().flatten().filter(|_| is_one);
        PushAnswer::Done { xid: if transaction.stamped == 0 { repeated } else { xid }, outcomes }
    }

    fn settle(
        &mut self,
        policy: Policy,
        transaction: &mut Transaction,
        op: Op,
        mutation: &SentMutation,
    ) -> Outcome {
        let id = mutation.key[0].1.clone();
        match self.rows.get(&id).cloned() {
            None if op == Op::Delete => Outcome::Applied { rev: None, set: Vec::new() },
            None if op == Op::Update => Outcome::Hidden,
            None => {
                let mut fields: BTreeMap<Text, Text> =
                    COLUMNS.iter().map(|column| ((*column).into(), "null".into())).collect();
                fields.insert("id".into(), id.clone());
                fields.extend(mutation.cells.iter().map(|cell| (cell.column.clone(), cell.value.clone())));
                let at = mutation.cells.iter().map(|cell| (cell.column.clone(), cell.stamp)).collect();
                let rev = self.store(transaction, &id, fields, at);
                let is_sent = |column: &str| mutation.cells.iter().any(|cell| &*cell.column == column);
                let others = COLUMNS[1..].iter().filter(|column| !is_sent(column));
                let set = others.map(|column| ((*column).into(), "null".into())).collect();
                Outcome::Applied { rev: Some(rev), set }
            }
            Some(stored) if op == Op::Delete => {
                self.settle_delete(policy, transaction, &id, &stored, mutation)
            }
            Some(stored) => self.settle_update(policy, transaction, &id, stored, mutation),
        }
    }

    fn settle_delete(
        &mut self,
        policy: Policy,
        transaction: &mut Transaction,
        id: &Text,
        stored: &Stored,
        mutation: &SentMutation,
    ) -> Outcome {
        let newest = stored.at.values().max().copied().unwrap_or_default();
        let is_later = policy == Policy::Merge && newest < mutation.stamp;
        if Some(stored.rev) != mutation.base && !is_later {
            self.seen.superseded = true;
            return Outcome::Superseded { rev: Some(stored.rev), row: Some(json(&stored.fields)) };
        }
        Outcome::Applied { rev: Some(self.bury(transaction, id)), set: Vec::new() }
    }

    fn settle_update(
        &mut self,
        policy: Policy,
        transaction: &mut Transaction,
        id: &Text,
        stored: Stored,
        mutation: &SentMutation,
    ) -> Outcome {
        let is_current = Some(stored.rev) == mutation.base;
        let taken = mutation.cells.iter().filter(|cell| {
            let held = stored.fields.get(&cell.column);
            let is_later = stored.at.get(&cell.column).is_none_or(|held_at| cell.stamp > *held_at);
            let is_seen = cell.old.is_some() && held == cell.old.as_ref();
            is_current || (policy == Policy::Merge && (held == Some(&cell.value) || is_seen || is_later))
        });
        let taken: BTreeSet<&Text> = taken.map(|cell| &cell.column).collect();
        if taken.is_empty() {
            self.seen.superseded = true;
            return Outcome::Superseded { rev: Some(stored.rev), row: Some(json(&stored.fields)) };
        }
        let Stored { mut fields, mut at, .. } = stored;
        for cell in mutation.cells.iter().filter(|cell| taken.contains(&cell.column)) {
            fields.insert(cell.column.clone(), cell.value.clone());
            let least = at.get(&cell.column).map_or(0, |held_at| held_at + 1);
            at.insert(cell.column.clone(), cell.stamp.max(least));
        }
        let row = json(&fields);
        let rev = self.store(transaction, id, fields, at);
        if is_current {
            return Outcome::Applied { rev: Some(rev), set: Vec::new() };
        }
        self.seen.merged = true;
        Outcome::Merged { rev, row }
    }

    /// An update that changes nothing keeps its rev.
    fn store(
        &mut self,
        transaction: &mut Transaction,
        id: &Text,
        fields: BTreeMap<Text, Text>,
        at: BTreeMap<Text, Stamp>,
    ) -> Rev {
        if let Some(stored) = self.rows.get(id).filter(|stored| stored.fields == fields) {
            return stored.rev;
        }
        let rev = transaction.next_rev();
        self.history.insert((id.clone(), rev), canonical(&fields));
        self.rows.insert(id.clone(), Stored { rev, fields, at });
        rev
    }

    fn bury(&mut self, transaction: &mut Transaction, id: &Text) -> Rev {
        let rev = transaction.next_rev();
        self.rows.remove(id);
        self.gone.insert(id.clone(), rev);
        rev
    }
}

impl Transaction {
    fn next_rev(&mut self) -> Rev {
        self.stamped += 1;
        Rev((self.xid << 22) | self.stamped)
    }
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

/// What a snapshot sees.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot {
    end: u64,
    open: Option<u64>,
}

impl Snapshot {
    pub fn sees(&self, rev: Rev) -> bool {
        rev.xid() < self.end && Some(rev.xid()) != self.open
    }

    pub fn read(text: &str) -> Self {
        let (end, open) = text.split_once(':').expect("our own snapshot");
        Self { end: end.parse().expect("our own snapshot"), open: open.parse().ok() }
    }

    fn text(&self) -> String {
        format!("{}:{}", self.end, self.open.map_or(String::new(), |xid| xid.to_string()))
    }
}

/// Pull: a cursor is a snapshot's text, a round's token that and the last rev told.
impl Server {
    fn pull(&self, plan: &Plan, request: &PullRequest) -> PullAnswer {
        let now = Snapshot { end: self.next_xid, open: self.open };
        let (upto, after) = match request.round.as_deref().and_then(|token| token.split_once('/')) {
            Some((snapshot, after)) => (Snapshot::read(snapshot), after.parse().expect("our own token")),
            None => (now, 0),
        };
        let since = request.tables[0].1.as_deref().map(Snapshot::read);
        let is_new = |rev: &Rev| match &since {
            None => upto.sees(*rev),
            Some(since) => upto.sees(*rev) && !since.sees(*rev) && !request.own_xids.contains(&rev.xid()),
        };
        let rows = self.rows.values().map(|stored| (stored.rev, false, json(&stored.fields)));
        let gone = self.gone.iter().filter(|(id, _)| since.is_some() && !self.rows.contains_key(*id));
        let gone = gone.map(|(id, rev)| (*rev, true, format!("{{\"id\":{id}}}").into()));
        let mut changed: Vec<(Rev, bool, Text)> =
            rows.chain(gone).filter(|(rev, ..)| is_new(rev) && rev.0 > after).collect();
        changed.sort();
        let is_last = changed.len() <= plan.page_rows;
        changed.truncate(plan.page_rows);
        let last = changed.last().map_or(after, |(rev, ..)| rev.0);
        let mut page = Page { table: TABLE.into(), rows: Vec::new(), gone: Vec::new(), cold: Vec::new() };
        for (rev, is_gone, text) in changed {
            if is_gone { page.gone.push((rev, text)) } else { page.rows.push((rev, text)) }
        }
        let round = (!is_last).then(|| format!("{}/{last}", upto.text()).into());
        PullAnswer::Page { pages: vec![page], round, cursor: is_last.then(|| upto.text().into()) }
    }
}

/// What someone else does.
impl Server {
    /// A transaction begins and has its number.
    pub fn begin_foreign(&mut self) {
        self.open = Some(self.next_xid);
        self.next_xid += 1;
    }

    pub fn has_begun(&self) -> bool {
        self.open.is_some()
    }

    /// The next change of someone else: in the transaction that has begun, or in one of its own.
    pub fn commit_foreign(&mut self, deed: &Deed) {
        self.foreign += 1;
        self.carry_out(deed);
    }

    /// A row's revs grow: a transaction that comes to a row after a later one is undone.
    fn carry_out(&mut self, deed: &Deed) {
        let mut transaction = self.begin();
        transaction.xid = self.open.take().unwrap_or(transaction.xid);
        let id: Text = deed.row.into();
        let stored = self.rows.get(&id).cloned();
        let newest = stored.as_ref().map(|stored| stored.rev).max(self.gone.get(&id).copied());
        if newest.is_some_and(|newest| newest.xid() > transaction.xid) {
            return;
        }
        match (deed.op, stored) {
            (Op::Delete, Some(_)) => drop(self.bury(&mut transaction, &id)),
            (Op::Update, Some(stored)) => self.set(&mut transaction, deed, stored.fields, stored.at),
            (Op::Insert, None) => {
                let nulls = COLUMNS.iter().map(|column| ((*column).into(), "null".into()));
                let fields = nulls.chain([("id".into(), id)]).collect();
                self.set(&mut transaction, deed, fields, BTreeMap::new());
            }
            _ => {}
        }
        self.commit(&transaction, transaction.stamped > 0);
    }

    fn set(
        &mut self,
        transaction: &mut Transaction,
        deed: &Deed,
        mut fields: BTreeMap<Text, Text>,
        mut at: BTreeMap<Text, Stamp>,
    ) {
        if let Some((column, value)) = deed.cell {
            fields.insert(column.into(), value.into());
            let least = at.get(column).map_or(0, |held_at| held_at + 1);
            at.insert(column.into(), least);
        }
        self.store(transaction, &deed.row.into(), fields, at);
    }
}
