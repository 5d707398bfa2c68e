//! What an audit finds, and what folding it changes.

use crate::device::{Device, id, key, rev};
use thermocline::engine::audited::{Audit, Held, Sums, bucket, differing, mend};
use thermocline::engine::frame::Audited;
use thermocline::engine::{Changes, Frame};
use thermocline::protocol::Op;
use thermocline::protocol::audit::BucketSum;

const A: &str = r#"{"id":"a","title":"old","n":1,"project":null}"#;
const B: &str = r#"{"id":"b","title":"theirs","n":2,"project":null}"#;

fn audited(device: &Device) -> Audited {
    let cursor = device.state.cursors["entries"].clone();
    Audited { table: "entries".into(), cursor, ..Audited::default() }
}

fn fold(device: &mut Device, audited: Audited) -> Changes {
    device.fold(Frame::Audited(audited))
}

/// Invariant 4: a row that became visible by a change of rights has no change of its own.
#[test]
fn rows_that_became_visible_come_and_those_that_are_hidden_go() {
    let mut device = Device::synced(&[A]);
    let found = Some(Audit { ended_ms: 9, differing: 2, repaired: 2 });
    let mend =
        Audited { rows: vec![(rev(1), B.into())], gone: vec![(rev(1), key("a"))], found, ..audited(&device) };
    let changes = fold(&mut device, mend);
    assert_eq!((device.row("a"), device.row("b").as_deref()), (None, Some(B)));
    assert_eq!(changes.rows.len(), 2, "live queries are told");
    assert_eq!(device.state.audits.get("entries").copied(), found);
}

/// Our own push, answered after the audit had looked.
#[test]
fn a_row_in_another_version_than_was_found_stays() {
    let mut device = Device::synced(&[A]);
    let mend = Audited { gone: vec![(rev(1), key("a"))], ..audited(&device) };
    device.update("a", &[("n", "2")]);
    device.answer("a", crate::device::applied(5), Some(5));
    fold(&mut device, mend);
    assert!(device.row("a").is_some());
}

#[test]
fn what_an_audit_found_is_dropped_once_the_cursor_has_moved_on() {
    let mut device = Device::synced(&[A]);
    let late = Audited { gone: vec![(rev(1), key("a"))], found: Some(Audit::default()), ..audited(&device) };
    device.pull_last(&[("projects", Some("c1")), ("entries", Some("c1"))], "c2", &[], &[]);
    assert!(fold(&mut device, late).dropped);
    assert!(device.row("a").is_some());
}

/// Invariant 8: pending mutations stay as they are.
#[test]
fn an_edit_of_a_row_that_was_hidden_waits_and_is_shown_no_more() {
    let mut device = Device::synced(&[A]);
    device.write(Op::Update, "entries", "a", &[("n", "2")]);
    let mend = Audited { gone: vec![(rev(1), key("a"))], ..audited(&device) };
    fold(&mut device, mend);
    assert_eq!(device.row("a"), None);
    assert_eq!(device.state.outbox.of_row(&id("entries", "a")).count(), 1);
}

#[test]
fn a_row_in_a_segment_goes_as_one_in_memory_does() {
    let mut device = Device::synced(&[A, B]);
    device.reopen();
    assert!(device.state.rows.slot("entries", &key("a")).is_none(), "it rests");
    let mend = Audited { gone: vec![(rev(1), key("a"))], ..audited(&device) };
    fold(&mut device, mend);
    assert_eq!((device.row("a"), device.row("b").as_deref()), (None, Some(B)));
}

fn sums(rows: &[(&str, u64)]) -> Sums {
    let mut sums = Sums::default();
    rows.iter().for_each(|(row, xid)| sums.add(key(row).as_str(), rev(*xid)));
    sums
}

fn told(rows: &[(&str, u64)], changed: bool) -> Vec<BucketSum> {
    let (sums, at) = (sums(rows), |bucket| (bucket, changed));
    let told = |(bucket, changed)| {
        let sum = sums.of(bucket);
        BucketSum { bucket, rows: sum.rows, sum: sum.sum, changed }
    };
    (0..=u8::MAX).map(at).map(told).filter(|sum| sum.rows > 0 || sum.changed).collect()
}

#[test]
fn buckets_differ_by_a_row_or_a_version_and_those_that_have_changed_say_nothing() {
    let at = |row: &str| bucket(key(row).as_str());
    let ours = sums(&[("a", 1), ("b", 1)]);
    assert!(differing(&ours, &told(&[("a", 1), ("b", 1)], false)).is_empty());
    assert!(differing(&ours, &told(&[("a", 1)], false)).contains(&at("b")));
    assert!(differing(&ours, &told(&[("a", 2), ("b", 1)], false)).contains(&at("a")));
    assert!(differing(&ours, &told(&[("a", 1), ("b", 1), ("c", 1)], false)).contains(&at("c")));
    assert!(differing(&ours, &told(&[("a", 2)], true)).is_empty());
}

#[test]
fn what_mends_a_bucket_is_what_it_lacks_and_what_it_has_too_much() {
    let device = Device::synced(&[A]);
    let held = Held::from([(key("a").as_str().to_owned(), rev(1)), (key("x").as_str().to_owned(), rev(3))]);
    let shown = vec![(rev(1), A.into()), (rev(2), B.into())];
    let table = &device.state.schema.tables["entries"];
    let mended = mend(&"entries".into(), table, &"c1".into(), &held, shown);
    assert_eq!(mended.rows, [(rev(2), B.into())]);
    assert_eq!(mended.gone, [(rev(3), key("x"))]);
}
