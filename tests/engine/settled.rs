//! Dead letters and conflicts, mended by a person (DESIGN 6; invariant 10).

use crate::device::{Device, USER, applied, cells, id, rev};
use std::collections::BTreeSet;
use thermocline::engine::batch::{Terms, choose};
use thermocline::engine::frame::{Choice, Settled};
use thermocline::engine::{Changes, Frame, Standing};
use thermocline::protocol::push::Outcome;
use thermocline::protocol::{MutationId, Op};

fn refused() -> Outcome {
    Outcome::Rejected { code: "23514".into(), message: "n is negative".into(), row: None }
}

fn settle(device: &mut Device, mutation: MutationId, choice: Choice) -> Changes {
    device.fold(Frame::Settled(Settled { mutation, choice, time_ms: 2_000 }))
}

fn retry(device: &mut Device, mutation: MutationId, values: &[(&str, &str)]) -> MutationId {
    let id = device.fresh_id();
    let values = values.iter().map(|(column, value)| ((*column).into(), (*value).into())).collect();
    settle(device, mutation, Choice::Retry { id, values });
    id
}

/// What the next batch holds.
fn leaving(device: &Device) -> Vec<MutationId> {
    choose(&device.state, &Terms { user: USER, tables: None, size: 500, blocked: &BTreeSet::new() })
}

/// A row whose insert was refused.
fn dead_letter() -> (Device, MutationId) {
    let mut device = Device::synced(&[]);
    device.insert("a", &[("title", "\"a\""), ("n", "-1")]);
    let mutation = device.answer("a", refused(), None);
    (device, mutation)
}

/// A row that somebody else has changed too.
fn conflict(theirs: Option<&str>) -> (Device, MutationId) {
    let mut device = Device::synced(&[r#"{"id":"a","title":"old","n":1}"#]);
    device.update("a", &[("title", "\"mine\"")]);
    let met = theirs.map(|row| (rev(9), row.into()));
    let (rev, row) = met.map_or((None, None), |(rev, row)| (Some(rev), Some(row)));
    let mutation = device.answer("a", Outcome::Conflict { rev, row }, None);
    (device, mutation)
}

const THEIRS: &str = r#"{"id":"a","title":"theirs","n":2,"project":null}"#;

#[test]
fn a_dead_letter_that_is_discarded_takes_the_row_that_never_was_with_it() {
    let (mut device, mutation) = dead_letter();
    device.update("a", &[("title", "\"later\"")]);
    assert!(device.row("a").is_some());
    settle(&mut device, mutation, Choice::Discard);
    assert_eq!((device.row("a"), device.state.outbox.len(), device.state.outbox.refused()), (None, 0, 0));
}

#[test]
fn a_refused_update_that_is_discarded_lets_later_ones_go_on_over_the_server_s_row() {
    let mut device = Device::synced(&[r#"{"id":"a","title":"old","n":1}"#]);
    device.update("a", &[("n", "-1")]);
    let mutation = device.answer("a", refused(), None);
    device.update("a", &[("title", "\"new\"")]);
    settle(&mut device, mutation, Choice::Discard);
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"new","n":1,"project":null}"#));
    assert_eq!(leaving(&device).len(), 1, "what it held back may leave");
}

#[test]
fn a_retry_is_a_new_mutation_in_the_same_place_with_what_was_edited_behind_it() {
    let (mut device, mutation) = dead_letter();
    device.update("a", &[("n", "5")]);
    let fresh = retry(&mut device, mutation, &[("title", "\"b\"")]);
    let pending = device.pending("a");
    assert_eq!(pending.len(), 1);
    assert_eq!(
        (pending[0].id, pending[0].op, pending[0].standing.clone()),
        (fresh, Op::Insert, Standing::Waiting)
    );
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"b","n":5,"project":null}"#));
    assert_eq!(leaving(&device), [fresh]);
    device.answer("a", applied(9), None);
    assert_eq!(device.base("a").map(|(rev, _)| rev), Some(rev(9)));
    assert!(device.state.outbox.is_empty());
}

/// After an eviction: the server may have met the later edit already, under its own id.
#[test]
fn an_imported_edit_behind_a_dead_letter_stays_a_mutation_of_its_own() {
    let (mut former, mutation) = dead_letter();
    former.update("a", &[("n", "5")]);
    let mut device = Device::synced(&[]);
    former.state.unsent([9; 16]).into_iter().for_each(|unsent| drop(device.fold(Frame::Imported(unsent))));
    let later = device.pending("a")[1].id;
    let fresh = retry(&mut device, mutation, &[("n", "1")]);
    let ids: Vec<_> = device.pending("a").iter().map(|pending| pending.id).collect();
    assert_eq!(ids, [fresh, later]);
}

#[test]
fn what_refers_to_a_dead_letter_leaves_with_it_once_it_is_tried_again() {
    let mut device = Device::synced(&[]);
    device.write(Op::Insert, "projects", "p", &[("name", "\"\"")]);
    let sealed = device.seal_all();
    device.push(vec![(sealed[0], refused())], None);
    device.insert("a", &[("project", "\"p\"")]);
    assert!(leaving(&device).is_empty(), "its project is a dead letter");
    retry(&mut device, sealed[0], &[("name", "\"p\"")]);
    assert_eq!(leaving(&device).len(), 2);
}

#[test]
fn a_conflict_settled_for_theirs_shows_the_server_s_row() {
    let (mut device, mutation) = conflict(Some(THEIRS));
    assert!(device.row("a").is_some_and(|row| row.contains("mine")), "until then mine is shown");
    settle(&mut device, mutation, Choice::Discard);
    assert_eq!(device.row("a").as_deref(), Some(THEIRS));
    assert_eq!(device.state.outbox.conflicts(), 0);
}

#[test]
fn a_conflict_settled_for_mine_is_an_edit_of_the_server_s_row() {
    let (mut device, mutation) = conflict(Some(THEIRS));
    let fresh = retry(&mut device, mutation, &[]);
    let pending = device.pending("a").remove(0);
    assert_eq!((pending.id, pending.op, pending.base), (fresh, Op::Update, Some(rev(9))));
    assert_eq!(cells(&pending)[0].2, Some("\"theirs\""), "it replaces what the person saw");
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"mine","n":2,"project":null}"#));
    assert_eq!(pending.stamp, 2_000_000, "it is decided now");
}

#[test]
fn a_conflict_settled_with_a_given_row_sends_its_values() {
    let (mut device, mutation) = conflict(Some(THEIRS));
    retry(&mut device, mutation, &[("title", "\"both\""), ("n", "3")]);
    let pending = device.pending("a").remove(0);
    let old: Vec<_> = cells(&pending).iter().map(|(column, _, old, _)| (*column, *old)).collect();
    assert_eq!(old, [("title", Some("\"theirs\"")), ("n", Some("2"))]);
}

#[test]
fn a_row_that_they_deleted_is_made_again_from_mine() {
    let (mut device, mutation) = conflict(None);
    let row = id("entries", "a");
    device.pull_last(
        &[("projects", Some("c1")), ("entries", Some("c1"))],
        "c2",
        &[],
        &[(rev(9), r#"{"id":"a"}"#)],
    );
    retry(&mut device, mutation, &[]);
    let pending = device.pending("a").remove(0);
    assert_eq!((pending.op, pending.base, pending.row.clone()), (Op::Upsert, None, row));
    let names: Vec<_> = cells(&pending).iter().map(|(column, ..)| *column).collect();
    assert_eq!(names, ["id", "n", "project", "title"], "the whole row, as it was but for what was changed");
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"mine","n":1,"project":null}"#));
}

/// The pull that takes the row away may come before the answer.
#[test]
fn a_row_that_went_under_an_edit_can_be_made_again_whole() {
    let mut device = Device::synced(&[r#"{"id":"a","title":"old","n":1}"#]);
    device.update("a", &[("title", "\"mine\"")]);
    let cursors = [("projects", Some("c1")), ("entries", Some("c1"))];
    device.pull_last(&cursors, "c2", &[], &[(rev(9), r#"{"id":"a"}"#)]);
    let mutation = device.answer("a", Outcome::Conflict { rev: None, row: None }, None);
    retry(&mut device, mutation, &[]);
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"mine","n":1,"project":null}"#));
}

#[test]
fn a_deletion_in_conflict_may_become_a_change() {
    let mut device = Device::synced(&[r#"{"id":"a","title":"old","n":1}"#]);
    device.delete("a");
    let mutation =
        device.answer("a", Outcome::Conflict { rev: Some(rev(9)), row: Some(THEIRS.into()) }, None);
    retry(&mut device, mutation, &[("title", "\"kept\"")]);
    assert_eq!(device.pending("a")[0].op, Op::Update);
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"kept","n":2,"project":null}"#));
}

/// Two tabs; the second decision finds nothing to decide about.
#[test]
fn a_mutation_is_settled_once() {
    let (mut device, mutation) = dead_letter();
    let fresh = retry(&mut device, mutation, &[]);
    let changes = settle(&mut device, mutation, Choice::Discard);
    assert!(changes.dropped);
    assert_eq!(device.pending("a")[0].id, fresh);
    let waiting = settle(&mut device, fresh, Choice::Discard);
    assert!(waiting.dropped, "what waits to be sent is not a person's to settle");
    assert_eq!(device.state.outbox.len(), 1);
}

/// The answer to the old mutation may come once more.
#[test]
fn a_late_answer_to_a_settled_mutation_changes_nothing() {
    let (mut device, mutation) = dead_letter();
    retry(&mut device, mutation, &[]);
    let before = device.picture();
    device.push(vec![(mutation, applied(7))], None);
    let after = device.picture();
    assert_eq!((after.outbox, after.tables), (before.outbox, before.tables));
}

/// Found by the simulation: the row was removed and made anew, the removal is refused and becomes a change. The new row
/// met what this device wrote itself, as if somebody else had: under `remote-wins` it was lost, under `ask` a conflict.
#[test]
fn what_was_made_anew_behind_a_deletion_that_became_a_change_goes_with_that_change() {
    let mut device = Device::synced(&[r#"{"id":"a","title":"old","n":1}"#]);
    device.delete("a");
    let mutation = device.answer("a", refused(), None);
    device.write(Op::Upsert, "entries", "a", &[("title", "\"anew\"")]);
    retry(&mut device, mutation, &[("n", "2")]);
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"anew","n":2,"project":null}"#));
    let [pending] = device.pending("a").try_into().expect("one mutation");
    assert_eq!(pending.op, Op::Update);
    device.answer("a", applied(9), Some(9));
    assert!(device.pending("a").is_empty());
}
