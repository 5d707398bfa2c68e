//! One context's work over a store: group commit, many contexts on one log, checkpoints, damage, loss.

#![cfg(not(target_arch = "wasm32"))]

mod adopted;
mod audits;
#[path = "../contract/cipher.rs"]
#[allow(dead_code)] // what only the store's own tests turn
mod cipher;
mod coverage;
mod evicted;
mod exported;
mod horizons;
mod live;
mod overtaken;
mod quarantine;
mod realm;
mod rekeyed;
mod repeated;
mod retention;
mod slow;
mod transactions;

use futures_executor::LocalPool;
use futures_util::future::{join, join_all};
use realm::{Tab, found, insert, key, open, picture};
use std::cell::Cell;
use std::rc::Rc;
use thermocline::engine::Frame;
use thermocline::engine::frame::{FORMAT_VERSION, Pulled};
use thermocline::protocol::pull::{Page, PullRequest};
use thermocline::protocol::{Decision, ErrorCode, Rev, limits};
use thermocline::store::memory::{Failure, MemoryStore};
use thermocline::store::{Durability, Store};

fn frames(pool: &mut LocalPool, store: &MemoryStore) -> usize {
    pool.run_until(store.tail(0)).expect("reads").frames.len()
}

#[test]
fn writes_that_wait_together_leave_as_one_frame() {
    let mut pool = LocalPool::new();
    let (tab, store) = found(&mut pool);
    let before = frames(&mut pool, &store);
    let decisions = pool.run_until(join_all((0..1_000).map(|id| tab.write(insert(id)))));
    assert!(decisions.iter().all(|decision| *decision == Ok(Decision::Done(vec![true]))));
    assert_eq!(frames(&mut pool, &store), before + 1);
    assert_eq!(tab.state().outbox.len(), 1_000);
}

#[test]
fn other_contexts_are_told_once_after_the_writers_are_answered() {
    let mut pool = LocalPool::new();
    let (_, store) = found(&mut pool);
    let (tab, realm) = open(&mut pool, &store);
    pool.run_until(join_all((0..10).map(|id| tab.write(insert(id)))));
    pool.run_until_stalled();
    assert_eq!(*realm.announced.borrow(), [tab.state().seq]);
}

/// Invariant 7.
#[test]
fn two_contexts_that_write_in_turns_are_in_the_same_state() {
    let mut pool = LocalPool::new();
    let (one, store) = found(&mut pool);
    let (two, _) = open(&mut pool, &store);
    for id in 0..20 {
        let tab = if id % 3 == 0 { &one } else { &two };
        pool.run_until(tab.write(insert(id))).expect("stores");
    }
    pool.run_until(one.catch_up()).expect("reads");
    pool.run_until(two.catch_up()).expect("reads");
    assert_eq!(picture(&mut pool, &one), picture(&mut pool, &two));
    assert_eq!(one.state().outbox.len(), 20);
}

#[test]
fn of_two_tabs_that_insert_one_key_the_second_is_refused_everywhere() {
    let mut pool = LocalPool::new();
    let (one, store) = found(&mut pool);
    let (two, _) = open(&mut pool, &store);
    pool.run_until(one.write(insert(7))).expect("stores");
    let mut late = insert(7);
    late.id.0[15] = 9;
    let decision = pool.run_until(two.write(late));
    assert!(matches!(decision, Ok(Decision::Refused(error)) if error.code == "23505"));
}

/// Invariant 8, and a context that the checkpoint has overtaken.
#[test]
fn a_context_behind_a_checkpoint_loads_it_and_answers_its_own_writes() {
    let mut pool = LocalPool::new();
    let (one, store) = found(&mut pool);
    let (behind, _) = open(&mut pool, &store);
    let ran_again = Rc::new(Cell::new(false));
    let told = Rc::clone(&ran_again);
    behind
        .watch(move |changes| told.set(told.get() || changes.tables.iter().any(|t| t.as_ref() == "entries")));
    for id in 0..5 {
        pool.run_until(one.write(insert(id))).expect("stores");
    }
    assert_eq!(pool.run_until(one.checkpoint()), Ok(true));
    assert_eq!(frames(&mut pool, &store), 0, "the prefix is gone");
    assert_eq!(pool.run_until(behind.write(insert(5))), Ok(Decision::Done(vec![true])));
    assert!(ran_again.get(), "live queries run again");
    pool.run_until(one.catch_up()).expect("reads");
    assert_eq!(picture(&mut pool, &one), picture(&mut pool, &behind));
    let (fresh, _) = open(&mut pool, &store);
    assert_eq!(picture(&mut pool, &one), picture(&mut pool, &fresh), "start-up is crash recovery");
}

#[test]
fn a_first_sync_rests_in_segments_once_it_is_whole_unless_it_is_small() {
    for (bytes, rests) in [(1_000, false), (limits::FIRST_CHECKPOINT_BYTES / 4, true)] {
        let mut pool = LocalPool::new();
        let (tab, store) = found(&mut pool);
        for page in 0..5 {
            assert_eq!(frames(&mut pool, &store), 1 + page, "nothing rests before the last page");
            pool.run_until(tab.append(pulled(&tab, page as u64, bytes, page == 4))).expect("stores");
        }
        assert_eq!(frames(&mut pool, &store), if rests { 0 } else { 6 });
        assert_eq!(tab.manifest().segments.is_empty(), !rests);
        let (fresh, _) = open(&mut pool, &store);
        assert_eq!(picture(&mut pool, &tab), picture(&mut pool, &fresh));
    }
}

#[test]
fn while_a_segment_is_built_writes_are_answered() {
    let mut pool = LocalPool::new();
    let (tab, _) = found(&mut pool);
    pool.run_until(tab.append(pulled(&tab, 0, 100, true))).expect("stores");
    let is_over = Cell::new(false);
    let checkpoint = async {
        assert_eq!(tab.checkpoint().await, Ok(true));
        is_over.set(true);
    };
    let write = async {
        assert_eq!(tab.write(insert(7)).await, Ok(Decision::Done(vec![true])));
        assert!(!is_over.get(), "before the checkpoint is over");
    };
    pool.run_until(join(checkpoint, write));
    assert_eq!(tab.manifest().segments.len(), 1);
}

/// A page of a round: one row of about so many bytes.
fn pulled(tab: &Tab, n: u64, bytes: usize, is_last: bool) -> Frame {
    let tables = vec![("entries".into(), tab.state().cursors.get("entries").cloned())];
    let round = tab.state().round.as_ref().map(|round| round.token.clone());
    let row = format!(r#"{{"id":"{n}","title":"{}"}}"#, "x".repeat(bytes));
    let (rows, gone, cold) = (vec![(Rev(n + 1), row.into())], Vec::new(), Vec::new());
    let token = Some(format!("t{n}").into());
    Frame::Pulled(Pulled {
        request: PullRequest { tables, round, ..PullRequest::default() },
        pages: vec![Page { table: "entries".into(), rows, gone, cold }],
        round: if is_last { None } else { token.clone() },
        cursor: if is_last { token } else { None },
        time_ms: n,
    })
}

#[test]
fn of_two_checkpoints_at_once_one_counts_and_nothing_is_lost() {
    let mut pool = LocalPool::new();
    let (one, store) = found(&mut pool);
    let (two, _) = open(&mut pool, &store);
    pool.run_until(one.write(insert(1))).expect("stores");
    pool.run_until(two.catch_up()).expect("reads");
    pool.run_until(one.checkpoint()).expect("writes");
    pool.run_until(one.write(insert(2))).expect("stores");
    pool.run_until(two.checkpoint()).expect("gives up");
    let (fresh, _) = open(&mut pool, &store);
    assert_eq!(fresh.state().outbox.len(), 2);
    assert_eq!(two.manifest().version, 1);
}

/// Invariant 1: what was stored is told, whatever became of the answer.
#[test]
fn a_write_that_was_stored_without_an_answer_is_found_in_the_log() {
    let mut pool = LocalPool::new();
    let (tab, store) = found(&mut pool);
    store.fail_next(Failure::AnswerLost);
    assert_eq!(pool.run_until(tab.write(insert(1))), Ok(Decision::Done(vec![true])));
    assert_eq!(tab.state().outbox.len(), 1);
}

#[test]
fn a_write_that_was_not_stored_says_why_and_the_next_one_succeeds() {
    let mut pool = LocalPool::new();
    let (tab, store) = found(&mut pool);
    store.fail_next(Failure::QuotaExceeded);
    let refused = pool.run_until(tab.write(insert(1))).expect_err("no room");
    assert_eq!(refused.code, ErrorCode::QuotaExceeded);
    assert!(tab.state().visible("entries", &key(1)).is_none());
    assert_eq!(pool.run_until(tab.write(insert(1))), Ok(Decision::Done(vec![true])));
}

/// Invariant 12.
#[test]
fn a_damaged_frame_is_reported_and_everything_after_it_is_usable() {
    let mut pool = LocalPool::new();
    let (tab, store) = found(&mut pool);
    let mut damaged = Frame::Write(vec![insert(1)]).encode();
    *damaged.last_mut().expect("not empty") ^= 1;
    pool.run_until(store.append(&[damaged], Durability::Strict)).expect("stores");
    pool.run_until(tab.write(insert(2))).expect("stores");
    assert_eq!(tab.damaged(), 1);
    assert!(tab.state().visible("entries", &key(1)).is_none());
    assert!(tab.state().visible("entries", &key(2)).is_some());
}

#[test]
fn a_context_that_meets_a_newer_frame_stops_writing_and_asks_for_a_reload() {
    let mut pool = LocalPool::new();
    let (tab, store) = found(&mut pool);
    let mut newer = Frame::Write(vec![insert(1)]).encode();
    newer[2] = FORMAT_VERSION + 1;
    pool.run_until(store.append(&[newer], Durability::Strict)).expect("stores");
    let fault = pool.run_until(tab.catch_up()).expect_err("newer");
    assert_eq!(fault.code, ErrorCode::NewerVersion);
    assert!(fault.message.contains("reload"), "{fault}");
    let fault = pool.run_until(tab.write(insert(2))).expect_err("halted");
    assert_eq!(fault.code, ErrorCode::NewerVersion);
}

/// PITFALLS 25: data that the browser threw away is not "up to date".
#[test]
fn a_database_that_was_evicted_is_said_to_be_lost() {
    let mut pool = LocalPool::new();
    let (tab, store) = found(&mut pool);
    store.evict([9; 16], [9; 16]);
    let fault = pool.run_until(tab.catch_up()).expect_err("gone");
    assert_eq!(fault.code, ErrorCode::StorageLost);
    assert!(pool.run_until(tab.write(insert(1))).is_err());
}
