//! What a pulled page does (DESIGN 6, Pull): cursors, rounds, revs, tombstones, sweeps, own transactions.

use crate::device::{Device, applied, request, rev};
use thermocline::engine::Picture;

const A: &str = r#"{"id":"a","title":"old","n":1,"project":null}"#;
const A2: &str = r#"{"id":"a","title":"new","n":2,"project":null}"#;
const B: &str = r#"{"id":"b","title":"b","n":1,"project":null}"#;
const TABLES: [(&str, Option<&str>); 2] = [("projects", Some("c1")), ("entries", Some("c1"))];

fn without_seq(device: &mut Device) -> Picture {
    Picture { seq: 0, ..device.picture() }
}

/// Invariant 5: a page that starts where the client no longer is says nothing about what lies between.
#[test]
fn a_page_whose_cursor_has_moved_on_is_dropped_whole() {
    let mut device = Device::synced(&[A]);
    device.pull_last(&TABLES, "c2", &[], &[]);
    let before = without_seq(&mut device);
    let changes = device.pull_last(&TABLES, "c9", &[(rev(7), A2), (rev(7), B)], &[]);
    assert!(changes.dropped && changes.rows.is_empty());
    assert_eq!(without_seq(&mut device), before);
}

#[test]
fn a_page_of_another_round_is_dropped_whole() {
    let mut device = Device::synced(&[A]);
    device.pull(request(&TABLES, None, &[]), &[(rev(2), A2)], &[], Some("r1"), None);
    let before = without_seq(&mut device);
    for (tables, round) in [(&TABLES[..], "r0"), (&TABLES[..1], "r1")] {
        let changes = device.pull(request(tables, Some(round), &[]), &[(rev(7), B)], &[], None, Some("c9"));
        assert!(changes.dropped, "{round}");
        assert_eq!(without_seq(&mut device), before);
    }
    device.pull(request(&TABLES, Some("r1"), &[]), &[(rev(3), B)], &[], None, Some("c2"));
    assert_eq!(device.row("b").as_deref(), Some(B));
    assert_eq!((device.state.round.clone(), device.state.cursors["entries"].as_ref()), (None, "c2"));
}

/// Invariant 6: data and cursor are one frame.
#[test]
fn cursors_move_with_the_last_page_and_not_before() {
    let mut device = Device::new();
    let tables = [("projects", None), ("entries", None)];
    device.pull(request(&tables, None, &[]), &[(rev(1), A)], &[], Some("r1"), None);
    assert!(device.state.cursors.is_empty() && device.state.held.is_empty());
    device.pull(request(&tables, Some("r1"), &[]), &[(rev(1), B)], &[], None, Some("c1"));
    assert_eq!(device.state.cursors.len(), 2);
    assert!(device.state.held.contains("entries"), "coverage begins when the first round has ended");
}

#[test]
fn the_greatest_rev_of_a_key_wins_row_or_tombstone() {
    let mut device = Device::synced(&[A]);
    device.pull(request(&TABLES, None, &[]), &[(rev(5), A2), (rev(4), A)], &[], Some("r1"), None);
    assert_eq!(device.row("a").as_deref(), Some(A2));
    device.pull(
        request(&TABLES, Some("r1"), &[]),
        &[(rev(6), A)],
        &[(rev(7), r#"{"id":"a"}"#)],
        Some("r2"),
        None,
    );
    assert_eq!(device.row("a"), None);
    device.pull(request(&TABLES, Some("r2"), &[]), &[], &[(rev(2), r#"{"id":"b"}"#)], Some("r3"), None);
    device.pull(request(&TABLES, Some("r3"), &[]), &[(rev(8), A)], &[], None, Some("c2"));
    assert_eq!(device.row("a").as_deref(), Some(A));
}

/// PITFALLS 9: what was deleted does not rise again.
#[test]
fn a_page_that_is_older_than_our_own_delete_brings_nothing_back() {
    let mut device = Device::synced(&[A]);
    device.delete("a");
    device.answer("a", applied(7), None);
    device.pull_last(&TABLES, "c2", &[(rev(6), A2)], &[]);
    assert_eq!(device.row("a"), None);
}

#[test]
fn a_pull_moves_the_base_under_a_pending_change_and_leaves_the_change_alone() {
    let mut device = Device::synced(&[A]);
    device.update("a", &[("n", "9")]);
    let before = device.pending("a");
    device.pull_last(&TABLES, "c2", &[(rev(5), A2)], &[]);
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"new","n":9,"project":null}"#));
    assert_eq!(device.pending("a"), before, "old values and base are what the edit saw");
}

#[test]
fn a_round_from_nothing_sweeps_what_it_did_not_name_and_not_before_its_end() {
    let mut device = Device::synced(&[A, B]);
    device.resync(&TABLES);
    let fresh = [("projects", None), ("entries", None)];
    device.pull(request(&fresh, None, &[]), &[(rev(3), A2)], &[], Some("r1"), None);
    assert_eq!(device.row("b").as_deref(), Some(B), "the old rows stay readable");
    let changes = device.pull(request(&fresh, Some("r1"), &[]), &[], &[], None, Some("c2"));
    assert_eq!(device.row("b"), None);
    assert!(changes.tables.contains(&"entries".into()), "queries of it run again");
    assert_eq!(device.row("a").as_deref(), Some(A2));
}

/// PITFALLS 21, invariant 8: a resync keeps rows and outbox.
#[test]
fn a_resync_drops_the_cursors_and_keeps_rows_and_outbox() {
    let mut device = Device::synced(&[A]);
    device.update("a", &[("n", "9")]);
    device.insert("b", &[]);
    let outbox = device.state.outbox.clone();
    let shown = (device.row("a"), device.row("b"));
    assert!(!device.resync(&TABLES).dropped);
    assert!(device.state.cursors.is_empty());
    assert_eq!((device.row("a"), device.row("b")), shown);
    assert_eq!(device.state.outbox, outbox);
}

#[test]
fn a_resync_from_where_the_client_no_longer_is_does_nothing() {
    let mut device = Device::synced(&[A]);
    device.pull_last(&TABLES, "c2", &[], &[]);
    assert!(device.resync(&TABLES).dropped);
    assert_eq!(device.state.cursors["entries"].as_ref(), "c2");
}

/// A database restored to an earlier state, or dumped into another project, counts from a smaller number.
#[test]
fn after_a_resync_the_servers_rows_win_though_their_revs_are_smaller() {
    let mut device = Device::synced(&[]);
    device.pull_last(&TABLES, "c2", &[(rev(900), A2)], &[(rev(901), r#"{"id":"b"}"#)]);
    device.resync(&[("projects", Some("c2")), ("entries", Some("c2"))]);
    device.pull_last(&[("projects", None), ("entries", None)], "d1", &[(rev(3), A), (rev(4), B)], &[]);
    assert_eq!((device.row("a").as_deref(), device.row("b").as_deref()), (Some(A), Some(B)));
}

/// Transaction numbers of another life may be someone else's in this one.
#[test]
fn after_a_resync_no_transaction_counts_as_our_own() {
    let mut device = Device::synced(&[A]);
    device.update("a", &[("n", "2")]);
    device.answer("a", applied(5), Some(5));
    device.resync(&TABLES);
    assert!(device.own_xids().is_empty());
}

#[test]
fn own_transactions_are_named_until_a_round_over_their_tables_has_ended() {
    let mut device = Device::synced(&[A]);
    device.update("a", &[("n", "2")]);
    device.answer("a", applied(5), Some(5));
    device.pull(request(&TABLES[..1], None, &[]), &[], &[], None, Some("c2"));
    assert!(device.own_xids().contains(&5), "the table's cursor has not seen it");
    let tables = [("projects", Some("c2")), ("entries", Some("c1"))];
    device.pull(request(&tables, None, &[5]), &[], &[], Some("r1"), None);
    device.insert("b", &[]);
    device.answer("b", applied(6), Some(6));
    device.pull(request(&tables, Some("r1"), &[5]), &[], &[], None, Some("c3"));
    assert!(device.own_xids() == [6], "made since the round's snapshot");
}

/// A push between the pages of a round from nothing: the round's snapshot does not know its row.
#[test]
fn a_row_pushed_during_a_round_from_nothing_is_not_swept() {
    let mut device = Device::new();
    let fresh = [("projects", None), ("entries", None)];
    device.pull(request(&fresh, None, &[]), &[(rev(1), A)], &[], Some("r1"), None);
    device.insert("b", &[]);
    device.answer("b", applied(6), Some(6));
    device.pull(request(&fresh, Some("r1"), &[]), &[], &[], None, Some("c1"));
    assert!(device.row("b").is_some());
}

/// A holder whose lease was stolen folds a page that it asked for before the other one's push.
#[test]
fn a_row_that_a_late_round_swept_is_asked_for_again() {
    let mut device = Device::new();
    device.insert("b", &[]);
    device.answer("b", applied(6), Some(6));
    device.pull_last(&[("projects", None), ("entries", None)], "c1", &[(rev(1), A)], &[]);
    assert_eq!(device.row("b"), None);
    assert!(!device.own_xids().contains(&6), "the next round brings it");
}

#[test]
fn tombstones_are_kept_until_a_round_that_began_after_them_has_ended() {
    let mut device = Device::synced(&[A]);
    device.pull(request(&TABLES, None, &[]), &[], &[], Some("r1"), None);
    device.delete("a");
    device.answer("a", applied(9), Some(9));
    device.pull(request(&TABLES, Some("r1"), &[]), &[(rev(4), A2)], &[], Some("r2"), None);
    assert_eq!(device.row("a"), None);
    device.pull(request(&TABLES, Some("r2"), &[]), &[], &[], None, Some("c2"));
    device.pull_last(&[("projects", Some("c2")), ("entries", Some("c2"))], "c3", &[(rev(12), A)], &[]);
    assert_eq!(device.row("a").as_deref(), Some(A), "inserted again by someone");
}

/// Found by the simulation: pushed, then the server was restored, then the first pull. Transaction 5 is
/// someone else's now, and 5 is more than any rev there.
#[test]
fn a_first_round_believes_nothing_that_was_pushed_before_it() {
    let mut device = Device::new();
    device.insert("a", &[("n", "9")]);
    device.answer("a", applied(5), Some(5));
    device.insert("b", &[]);
    device.answer("b", applied(6), Some(6));
    device.delete("b");
    device.answer("b", applied(7), Some(7));
    let fresh = [("projects", None), ("entries", None)];
    device.pull(request(&fresh, None, &[]), &[(rev(2), A), (rev(3), B)], &[], Some("r1"), None);
    assert!(device.own_xids().is_empty());
    assert_eq!((device.row("a").as_deref(), device.row("b").as_deref()), (Some(A), Some(B)));
    device.pull(request(&fresh, Some("r1"), &[]), &[(rev(1), A2)], &[], None, Some("c1"));
    assert_eq!(device.row("a").as_deref(), Some(A), "within the round the newest wins");
}
