//! Frames and state record of every format version, byte for byte.
//!
//! Databases of these versions exist: a later one opens them. If a test here fails, the change needs a new
//! `FORMAT_VERSION` and a reader for the old one, not a new fixture. Version 2: a table names its indexes,
//! so `Schema` frames and state records changed; the other kinds are still written as version 1.

use crate::device::{Device, id, request, rev, schema};
use crate::snapshots::full_device;
use std::path::PathBuf;
use thermocline::engine::frame::{FORMAT_VERSION, Pulled, Pushed, Resync, Sent};
use thermocline::engine::{Frame, State, snapshot};
use thermocline::protocol::pull::Page;
use thermocline::protocol::push::Outcome;
use thermocline::protocol::{MutationId, Op, Schema};

/// Compares with a fixture; `BLESS=1` writes it instead.
pub fn compare(name: &str, actual: &str) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path(name), actual).expect("the fixtures are ours to write");
        return;
    }
    let expected = fixture(name);
    for (number, (expected, actual)) in expected.lines().zip(actual.lines()).enumerate() {
        assert_eq!(expected, actual, "{name}, line {}", number + 1);
    }
    assert_eq!(expected.lines().count(), actual.lines().count(), "{name}: lines");
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", name].iter().collect()
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect("a fixture of this name")
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("two hexadecimal digits");
    (0..text.len()).step_by(2).map(byte).collect()
}

fn write_frame() -> Frame {
    let mut device = Device::synced(&[r#"{"id":"a","title":"old","n":1}"#]);
    let update = device.mutation(Op::Update, "entries", "a", &[("n", "12345678901234567890.5")]);
    let mut insert = device.mutation(Op::Insert, "entries", "b", &[("title", "\"é\"")]);
    insert.shown = vec![("n".into(), "1".into())];
    let upsert = device.mutation(Op::Upsert, "entries", "c", &[]);
    let ignore = device.mutation(Op::InsertIgnore, "entries", "d", &[]);
    let delete = device.mutation(Op::Delete, "entries", "a", &[]);
    let mut nobodys = device.request(vec![upsert, ignore, delete]);
    nobodys.user = None;
    Frame::Write(vec![device.request(vec![update, insert]), nobodys])
}

fn pushed_frame() -> Frame {
    let row = || r#"{"id":"a"}"#.into();
    let outcomes = [
        Outcome::Applied { rev: Some(rev(5)), set: vec![("n".into(), "2".into())] },
        Outcome::Merged { rev: rev(5), row: row() },
        Outcome::Superseded { rev: None, row: None },
        Outcome::Conflict { rev: Some(rev(5)), row: Some(row()) },
        Outcome::Hidden,
        Outcome::Rejected { code: "23505".into(), message: "taken".into(), row: Some(row()) },
        Outcome::Blocked,
    ];
    let outcomes =
        outcomes.into_iter().zip(1u8..).map(|(outcome, n)| (MutationId([n; 16]), outcome)).collect();
    Frame::Pushed(Pushed { outcomes, xid: Some(u64::MAX), time_ms: 7 })
}

fn pulled_frame() -> Frame {
    let page = Page {
        table: "entries".into(),
        rows: vec![(rev(5), r#"{"id":"a","n":1.50}"#.into())],
        gone: vec![(rev(6), r#"{"id":"b"}"#.into())],
        cold: vec![(rev(7), r#"{"id":"c"}"#.into())],
    };
    Frame::Pulled(Pulled {
        request: request(&[("entries", Some("c1")), ("projects", None)], Some("r1"), &[5, 6]),
        pages: vec![page],
        round: None,
        cursor: Some("c2".into()),
        time_ms: 7,
    })
}

fn frames() -> Vec<(&'static str, Frame)> {
    let mutations = vec![MutationId([1; 16]), MutationId([2; 16])];
    let resync = Resync { request: request(&[("entries", Some("c1"))], None, &[]), reason: "epoch".into() };
    vec![
        ("write", write_frame()),
        ("sent", Frame::Sent(Sent { mutations, time_ms: 7 })),
        ("pushed", pushed_frame()),
        ("pulled", pulled_frame()),
        ("schema", Frame::Schema(schema())),
        ("resync", Frame::Resync(resync)),
    ]
}

/// Definitions with all that version 2 knows.
fn indexed_schema() -> Schema {
    let mut schema = schema();
    let entries = schema.tables.get_mut("entries").expect("entries");
    entries.indexes = vec![vec!["title".into()], vec!["project".into(), "n".into()]];
    schema
}

#[test]
fn frames_are_written_as_ever() {
    assert_eq!(FORMAT_VERSION, 2);
    let line = |name: &str, frame: &Frame| format!("{name} {}\n", hex(&frame.encode()));
    let first = fixture("frames_v1.txt");
    for (expected, (name, frame)) in first.lines().zip(frames()) {
        let changed = name == "schema";
        assert_eq!(format!("{expected}\n") != line(name, &frame), changed, "{name}");
    }
    compare("frames_v2.txt", &line("schema", &Frame::Schema(indexed_schema())));
}

#[test]
fn frames_of_version_1_are_read_as_ever() {
    let fixture = fixture("frames_v1.txt");
    for (line, (name, frame)) in fixture.lines().zip(frames()) {
        let (kind, bytes) = line.split_once(' ').expect("a name and bytes");
        assert_eq!(kind, name);
        assert_eq!(Frame::decode(&unhex(bytes)), Ok(frame), "{name}");
    }
    assert_eq!(fixture.lines().count(), frames().len());
}

#[test]
fn frames_of_version_2_are_read_as_ever() {
    let fixture = fixture("frames_v2.txt");
    let bytes = fixture.trim().strip_prefix("schema ").expect("one frame");
    assert_eq!(Frame::decode(&unhex(bytes)), Ok(Frame::Schema(indexed_schema())));
}

fn indexed_device() -> Device {
    let mut device = full_device();
    device.fold(Frame::Schema(indexed_schema()));
    device
}

#[test]
fn a_checkpoint_is_written_as_ever() {
    let (record, blocks) = snapshot::write(&indexed_device().state);
    let blocks: Vec<String> = blocks.iter().map(|block| format!("block {}\n", hex(block))).collect();
    compare("checkpoint_v2.txt", &format!("record {}\n{}", hex(&record), blocks.concat()));
}

fn read_checkpoint(fixture: &str) -> State {
    let part = |name: &str| -> Vec<Vec<u8>> {
        let lines = fixture.lines().filter_map(|line| line.strip_prefix(name));
        lines.map(|bytes| unhex(bytes.trim())).collect()
    };
    snapshot::read(&part("record")[0], &part("block")).expect("a checkpoint")
}

/// A database of version 1 is opened with everything in it, the outbox above all.
#[test]
fn a_checkpoint_of_version_1_is_read_as_ever() {
    let state = read_checkpoint(&fixture("checkpoint_v1.txt"));
    assert_eq!(state, full_device().state);
    let rows: Vec<_> = state.outbox.iter().map(|(_, pending)| pending.row.clone()).collect();
    assert_eq!(rows, ["b", "c", "f", "e", "f", "a"].map(|row| id("entries", row)));
}

#[test]
fn a_checkpoint_of_version_2_is_read_as_ever() {
    let state = read_checkpoint(&fixture("checkpoint_v2.txt"));
    assert_eq!(state, indexed_device().state);
}
