//! Frames and state record of every format version, byte for byte.
//!
//! Databases of these versions exist: a later one opens them. If a test here fails, the change needs a new
//! `FORMAT_VERSION` and a reader for the old one, not a new fixture. Version 2: a table names its indexes,
//! so `Schema` frames changed; the other kinds are still written as version 1. State records of version 1 are
//! read and no longer written: a checkpoint has segments, and a record of a kind of its own. Version 3: imports, and
//! segments of mutations. Version 4: a table names its natural key, so `Schema` frames and records changed; audits and
//! doubts; own transactions by table. Version 5: a table has its checks, so `Schema` frames and records changed.

use crate::device::{Device, id, request, rev, schema};
use crate::shelf::Room;
use crate::snapshots::full_device;
use std::collections::BTreeMap;
use std::path::PathBuf;
use thermocline::engine::frame::{
    Audited, Choice, Doubted, Evicted, FORMAT_VERSION, Fetched, Imported, Lost, Pulled, Pushed, Resync, Sent,
    Settled,
};
use thermocline::engine::rest::Plan;
use thermocline::engine::segment::SegmentId;
use thermocline::engine::{Audit, Frame, OwnPushes, Picture, snapshot};
use thermocline::protocol::pull::Page;
use thermocline::protocol::push::Outcome;
use thermocline::protocol::schema::Check;
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

/// Frames that version 2 has and version 1 had not, or not so.
fn later_frames() -> Vec<(&'static str, Frame)> {
    let lost = Lost { table: "entries".into(), segment: SegmentId([7; 16]) };
    let rows = vec![(rev(5), r#"{"id":"a"}"#.into())];
    let fetched = Fetched { table: "entries".into(), rows, as_of: 3, time_ms: 7 };
    let horizon = Some("2026-01-01T00:00:00Z".into());
    let evicted = Evicted { table: "entries".into(), horizon, asked: true };
    vec![
        ("schema", Frame::Schema(indexed_schema())),
        ("lost", Frame::Lost(lost)),
        ("fetched", Frame::Fetched(fetched)),
        ("evicted", Frame::Evicted(evicted)),
    ]
}

/// Frames that version 3 has and version 2 had not.
fn third_frames() -> Vec<(&'static str, Frame)> {
    let settled = |choice| Frame::Settled(Settled { mutation: MutationId([1; 16]), choice, time_ms: 7 });
    let values = vec![("n".into(), "1.50".into())];
    vec![
        ("imported", Frame::Imported(imported())),
        ("settled", settled(Choice::Discard)),
        ("settled", settled(Choice::Retry { id: MutationId([2; 16]), values })),
    ]
}

/// Frames that version 4 has and version 3 had not, or not so.
fn fourth_frames() -> Vec<(&'static str, Frame)> {
    let doubted = Doubted {
        rows: vec![(id("entries", "a"), MutationId([3; 16]))],
        user: Some("u1".into()),
        time_ms: 7,
    };
    vec![
        ("schema", Frame::Schema(natural_schema())),
        ("imported", Frame::Imported(imported())),
        ("audited", Frame::Audited(audited())),
        ("doubted", Frame::Doubted(doubted)),
    ]
}

/// Frames that version 5 has not so as version 4.
fn latest_frames() -> Vec<(&'static str, Frame)> {
    vec![("schema", Frame::Schema(checked_schema()))]
}

fn audited() -> Audited {
    Audited {
        table: "entries".into(),
        cursor: "c2".into(),
        rows: vec![(rev(5), r#"{"id":"a","n":1.50}"#.into())],
        gone: vec![(rev(6), id("entries", "b").1)],
        found: Some(Audit { ended_ms: 7, differing: 2, repaired: 2 }),
    }
}

/// What a device holds unsent: an update over a row, an insert that was sent.
fn imported() -> Imported {
    let mut device = Device::synced(&[r#"{"id":"x","title":"old","n":1}"#]);
    let insert = device.mutation(Op::Insert, "entries", "y", &[("title", "\"é\"")]);
    let mutations = vec![insert.id];
    let update = device.mutation(Op::Update, "entries", "x", &[("n", "2")]);
    let request = device.request(vec![insert, update]);
    device.fold(Frame::Write(vec![request]));
    device.fold(Frame::Sent(Sent { mutations, time_ms: 7 }));
    let [imported] = device.state.unsent([9; 16]).try_into().expect("it fits one frame");
    imported
}

/// Definitions with all that version 2 knows.
fn indexed_schema() -> Schema {
    let mut schema = schema();
    let entries = schema.tables.get_mut("entries").expect("entries");
    entries.indexes = vec![vec!["title".into()], vec!["project".into(), "n".into()]];
    schema
}

/// And what version 4 knows.
fn natural_schema() -> Schema {
    let mut schema = indexed_schema();
    let entries = schema.tables.get_mut("entries").expect("entries");
    entries.natural_key = Some(vec!["project".into(), "title".into()]);
    schema
}

/// And what version 5 knows.
fn checked_schema() -> Schema {
    let mut schema = natural_schema();
    let entries = schema.tables.get_mut("entries").expect("entries");
    let check = |name: &str, expression: &str, local| Check {
        name: name.into(),
        expression: expression.into(),
        local,
    };
    entries.checks = vec![
        check("entries_n_is_some", "(n > (0)::numeric)", true),
        check("entries_times", "(a < b)", false),
    ];
    schema
}

#[test]
fn frames_are_written_as_ever() {
    assert_eq!(FORMAT_VERSION, 5);
    let line = |name: &str, frame: &Frame| format!("{name} {}\n", hex(&frame.encode()));
    let former = [
        ("frames_v1.txt", frames()),
        ("frames_v2.txt", later_frames()),
        ("frames_v3.txt", third_frames()),
        ("frames_v4.txt", fourth_frames()),
    ];
    for (fixture_name, frames) in former {
        for (expected, (name, frame)) in fixture(fixture_name).lines().zip(frames) {
            let changed = name == "schema" || (name == "imported" && fixture_name == "frames_v3.txt");
            assert_eq!(format!("{expected}\n") != line(name, &frame), changed, "{fixture_name}: {name}");
        }
    }
    let latest: Vec<String> = latest_frames().iter().map(|(name, frame)| line(name, frame)).collect();
    compare("frames_v5.txt", &latest.concat());
}

#[test]
fn frames_of_every_version_are_read_as_ever() {
    let versions = [
        ("frames_v1.txt", frames()),
        ("frames_v2.txt", later_frames()),
        ("frames_v3.txt", third_frames()),
        ("frames_v4.txt", fourth_frames()),
        ("frames_v5.txt", latest_frames()),
    ];
    for (name, frames) in versions {
        let fixture = fixture(name);
        assert_eq!(fixture.lines().count(), frames.len(), "{name}");
        for (line, (name, frame)) in fixture.lines().zip(frames) {
            let (kind, bytes) = line.split_once(' ').expect("a name and bytes");
            assert_eq!(kind, name);
            assert_eq!(Frame::decode(&unhex(bytes)), Ok(frame), "{name}");
        }
    }
}

/// The record of a second checkpoint, then the blocks of each segment.
fn checkpoint_lines(device: &mut Device) -> String {
    device.room.checkpoint_with(&mut device.state, 2);
    let record = device.room.checkpoint_with(&mut device.state, 2);
    let mut lines = format!("record {}\n", hex(&record));
    for segment in Plan::of(&device.state).segments() {
        for block in device.room.blocks(segment) {
            lines.push_str(&format!("block {segment} {}\n", hex(&block)));
        }
    }
    lines
}

fn tiered_device() -> Device {
    let mut device = full_device();
    device.fold(Frame::Schema(indexed_schema()));
    device
}

/// The same after an import.
fn later_device() -> Device {
    let mut device = tiered_device();
    device.fold(Frame::Imported(imported()));
    device
}

/// The same with a natural key, after an audit.
fn fourth_device() -> Device {
    let mut device = later_device();
    device.fold(Frame::Schema(natural_schema()));
    let cursor = device.state.cursors["entries"].clone();
    device.fold(Frame::Audited(Audited { cursor, ..audited() }));
    device
}

/// The same with checks.
fn latest_device() -> Device {
    let mut device = fourth_device();
    device.fold(Frame::Schema(checked_schema()));
    device
}

#[test]
fn a_tiered_checkpoint_is_written_as_ever() {
    compare("checkpoint_v5.txt", &checkpoint_lines(&mut latest_device()));
}

#[test]
fn tiered_checkpoints_are_read_as_ever() {
    assert_opens("checkpoint_v2.txt", &mut tiered_device(), without_tables);
    assert_opens("checkpoint_v3.txt", &mut later_device(), without_tables);
    assert_opens("checkpoint_v4.txt", &mut fourth_device(), |picture| picture);
    assert_opens("checkpoint_v5.txt", &mut latest_device(), |picture| picture);
}

/// Own transactions were kept without their tables, and nothing was audited.
fn without_tables(mut picture: Picture) -> Picture {
    picture.own = OwnPushes::default();
    picture.audits.clear();
    picture
}

fn assert_opens(name: &str, device: &mut Device, as_kept: fn(Picture) -> Picture) {
    let fixture = fixture(name);
    let mut room = Room::default();
    let mut segments: BTreeMap<SegmentId, Vec<Vec<u8>>> = BTreeMap::new();
    for line in fixture.lines().filter_map(|line| line.strip_prefix("block ")) {
        let (id, bytes) = line.split_once(' ').expect("an id and bytes");
        let id = SegmentId(unhex(id).try_into().expect("sixteen bytes"));
        segments.entry(id).or_default().push(unhex(bytes));
    }
    for (id, blocks) in &segments {
        room.disk.put(*id, blocks);
    }
    let state = room.open(&parts(&fixture, "record ")[0]);
    assert_eq!(as_kept(room.picture(&state)), as_kept(device.picture()), "{name}");
}

fn parts(fixture: &str, name: &str) -> Vec<Vec<u8>> {
    fixture.lines().filter_map(|line| line.strip_prefix(name)).map(|bytes| unhex(bytes.trim())).collect()
}

/// A database of version 1 is opened with everything in it, the outbox above all.
#[test]
fn a_checkpoint_of_version_1_is_read_as_ever() {
    let fixture = fixture("checkpoint_v1.txt");
    let (record, blocks) = (parts(&fixture, "record "), parts(&fixture, "block "));
    let state = snapshot::read_former(&record[0], &blocks).expect("a checkpoint");
    let rows: Vec<_> = state.outbox.iter().map(|(_, pending)| pending.row.clone()).collect();
    assert_eq!(rows, ["b", "c", "f", "e", "f", "a"].map(|row| id("entries", row)));
    assert_eq!(without_rounds(Room::default().picture(&state)), without_rounds(full_device().picture()));
}

/// And its next checkpoint is a tiered one, which changes nothing.
#[test]
fn a_database_of_version_1_goes_on_with_segments() {
    let fixture = fixture("checkpoint_v1.txt");
    let (record, blocks) = (parts(&fixture, "record "), parts(&fixture, "block "));
    let mut state = snapshot::read_former(&record[0], &blocks).expect("a checkpoint");
    let mut room = Room::default();
    let before = room.picture(&state);
    let record = room.checkpoint(&mut state);
    assert_eq!(room.picture(&state), before);
    let opened = room.open(&record);
    assert_eq!(room.picture(&opened), before);
}

/// Version 1 counted no rounds and did not keep how a row was told: all count as told by an answer.
fn without_rounds(picture: Picture) -> Picture {
    let mut picture = without_tables(picture);
    for table in picture.tables.values_mut() {
        table.recent.clear();
        table.shape = (0, table.shape.1, 0);
    }
    picture.paged.clear();
    picture
}
