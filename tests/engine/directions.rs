//! Directions: what is sent, what is pulled, and what stays on the device.

use crate::bench::{Bench, defined};
use crate::device::{Device, applied, id, key, schema};
use thermocline::engine::Frame;
use thermocline::engine::interface::Event;
use thermocline::protocol::{Decision, Op};

/// `entries` of this direction; `projects` both ways.
fn device(direction: &str) -> Device {
    let mut device = Device::new();
    let mut schema = schema();
    schema.tables.get_mut("entries").expect("entries").direction = direction.into();
    device.fold(Frame::Schema(schema));
    device
}

#[test]
fn a_local_table_is_written_at_once_and_nothing_waits() {
    let mut device = device("local-only");
    assert!(device.state.held.contains("entries"), "all there is of it is here");
    device.insert("a", &[("title", "\"draft\"")]);
    device.update("a", &[("n", "1")]);
    device.insert("b", &[]);
    assert_eq!(device.delete("b"), Decision::Done(vec![true]));
    assert!(device.state.outbox.is_empty());
    let draft = r#"{"id":"a","title":"draft","n":1,"project":null}"#;
    assert_eq!((device.row("a").as_deref(), device.row("b")), (Some(draft), None));
    device.reopen();
    assert!(device.state.rows.slot("entries", &key("a")).is_none(), "it rests in a segment");
    assert_eq!((device.row("a").as_deref(), device.row("b")), (Some(draft), None));
    device.write(Op::Upsert, "entries", "a", &[("n", "2")]);
    device.insert("b", &[("n", "3")]);
    assert!(device.row("a").is_some_and(|row| row.contains("\"n\":2") && row.contains("draft")));
    assert!(device.row("b").is_some());
}

#[test]
fn one_request_may_write_a_local_row_twice() {
    let mut device = device("local-only");
    let insert = device.mutation(Op::Insert, "entries", "a", &[]);
    let update = device.mutation(Op::Upsert, "entries", "a", &[("n", "2")]);
    let request = device.request(vec![insert, update]);
    device.write_request(request);
    assert!(device.row("a").is_some_and(|row| row.contains("\"n\":2")));
}

#[test]
fn tables_that_are_not_pulled_are_in_no_round() {
    for (direction, asked) in [
        ("both", "send pull entries@-,projects@-"),
        ("pull-only", "send pull entries@-,projects@-"),
        ("cache", "send pull entries@-,projects@-"),
        ("push-only", "send pull projects@-"),
        ("local-only", "send pull projects@-"),
    ] {
        let mut bench = Bench::new(device(direction));
        let mut schema = schema();
        schema.tables.get_mut("entries").expect("entries").direction = direction.into();
        bench.run([Event::Start, Event::Leased]);
        assert_eq!(bench.step(defined(schema)), [asked], "{direction}");
    }
}

/// Else every row that was ever appended would stay in memory: no round over the table ever ends.
#[test]
fn what_was_appended_to_a_push_only_table_comes_to_rest() {
    let mut device = device("push-only");
    device.insert("a", &[("n", "1")]);
    device.answer("a", applied(5), Some(5));
    assert!(device.state.outbox.is_empty());
    device.reopen();
    assert!(device.state.rows.slot("entries", &id("entries", "a").1).is_none());
    assert!(device.row("a").is_some_and(|row| row.contains("\"n\":1")));
}
