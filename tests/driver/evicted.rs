//! The browser throws the database away; contexts that survive it hold the outbox, and write it into the new one.
//! PITFALLS 25, invariants 1 and 3.

use crate::pulled;
use crate::realm::{Tab, found, insert, key, open, picture, update};
use futures_executor::LocalPool;
use std::cell::Cell;
use std::rc::Rc;
use thermocline::engine::frame::{FORMAT_VERSION, Pushed, Sent};
use thermocline::engine::{Frame, Outbox, Pending};
use thermocline::protocol::push::Outcome;
use thermocline::protocol::{ErrorCode, MutationId, Rev};
use thermocline::store::{MemoryStore, Store};

/// A tab with a row from the server that is changed, a new row whose insert was sent, one that was refused.
fn busy(pool: &mut LocalPool) -> (Tab, MemoryStore) {
    let (tab, store) = found(pool);
    pool.run_until(tab.append(pulled(&tab, 1, 5, true))).expect("stores");
    assert_eq!(pool.run_until(tab.checkpoint()), Ok(true));
    for request in [update(1), insert(2), insert(3)] {
        pool.run_until(tab.write(request)).expect("stores");
    }
    let sent = Frame::Sent(Sent { mutations: ids(&tab)[1..].to_vec(), time_ms: 5 });
    pool.run_until(tab.append(sent)).expect("stores");
    let refused = Outcome::Rejected { code: "23514".into(), message: "no".into(), row: None };
    let outcomes = vec![(ids(&tab)[2], refused)];
    pool.run_until(tab.append(Frame::Pushed(Pushed { outcomes, xid: None, time_ms: 6 }))).expect("stores");
    (tab, store)
}

fn ids(tab: &Tab) -> Vec<MutationId> {
    tab.state().outbox.iter().map(|(_, pending)| pending.id).collect()
}

fn pending(outbox: &Outbox) -> Vec<Pending> {
    outbox.iter().map(|(_, pending)| pending.clone()).collect()
}

fn evict(store: &MemoryStore) {
    store.evict([9; 16], [9; 16]);
}

/// Another replica in the place of one whose database is gone.
fn anew(pool: &mut LocalPool, store: &MemoryStore, former: &Tab) -> Tab {
    let fault = pool.run_until(former.catch_up()).expect_err("gone");
    assert_eq!(fault.code, ErrorCode::StorageLost);
    let (tab, _) = open(pool, store);
    pool.run_until(tab.take_over(former)).expect("stores");
    tab
}

#[test]
fn a_context_that_survives_writes_the_outbox_with_the_same_ids_and_shows_the_same() {
    let mut pool = LocalPool::new();
    let (former, store) = busy(&mut pool);
    let was = picture(&mut pool, &former);
    evict(&store);
    let tab = anew(&mut pool, &store, &former);
    let now = picture(&mut pool, &tab);
    assert_eq!(pending(&now.outbox), pending(&was.outbox), "sealed ones stay sealed, dead letters dead");
    assert_eq!(now.tables["entries"].visible, was.tables["entries"].visible);
    assert!(now.cursors.is_empty() && now.held.is_empty(), "it says of nothing that it is up to date");
    let (other, _) = open(&mut pool, &store);
    assert_eq!(picture(&mut pool, &other), now, "it is in the log");
}

#[test]
fn a_context_says_at_once_that_its_database_is_gone() {
    let mut pool = LocalPool::new();
    for is_write in [true, false] {
        let (tab, store) = busy(&mut pool);
        let told = Rc::new(Cell::new(0));
        let counter = Rc::clone(&told);
        tab.watch_loss(move || counter.set(counter.get() + 1));
        pool.run_until(tab.catch_up()).expect("is there");
        assert_eq!(told.get(), 0);
        evict(&store);
        if is_write {
            let fault = pool.run_until(tab.write(insert(9))).expect_err("gone");
            assert_eq!(fault.code, ErrorCode::StorageLost);
        } else {
            tab.cache().clear();
            pool.run_until(tab.query(|_, view| view.picture())).expect_err("gone");
        }
        assert!(told.get() > 0, "{is_write}");
    }
}

/// One of them had not seen the last edit, which has coalesced into an insert.
#[test]
fn of_several_survivors_each_mutation_is_taken_up_once_in_its_latest_form() {
    for lagging_first in [true, false] {
        let mut pool = LocalPool::new();
        let (first, store) = busy(&mut pool);
        pool.run_until(first.write(insert(4))).expect("stores");
        let (lagging, _) = open(&mut pool, &store);
        pool.run_until(first.write(update(4))).expect("stores");
        let was = picture(&mut pool, &first);
        evict(&store);
        let survivors = if lagging_first { [&lagging, &first] } else { [&first, &lagging] };
        let [_, last] = survivors.map(|former| anew(&mut pool, &store, former));
        let now = picture(&mut pool, &last);
        assert_eq!(pending(&now.outbox), pending(&was.outbox));
        assert_eq!(now.tables["entries"].visible, was.tables["entries"].visible);
    }
}

/// The server knows the outcome of what the new database has sent: nothing may change it any more.
#[test]
fn what_was_sent_from_the_new_database_is_not_changed_by_a_late_survivor() {
    let mut pool = LocalPool::new();
    let (first, store) = busy(&mut pool);
    pool.run_until(first.write(insert(4))).expect("stores");
    let (lagging, _) = open(&mut pool, &store);
    pool.run_until(first.write(update(4))).expect("stores");
    evict(&store);
    let tab = anew(&mut pool, &store, &lagging);
    let sent = Sent { mutations: vec![insert(4).mutations[0].id], time_ms: 7 };
    pool.run_until(tab.append(Frame::Sent(sent))).expect("stores");
    let was = pending(&tab.state().outbox);
    let late = anew(&mut pool, &store, &first);
    assert_eq!(pending(&late.state().outbox), was);
}

/// A late survivor does not know that it was answered; what it says of the row is old.
#[test]
fn what_was_answered_in_the_new_database_does_not_come_back() {
    let mut pool = LocalPool::new();
    let (first, store) = busy(&mut pool);
    let (late, _) = open(&mut pool, &store);
    evict(&store);
    let tab = anew(&mut pool, &store, &first);
    pool.run_until(tab.append(pulled(&tab, 1, 5, true))).expect("stores");
    let ids = ids(&tab);
    pool.run_until(tab.append(Frame::Sent(Sent { mutations: ids.clone(), time_ms: 7 }))).expect("stores");
    let applied = Outcome::Applied { rev: Some(Rev(9)), set: Vec::new() };
    let outcomes = vec![(ids[0], applied.clone()), (ids[1], applied)];
    pool.run_until(tab.append(Frame::Pushed(Pushed { outcomes, xid: None, time_ms: 8 }))).expect("stores");
    let was = picture(&mut pool, &tab);
    let late = anew(&mut pool, &store, &late);
    let now = picture(&mut pool, &late);
    assert_eq!((now.outbox, now.tables), (was.outbox, was.tables));
}

/// Another survivor may have sent it with an edit more: what the server made of it is pulled.
#[test]
fn no_row_is_made_of_the_answer_to_an_imported_insert() {
    let mut pool = LocalPool::new();
    let (former, store) = busy(&mut pool);
    evict(&store);
    let tab = anew(&mut pool, &store, &former);
    let applied = Outcome::Applied { rev: Some(Rev(9)), set: Vec::new() };
    let outcomes = vec![(insert(2).mutations[0].id, applied)];
    pool.run_until(tab.append(Frame::Pushed(Pushed { outcomes, xid: Some(3), time_ms: 8 }))).expect("stores");
    assert!(!picture(&mut pool, &tab).tables["entries"].base.contains_key(key(2).as_str()));
    let state = tab.state();
    assert!(state.own.named(state.schema.tables.keys()).is_empty(), "the push is not left out of a pull");
}

#[test]
fn a_database_that_was_emptied_on_purpose_stays_empty() {
    let mut pool = LocalPool::new();
    let (former, store) = busy(&mut pool);
    pool.run_until(store.clone().wipe([9; 16], [9; 16])).expect("empties");
    let tab = anew(&mut pool, &store, &former);
    assert!(tab.state().outbox.is_empty());
    let loaded = pool.run_until(store.load()).expect("loads");
    assert!(loaded.tail.frames.is_empty());
}

/// An older engine that meets definitions of now stops: they are held back, and nothing is lost meanwhile.
#[test]
fn while_an_older_engine_is_at_work_nothing_is_written_that_it_cannot_read() {
    let mut pool = LocalPool::new();
    let (former, store) = busy(&mut pool);
    evict(&store);
    pool.run_until(former.catch_up()).expect_err("gone");
    let (tab, realm) = open(&mut pool, &store);
    pool.run_until(tab.append(Frame::Schema(former.state().schema.clone()))).expect("stores");
    realm.oldest.set(Some(FORMAT_VERSION - 1));
    let schema = Frame::Schema(former.state().schema.clone());
    let fault = pool.run_until(tab.append(schema.clone())).expect_err("held back");
    assert_eq!(fault.code, ErrorCode::NewerVersion);
    assert!(fault.message.contains("close or reload that tab"), "{fault}");
    assert_eq!(pool.run_until(tab.write(insert(9))).map(drop), Ok(()), "writes go on");
    assert_eq!(pool.run_until(tab.checkpoint()), Ok(false), "nor is a checkpoint made");
    realm.oldest.set(Some(FORMAT_VERSION));
    pool.run_until(tab.append(schema)).expect("stores");
    pool.run_until(tab.take_over(&former)).expect("stores");
    assert_eq!(tab.state().outbox.len(), former.state().outbox.len() + 1);
    assert_eq!(pool.run_until(tab.checkpoint()), Ok(true));
}

#[test]
fn a_connection_that_was_lost_brings_nothing_twice() {
    let mut pool = LocalPool::new();
    let (former, store) = busy(&mut pool);
    let (tab, _) = open(&mut pool, &store);
    let seq = tab.state().seq;
    pool.run_until(tab.take_over(&former)).expect("has nothing to do");
    assert_eq!(tab.state().seq, seq);
}

#[test]
fn an_outbox_larger_than_a_frame_is_taken_over_whole() {
    let mut pool = LocalPool::new();
    let (former, store) = found(&mut pool);
    for id in 0..12 {
        let mut request = insert(id);
        request.mutations[0].changes[1].value = format!("\"{}\"", "x".repeat(1_000_000)).into();
        pool.run_until(former.write(request)).expect("stores");
    }
    evict(&store);
    let tab = anew(&mut pool, &store, &former);
    assert_eq!(pending(&tab.state().outbox), pending(&former.state().outbox));
    assert!(tab.state().visible("entries", &key(11)).is_some());
}
