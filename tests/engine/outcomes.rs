//! What each outcome of a push does (DESIGN 6, Push): to its mutation, to the base row, to the visible row,
//! and to the mutations of the row that follow.

use crate::device::{Device, USER, applied, cells, rev};
use std::collections::BTreeSet;
use thermocline::engine::batch::{Terms, choose};
use thermocline::engine::{Pending, Standing};
use thermocline::protocol::push::Outcome;
use thermocline::protocol::{MutationId, Op, Rev};

const SYNCED: &str = r#"{"id":"a","title":"old","n":1,"project":null}"#;
const TABLES: [(&str, Option<&str>); 2] = [("projects", Some("c1")), ("entries", Some("c1"))];

/// `n` was set to 2 and sent; then `n` was set to 3 and `title` changed.
fn edited_while_sent() -> (Device, MutationId) {
    let mut device = Device::synced(&[SYNCED]);
    device.update("a", &[("n", "2")]);
    let sealed = device.seal_all()[0];
    device.update("a", &[("n", "3"), ("title", "\"mine\"")]);
    (device, sealed)
}

fn follower(device: &Device) -> Pending {
    let pending = device.pending("a");
    assert_eq!(pending.len(), 1, "the answered one is gone");
    pending[0].clone()
}

fn olds(pending: &Pending) -> Vec<(&str, Option<&str>)> {
    cells(pending).into_iter().map(|(column, _, old, _)| (column, old)).collect()
}

fn may_leave(device: &Device) -> Vec<MutationId> {
    let terms = Terms { user: USER, tables: None, size: 100, blocked: &BTreeSet::new() };
    choose(&device.state, &terms)
}

#[test]
fn applied_lays_the_sent_values_and_the_servers_own_over_the_base() {
    let (mut device, sealed) = edited_while_sent();
    let outcome = Outcome::Applied { rev: Some(rev(5)), set: vec![("n".into(), "2.0".into())] };
    device.push(vec![(sealed, outcome)], Some(5));
    let stored = r#"{"id":"a","title":"old","n":2.0,"project":null}"#;
    assert_eq!(device.base("a"), Some((rev(5), stored.into())));
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"mine","n":3,"project":null}"#));
    let follower = follower(&device);
    assert_eq!(follower.base, Some(rev(5)));
    assert_eq!(olds(&follower), [("n", Some("2.0")), ("title", Some("\"old\""))]);
    assert!(device.own_xids().contains(&5));
    assert_eq!(device.state.batch, None);
}

#[test]
fn an_applied_insert_is_made_of_what_was_sent_shown_and_set() {
    let mut device = Device::synced(&[]);
    let mut mutation = device.mutation(Op::Insert, "entries", "a", &[("n", "1")]);
    mutation.shown = vec![("title".into(), "\"shown\"".into()), ("project".into(), "\"p\"".into())];
    let request = device.request(vec![mutation]);
    device.write_request(request);
    let set = vec![("title".into(), "\"set\"".into())];
    device.answer("a", Outcome::Applied { rev: Some(rev(5)), set }, Some(5));
    let row = r#"{"id":"a","title":"set","n":1,"project":"p"}"#;
    assert_eq!(device.base("a"), Some((rev(5), row.into())));
    assert_eq!(device.row("a").as_deref(), Some(row));
}

/// Found by the simulation: the delete before it had lost against a newer version, which the insert had seen.
#[test]
fn an_applied_insert_that_met_the_row_it_saw_is_laid_over_it() {
    let mut device = Device::synced(&[SYNCED]);
    let base = device.base("a").map(|(rev, _)| rev);
    device.delete("a");
    let delete = device.seal_all()[0];
    let mut insert = device.mutation(Op::Insert, "entries", "a", &[("n", "2")]);
    insert.base = base;
    insert.shown = vec![("title".into(), "\"default\"".into())];
    let request = device.request(vec![insert]);
    device.write_request(request);
    let superseded = Outcome::Superseded { rev: base, row: Some(SYNCED.into()) };
    device.push(vec![(delete, superseded)], None);
    device.answer("a", Outcome::Applied { rev: Some(rev(5)), set: Vec::new() }, Some(5));
    let row = r#"{"id":"a","title":"old","n":2,"project":null}"#;
    assert_eq!(device.base("a"), Some((rev(5), row.into())));
}

#[test]
fn an_applied_delete_leaves_a_tombstone_that_an_older_version_does_not_get_past() {
    let mut device = Device::synced(&[SYNCED]);
    device.delete("a");
    device.answer("a", applied(5), Some(5));
    device.pull(crate::device::request(&TABLES, None, &[]), &[(rev(4), SYNCED)], &[], Some("r"), None);
    assert_eq!((device.row("a"), device.base("a")), (None, None));
}

#[test]
fn a_delete_of_a_row_that_the_server_does_not_show_is_done() {
    let mut device = Device::synced(&[SYNCED]);
    device.delete("a");
    device.answer("a", Outcome::Applied { rev: None, set: Vec::new() }, None);
    assert_eq!((device.row("a"), device.state.outbox.len()), (None, 0));
}

/// Invariant 5. Two contexts, a lease that was taken: one asked for a page while the other pushed the delete of a
/// row that was gone already. The page showed the row made anew; the answer, folded after it, let that go too,
/// and no later pull brought it back.
#[test]
fn the_answer_to_such_a_delete_lets_no_younger_version_go() {
    let mut device = Device::synced(&[SYNCED]);
    device.delete("a");
    let sealed = device.seal_all()[0];
    let anew = r#"{"id":"a","title":"anew","n":null,"project":null}"#;
    device.pull(crate::device::request(&TABLES, None, &[]), &[(rev(5), anew)], &[], None, Some("c2"));
    device.push(vec![(sealed, Outcome::Applied { rev: None, set: Vec::new() })], None);
    assert_eq!(device.row("a").as_deref(), Some(anew));
}

#[test]
fn merged_takes_the_servers_whole_row() {
    let (mut device, sealed) = edited_while_sent();
    let row = r#"{"id":"a","title":"theirs","n":2}"#;
    device.push(vec![(sealed, Outcome::Merged { rev: rev(5), row: row.into() })], Some(5));
    let whole = r#"{"id":"a","title":"theirs","n":2,"project":null}"#;
    assert_eq!(device.base("a"), Some((rev(5), whole.into())));
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"mine","n":3,"project":null}"#));
    // It saw the answered mutation's `n`, but never their `title`.
    assert_eq!(olds(&follower(&device)), [("n", Some("2")), ("title", Some("\"old\""))]);
    assert_eq!(follower(&device).base, Some(rev(5)));
    assert!(device.own_xids().contains(&5));
}

#[test]
fn superseded_gives_way_to_the_servers_row() {
    let (mut device, sealed) = edited_while_sent();
    let row = Some(r#"{"id":"a","title":"old","n":9}"#.into());
    device.push(vec![(sealed, Outcome::Superseded { rev: Some(rev(4)), row })], None);
    assert_eq!(device.base("a").map(|base| base.0), Some(rev(4)));
    assert_eq!(olds(&follower(&device)), [("n", Some("9")), ("title", Some("\"old\""))]);
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"mine","n":3,"project":null}"#));
}

#[test]
fn a_conflict_stays_with_the_servers_row_and_holds_back_its_row() {
    let (mut device, sealed) = edited_while_sent();
    let row = Some(r#"{"id":"a","title":"old","n":9}"#.into());
    device.push(vec![(sealed, Outcome::Conflict { rev: Some(rev(4)), row: row.clone() })], None);
    assert_eq!(device.base("a").map(|base| base.0), Some(rev(4)));
    assert_eq!(device.pending("a")[0].standing, Standing::Conflict { row });
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"mine","n":3,"project":null}"#));
    assert_eq!(may_leave(&device), []);
    assert_eq!(device.state.batch, None, "it is answered");
}

/// PITFALLS 5, 7, 13: a refusal is seen, kept, and blocks nothing else.
#[test]
fn what_is_hidden_or_rejected_becomes_a_dead_letter_and_still_shows() {
    let rejected = Outcome::Rejected { code: "23514".into(), message: "no".into(), row: None };
    for (outcome, expected) in [(Outcome::Hidden, "hidden"), (rejected, "23514")] {
        let (mut device, sealed) = edited_while_sent();
        device.insert("b", &[]);
        device.push(vec![(sealed, outcome)], Some(5));
        let Standing::Refused { code, .. } = &device.pending("a")[0].standing else { panic!("refused") };
        assert_eq!(&**code, expected);
        assert_eq!(device.base("a").map(|base| base.0), Some(rev(1)));
        assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"mine","n":3,"project":null}"#));
        assert_eq!(may_leave(&device), [device.pending("b")[0].id], "invariant 10");
    }
}

#[test]
fn blocked_waits_as_it_is_and_leaves_in_another_batch() {
    let (mut device, sealed) = edited_while_sent();
    let before = device.pending("a");
    device.push(vec![(sealed, Outcome::Blocked)], Some(5));
    assert_eq!(device.pending("a"), before, "sealed: the server may still meet an old copy");
    assert_eq!(device.state.batch, None);
    assert_eq!(may_leave(&device), [sealed]);
}

#[test]
fn a_batch_is_under_way_until_its_last_answer() {
    let mut device = Device::synced(&[SYNCED]);
    device.update("a", &[("n", "2")]);
    device.insert("b", &[]);
    let sealed = device.seal_all();
    device.push(vec![(sealed[0], applied(5))], Some(5));
    assert_eq!(device.state.batch.as_ref().map(|batch| batch.mutations.clone()), Some(vec![sealed[1]]));
    device.push(vec![(sealed[1], applied(6))], Some(6));
    assert_eq!(device.state.batch, None);
}

/// A second batch, from a context whose lease was stolen, must not seal anything.
#[test]
fn while_a_batch_is_under_way_no_other_is_sealed() {
    let mut device = Device::synced(&[SYNCED]);
    device.update("a", &[("n", "2")]);
    device.seal_all();
    device.insert("b", &[]);
    let before = device.state.clone();
    device.seal_all();
    assert_eq!((&before.batch, &before.outbox), (&device.state.batch, &device.state.outbox));
}

/// Invariant 2: the fold drops what it has already been told, whatever it says now.
#[test]
fn a_second_answer_is_dropped() {
    let (mut device, sealed) = edited_while_sent();
    device.push(vec![(sealed, applied(5))], Some(5));
    let before = device.picture();
    let merged = Outcome::Merged { rev: rev(9), row: r#"{"id":"a","n":0}"#.into() };
    device.push(vec![(sealed, merged)], Some(9));
    let after = device.picture();
    assert_eq!((before.tables, before.outbox), (after.tables, after.outbox));
    assert!(!device.own_xids().contains(&9), "nobody looked at what that transaction made");

    let (mut device, sealed) = edited_while_sent();
    device.push(vec![(sealed, Outcome::Hidden)], None);
    let before = device.picture();
    device.push(vec![(sealed, applied(9))], Some(9));
    let after = device.picture();
    assert_eq!((before.tables, before.outbox), (after.tables, after.outbox));
}

/// Their newer version was pulled before our answer came: ours is not laid over it, and theirs stays.
#[test]
fn an_answer_about_a_base_that_has_moved_makes_up_no_row_and_hides_nothing() {
    let (mut device, sealed) = edited_while_sent();
    let theirs = r#"{"id":"a","title":"theirs","n":7,"project":null}"#;
    device.pull_last(&TABLES, "c2", &[(rev(8), theirs)], &[]);
    device.push(vec![(sealed, applied(5))], Some(5));
    assert_eq!(device.base("a"), Some((rev(8), theirs.into())));
    assert!(!device.own_xids().contains(&5), "its row must be able to come back by a pull");
    // The follower saw our own 2 at rev 5; that the server is at rev 8 by now is for the server to weigh.
    assert_eq!(follower(&device).base, Some(rev(5)));
    assert_eq!(olds(&follower(&device)), [("n", Some("2")), ("title", Some("\"old\""))]);
}

/// The same transaction may be named again by the answer to a repeated batch.
#[test]
fn a_transaction_that_brought_an_unknown_row_is_no_longer_hidden() {
    let mut device = Device::synced(&[SYNCED, r#"{"id":"b","n":1}"#]);
    device.update("a", &[("n", "2")]);
    device.update("b", &[("n", "2")]);
    let sealed = device.seal_all();
    device.push(vec![(sealed[0], applied(5))], Some(5));
    device.pull_last(&TABLES, "c2", &[(rev(8), r#"{"id":"b","n":7}"#)], &[]);
    device.push(vec![(sealed[1], applied(5))], Some(5));
    assert!(!device.own_xids().contains(&5));
}

/// The answer came late: a page with somebody else's later change was folded first, and edited.
#[test]
fn a_late_answer_does_not_move_an_edit_back_that_saw_a_later_version() {
    let mut device = Device::synced(&[r#"{"id":"a","title":"old","n":1}"#]);
    device.update("a", &[("n", "2")]);
    let sealed = device.seal_all()[0];
    device.pull_last(&TABLES, "c2", &[(rev(8), r#"{"id":"a","title":"theirs","n":2}"#)], &[]);
    device.update("a", &[("title", "\"mine\"")]);
    device.push(vec![(sealed, applied(5))], Some(5));
    assert_eq!(follower(&device).base, Some(rev(8)), "under remote-wins it would be thrown away");
    assert_eq!(olds(&follower(&device)), [("title", Some("\"theirs\""))]);
}

#[test]
fn an_answer_whose_version_was_pulled_already_still_moves_the_followers() {
    let (mut device, sealed) = edited_while_sent();
    let ours = r#"{"id":"a","title":"old","n":2,"project":null}"#;
    device.pull_last(&TABLES, "c2", &[(rev(5), ours)], &[]);
    device.push(vec![(sealed, applied(5))], Some(5));
    assert_eq!(device.base("a"), Some((rev(5), ours.into())));
    assert_eq!(follower(&device).base, Some(rev(5)));
    assert_eq!(olds(&follower(&device)), [("n", Some("2")), ("title", Some("\"old\""))]);
}

/// What is two edits later saw the edit in between, not the answered one.
#[test]
fn old_values_move_only_to_the_edit_that_saw_them() {
    let mut device = Device::synced(&[SYNCED]);
    device.update("a", &[("n", "2")]);
    device.seal_all();
    device.update("a", &[("n", "3")]);
    device.write(Op::Insert, "projects", "p", &[]);
    device.update("a", &[("n", "4"), ("project", "\"p\"")]);
    device.delete("a");
    device.insert("a", &[("n", "5")]);
    let first = device.pending("a")[0].id;
    device.push(
        vec![(first, Outcome::Applied { rev: Some(rev(5)), set: vec![("n".into(), "2.0".into())] })],
        Some(5),
    );
    let pending = device.pending("a");
    let bases: Vec<(Op, Option<Rev>)> = pending.iter().map(|pending| (pending.op, pending.base)).collect();
    let five = Some(rev(5));
    let moved = "the row has another parent before it goes";
    assert_eq!(
        bases,
        [(Op::Update, five), (Op::Update, five), (Op::Delete, five), (Op::Insert, None)],
        "{moved}"
    );
    assert_eq!(olds(&pending[0]), [("n", Some("2.0"))]);
    assert_eq!(olds(&pending[1]), [("n", Some("3")), ("project", Some("null"))]);
}

#[test]
fn what_the_insert_showed_becomes_the_old_value_of_the_edit_that_saw_it() {
    let mut device = Device::synced(&[]);
    let mut mutation = device.mutation(Op::Insert, "entries", "a", &[]);
    mutation.shown = vec![("title".into(), "\"about now\"".into())];
    let request = device.request(vec![mutation]);
    device.write_request(request);
    let sealed = device.seal_all()[0];
    device.update("a", &[("title", "\"mine\"")]);
    let set = vec![("title".into(), "\"the server's now\"".into())];
    device.push(vec![(sealed, Outcome::Applied { rev: Some(rev(5)), set })], Some(5));
    assert_eq!(olds(&follower(&device)), [("title", Some("\"the server's now\""))]);
    assert_eq!(follower(&device).base, Some(rev(5)));
}

/// Typing goes on while a push is answered: the edit is folded after the answer it did not see.
#[test]
fn an_edit_made_while_its_predecessor_was_answered_counts_as_made_after_it() {
    let mut device = Device::synced(&[SYNCED]);
    device.update("a", &[("n", "2")]);
    let edit = device.mutation(Op::Update, "entries", "a", &[("n", "3")]);
    assert_eq!(edit.base, Some(rev(1)), "it sees the pending 2 over version 1");
    device.answer("a", applied(5), Some(5));
    let request = device.request(vec![edit]);
    device.write_request(request);
    assert_eq!(follower(&device).base, Some(rev(5)));

    let mut device = Device::synced(&[]);
    device.insert("a", &[("n", "2")]);
    let edit = device.mutation(Op::Update, "entries", "a", &[("n", "3")]);
    device.answer("a", applied(5), Some(5));
    let request = device.request(vec![edit]);
    device.write_request(request);
    assert_eq!(follower(&device).base, Some(rev(5)));
}

#[test]
fn an_edit_made_before_someone_elses_version_came_keeps_the_base_it_saw() {
    let mut device = Device::synced(&[SYNCED]);
    let edit = device.mutation(Op::Update, "entries", "a", &[("n", "3")]);
    device.pull_last(&TABLES, "c2", &[(rev(8), r#"{"id":"a","n":7}"#)], &[]);
    let request = device.request(vec![edit]);
    device.write_request(request);
    assert_eq!(follower(&device).base, Some(rev(1)));
}

/// Found by the simulation: the first round brought our own insert again, and the link to it was lost.
#[test]
fn a_version_that_is_pulled_again_still_knows_what_it_was_made_from() {
    let mut device = Device::new();
    device.insert("a", &[("n", "2")]);
    let edit = device.mutation(Op::Update, "entries", "a", &[("n", "3")]);
    device.answer("a", applied(5), Some(5));
    let fresh = [("projects", None), ("entries", None)];
    device.pull_last(&fresh, "c1", &[(rev(5), r#"{"id":"a","n":2}"#)], &[]);
    let request = device.request(vec![edit]);
    device.write_request(request);
    assert_eq!(follower(&device).base, Some(rev(5)));
}

/// Found by the simulation: a round ended between our answer and the edit, and took the link with it.
#[test]
fn an_edit_that_waited_through_answer_and_round_counts_as_made_over_what_the_answer_told() {
    let mut device = Device::synced(&[SYNCED]);
    device.update("a", &[("n", "2")]);
    let edit = device.mutation(Op::Update, "entries", "a", &[("n", "3")]);
    device.answer("a", applied(5), Some(5));
    device.pull_last(&TABLES, "c2", &[], &[]);
    device.reopen();
    let request = device.request(vec![edit]);
    device.write_request(request);
    assert_eq!(follower(&device).base, Some(rev(5)));
}
