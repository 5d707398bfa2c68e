//! Which segments a checkpoint merges, and that it comes to an end.

use crate::device::{Device, rev};

/// How many segments hold `entries`.
fn segments(device: &Device) -> usize {
    device.state.rows.table("entries").expect("defined").segments().len()
}

/// Pulls rows and puts them to rest, a segment or more of their own.
fn pull_and_rest(device: &mut Device, round: u64, rows: impl Iterator<Item = String>) {
    let rows: Vec<String> = rows.collect();
    let rows: Vec<_> = rows.iter().map(|row| (rev(round + 2), row.as_str())).collect();
    let cursors = [("projects", format!("c{round}")), ("entries", format!("c{round}"))];
    let cursors = cursors.each_ref().map(|(table, cursor)| (*table, Some(cursor.as_str())));
    device.pull_last(&cursors, &format!("c{}", round + 1), &rows, &[]);
    device.room.checkpoint(&mut device.state);
}

#[test]
fn crumbs_are_gathered() {
    let mut device = Device::synced(&[]);
    for round in 1..60 {
        pull_and_rest(&mut device, round, (0..3).map(|n| format!(r#"{{"id":"{round} {n}","n":{n}}}"#)));
        assert!(segments(&device) < 8);
    }
    assert!(device.room.merges >= 7);
    assert_eq!(device.picture().tables["entries"].base.len(), 59 * 3);
}

#[test]
fn a_segment_that_is_mostly_dead_is_written_anew() {
    let mut device = Device::synced(&[]);
    let rows =
        |title: &'static str, count| (0..count).map(move |n| format!(r#"{{"id":"{n}","title":"{title}"}}"#));
    pull_and_rest(&mut device, 1, rows("old", 10));
    pull_and_rest(&mut device, 2, rows("new", 5));
    assert_eq!(device.room.merges, 0, "half of it lives");
    pull_and_rest(&mut device, 3, rows("newer", 6));
    assert_eq!(
        device.room.merges, 1,
        "what was replaced twice goes, what was replaced in part is written anew"
    );
    let rested = device.state.rows.table("entries").expect("defined").segments();
    assert!(rested.iter().all(|rested| rested.dead.count() == 0));
    assert_eq!(device.picture().tables["entries"].base.len(), 10);
}
