//! A checkpoint is the state (invariants 7 and 8): written, read back, and folded on.

use crate::device::{Device, applied, request, rev};
use thermocline::engine::frame::Damage;
use thermocline::engine::{Found, Frame, State, apply, snapshot};
use thermocline::protocol::push::Outcome;
use thermocline::protocol::{Op, limits};

const TABLES: [(&str, Option<&str>); 2] = [("projects", Some("c1")), ("entries", Some("c1"))];

/// Something of everything: base rows, tombstones, an open round, a batch under way, dead letter, conflict,
/// own transactions, answers.
pub fn full_device() -> Device {
    let rows = ["a", "b", "c", "d", "e"].map(|id| format!(r#"{{"id":"{id}","title":"é\n","n":1.50}}"#));
    let mut device = Device::synced(&rows.each_ref().map(String::as_str));
    device.update("a", &[("n", "2")]);
    device.answer("a", applied(5), Some(5));
    device.update("b", &[("n", "3")]);
    device.answer("b", Outcome::Hidden, None);
    device.update("c", &[("n", "4")]);
    device.answer(
        "c",
        Outcome::Conflict { rev: Some(rev(6)), row: Some(r#"{"id":"c","n":0}"#.into()) },
        None,
    );
    device.delete("d");
    device.answer("d", applied(7), Some(7));
    device.insert("f", &[("title", "\"new\"")]);
    device.update("e", &[("n", "5")]);
    device.seal_all();
    device.update("f", &[("n", "6")]);
    device.insert("a", &[]);
    device.write(Op::Delete, "entries", "a", &[]);
    device.pull(request(&TABLES, None, &[5]), &[(rev(8), r#"{"id":"g"}"#)], &[], Some("r1"), None);
    device
}

#[test]
fn what_is_read_back_is_what_was_written_visible_rows_included() {
    let device = full_device();
    let reopened = device.reopened();
    assert_eq!(reopened, device.state);
    let rows = |state: &State| {
        let mut rows = Vec::new();
        state.for_each_visible("entries", &mut |key, row| rows.push((key.clone(), row.clone())));
        rows
    };
    assert_eq!(rows(&reopened), rows(&device.state));
    assert_eq!(rows(&reopened).len(), 5, "a and d are deleted, f and g are new");
}

/// Invariant 7: after its last pending mutation, and after its last row, a table is as if never touched.
#[test]
fn a_context_that_folded_everything_equals_one_that_loaded_a_checkpoint() {
    let mut device = Device::synced(&[r#"{"id":"a"}"#]);
    device.update("a", &[("n", "2")]);
    device.answer("a", applied(5), Some(5));
    assert_eq!(device.reopened(), device.state);
    device.pull_last(&TABLES, "c2", &[], &[(rev(9), r#"{"id":"a"}"#), (rev(9), r#"{"id":"z"}"#)]);
    device.pull_last(&[("projects", Some("c2")), ("entries", Some("c2"))], "c3", &[], &[]);
    assert_eq!(device.reopened(), device.state);
}

#[test]
fn a_checkpoint_at_any_frame_and_the_tail_after_it_give_the_same_state() {
    let device = full_device();
    for cut in 0..=device.log.len() {
        let mut state = State::default();
        for (n, frame) in device.log.iter().enumerate() {
            if n == cut {
                let (record, blocks) = snapshot::write(&state);
                state = snapshot::read(&record, &blocks).expect("our own checkpoint");
            }
            apply(&mut state, Found::new(), n as u64 + 1, Frame::decode(frame).expect("our own frame"));
        }
        assert_eq!(state, device.state, "cut after {cut} frames");
    }
}

#[test]
fn blocks_stay_below_the_records_limit() {
    let long = "x".repeat(1_000);
    let rows: Vec<String> = (0..200).map(|n| format!(r#"{{"id":"{n}","title":"{long}"}}"#)).collect();
    let device = Device::synced(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let (_, blocks) = snapshot::write(&device.state);
    assert!(blocks.len() > 3 && blocks.iter().all(|block| block.len() < limits::RECORD_BYTES));
    assert_eq!(device.reopened(), device.state);
}

/// Invariant 12.
#[test]
fn a_damaged_checkpoint_is_reported_and_not_read() {
    let (record, blocks) = snapshot::write(&full_device().state);
    let mut damaged = record.clone();
    damaged[40] ^= 1;
    assert_eq!(snapshot::read(&damaged, &blocks), Err(Damage::Checksum));
    let swapped = snapshot::read(&blocks[0], std::slice::from_ref(&record));
    assert!(matches!(swapped, Err(Damage::UnknownKind(_))));
}
