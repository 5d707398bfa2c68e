//! A checkpoint is the state (invariants 7 and 8): written, read back, and folded on.

use crate::device::{Device, applied, request, rev};
use crate::shelf::Room;
use thermocline::engine::frame::{Damage, Lost};
use thermocline::engine::rest::Plan;
use thermocline::engine::segment::SegmentId;
use thermocline::engine::{Frame, State, apply, needs, snapshot};
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
    let mut device = full_device();
    let before = device.picture();
    device.reopen();
    assert_eq!(device.picture(), before);
    assert_eq!(before.tables["entries"].visible.len(), 5, "a and d are deleted, f and g are new");
}

/// Invariant 7: after its last pending mutation, and after its last row, a table is as if never touched.
#[test]
fn a_context_that_folded_everything_equals_one_that_loaded_a_checkpoint() {
    let mut device = Device::synced(&[r#"{"id":"a"}"#]);
    device.update("a", &[("n", "2")]);
    device.answer("a", applied(5), Some(5));
    let before = device.picture();
    device.reopen();
    assert_eq!(device.picture(), before);
    device.pull_last(&TABLES, "c2", &[], &[(rev(9), r#"{"id":"a"}"#), (rev(9), r#"{"id":"z"}"#)]);
    device.pull_last(&[("projects", Some("c2")), ("entries", Some("c2"))], "c3", &[], &[]);
    let before = device.picture();
    device.reopen();
    assert_eq!(device.picture(), before);
    assert_eq!(device.state.rows.table("entries").map(|rows| rows.segments().len()), Some(0));
}

#[test]
fn a_checkpoint_at_any_frame_and_the_tail_after_it_give_the_same_state() {
    let mut device = full_device();
    for cut in 0..=device.log.len() {
        let (mut state, mut room) = (State::default(), Room::default());
        for (n, frame) in device.log.iter().enumerate() {
            if n == cut {
                let record = room.checkpoint(&mut state);
                room.shelf.clear();
                state = room.open(&record);
            }
            let frame = Frame::decode(frame).expect("our own frame");
            let found = room.find(&state, &needs(&state, &frame));
            apply(&mut state, found, n as u64 + 1, frame);
        }
        assert_eq!(room.picture(&state), device.picture(), "cut after {cut} frames");
    }
}

#[test]
fn blocks_stay_below_the_records_limit() {
    let mut noise = 1u64;
    let mut letter = || {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'a' + (noise >> 33) as u8 % 26)
    };
    let mut row =
        |n| format!(r#"{{"id":"{n}","title":"{}"}}"#, (0..1_000).map(|_| letter()).collect::<String>());
    let rows: Vec<String> = (0..200).map(&mut row).collect();
    let mut device = Device::synced(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let before = device.picture();
    device.reopen();
    assert_eq!(device.picture(), before);
    let segments = device.state.rows.table("entries").expect("defined").segments().to_vec();
    let [segment] = segments.as_slice() else { panic!("{} segments", segments.len()) };
    let blocks = device.room.blocks(segment.id);
    assert!(blocks.len() > 3 && blocks.iter().all(|block| block.len() < limits::RECORD_BYTES));
}

/// After a checkpoint a row is in memory only if a change of it waits or an older page might replace it.
#[test]
fn after_a_checkpoint_only_pending_and_recent_rows_are_in_memory() {
    let mut device = full_device();
    device.room.checkpoint(&mut device.state);
    let rows = device.state.rows.table("entries").expect("defined");
    let in_memory: Vec<&str> = rows.slots().map(|(key, _)| key.as_str()).collect();
    assert_eq!(in_memory, [r#"["a"]"#, r#"["b"]"#, r#"["c"]"#, r#"["d"]"#, r#"["e"]"#, r#"["f"]"#]);
    assert_eq!(device.row("g").as_deref(), Some(r#"{"id":"g","title":null,"n":null,"project":null}"#));
}

/// No segment is there.
fn nothing(_: SegmentId) -> Option<&'static [u8]> {
    None
}

/// Invariant 12.
#[test]
fn a_damaged_checkpoint_is_reported_and_not_read() {
    let mut device = full_device();
    let record = device.room.checkpoint(&mut device.state);
    let mut damaged = record.clone();
    damaged[40] ^= 1;
    assert_eq!(snapshot::read(&damaged, nothing).err(), Some(Damage::Checksum));
    let segment = device.state.rows.table("entries").expect("defined").segments()[0].id;
    let swapped = snapshot::read(&device.room.blocks(segment)[0], nothing);
    assert!(matches!(swapped.err(), Some(Damage::UnknownKind(_))));
}

/// Invariant 12: what can be read is there, and what cannot is named.
#[test]
fn a_segment_whose_directory_cannot_be_read_is_named_and_the_rest_opens() {
    let mut device = full_device();
    let before = device.picture();
    let record = device.room.checkpoint(&mut device.state);
    let opened = snapshot::read(&record, nothing).expect("the record is whole");
    let segment = device.state.rows.table("entries").expect("defined").segments()[0].id;
    assert_eq!(opened.damaged, [("entries".into(), segment)]);
    let picture = Room::default().picture(&opened.state);
    assert_eq!((picture.outbox, picture.answers), (before.outbox, before.answers));
}

/// A segment is found damaged while a checkpoint that keeps it is under way.
#[test]
fn a_segment_that_is_given_up_during_a_checkpoint_does_not_come_back() {
    let mut device = Device::synced(&[r#"{"id":"a"}"#, r#"{"id":"b"}"#, r#"{"id":"c"}"#]);
    device.room.checkpoint(&mut device.state);
    let segment = device.state.rows.table("entries").expect("defined").segments()[0].id;
    device.pull_last(&TABLES, "c2", &[(rev(2), r#"{"id":"d"}"#)], &[]);
    let mut plan = Plan::of(&device.state);
    device.room.carry_out(&mut plan, &device.state);
    device.fold(Frame::Lost(Lost { table: "entries".into(), segment }));
    device.state.rest(plan);
    assert_eq!(device.picture().tables["entries"].visible.len(), 1);
}
