//! Golden traces of the sync machine: what it asks for, in order, in the situations that matter.

use crate::bench::{Bench, failed, failure, known_schema, last_page, pulled, too_large};
use crate::device::{Device, USER, applied};
use crate::shelf::Room;
use thermocline::engine::interface::{Event, Reply, SyncState};
use thermocline::engine::sync::{DEBOUNCE_MS, FIRST_MS, INTERVAL_MS, ONLINE_MS};
use thermocline::engine::{Standing, State};
use thermocline::protocol::pull::{PullAnswer, SchemaAnswer};
use thermocline::protocol::push::{Outcome, PushAnswer};
use thermocline::protocol::{ErrorCode, Fault, Op};

const A: &str = r#"{"id":"a","title":"old","n":1,"project":null}"#;
const PULL: &str = "send pull entries@c9,projects@c9";
const REST: &str = "wake in 300000";

fn edited() -> Bench {
    let mut bench = Bench::at_rest(Device::synced(&[A]));
    bench.device.update("a", &[("n", "2")]);
    bench
}

/// A bench whose batch of one has just left.
fn pushing() -> Bench {
    let mut bench = edited();
    assert_eq!(bench.step(Event::Now), ["lease"]);
    assert_eq!(bench.step(Event::Leased), ["append sent 1"]);
    assert_eq!(bench.fold(), ["send push 1"]);
    bench
}

#[test]
fn the_first_sync_reads_definitions_then_everything_then_what_changed_meanwhile() {
    let mut device = Device::new();
    device.state = State::default();
    let mut bench = Bench::new(device);
    assert_eq!(bench.step(Event::Start), ["lease"]);
    assert_eq!(bench.step(Event::Leased), ["send schema entries,projects"]);
    assert_eq!(bench.step(known_schema()), ["append schema"]);
    assert_eq!(bench.fold(), ["send pull entries@-,projects@-"]);
    let more = PullAnswer::Page { pages: Vec::new(), round: Some("r1".into()), cursor: None };
    assert_eq!(bench.step(pulled(more)), ["append pulled"]);
    assert_eq!(bench.fold(), ["send pull entries@-,projects@- r1"]);
    assert_eq!(bench.step(last_page("c1")), ["append pulled up to c1"]);
    assert_eq!(bench.fold(), ["send pull entries@c1,projects@c1"]);
    assert_eq!(bench.step(last_page("c2")), ["append pulled up to c2"]);
    assert_eq!(bench.fold(), ["ended", REST]);
    assert_eq!(bench.machine.sync_state(), SyncState::Idle);
}

#[test]
fn what_was_written_offline_leaves_two_seconds_after_the_network_is_back() {
    let mut bench = Bench::at_rest(Device::synced(&[A]));
    assert_eq!(bench.step(Event::Network(false)), [""; 0]);
    assert_eq!(bench.machine.sync_state(), SyncState::Offline);
    bench.device.update("a", &[("n", "2")]);
    bench.step(Event::Wrote);
    assert_eq!(bench.step(Event::Now), [""; 0], "there is nobody to talk to");
    bench.now_ms += 60_000;
    assert_eq!(bench.step(Event::Network(true)), [format!("wake in {ONLINE_MS}")]);
    bench.now_ms += ONLINE_MS;
    assert_eq!(bench.run([Event::Wake, Event::Leased]), ["lease", "append sent 1"]);
    assert_eq!(bench.fold(), ["send push 1"]);
    assert_eq!(bench.answer_push(5, applied(5)), ["append pushed 1"]);
    assert_eq!(bench.fold(), [format!("{PULL} without [5]")]);
    assert_eq!(bench.step(last_page("c10")), ["append pulled up to c10"]);
    assert_eq!(bench.fold(), ["ended", REST]);
    assert!(bench.device.state.outbox.is_empty() && bench.device.own_xids().is_empty());
}

#[test]
fn a_first_write_is_sent_soon_those_of_a_burst_together_and_none_is_put_off() {
    let mut bench = Bench::at_rest(Device::synced(&[A]));
    bench.device.update("a", &[("n", "2")]);
    assert_eq!(bench.step(Event::Wrote), [format!("wake in {FIRST_MS}")]);
    bench.now_ms += 100;
    assert_eq!(bench.step(Event::Wrote), [""; 0]);
    assert_eq!(bench.step(Event::Wake), [format!("wake in {}", FIRST_MS - 100)], "too early");
    bench.now_ms += FIRST_MS;
    assert_eq!(bench.run([Event::Wake, Event::Leased]), ["lease", "append sent 1"]);
    bench.fold();
    bench.answer_push(5, applied(5));
    bench.fold();
    bench.step(last_page("c10"));
    bench.fold();

    bench.device.update("a", &[("n", "3")]);
    bench.now_ms += 500;
    assert_eq!(bench.step(Event::Wrote), [format!("wake in {DEBOUNCE_MS}")], "somebody is at it");
    bench.now_ms += DEBOUNCE_MS - 1;
    assert_eq!(bench.step(Event::Wrote), [""; 0], "what will soon be due is not put off");
    bench.now_ms += 1;
    assert_eq!(bench.step(Event::Wake), ["lease"]);
}

/// Invariant 2: an answer that was lost is asked for again with the same mutations, by any context.
#[test]
fn a_batch_whose_answer_was_cut_is_repeated_as_it_is() {
    let mut bench = pushing();
    let sent = bench.sent.clone();
    assert_eq!(bench.step(failed(ErrorCode::Offline)), ["ended offline", "wake in 1000"]);
    assert_eq!(bench.machine.sync_state(), SyncState::Limited);
    bench.device.update("a", &[("n", "3")]);
    bench.device.insert("b", &[]);
    bench.now_ms += 1_000;
    assert_eq!(bench.run([Event::Wake, Event::Leased]), ["lease", "send push 1"]);
    assert_eq!(bench.sent, sent);
    // And by another context, or after a crash: the state says what is under way.
    let mut device = Device::new();
    let record = bench.device.room.checkpoint(&mut bench.device.state);
    device.room = Room::on(&bench.device.room.disk);
    device.state = device.room.open(&record);
    let mut other = Bench::new(device);
    other.run([Event::Start, Event::Leased]);
    assert_eq!(other.step(known_schema()), ["send push 1"]);
    assert_eq!(other.sent, sent);
    assert_eq!(bench.answer_push(5, applied(5)), ["append pushed 1"]);
    assert_eq!(bench.fold(), ["append sent 2"]);
}

#[test]
fn busy_waits_and_repeats_the_same_batch() {
    let mut bench = pushing();
    let sent = bench.sent.clone();
    let busy = Event::Answered(Ok(Reply::Push(PushAnswer::Busy)));
    assert_eq!(bench.step(busy), ["ended server_error", "wake in 1000"]);
    bench.now_ms += 1_000;
    assert_eq!(bench.run([Event::Wake, Event::Leased]), ["lease", "send push 1"]);
    assert_eq!(bench.sent, sent);
}

#[test]
fn a_batch_that_is_too_large_is_halved_at_once_and_grows_again() {
    let mut bench = Bench::at_rest(Device::synced(&[]));
    for n in 0..20 {
        bench.device.insert(&format!("row {n}"), &[]);
    }
    bench.run([Event::Now, Event::Leased]);
    assert_eq!(bench.fold(), ["send push 20"]);
    let all = bench.pushed_ids();
    assert_eq!(bench.step(too_large()), ["send push 10"]);
    assert_eq!(bench.step(too_large()), ["send push 5"]);
    assert_eq!(bench.pushed_ids(), all[..5], "a part of the same batch, in order");
    bench.answer_push(5, applied(5));
    assert_eq!(bench.fold(), ["send push 10"]);
    assert_eq!(bench.pushed_ids(), all[5..15]);
    bench.answer_push(6, applied(6));
    assert_eq!(bench.fold(), ["send push 5"]);
    bench.answer_push(7, applied(7));
    assert_eq!(bench.fold(), ["send pull entries@c9,projects@c9 without [5, 6, 7]"]);
}

#[test]
fn a_single_mutation_that_is_too_large_backs_off() {
    let mut bench = pushing();
    assert_eq!(bench.step(too_large()), ["ended server_error", "wake in 1000"]);
}

/// PITFALLS 14: 401 is no refusal; nothing is lost, and the next session goes on.
#[test]
fn unauthorized_keeps_the_batch_for_the_next_session() {
    let mut bench = pushing();
    let sent = bench.sent.clone();
    assert_eq!(bench.step(failed(ErrorCode::Unauthorized)), ["ended unauthorized", "wake in 1000"]);
    assert_eq!(bench.machine.sync_state(), SyncState::Retry);
    assert_eq!(bench.device.pending("a")[0].standing, Standing::Waiting);
    assert_eq!(bench.step(Event::Session(None)), [""; 0]);
    bench.now_ms += 1_000;
    assert_eq!(bench.step(Event::Wake), [""; 0]);
    assert_eq!(bench.step(Event::Session(Some(USER.into()))), ["lease"]);
    assert_eq!(bench.step(Event::Leased), ["send push 1"]);
    assert_eq!(bench.sent, sent);
}

/// Invariant 11.
#[test]
fn a_batch_is_not_sent_for_another_user() {
    let mut bench = pushing();
    assert_eq!(bench.step(Event::Session(Some("u2".into()))), ["ended", "lease"]);
    assert_eq!(bench.step(Event::Leased), [PULL]);
    assert_eq!(bench.answer_late(), [""; 0], "the answer to the other user's push is not one to this pull");
    assert_eq!(bench.step(last_page("c10")), ["append pulled up to c10"]);
    assert_eq!(bench.fold(), ["ended", REST]);
    assert!(bench.device.state.batch.is_some(), "it waits for its user");
}

#[test]
fn a_resync_pulls_afresh_and_then_what_changed_meanwhile() {
    let mut bench = Bench::at_rest(Device::synced(&[A]));
    bench.run([Event::Asked { audit: false }, Event::Leased]);
    assert_eq!(bench.step(pulled(PullAnswer::Resync("epoch".into()))), ["append resync epoch"]);
    assert_eq!(bench.fold(), ["send pull entries@-,projects@-"]);
    assert_eq!(bench.step(last_page("d1")), ["append pulled up to d1"]);
    assert_eq!(bench.fold(), ["send pull entries@d1,projects@d1"]);
}

/// All clients of a restored server hear of it at once. This one's dice say: the last of them.
#[test]
fn after_a_restore_the_pull_from_nothing_waits_for_its_turn_unless_the_app_asked() {
    let mut bench = Bench::at_rest(Device::synced(&[A]));
    bench.run([Event::Now, Event::Leased]);
    assert_eq!(bench.step(pulled(PullAnswer::Resync("epoch".into()))), ["append resync epoch"]);
    assert_eq!(bench.fold(), ["ended", "wake in 30000"]);
    assert_eq!(bench.device.row("a").as_deref(), Some(A), "what was there is shown");
    bench.now_ms += 30_000;
    assert_eq!(bench.run([Event::Wake, Event::Leased]), ["lease", "send pull entries@-,projects@-"]);
    let late = pulled(PullAnswer::Resync("epoch".into()));
    assert_eq!(bench.step(late), ["append resync epoch"]);
    assert_eq!(bench.fold(), ["send pull entries@-,projects@-"], "once is enough");

    let mut bench = Bench::at_rest(Device::synced(&[A]));
    bench.run([Event::Now, Event::Leased]);
    bench.step(pulled(PullAnswer::Resync("expired".into())));
    assert_eq!(bench.fold(), ["send pull entries@-,projects@-"], "nobody else's cursor is as old");
}

#[test]
fn a_server_that_asks_for_a_resync_for_ever_is_left_alone_for_a_while() {
    let mut bench = Bench::at_rest(Device::synced(&[A]));
    bench.run([Event::Asked { audit: false }, Event::Leased]);
    for _ in 0..3 {
        assert_eq!(bench.step(pulled(PullAnswer::Resync("epoch".into()))), ["append resync epoch"]);
        bench.fold();
    }
    let ended = bench.step(pulled(PullAnswer::Resync("epoch".into())));
    assert_eq!(ended, ["ended server_error", "wake in 1000"]);
}

#[test]
fn stop_in_the_middle_ends_the_run_and_what_comes_late_is_not_heard() {
    let mut bench = pushing();
    assert_eq!(bench.step(Event::Stop), ["ended"]);
    assert_eq!(bench.answer_late(), [""; 0]);
    for event in [Event::Wake, Event::Now, Event::Folded, Event::Network(true), Event::Wrote] {
        assert_eq!(bench.step(event.clone()), [""; 0], "{event:?}");
    }
    assert_eq!(bench.run([Event::Start, Event::Leased]), ["lease", "send push 1"]);
}

#[test]
fn now_during_a_run_means_another_run_after_it() {
    let mut bench = Bench::at_rest(Device::synced(&[A]));
    bench.run([Event::Now, Event::Leased]);
    assert_eq!(bench.step(Event::Now), [""; 0]);
    bench.device.update("a", &[("n", "2")]);
    bench.step(last_page("c10"));
    assert_eq!(bench.fold(), ["append sent 1"], "writes made meanwhile go first");
    bench.fold();
    bench.answer_push(5, applied(5));
    assert_eq!(bench.fold(), ["ended", "lease"]);
}

#[test]
fn what_is_blocked_is_tried_once_a_run() {
    let mut bench = pushing();
    assert_eq!(bench.answer_push(5, Outcome::Blocked), ["append pushed 1"]);
    assert_eq!(bench.fold(), [format!("{PULL} without [5]")]);
    bench.step(last_page("c10"));
    assert_eq!(bench.fold(), ["ended", REST]);
    assert_eq!(bench.run([Event::Now, Event::Leased]), ["lease", "append sent 1"]);
}

#[test]
fn a_frame_that_was_not_stored_is_tried_again() {
    let mut device = Device::new();
    device.state = State::default();
    let mut bench = Bench::new(device);
    bench.run([Event::Start, Event::Leased, known_schema()]);
    let full = Event::NotStored(Fault::new(ErrorCode::QuotaExceeded, "in a test"));
    assert_eq!(bench.step(full), ["ended quota_exceeded", "wake in 1000"]);
    bench.now_ms += 1_000;
    let again = bench.run([Event::Wake, Event::Leased, known_schema()]);
    assert_eq!(again, ["lease", "send schema entries,projects", "append schema"]);
}

#[test]
fn failures_in_a_row_wait_longer_and_a_success_forgets_them() {
    let mut bench = pushing();
    for wait in [1_000, 2_000, 4_000] {
        assert_eq!(
            bench.step(failed(ErrorCode::Offline)),
            ["ended offline".into(), format!("wake in {wait}")]
        );
        bench.now_ms += wait;
        bench.run([Event::Wake, Event::Leased]);
    }
    let retry = Event::Answered(Err(thermocline::engine::interface::Failure {
        retry_after_ms: Some(90_000),
        ..failure(ErrorCode::RateLimited)
    }));
    assert_eq!(bench.step(retry), ["ended rate_limited", "wake in 90000"]);
    bench.now_ms += 90_000;
    bench.run([Event::Wake, Event::Leased]);
    bench.answer_push(5, applied(5));
    bench.fold();
    bench.step(last_page("c10"));
    bench.fold();
    bench.run([Event::Now, Event::Leased]);
    assert_eq!(bench.step(failed(ErrorCode::Offline)), ["ended offline", "wake in 1000"]);
}

#[test]
fn an_older_server_is_told_from_a_missing_network() {
    let mut bench = pushing();
    let version = Event::Answered(Ok(Reply::Push(PushAnswer::Version(vec![2]))));
    assert_eq!(bench.step(version), ["ended incompatible_server", "wake in 30000"]);
}

#[test]
fn a_table_the_server_does_not_know_is_named_and_the_others_sync() {
    let mut bench = Bench::new(Device::synced(&[]));
    bench.run([Event::Start, Event::Leased]);
    let mut schema = crate::device::schema();
    schema.tables.remove("projects");
    let unknown = vec!["projects".into()];
    let answer = Event::Answered(Ok(Reply::Schema(SchemaAnswer::Tables { schema, unknown })));
    bench.step(answer);
    let error = bench.machine.error().expect("a table is unknown");
    assert_eq!(error.code, ErrorCode::UnknownTable);
    assert!(error.message.contains("thermocline.enable('public.projects')"), "{}", error.message);
}

#[test]
fn without_a_session_nothing_is_asked_for() {
    let mut bench = Bench::new(Device::synced(&[A]));
    bench.step(Event::Session(None));
    bench.device.write(Op::Update, "entries", "a", &[("n", "2")]);
    for event in [Event::Start, Event::Now, Event::Wake] {
        assert_eq!(bench.step(event.clone()), [""; 0], "{event:?}");
    }
    assert_eq!(bench.step(Event::Session(Some(USER.into()))), ["lease"]);
}

#[test]
fn at_rest_it_looks_again_after_five_minutes() {
    let mut bench = Bench::at_rest(Device::synced(&[A]));
    bench.now_ms += INTERVAL_MS;
    assert_eq!(bench.run([Event::Wake, Event::Leased]), ["lease", PULL]);
}

/// The server forgets its answers after 90 days: sent again, the batch might take effect twice (invariant 2).
#[test]
fn a_batch_that_nobody_answered_for_eighty_days_is_not_sent_again() {
    let mut bench = pushing();
    bench.step(failed(ErrorCode::Offline));
    bench.now_ms += 80 * 86_400_000;
    let again = [Event::Now, Event::Leased, known_schema()];
    let asked = ["lease", "send schema entries,projects"];
    assert_eq!(bench.run(again.clone()), [&asked[..], &["send push 1"]].concat(), "there is time still");
    bench.step(failed(ErrorCode::Offline));
    bench.now_ms += 86_400_000;
    assert_eq!(bench.run(again), [&asked[..], &["append pushed 1"]].concat());
    assert_eq!(bench.fold(), [PULL]);
    let pending = bench.device.pending("a").remove(0);
    assert!(
        matches!(&pending.standing, Standing::Refused { code, .. } if &**code == "outcome_unknown"),
        "{pending:?}"
    );
}

/// A page may be open for days, and the tables change under it.
#[test]
fn definitions_are_read_again_after_a_day_or_once_a_change_names_what_is_not_there() {
    let mut bench = Bench::at_rest(Device::synced(&[A]));
    bench.now_ms += 86_400_000;
    assert_eq!(bench.run([Event::Now, Event::Leased]), ["lease", "send schema entries,projects"]);

    let mut bench = pushing();
    let gone = Outcome::Rejected { code: "42703".into(), message: "no such column".into(), row: None };
    assert_eq!(bench.answer_push(5, gone), ["append pushed 1"]);
    assert_eq!(bench.fold(), ["send schema entries,projects"]);
}
