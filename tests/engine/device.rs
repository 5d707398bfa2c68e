//! A device for tests: a state, its log in memory, and short words for what is done to it.

use crate::shelf::Room;
use thermocline::engine::frame::{Pulled, Pushed, Resync, Sent};
use thermocline::engine::{Base, Changes, Frame, Pending, Picture, RowId, State, apply};
use thermocline::protocol::pull::{Page, PullRequest};
use thermocline::protocol::push::Outcome;
use thermocline::protocol::{
    Change, Decision, Key, Mutation, MutationId, Op, Request, Rev, Row, Schema, Text,
};
use thermocline::query::Rows;

pub const USER: &str = "u1";

/// `projects (id, name)` and `entries (id, title, n, project references projects)`.
pub fn schema() -> Schema {
    let column = |name: &str, type_name: &str| {
        format!(
            r#"{{"name":"{name}","type":"{type_name}","not_null":false,"default":null,"collation":null,"generated":false,"identity":false}}"#
        )
    };
    let table = |columns: &[String], foreign_keys: &str| {
        format!(
            r#"{{"columns":[{}],"key":["id"],"unique":[],"foreign_keys":[{foreign_keys}],"owner":null,"time":null,"policy":"merge","direction":"both"}}"#,
            columns.join(",")
        )
    };
    let projects = table(&[column("id", "text"), column("name", "text")], "");
    let entries = table(
        &[column("id", "text"), column("title", "text"), column("n", "numeric"), column("project", "text")],
        r#"{"name":"entries_project_fkey","columns":["project"],"table":"projects","references":["id"],"on_delete":"NO ACTION"}"#,
    );
    let json = format!(r#"{{"tables":{{"projects":{projects},"entries":{entries}}}}}"#);
    serde_json::from_str(&json).expect("a schema")
}

pub fn key(id: &str) -> Key {
    Key::from_values([format!("\"{id}\"").as_str()])
}

pub fn id(table: &str, row: &str) -> RowId {
    (table.into(), key(row))
}

/// One transaction a rev, unless `n` says otherwise.
pub fn rev(xid: u64) -> Rev {
    Rev(xid << 22)
}

pub struct Device {
    pub state: State,
    /// Segments of its checkpoints.
    pub room: Room,
    pub log: Vec<Vec<u8>>,
    pub now_ms: u64,
    ids: u64,
}

impl Device {
    /// Definitions folded, nothing else.
    pub fn new() -> Self {
        let (state, room) = (State::default(), Room::default());
        let mut device = Self { state, room, log: Vec::new(), now_ms: 1_000, ids: 0 };
        device.fold(Frame::Schema(schema()));
        device
    }

    /// Both tables pulled once, these rows of `entries` among them, all of rev 1.
    pub fn synced(rows: &[&str]) -> Self {
        let mut device = Self::new();
        let rows: Vec<_> = rows.iter().map(|row| (rev(1), *row)).collect();
        device.pull_last(&[("projects", None), ("entries", None)], "c1", &rows, &[]);
        device
    }

    pub fn fold(&mut self, frame: Frame) -> Changes {
        let bytes = frame.encode();
        let frame = Frame::decode(&bytes).expect("our own frame");
        self.log.push(bytes);
        let found = self.room.find_needed(&self.state, &frame);
        apply(&mut self.state, found, self.log.len() as u64, frame)
    }

    pub fn fresh_id(&mut self) -> MutationId {
        self.ids += 1;
        MutationId::new(self.now_ms, [0, 0, 0, 0, 0, 0, 0, 0, (self.ids >> 8) as u8, self.ids as u8])
    }

    /// A mutation as a writer makes it who sees the state as it is now.
    pub fn mutation(&mut self, op: Op, table: &str, row: &str, cells: &[(&str, &str)]) -> Mutation {
        let visible = self.visible(table, row);
        let is_insert = matches!(op, Op::Insert | Op::InsertIgnore | Op::Upsert);
        let quoted = format!("\"{row}\"");
        let key_cell = is_insert.then_some(("id", quoted.as_str()));
        let changes = key_cell.iter().chain(cells).map(|(column, value)| Change {
            column: (*column).into(),
            value: (*value).into(),
            old: visible.as_ref().filter(|_| !is_insert).and_then(|row| row.value(column)).map(Text::from),
        });
        Mutation {
            table: table.into(),
            key: key(row),
            op,
            changes: changes.collect(),
            shown: Vec::new(),
            base: self.known(table, row).map(|base| base.rev).filter(|_| !is_insert),
            id: self.fresh_id(),
        }
    }

    pub fn request(&mut self, mutations: Vec<Mutation>) -> Request {
        Request { id: self.fresh_id(), user: Some(USER.into()), time_ms: self.now_ms, mutations }
    }

    pub fn write(&mut self, op: Op, table: &str, row: &str, cells: &[(&str, &str)]) -> Decision {
        let mutation = self.mutation(op, table, row, cells);
        let request = self.request(vec![mutation]);
        self.write_request(request)
    }

    pub fn write_request(&mut self, request: Request) -> Decision {
        let id = request.id;
        let changes = self.fold(Frame::Write(vec![request]));
        let decided = changes.decisions.into_iter().find(|(request, _)| *request == id);
        decided.expect("every request is decided").1
    }

    pub fn insert(&mut self, row: &str, cells: &[(&str, &str)]) -> Decision {
        self.write(Op::Insert, "entries", row, cells)
    }

    pub fn update(&mut self, row: &str, cells: &[(&str, &str)]) -> Decision {
        self.write(Op::Update, "entries", row, cells)
    }

    pub fn delete(&mut self, row: &str) -> Decision {
        self.write(Op::Delete, "entries", row, &[])
    }

    /// Seals everything that is pending.
    pub fn seal_all(&mut self) -> Vec<MutationId> {
        let mutations: Vec<MutationId> = self.state.outbox.iter().map(|(_, pending)| pending.id).collect();
        self.fold(Frame::Sent(Sent { mutations: mutations.clone(), time_ms: self.now_ms }));
        mutations
    }

    pub fn push(&mut self, outcomes: Vec<(MutationId, Outcome)>, xid: Option<u64>) -> Changes {
        self.fold(Frame::Pushed(Pushed { outcomes, xid, time_ms: self.now_ms }))
    }

    /// The oldest pending mutation of a row of `entries`, sealed and answered.
    pub fn answer(&mut self, row: &str, outcome: Outcome, xid: Option<u64>) -> MutationId {
        let mutation = self.pending(row)[0].id;
        self.fold(Frame::Sent(Sent { mutations: vec![mutation], time_ms: self.now_ms }));
        self.push(vec![(mutation, outcome)], xid);
        mutation
    }

    /// The only page of a round.
    pub fn pull_last(
        &mut self,
        tables: &[(&str, Option<&str>)],
        cursor: &str,
        rows: &[(Rev, &str)],
        gone: &[(Rev, &str)],
    ) -> Changes {
        let request = request(tables, None, &[]);
        self.pull(request, rows, gone, None, Some(cursor))
    }

    /// One page of `entries`.
    pub fn pull(
        &mut self,
        request: PullRequest,
        rows: &[(Rev, &str)],
        gone: &[(Rev, &str)],
        round: Option<&str>,
        cursor: Option<&str>,
    ) -> Changes {
        let own = |list: &[(Rev, &str)]| list.iter().map(|(rev, json)| (*rev, Text::from(*json))).collect();
        let pages =
            vec![Page { table: "entries".into(), rows: own(rows), gone: own(gone), cold: Vec::new() }];
        let (round, cursor) = (round.map(Text::from), cursor.map(Text::from));
        self.fold(Frame::Pulled(Pulled { request, pages, round, cursor, time_ms: self.now_ms }))
    }

    pub fn resync(&mut self, tables: &[(&str, Option<&str>)]) -> Changes {
        self.fold(Frame::Resync(Resync { request: request(tables, None, &[]), reason: "epoch".into() }))
    }

    pub fn visible(&mut self, table: &str, row: &str) -> Option<Row> {
        self.room.ask(&self.state, |view| view.row(table, &key(row)).map(Row::from_stored))
    }

    /// The base row, from memory or a segment.
    fn known(&mut self, table: &str, row: &str) -> Option<Base> {
        if let Some(slot) = self.state.rows.slot(table, &key(row)) {
            return slot.known.base().cloned();
        }
        let found = self.room.find(&self.state, &[id(table, row)]);
        found.into_values().next().flatten().map(|(base, _)| base)
    }

    /// The text of a visible row of `entries`.
    pub fn row(&mut self, row: &str) -> Option<String> {
        self.visible("entries", row).map(|row| row.as_str().to_owned())
    }

    /// The rev and text of a base row of `entries`.
    pub fn base(&mut self, row: &str) -> Option<(Rev, String)> {
        self.known("entries", row).map(|base| (base.rev, base.row.as_str().to_owned()))
    }

    /// The pending mutations of a row of `entries`, oldest first.
    pub fn pending(&self, row: &str) -> Vec<Pending> {
        self.state.outbox.of_row(&id("entries", row)).map(|(_, pending)| pending.clone()).collect()
    }

    pub fn picture(&mut self) -> Picture {
        self.room.picture(&self.state)
    }

    /// Own pushes that a pull over all tables names.
    pub fn own_xids(&self) -> Vec<u64> {
        self.state.own.named(self.state.schema.tables.keys())
    }

    /// Crashes right after a checkpoint, and starts from it.
    pub fn reopen(&mut self) {
        let record = self.room.checkpoint(&mut self.state);
        self.room = Room::on(&self.room.disk);
        self.state = self.room.open(&record);
    }
}

pub fn request(tables: &[(&str, Option<&str>)], round: Option<&str>, own_xids: &[u64]) -> PullRequest {
    PullRequest {
        tables: tables.iter().map(|(table, cursor)| ((*table).into(), cursor.map(Text::from))).collect(),
        round: round.map(Text::from),
        own_xids: own_xids.to_vec(),
    }
}

/// Column, value, old value and stamp of each cell.
pub fn cells(pending: &Pending) -> Vec<(&str, &str, Option<&str>, u64)> {
    let cells = pending.cells.iter();
    cells.map(|cell| (&*cell.column, &*cell.value, cell.old.as_deref(), cell.stamp)).collect()
}

pub fn applied(xid: u64) -> Outcome {
    Outcome::Applied { rev: Some(rev(xid)), set: Vec::new() }
}

pub fn refused(decision: &Decision) -> Option<&str> {
    match decision {
        Decision::Refused(error) => Some(&error.code),
        Decision::Done(_) => None,
    }
}
