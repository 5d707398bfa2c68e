//! How long the query layer takes, natively, over 10,000 rows of seven columns with their lists in memory.
//!
//! Not part of a test run: `cargo test --release --test query_speed -- --ignored --nocapture`. Each figure is
//! the least of many passes, from the request's text to the answer's.
#![cfg(not(target_arch = "wasm32"))]

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use thermocline::protocol::{Key, Rev, Row, Schema};
use thermocline::query::index::{Indexer, indexes};
use thermocline::query::{Answer, Collate, Entry, HttpRequest, Parsed, Rows, Walk, parse};

const ROWS: usize = 10_000;

fn schema() -> Schema {
    let column = |name: &str, type_name: &str, collation: &str| {
        format!(
            r#"{{"name":"{name}","type":"{type_name}","not_null":false,"default":null,"collation":{collation},"generated":false,"identity":false}}"#
        )
    };
    let columns = [
        column("id", "uuid", "null"),
        column("user_id", "uuid", "null"),
        column("title", "text", "\"en-US\""),
        column("status", "text", "\"C\""),
        column("amount", "numeric", "null"),
        column("done", "boolean", "null"),
        column("created_at", "timestamp with time zone", "null"),
    ];
    let json = format!(
        r#"{{"tables":{{"entries":{{"columns":[{}],"key":["id"],"owner":null,"time":"created_at","indexes":[["status"]],"policy":"merge","direction":"both"}}}}}}"#,
        columns.join(",")
    );
    serde_json::from_str(&json).expect("a schema")
}

fn id(n: usize) -> String {
    format!("{:08x}-0000-7000-8000-{n:012x}", n.wrapping_mul(2_654_435_761) % (1 << 32))
}

fn time(n: usize) -> String {
    let (day, minute) = (n / 1_440, n % 1_440);
    format!("2026-11-{:02}T{:02}:{:02}:00.123+00:00", day + 1, minute / 60, minute % 60)
}

fn row(n: usize) -> String {
    format!(
        r#"{{"id":"{}","user_id":"00000000-0000-4000-8000-00000000000a","title":"{} {n}","status":"{}","amount":{}.50,"done":{},"created_at":"{}"}}"#,
        id(n),
        "a day like any other, with a few words".repeat(2),
        ["open", "done", "waiting", "dropped"][n * 7 % 4],
        n % 977,
        n.is_multiple_of(3),
        time(n)
    )
}

/// Rows and lists in maps.
struct Table {
    rows: BTreeMap<Key, Row>,
    lists: Vec<BTreeMap<(Vec<u8>, Key), Row>>,
}

impl Table {
    fn new(schema: &Schema) -> Self {
        let table = &schema.tables["entries"];
        let indexes = indexes(table);
        let mut indexer = Indexer::new(table, &indexes);
        let (mut rows, mut lists) = (BTreeMap::new(), vec![BTreeMap::new(); indexes.len()]);
        for n in 0..ROWS {
            let row = Row::from_json(table, &row(n)).expect("a row");
            let key = Key::of(table, &row).expect("a key");
            for (index_key, list) in indexer.keys(row.as_str()).into_iter().zip(&mut lists) {
                list.insert((index_key, key.clone()), row.clone());
            }
            rows.insert(key, row);
        }
        Self { rows, lists }
    }

    fn range(&self, n: usize, walk: &Walk) -> impl DoubleEndedIterator<Item = (&(Vec<u8>, Key), &Row)> {
        let least = Key::from_text("");
        let bound = |bound: &Bound<Vec<u8>>| match bound {
            Bound::Included(bytes) | Bound::Excluded(bytes) => {
                Bound::Included((bytes.clone(), least.clone()))
            }
            Bound::Unbounded => Bound::Unbounded,
        };
        self.lists[n].range((bound(&walk.from), bound(&walk.to)))
    }
}

impl Rows for Table {
    fn row<'a>(&'a self, _: &str, key: &Key) -> Option<&'a str> {
        self.rows.get(key).map(Row::as_str)
    }

    fn base(&self, _: &str, _: &Key) -> Option<Rev> {
        None
    }

    fn walk<'a>(&'a self, _: &str, walk: &Walk, visit: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>) {
        let Some(n) = walk.index else {
            let of_row = |(key, row): (&'a Key, &'a Row)| Entry {
                index_key: key.as_str().as_bytes(),
                key: key.as_str(),
                row: row.as_str(),
            };
            let _ = self.rows.iter().map(of_row).try_for_each(visit);
            return;
        };
        let entry = |((index_key, key), row): (&'a (Vec<u8>, Key), &'a Row)| Entry {
            index_key,
            key: key.as_str(),
            row: row.as_str(),
        };
        let range = self.range(n, walk);
        let _ = if walk.descending {
            range.rev().map(entry).try_for_each(visit)
        } else {
            range.map(entry).try_for_each(visit)
        };
    }

    /// As cheap as a real list's, which knows its fences.
    fn estimate(&self, _: &str, walk: &Walk) -> usize {
        match (walk.index, &walk.from, &walk.to) {
            (None, ..) | (_, Bound::Unbounded, Bound::Unbounded) => ROWS,
            (Some(1), ..) => ROWS / 4,
            _ => ROWS / 10,
        }
    }
}

struct Bytes;

impl Collate for Bytes {
    fn compare(&self, _: &str, a: &str, b: &str) -> Ordering {
        a.cmp(b)
    }
}

fn ask(schema: &Schema, table: &Table, query: &str, headers: &[(String, String)]) -> Answer {
    let request = HttpRequest { method: "GET", table: "entries", query, headers, body: "" };
    match parse(schema, &request) {
        Parsed::Read(plan) => plan.run(schema, table, &Bytes),
        other => panic!("{query}: {other:?}"),
    }
}

#[test]
#[ignore = "takes times, proves nothing"]
#[expect(clippy::disallowed_types)]
fn times_of_the_query_layer() {
    use std::time::Instant;
    let schema = schema();
    let table = Table::new(&schema);
    let sent = [
        ("accept", "application/json"),
        ("accept-profile", "public"),
        ("x-client-info", "supabase-js/2"),
        ("apikey", "x"),
        ("authorization", "Bearer x"),
    ];
    let headers: Vec<_> = sent.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let point = format!("select=*&id=eq.{}", id(4_321));
    let (from, to) = (time(2_000).replace('+', "%2B"), time(3_000).replace('+', "%2B"));
    let range = format!("select=*&created_at=gte.{from}&created_at=lt.{to}&order=created_at.asc");
    for (name, query, rows, passes) in [
        ("one row by its key", point.as_str(), 1, 20_000),
        ("one row by its key, four columns", &point.replace('*', "id,title,amount,created_at"), 1, 20_000),
        ("1,000 of a range, sorted by time", &range, 1_000, 300),
        ("eq, newest 50", "select=*&status=eq.open&order=created_at.desc&limit=50", 50, 3_000),
        ("newest 50", "select=*&order=created_at.desc&limit=50", 50, 3_000),
        ("no index: eq and top 50", "select=*&done=is.true&order=amount.desc&limit=50", 50, 50),
        ("all", "select=*", ROWS, 50),
    ] {
        let least = (0..passes)
            .map(|_| {
                let start = Instant::now();
                let answer = std::hint::black_box(ask(&schema, &table, query, &headers));
                (start.elapsed(), answer.body.matches("\"id\"").count())
            })
            .min();
        let (least, found) = least.expect("a pass");
        assert_eq!(found, rows, "{query}");
        println!("{name:36} {:>10.2} µs", least.as_nanos() as f64 / 1_000.0);
    }
}
