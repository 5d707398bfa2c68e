//! What a `Schema` frame does to rows, outbox and cursors.

use crate::device::{Device, cells, schema};
use thermocline::engine::{Frame, Picture};
use thermocline::protocol::{Column, Schema};

const A: &str = r#"{"id":"a","title":"old","n":1,"project":null}"#;

fn with_column(name: &str) -> Schema {
    let mut schema = schema();
    let entries = schema.tables.get_mut("entries").expect("entries");
    let column = Column { name: name.into(), ..entries.columns[1].clone() };
    entries.columns.insert(1, column);
    schema
}

/// PITFALLS 21: a change of definitions loses no change of the user's.
#[test]
fn rows_take_the_new_shape_and_the_outbox_stays_as_it_is() {
    let mut device = Device::synced(&[A]);
    device.update("a", &[("title", "\"mine\"")]);
    device.insert("b", &[("n", "2")]);
    let outbox = device.state.outbox.clone();
    let changes = device.fold(Frame::Schema(with_column("mood")));
    assert_eq!(changes.tables, ["entries".into()]);
    assert_eq!(
        device.row("a").as_deref(),
        Some(r#"{"id":"a","mood":null,"title":"mine","n":1,"project":null}"#)
    );
    assert_eq!(
        device.row("b").as_deref(),
        Some(r#"{"id":"b","mood":null,"title":null,"n":2,"project":null}"#)
    );
    assert_eq!(device.state.outbox, outbox);
}

/// `alter table add column … default` changes every row and no rev.
#[test]
fn a_new_column_is_pulled_from_nothing_and_rows_of_the_same_rev_get_its_values() {
    let mut device = Device::synced(&[A]);
    device.fold(Frame::Schema(with_column("mood")));
    assert_eq!(device.state.cursors.keys().map(|table| &**table).collect::<Vec<_>>(), ["projects"]);
    assert!(device.state.held.contains("entries"), "its rows are all still here");
    let filled = r#"{"id":"a","mood":"fine","title":"old","n":1,"project":null}"#;
    device.pull_last(&[("entries", None)], "c2", &[(crate::device::rev(1), filled)], &[]);
    assert_eq!(device.row("a").as_deref(), Some(filled));
}

#[test]
fn a_column_that_is_gone_is_no_longer_shown() {
    let mut device = Device::synced(&[A]);
    let mut without = schema();
    without.tables.get_mut("entries").expect("entries").columns.retain(|column| &*column.name != "n");
    device.fold(Frame::Schema(without));
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"old","project":null}"#));
}

/// What a segment says is read as the table is now, also where an edit or a merge builds on it.
#[test]
fn rows_in_segments_take_the_new_shape_too() {
    let mut device = Device::synced(&[A, &A.replace("\"a\"", "\"b\"")]);
    device.room.checkpoint(&mut device.state);
    let mut without = schema();
    without.tables.get_mut("entries").expect("entries").columns.retain(|column| &*column.name != "n");
    device.fold(Frame::Schema(without));
    let row = r#"{"id":"a","title":"old","project":null}"#;
    assert_eq!(device.row("a").as_deref(), Some(row));
    device.reopen();
    assert_eq!(device.row("a").as_deref(), Some(row));
    device.update("b", &[("title", "\"new\"")]);
    assert_eq!(device.row("b").as_deref(), Some(r#"{"id":"b","title":"new","project":null}"#));
    device.fold(Frame::Schema(schema()));
    assert_eq!(
        device.row("a").as_deref(),
        Some(r#"{"id":"a","title":"old","n":null,"project":null}"#),
        "the column is another one now"
    );
}

/// DESIGN 3, Versions: the engine never edits a pending mutation; the server refuses it if it must.
#[test]
fn a_pending_change_of_a_column_that_is_gone_is_kept_as_it_is() {
    let mut device = Device::synced(&[A]);
    device.update("a", &[("n", "2")]);
    let mut without = schema();
    without.tables.get_mut("entries").expect("entries").columns.retain(|column| &*column.name != "n");
    device.fold(Frame::Schema(without));
    assert_eq!(cells(&device.pending("a")[0]), [("n", "2", Some("1"), 1_000_000)]);
}

#[test]
fn definitions_that_did_not_change_change_nothing() {
    let mut device = Device::synced(&[A]);
    let before = device.picture();
    let changes = device.fold(Frame::Schema(schema()));
    assert!(changes.tables.is_empty());
    let seq = device.state.seq;
    assert_eq!(device.picture(), Picture { seq, ..before });
}
