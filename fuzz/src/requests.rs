//! Requests: parsed, then run over a few rows, or turned into mutations that must survive the log.

use crate::decoded;
use crate::definitions::schema;
use crate::rows::{Bytes, Few};
use std::rc::Rc;
use thermocline::engine::Frame;
use thermocline::protocol::{MutationId, Request};
use thermocline::query::{Checks, HttpRequest, Parsed, WriteContext, WritePlan, parse};

/// What is asked of a row whose text is anything: every cell is compared, ordered by, taken apart, changed.
const QUESTIONS: &[&str] = &[
    "GET\nselect=*&order=name.desc,at,id",
    "GET\nselect=title,n::text,meta->a->>b,late:local&or=(n.gt.1,tags.cs.{a},meta->a.is.null,day.lt.2026-01-01)&limit=2",
    "PATCH\nid=not.is.null&select=*\nprefer: return=representation\n\n{\"title\":\"t\",\"n\":2}",
    "POST\nselect=id\nprefer: resolution=merge-duplicates\n\n{\"id\":\"z\",\"title\":\"t\"}",
    "DELETE\ntitle=neq.x&select=id,tags,raw",
];

/// A row's text as a segment may hold it: no decoder on the way has read it.
pub fn stored_row(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for question in QUESTIONS {
        ask(question, &Few::entries().with(text), |_| ());
    }
}

/// Lines of method, query and headers (`name: value`), an empty line, a body.
pub fn request(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    ask(text, &Few::entries(), |answer| {
        let is_json = answer.is_empty() || serde_json::from_str::<serde_json::Value>(answer).is_ok();
        assert!(is_json, "an answer is JSON: {answer}");
    });
}

fn ask(text: &str, rows: &Few, check: impl Fn(&str)) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, query) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let named = lines.filter_map(|line| line.split_once(": "));
    let headers: Vec<(String, String)> = named.map(|(name, value)| (name.into(), value.into())).collect();
    match parse(schema(), &HttpRequest { method, table: "entries", query, headers: &headers, body }) {
        Parsed::Read(plan) => check(&plan.run(schema(), rows, &Bytes).body),
        Parsed::Write(plan) => write(&plan, rows),
        Parsed::Unsupported(_) | Parsed::Refused(_) => {}
    }
}

fn write(plan: &Rc<WritePlan>, rows: &Few) {
    let mut context = WriteContext {
        user: Some("00000000-0000-4000-8000-000000000000"),
        now_ms: 1_764_000_000_000,
        random: &mut || [4; 16],
        checks: &Checks::default(),
    };
    let Ok(prepared) = plan.prepare(schema(), rows, &Bytes, &mut context) else { return };
    let mutations = prepared.mutations.clone();
    decoded::logged(Frame::Write(vec![Request {
        id: MutationId([9; 16]),
        user: None,
        time_ms: 0,
        mutations,
    }]));
}
