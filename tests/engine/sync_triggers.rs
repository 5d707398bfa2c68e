//! What sets the machine going, and what does not: pokes, other contexts, the network's evidence, clocks that jump.

use crate::bench::{Bench, failed, last_page};
use crate::device::{Device, applied};
use thermocline::engine::interface::{Event, SyncState};
use thermocline::engine::sync::{
    DEBOUNCE_MS, FIRST_MS, HIDDEN_INTERVAL_MS, INTERVAL_MS, NOTICED_MS, ONLINE_MS,
};
use thermocline::protocol::ErrorCode;

const A: &str = r#"{"id":"a","title":"old","n":1,"project":null}"#;

fn resting() -> Bench {
    Bench::at_rest(Device::synced(&[A]))
}

fn edited() -> Bench {
    let mut bench = resting();
    bench.device.update("a", &[("n", "2")]);
    bench
}

/// Ends the run that has just asked for a page.
fn end_run(bench: &mut Bench) -> Vec<String> {
    bench.step(last_page("c10"));
    bench.fold()
}

#[test]
fn a_table_that_asks_to_be_sent_at_once_waits_for_nothing() {
    let mut bench = edited();
    bench.step(Event::Wrote);
    assert_eq!(bench.step(Event::Urgent), ["wake in 0"]);
    assert_eq!(bench.run([Event::Wake, Event::Leased]), ["lease", "append sent 1"]);
}

#[test]
fn an_urgent_write_does_not_break_the_back_off() {
    let mut bench = edited();
    bench.run([Event::Now, Event::Leased]);
    bench.fold();
    assert_eq!(bench.step(failed(ErrorCode::ServerError)), ["ended server_error", "wake in 1000"]);
    assert_eq!(bench.step(Event::Urgent), [""; 0]);
    assert_eq!(bench.step(Event::Wake), ["wake in 1000"]);
}

/// Two tabs do not both push and pull for one write.
#[test]
fn what_another_context_wrote_is_sent_by_that_one_and_by_this_one_if_it_did_not() {
    let mut bench = edited();
    assert_eq!(bench.step(Event::Noticed), [format!("wake in {NOTICED_MS}")]);
    bench.now_ms += NOTICED_MS;
    assert_eq!(bench.run([Event::Wake, Event::Leased]), ["lease", "append sent 1"]);

    let mut bench = resting();
    bench.step(Event::Noticed);
    bench.now_ms += NOTICED_MS; // the other has sent it
    assert_eq!(bench.step(Event::Wake), [format!("wake in {}", INTERVAL_MS - NOTICED_MS)]);
}

#[test]
fn a_context_looks_less_often_while_nobody_sees_it() {
    let mut bench = resting();
    assert_eq!(bench.step(Event::Visible(false)), [format!("wake in {HIDDEN_INTERVAL_MS}")]);
    bench.now_ms += INTERVAL_MS;
    assert_eq!(bench.step(Event::Visible(true)), [format!("wake in {INTERVAL_MS}")]);
    assert_eq!(bench.step(Event::Now), ["lease"], "who comes back looks at once");
}

#[test]
fn where_another_context_has_just_pulled_the_interval_begins_anew() {
    let mut bench = resting();
    bench.now_ms += INTERVAL_MS;
    bench.device.state.last_pull_ms = Some(bench.now_ms - 60_000);
    assert_eq!(bench.step(Event::Wake), [format!("wake in {}", INTERVAL_MS - 60_000)]);
    bench.now_ms += INTERVAL_MS - 60_000;
    assert_eq!(bench.step(Event::Wake), ["lease"]);
}

/// PITFALLS 3: a poke moves nothing but the next pull.
#[test]
fn a_poke_asks_for_a_pull_and_no_more_than_one() {
    let mut bench = resting();
    let cursors = bench.device.state.cursors.clone();
    assert_eq!(bench.step(Event::Poked(Some(77))), ["lease"]);
    assert_eq!(bench.step(Event::Poked(Some(78))), [""; 0]);
    assert_eq!(bench.step(Event::Leased), ["send pull entries@c9,projects@c9"]);
    assert_eq!(bench.device.state.cursors, cursors);
    assert_eq!(end_run(&mut bench), ["ended", "wake in 300000"], "the pull saw what both were about");
    // One that comes while a page is under way may be about something later.
    bench.run([Event::Now, Event::Leased]);
    assert_eq!(bench.step(Event::Poked(Some(79))), [""; 0]);
    assert_eq!(end_run(&mut bench), ["ended", "lease"]);
}

#[test]
fn the_bell_of_an_own_push_asks_for_nothing() {
    let mut bench = edited();
    bench.run([Event::Now, Event::Leased]);
    bench.fold();
    assert_eq!(bench.step(Event::Poked(Some(5))), [""; 0], "it rings before the answer is here");
    bench.answer_push(5, applied(5));
    bench.fold();
    assert_eq!(end_run(&mut bench), ["ended", "wake in 300000"]);
    assert_eq!(bench.step(Event::Poked(Some(5))), [""; 0]);
    assert_eq!(bench.step(Event::Poked(Some(6))), ["lease"]);
}

#[test]
fn a_poke_does_not_break_the_back_off_but_tells_that_the_server_is_there() {
    let mut bench = resting();
    bench.run([Event::Now, Event::Leased]);
    bench.step(failed(ErrorCode::RateLimited));
    assert_eq!(bench.step(Event::Poked(None)), [""; 0]);
    bench.now_ms += 1_000;
    bench.run([Event::Wake, Event::Leased]);
    bench.step(failed(ErrorCode::Offline));
    assert_eq!(bench.machine.sync_state(), SyncState::Limited);
    assert_eq!(bench.step(Event::Poked(None)), [format!("wake in {ONLINE_MS}")]);
    assert_ne!(bench.machine.sync_state(), SyncState::Limited);
}

/// A browser's word is not evidence: some call themselves offline behind a working network.
#[test]
fn who_asks_is_answered_by_the_server_whatever_the_browser_believes() {
    let mut bench = edited();
    bench.step(Event::Network(false));
    assert_eq!(bench.machine.sync_state(), SyncState::Offline);
    assert_eq!(bench.step(Event::Now), [""; 0]);
    assert_eq!(bench.run([Event::Asked { audit: false }, Event::Leased]), ["lease", "append sent 1"]);
    bench.fold();
    bench.answer_push(5, applied(5));
    bench.fold();
    assert_eq!(end_run(&mut bench), ["ended", "wake in 300000"]);
    assert!(bench.machine.is_online());
    assert_eq!(bench.machine.sync_state(), SyncState::Idle);
    assert_eq!(bench.step(Event::Now), ["lease"]);
}

#[test]
fn without_a_network_it_is_tried_at_the_interval_only_and_is_no_trouble() {
    let mut bench = edited();
    bench.step(Event::Network(false));
    bench.step(Event::Wrote);
    bench.now_ms += DEBOUNCE_MS;
    assert_eq!(bench.step(Event::Wake), [format!("wake in {INTERVAL_MS}")]);
    bench.now_ms += INTERVAL_MS;
    assert_eq!(bench.run([Event::Wake, Event::Leased]), ["lease", "append sent 1"]);
    bench.fold();
    assert_eq!(
        bench.step(failed(ErrorCode::Offline)),
        ["ended offline".into(), format!("wake in {INTERVAL_MS}")]
    );
    assert_eq!((bench.machine.failures(), bench.machine.error()), (0, None));
    assert_eq!(bench.step(Event::Network(true)), [format!("wake in {ONLINE_MS}")]);
}

#[test]
fn a_server_that_answers_is_not_called_out_of_reach() {
    let mut bench = edited();
    bench.run([Event::Now, Event::Leased]);
    bench.fold();
    bench.step(failed(ErrorCode::RateLimited));
    assert_eq!(bench.machine.sync_state(), SyncState::Retry);
    bench.now_ms += 60_000;
    bench.run([Event::Wake, Event::Leased]);
    bench.step(failed(ErrorCode::ServerError));
    assert_eq!(bench.machine.sync_state(), SyncState::Limited);
    assert_eq!(bench.step(Event::Reached), [format!("wake in {ONLINE_MS}")]);
}

#[test]
fn a_clock_that_was_put_back_puts_nothing_off() {
    let mut bench = edited();
    bench.now_ms += 40_000_000;
    bench.run([Event::Now, Event::Leased]);
    bench.fold();
    bench.step(failed(ErrorCode::Offline));
    bench.now_ms -= 39_000_000;
    assert_eq!(bench.step(Event::Wake), ["lease"], "while it waits to try again");

    let mut bench = resting();
    bench.now_ms -= 90_000;
    assert_eq!(bench.step(Event::Wake), ["lease"], "while it rests");
}

#[test]
fn a_clock_that_was_put_forward_puts_off_no_write() {
    let mut bench = resting();
    bench.now_ms += 86_400_000; // the timer of the interval still runs
    bench.device.update("a", &[("n", "2")]);
    assert_eq!(bench.step(Event::Wrote), [format!("wake in {FIRST_MS}")]);
    bench.now_ms += FIRST_MS;
    assert_eq!(bench.step(Event::Wake), ["lease"]);
}

#[test]
fn the_progress_of_a_run_counts_what_was_answered_and_brought() {
    let mut bench = edited();
    assert_eq!(bench.machine.progress(), None);
    bench.run([Event::Now, Event::Leased]);
    bench.fold();
    bench.answer_push(5, applied(5));
    let progress = bench.machine.progress().expect("a run is under way");
    assert_eq!((progress.sent, progress.received), (1, 0));
}
