//! Which mutations leave, together and in what groups (invariants 3, 10, 11; PITFALLS 7, 19, 20).

use crate::device::{Device, USER, id};
use std::collections::BTreeSet;
use thermocline::engine::RowId;
use thermocline::engine::batch::{Terms, choose, groups};
use thermocline::protocol::push::Outcome;
use thermocline::protocol::{Op, Text, limits};

const TERMS: Terms<'static> = Terms { user: USER, tables: None, size: 500, blocked: &BTreeSet::new() };

fn chosen(device: &Device, terms: &Terms<'_>) -> Vec<(Op, RowId)> {
    let pending =
        choose(&device.state, terms).into_iter().map(|id| device.state.outbox.get(id).expect("pending"));
    pending.map(|pending| (pending.op, pending.row.clone())).collect()
}

fn rows(device: &Device, terms: &Terms<'_>) -> Vec<RowId> {
    chosen(device, terms).into_iter().map(|(_, row)| row).collect()
}

#[test]
fn mutations_leave_in_the_order_in_which_they_were_made() {
    let mut device = Device::new();
    for row in ["c", "a", "b"] {
        device.insert(row, &[]);
    }
    assert_eq!(rows(&device, &TERMS), ["c", "a", "b"].map(|row| id("entries", row)));
    assert_eq!(rows(&device, &Terms { size: 2, ..TERMS }), ["c", "a"].map(|row| id("entries", row)));
}

/// Invariant 3.
#[test]
fn a_batch_holds_one_mutation_of_a_row_and_the_next_waits_for_its_answer() {
    let mut device = Device::synced(&[r#"{"id":"a"}"#]);
    device.delete("a");
    device.insert("a", &[]);
    device.insert("b", &[]);
    assert_eq!(chosen(&device, &TERMS), [(Op::Delete, id("entries", "a")), (Op::Insert, id("entries", "b"))]);
}

/// Invariant 10: a dead letter holds back its row and what refers to it, and nothing else.
#[test]
fn a_dead_letter_holds_back_its_row_and_its_referrers_and_nothing_else() {
    let mut device = Device::synced(&[]);
    device.write(Op::Insert, "projects", "p", &[]);
    let parent = device.seal_all()[0];
    device.push(vec![(parent, Outcome::Hidden)], None);
    device.write(Op::Insert, "projects", "q", &[]);
    device.write(Op::Update, "projects", "p", &[("name", "\"x\"")]);
    device.insert("child", &[("project", "\"p\"")]);
    device.update("child", &[("n", "1")]);
    device.insert("other", &[("project", "\"q\"")]);
    assert_eq!(rows(&device, &TERMS), [id("projects", "q"), id("entries", "other")]);
}

#[test]
fn what_was_answered_blocked_is_not_tried_again_at_once() {
    let mut device = Device::new();
    device.insert("a", &[]);
    device.insert("b", &[]);
    let blocked = BTreeSet::from([device.pending("a")[0].id]);
    assert_eq!(rows(&device, &Terms { blocked: &blocked, ..TERMS }), [id("entries", "b")]);
}

/// Invariant 11, pitfall 20: a mutation never leaves under another identity.
#[test]
fn another_users_mutations_never_leave_nor_those_of_nobody() {
    let mut device = Device::new();
    for (row, user) in [("a", Some("u2")), ("b", None), ("c", Some(USER))] {
        let mutation = device.mutation(Op::Insert, "entries", row, &[]);
        let mut request = device.request(vec![mutation]);
        request.user = user.map(Text::from);
        device.write_request(request);
    }
    assert_eq!(rows(&device, &TERMS), [id("entries", "c")]);
    assert_eq!(rows(&device, &Terms { user: "", ..TERMS }), []);
}

#[test]
fn tables_that_sync_is_off_for_stay_and_hold_back_what_refers_to_them() {
    let mut device = Device::new();
    device.write(Op::Insert, "projects", "p", &[]);
    device.insert("a", &[("project", "\"p\"")]);
    device.insert("b", &[]);
    let tables = BTreeSet::from(["entries".into()]);
    assert_eq!(rows(&device, &Terms { tables: Some(&tables), ..TERMS }), [id("entries", "b")]);
}

#[test]
fn a_batch_keeps_below_the_byte_limit_but_a_large_mutation_still_leaves() {
    let mut device = Device::new();
    let long = format!("\"{}\"", "x".repeat(limits::BATCH_BYTES / 5));
    for row in ["a", "b", "c", "d"] {
        device.insert(row, &[("title", &long)]);
    }
    assert_eq!(rows(&device, &TERMS).len(), 2);
    let mut device = Device::new();
    device.insert("huge", &[("title", &format!("\"{}\"", "x".repeat(limits::BATCH_BYTES)))]);
    device.insert("small", &[]);
    assert_eq!(rows(&device, &TERMS), [id("entries", "huge")]);
}

/// DESIGN 6, Order. Moved past, a removed project would take the entry along, or be refused for it.
#[test]
fn a_removal_does_not_pass_the_change_that_lets_go_of_the_row() {
    let mut device = Device::synced(&[r#"{"id":"a","project":"p"}"#]);
    let tables = [("projects", Some("c1")), ("entries", Some("c1"))];
    let page = thermocline::protocol::pull::Page {
        table: "projects".into(),
        rows: vec![(crate::device::rev(1), r#"{"id":"p","name":"p"}"#.into())],
        gone: Vec::new(),
        cold: Vec::new(),
    };
    device.fold(thermocline::engine::Frame::Pulled(thermocline::engine::frame::Pulled {
        request: crate::device::request(&tables, None, &[]),
        pages: vec![page],
        round: None,
        cursor: Some("c2".into()),
        time_ms: 1,
    }));
    device.update("a", &[("n", "1")]);
    device.seal_all();
    let first = device.pending("a")[0].id;
    device.push(vec![(first, Outcome::Blocked)], None); // sealed, and waiting again
    device.update("a", &[("project", "null")]);
    device.write(Op::Delete, "projects", "p", &[]);
    assert_eq!(chosen(&device, &TERMS), [(Op::Update, id("entries", "a"))]);
}

#[test]
fn a_group_is_one_table_one_operation_one_set_of_columns() {
    let mut device = Device::synced(&[r#"{"id":"a","n":1}"#, r#"{"id":"b","n":1}"#]);
    device.write(Op::Insert, "projects", "p", &[("name", "\"p\"")]);
    device.update("a", &[("n", "2"), ("title", "\"x\"")]);
    device.insert("c", &[("n", "1")]);
    device.update("b", &[("title", "\"y\""), ("n", "3")]);
    device.write(Op::Insert, "projects", "q", &[("name", "\"q\"")]);
    let all = choose(&device.state, &TERMS);
    let groups = groups(&device.state, &all);
    let shapes: Vec<(&str, Op, usize)> =
        groups.iter().map(|group| (&*group.table, group.op, group.mutations.len())).collect();
    // Entries refer to projects: the second project does not join the first one past them.
    assert_eq!(
        shapes,
        [
            ("projects", Op::Insert, 1),
            ("entries", Op::Update, 1),
            ("entries", Op::Insert, 1),
            ("entries", Op::Update, 1),
            ("projects", Op::Insert, 1),
        ]
    );
    assert_eq!(groups[1].columns, ["n".into(), "title".into()], "sorted, and without the key");
    assert_eq!(groups[1].mutations[0].key, [("id".into(), "\"a\"".into())]);
}

#[test]
fn neighbours_of_one_shape_share_a_group() {
    let mut device = Device::new();
    for row in ["a", "b", "c"] {
        device.insert(row, &[("n", "1")]);
    }
    device.delete("x");
    let all = choose(&device.state, &TERMS);
    let groups = groups(&device.state, &all);
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].mutations.len(), 3);
}
