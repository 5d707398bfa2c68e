//! The query engine as a whole: requests in, answers out, over rows in memory.
//!
//! A small table of everyday types, and a fold as simple as can be: it applies mutations to a map.

mod checks;
mod indexed;
mod model;
mod natural;
mod noise;
mod paths;
mod reads;
mod writes;

use super::*;
use crate::protocol::{Key, Mutation, Op, Rev, Row, Table, Text};
use std::collections::BTreeMap;

pub(super) const USER: &str = "00000000-0000-4000-8000-00000000000a";
/// 2026-11-21T10:00:00.123Z
pub(super) const NOW_MS: u64 = 1_795_255_200_123;

pub(super) fn schema() -> Schema {
    let column = |name: &str,
                  type_name: &str,
                  not_null: bool,
                  default: Option<&str>,
                  collation: Option<&str>| {
        let json = serde_json::json!({"name": name, "type": type_name, "not_null": not_null, "default": default,
            "collation": collation, "generated": name == "length", "identity": false});
        json.to_string()
    };
    let columns = [
        column("id", "uuid", true, Some("gen_random_uuid()"), None),
        column("user_id", "uuid", true, Some("auth.uid()"), None),
        column("title", "text", true, None, Some("en-US")),
        column("status", "text", true, Some("'open'::text"), Some("C")),
        column("n", "bigint", false, Some("0"), None),
        column("price", "numeric(12,2)", false, None, None),
        column("done", "boolean", false, Some("false"), None),
        column("meta", "jsonb", false, Some("'{}'::jsonb"), None),
        column("labels", "text[]", false, None, None),
        column("created_at", "timestamp with time zone", true, Some("now()"), None),
        column("length", "integer", false, Some("length(title)"), None),
    ];
    let table = |columns: String, key: &str| {
        format!(
            r#"{{"columns":[{columns}],"key":[{key}],"owner":null,"time":null,"policy":"merge","direction":"both"}}"#
        )
    };
    let counters = [column("a", "text", true, None, Some("C")), column("b", "integer", true, None, None)];
    let serial = [column("id", "bigint", true, Some("nextval('s'::regclass)"), None)];
    let json = format!(
        r#"{{"tables":{{"entries":{},"pairs":{},"serials":{}}}}}"#,
        table(columns.join(","), "\"id\""),
        table(counters.join(","), "\"a\",\"b\""),
        table(serial.join(","), "\"id\"")
    );
    serde_json::from_str(&json).expect("a schema")
}

#[derive(Clone, Default)]
pub(super) struct Memory {
    pub rows: BTreeMap<(String, Key), Row>,
}

impl Memory {
    pub fn with(rows: &[&str]) -> Self {
        Self::of(&schema(), "entries", rows)
    }

    pub fn of(schema: &Schema, name: &str, rows: &[&str]) -> Self {
        let table = &schema.tables[name];
        let mut memory = Self::default();
        for json in rows {
            let row = Row::from_json(table, json).expect("a row");
            let key = Key::of(table, &row).expect("a key");
            memory.rows.insert((name.into(), key), row);
        }
        memory
    }

    /// The simplest fold: applies each mutation that can be, says which.
    pub fn apply(&mut self, table: &Table, mutation: &Mutation) -> bool {
        let place = (mutation.table.to_string(), mutation.key.clone());
        let changes =
            || mutation.changes.iter().map(|change| (change.column.as_ref(), change.value.as_ref()));
        match (mutation.op, self.rows.get(&place).cloned()) {
            (Op::Delete, row) => self.rows.remove(&place).is_some() && row.is_some(),
            (Op::Update, None) | (Op::InsertIgnore | Op::Insert, Some(_)) => false,
            (Op::Update | Op::Upsert, Some(row)) => {
                self.rows.insert(place, row.with(table, changes()));
                true
            }
            (_, None) => {
                let shown = mutation.shown.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
                let row = Row::from_fields(table, &[]).with(table, shown);
                self.rows.insert(place, row.with(table, changes()));
                true
            }
        }
    }
}

/// ASCII letters before case, so that it differs from bytes.
pub(super) struct Caseless;

impl Collate for Caseless {
    fn compare(&self, _: &str, a: &str, b: &str) -> Ordering {
        a.to_lowercase().cmp(&b.to_lowercase())
    }
}

pub(super) fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

/// What became of a request: an answer, or the feature that is not supported.
pub(super) fn ask(
    memory: &mut Memory,
    method: &str,
    url: &str,
    given: &[(&str, &str)],
    body: &str,
) -> Result<(Answer, Vec<Mutation>), String> {
    ask_as((&schema(), USER), memory, (method, url), given, body)
}

/// The same, of other tables, by somebody.
pub(super) fn ask_as(
    (schema, user): (&Schema, &str),
    memory: &mut Memory,
    (method, url): (&str, &str),
    given: &[(&str, &str)],
    body: &str,
) -> Result<(Answer, Vec<Mutation>), String> {
    let (table, query) = url.split_once('?').unwrap_or((url, ""));
    let headers = headers(given);
    let request = HttpRequest { method, table, query, headers: &headers, body };
    match parse(schema, &request) {
        Parsed::Read(plan) => Ok((plan.run(schema, memory, &Caseless), Vec::new())),
        Parsed::Refused(error) => Ok((Answer::refused(&error), Vec::new())),
        Parsed::Unsupported(feature) => Err(feature),
        Parsed::Write(plan) => {
            let mut count = 0u8;
            let mut random = || {
                count += 1;
                [count; 16]
            };
            let mut context = WriteContext {
                user: Some(user),
                now_ms: NOW_MS,
                random: &mut random,
                checks: &Checks::default(),
            };
            let prepared = match plan.prepare(schema, memory, &Caseless, &mut context) {
                Ok(prepared) => prepared,
                Err(Unprepared::Refused(error)) => return Ok((Answer::refused(&error), Vec::new())),
                Err(Unprepared::Unsupported(feature)) => return Err(feature),
            };
            let mutations = prepared.mutations.clone();
            let name: Text = table.into();
            let flags =
                mutations.iter().map(|mutation| memory.apply(&schema.tables[&name], mutation)).collect();
            Ok((prepared.answer(schema, memory, &Decision::Done(flags)), mutations))
        }
    }
}

pub(super) fn get(memory: &Memory, url: &str) -> Answer {
    ask(&mut memory.clone(), "GET", url, &[], "").expect("supported").0
}

pub(super) fn id(n: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{n:02x}")
}
