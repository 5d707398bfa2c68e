//! How long a bulk insert takes, natively, step by step: parsed, prepared, encoded, folded, answered; then pulled.
//!
//! Not part of a test run: `cargo test --release --test write_speed -- --ignored --nocapture`. Each figure is
//! the least of some passes over 10,000 rows of seven columns with two indexes.
#![cfg(not(target_arch = "wasm32"))]

use std::cmp::Ordering;
use thermocline::engine::segment::{Block, Blocks};
use thermocline::engine::{Frame, State, View, apply, needs};
use thermocline::protocol::{Decision, MutationId, Request, Schema, SegmentId};
use thermocline::query::{Checks, Collate, HttpRequest, Parsed, WriteContext, parse};

const ROWS: usize = 10_000;
const PASSES: usize = 12;

fn schema() -> Schema {
    let column = |name: &str, type_name: &str, collation: &str| {
        format!(
            r#"{{"name":"{name}","type":"{type_name}","not_null":true,"default":null,"collation":{collation},"generated":false,"identity":false}}"#
        )
    };
    let columns = [
        column("id", "uuid", "null"),
        column("user_id", "uuid", "null"),
        column("title", "text", "\"en-US\""),
        column("body", "text", "\"en-US\""),
        column("status", "text", "\"C\""),
        column("score", "integer", "null"),
        column("at", "timestamp with time zone", "null"),
    ];
    let json = format!(
        r#"{{"tables":{{"notes":{{"columns":[{}],"key":["id"],"owner":"user_id","time":"at","indexes":[["status"]],"policy":"merge","direction":"both"}}}}}}"#,
        columns.join(",")
    );
    serde_json::from_str(&json).expect("a schema")
}

fn row(n: usize) -> String {
    let id = n.wrapping_mul(2_654_435_761) % (1 << 32);
    let (day, minute) = (n / 1_440 + 1, n % 1_440);
    format!(
        r#"{{"id":"{id:08x}-0000-4000-8000-{n:012x}","user_id":"00000000-0000-4000-8000-00000000000a","title":"amber delta prairie {n}","body":"{}","status":"{}","score":{},"at":"2026-09-{day:02}T{:02}:{:02}:00+00:00"}}"#,
        "basin cedar marsh north ocean ".repeat(3),
        ["open", "done", "later", "dropped"][n % 4],
        n * 37 % 1_000,
        minute / 60,
        minute % 60,
    )
}

struct Bytes;

impl Collate for Bytes {
    fn compare(&self, _: &str, a: &str, b: &str) -> Ordering {
        a.cmp(b)
    }
}

struct Nothing;

impl Blocks for Nothing {
    fn block(&self, _: SegmentId, _: u32) -> Option<&Block> {
        None
    }
}

#[test]
#[ignore = "takes times, proves nothing"]
#[expect(clippy::disallowed_types)]
fn times_of_a_bulk_insert() {
    use std::time::Instant;
    let rows: Vec<String> = (0..ROWS).map(row).collect();
    let body = format!("[{}]", rows.join(","));
    let headers = [("content-type".to_string(), "application/json".to_string())];
    let request = HttpRequest { method: "POST", table: "notes", query: "", headers: &headers, body: &body };
    let mut least = [f64::MAX; 6];
    let (mut bytes, checks) = (0, Checks::default());
    for _ in 0..PASSES {
        let mut state = State::at(0);
        apply(&mut state, Default::default(), 1, Frame::Schema(schema()));
        let mut at = 0;
        let mut time = |start: Instant| {
            least[at] = least[at].min(start.elapsed().as_secs_f64() * 1_000.0);
            at += 1;
        };
        let start = Instant::now();
        let Parsed::Write(plan) = parse(&state.schema, &request) else { panic!("a write") };
        time(start);
        let start = Instant::now();
        let mut count = 0_u128;
        let mut random = || {
            count += 1;
            count.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_0c6a_2545_f491).to_le_bytes()
        };
        let mut context =
            WriteContext { user: None, now_ms: 1_790_000_000_000, random: &mut random, checks: &checks };
        let view = View::new(&state, &Nothing);
        let mut prepared = plan.prepare(&state.schema, &view, &Bytes, &mut context).expect("a bulk insert");
        time(start);
        let start = Instant::now();
        let mutations = std::mem::take(&mut prepared.mutations);
        let request = Request { id: MutationId([7; 16]), user: None, time_ms: 1_790_000_000_000, mutations };
        let frame = Frame::Write(vec![request]);
        bytes = frame.encode().len();
        time(start);
        let start = Instant::now();
        let found = needs(&state, &frame);
        assert!(found.is_empty());
        let changes = apply(&mut state, Default::default(), 2, frame);
        assert_eq!(changes.rows.len(), ROWS);
        time(start);
        let start = Instant::now();
        let answer =
            prepared.answer(&state.schema, &View::new(&state, &Nothing), &Decision::Done(vec![true; ROWS]));
        assert_eq!(answer.status, 201);
        time(start);
        let start = Instant::now();
        drop((answer, prepared, plan, changes));
        time(start);
    }
    for (name, least) in ["parse", "prepare", "encode", "fold", "answer", "drop"].iter().zip(least) {
        println!("{name:10} {least:>8.2} ms");
    }
    println!("{:10} {:>8.2} ms, frame of {bytes} bytes", "all", least.iter().sum::<f64>());
}
