//! What a `Write` does to the outbox (DESIGN 6, Coalescing; PITFALLS 9, 18).

use crate::device::{Device, cells, id, refused, rev};
use thermocline::engine::Frame;
use thermocline::engine::frame::Sent;
use thermocline::protocol::{Decision, Op};

const SYNCED: &str = r#"{"id":"a","title":"old","n":1,"project":null}"#;

#[test]
fn an_insert_and_its_updates_leave_as_one_insert() {
    let mut device = Device::new();
    device.insert("a", &[("title", "\"x\"")]);
    device.now_ms = 2_000;
    device.update("a", &[("n", "2")]);
    device.update("a", &[("title", "\"y\"")]);
    let pending = device.pending("a");
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].op, Op::Insert);
    assert_eq!(
        cells(&pending[0]),
        [("id", "\"a\"", None, 1_000_000), ("title", "\"y\"", None, 2_000_001), ("n", "2", None, 2_000_000),]
    );
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"y","n":2,"project":null}"#));
}

/// Found by the simulation: a context that had been frozen held an older form than the one that was sent.
#[test]
fn nothing_coalesces_into_an_imported_mutation_for_the_server_may_have_met_it() {
    let mut former = Device::new();
    former.insert("a", &[("title", "\"x\"")]);
    let mut device = Device::new();
    device.now_ms = 2_000;
    former.state.unsent([9; 16]).into_iter().for_each(|import| _ = device.fold(Frame::Imported(import)));
    device.update("a", &[("title", "\"y\"")]);
    let pending = device.pending("a");
    let values: Vec<_> =
        pending.iter().map(|pending| (pending.op, cells(pending).pop().map(|c| c.1))).collect();
    assert_eq!(values, [(Op::Insert, Some("\"x\"")), (Op::Update, Some("\"y\""))]);
    device.delete("a");
    assert_eq!(device.pending("a").len(), 2, "a delete in the update's stead, behind the insert");
}

/// PITFALLS 18: the last change alone is not what the user did.
#[test]
fn of_several_updates_each_column_keeps_the_first_old_value_and_its_own_last_stamp() {
    let mut device = Device::synced(&[SYNCED]);
    device.update("a", &[("title", "\"x\"")]);
    device.now_ms = 2_000;
    device.update("a", &[("n", "2")]);
    device.now_ms = 3_000;
    device.update("a", &[("title", "\"y\"")]);
    let pending = device.pending("a");
    assert_eq!(pending.len(), 1);
    assert_eq!(
        cells(&pending[0]),
        [("title", "\"y\"", Some("\"old\""), 3_000_000), ("n", "2", Some("1"), 2_000_000)]
    );
    assert_eq!((pending[0].base, pending[0].made_ms), (Some(rev(1)), 1_000));
}

#[test]
fn an_insert_that_is_deleted_before_it_was_sent_never_leaves() {
    let mut device = Device::new();
    device.insert("a", &[]);
    device.delete("a");
    assert!(device.state.outbox.is_empty());
    assert_eq!(device.row("a"), None);
}

#[test]
fn an_insert_that_something_refers_to_is_not_taken_back_by_a_delete() {
    let mut device = Device::new();
    device.write(Op::Insert, "projects", "p", &[]);
    device.insert("a", &[("project", "\"p\"")]);
    device.write(Op::Delete, "projects", "p", &[]);
    let ops: Vec<Op> = device.state.outbox.iter().map(|(_, pending)| pending.op).collect();
    assert_eq!(ops, [Op::Insert, Op::Insert, Op::Delete]);
}

#[test]
fn an_update_that_is_deleted_leaves_as_a_delete_with_the_base_the_update_saw() {
    let mut device = Device::synced(&[SYNCED]);
    device.update("a", &[("n", "2")]);
    device.pull_last(
        &[("projects", Some("c1")), ("entries", Some("c1"))],
        "c2",
        &[(rev(2), r#"{"id":"a","title":"theirs","n":1}"#)],
        &[],
    );
    device.delete("a");
    let pending = device.pending("a");
    assert_eq!(pending.iter().map(|p| (p.op, p.base)).collect::<Vec<_>>(), [(Op::Delete, Some(rev(1)))]);
    assert_eq!(device.row("a"), None);
}

/// Invariant 2: the content of what has left is fixed, or a repeat would be another mutation.
#[test]
fn nothing_coalesces_into_a_mutation_that_was_sent() {
    for first in [Op::Insert, Op::Update] {
        for second in [Op::Update, Op::Delete] {
            let mut device = Device::synced(&[SYNCED]);
            let row = if first == Op::Insert { "b" } else { "a" };
            device.write(first, "entries", row, &[("n", "2")]);
            let sealed = device.pending(row)[0].clone();
            device.fold(Frame::Sent(Sent { mutations: vec![sealed.id], time_ms: 1 }));
            device.write(second, "entries", row, &[("n", "3")]);
            let pending = device.pending(row);
            assert_eq!(pending.len(), 2, "{first:?} then {second:?}");
            assert_eq!((pending[0].cells.clone(), pending[0].op), (sealed.cells, first));
            assert!(pending[0].sealed && !pending[1].sealed);
        }
    }
}

/// DESIGN 6, Order: moved to the first edit's place, the reference would come before its row.
#[test]
fn a_change_that_refers_to_a_row_inserted_in_between_keeps_its_own_place() {
    let mut device = Device::synced(&[SYNCED]);
    device.update("a", &[("n", "2")]);
    device.write(Op::Insert, "projects", "p", &[]);
    device.update("a", &[("project", "\"p\"")]);
    let order: Vec<_> = device.state.outbox.iter().map(|(_, pending)| pending.row.clone()).collect();
    assert_eq!(order, [id("entries", "a"), id("projects", "p"), id("entries", "a")]);
}

/// A user's change must not give way together with the insert that it followed.
#[test]
fn an_update_does_not_coalesce_into_an_insert_that_may_give_way() {
    let mut device = Device::new();
    device.write(Op::InsertIgnore, "entries", "a", &[("title", "\"x\"")]);
    device.update("a", &[("title", "\"y\"")]);
    let ops: Vec<Op> = device.pending("a").iter().map(|pending| pending.op).collect();
    assert_eq!(ops, [Op::InsertIgnore, Op::Update]);
}

#[test]
fn another_users_change_is_not_coalesced_into() {
    let mut device = Device::synced(&[SYNCED]);
    device.update("a", &[("n", "2")]);
    let mutation = device.mutation(Op::Update, "entries", "a", &[("n", "3")]);
    let mut request = device.request(vec![mutation]);
    request.user = Some("u2".into());
    device.write_request(request);
    assert_eq!(device.pending("a").len(), 2);
}

#[test]
fn an_upsert_of_a_visible_row_is_an_update_of_what_it_names() {
    let mut device = Device::synced(&[SYNCED]);
    device.write(Op::Upsert, "entries", "a", &[("title", "\"x\"")]);
    let pending = device.pending("a");
    assert_eq!((pending[0].op, pending[0].base), (Op::Update, Some(rev(1))));
    assert_eq!(cells(&pending[0]), [("title", "\"x\"", Some("\"old\""), 1_000_000)]);
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"x","n":1,"project":null}"#));
}

#[test]
fn an_upsert_of_a_row_that_is_not_held_stays_an_upsert() {
    let mut device = Device::new();
    device.write(Op::Upsert, "entries", "a", &[("title", "\"x\"")]);
    assert_eq!(device.pending("a")[0].op, Op::Upsert);
}

#[test]
fn a_change_of_nothing_is_answered_and_not_sent() {
    let mut device = Device::synced(&[SYNCED]);
    assert_eq!(device.update("a", &[]), Decision::Done(vec![true]));
    assert_eq!(device.write(Op::Upsert, "entries", "a", &[]), Decision::Done(vec![true]));
    assert!(device.state.outbox.is_empty());
}

#[test]
fn a_change_of_a_row_that_is_not_there_does_nothing() {
    let mut device = Device::new();
    assert_eq!(device.update("a", &[("n", "1")]), Decision::Done(vec![false]));
    assert_eq!(device.delete("a"), Decision::Done(vec![false]));
    assert!(device.state.outbox.is_empty());
}

/// DESIGN 3: what depends on earlier frames is decided by the fold, the same way everywhere.
#[test]
fn of_two_tabs_that_insert_one_key_the_second_gets_23505_and_changes_nothing_at_all() {
    let mut device = Device::new();
    let first = device.mutation(Op::Insert, "entries", "a", &[("title", "\"first\"")]);
    let other = device.mutation(Op::Insert, "entries", "b", &[]);
    let second = device.mutation(Op::Insert, "entries", "a", &[("title", "\"second\"")]);
    let first = device.request(vec![first]);
    let second = device.request(vec![other, second]);
    let changes = device.fold(Frame::Write(vec![first, second]));
    assert_eq!(changes.decisions[0].1, Decision::Done(vec![true]));
    let Decision::Refused(error) = &changes.decisions[1].1 else { panic!("the key is taken") };
    assert_eq!((error.status, error.code.as_str()), (409, "23505"));
    assert_eq!(error.details.as_deref(), Some("Key (id)=(a) already exists."));
    assert_eq!(device.row("b"), None, "a request is all or nothing");
    assert_eq!(device.state.outbox.len(), 1);
}

#[test]
fn a_request_sees_its_own_earlier_mutations() {
    let mut device = Device::synced(&[SYNCED]);
    let delete = device.mutation(Op::Delete, "entries", "a", &[]);
    let insert = device.mutation(Op::Insert, "entries", "a", &[("title", "\"new\"")]);
    let again = device.mutation(Op::Insert, "entries", "a", &[]);
    let request = device.request(vec![delete.clone(), insert.clone(), again]);
    assert_eq!(refused(&device.write_request(request)), Some("23505"));
    let request = device.request(vec![delete, insert]);
    assert_eq!(device.write_request(request), Decision::Done(vec![true, true]));
    assert_eq!(device.row("a").as_deref(), Some(r#"{"id":"a","title":"new","n":null,"project":null}"#));
}

/// Invariant 2: an append whose answer was lost is appended again.
#[test]
fn a_request_that_is_appended_twice_takes_effect_once() {
    let mut device = Device::new();
    let mutation = device.mutation(Op::Insert, "entries", "a", &[]);
    let request = device.request(vec![mutation]);
    let first = device.write_request(request.clone());
    let stamp = device.state.stamp;
    assert_eq!(device.write_request(request), first);
    assert_eq!((device.state.outbox.len(), device.state.stamp), (1, stamp));
}

#[test]
fn a_table_that_is_not_synced_is_refused_as_postgrest_does() {
    let mut device = Device::new();
    assert_eq!(refused(&device.write(Op::Insert, "strangers", "a", &[])), Some("PGRST205"));
}

/// DESIGN 6, Stamps: later in the log is later in time, whatever the clocks say.
#[test]
fn stamps_grow_along_the_log_even_when_the_clock_goes_back() {
    let mut device = Device::new();
    let mut last = 0;
    for (row, now_ms) in [("a", 5_000), ("b", 5_000), ("c", 1), ("d", u64::MAX), ("e", 0)] {
        device.now_ms = now_ms;
        device.insert(row, &[]);
        let stamp = device.pending(row)[0].cells[0].stamp;
        assert!(stamp > last || stamp == u64::MAX, "{row}: {stamp} after {last}");
        last = stamp;
    }
}
