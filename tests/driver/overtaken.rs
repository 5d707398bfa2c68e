//! A context that takes up another one's checkpoint never shows a state that it had left behind.

use crate::pulled;
use crate::realm::{Realm, found, insert, key, others, update};
use crate::slow::Slow;
use futures_executor::LocalPool;
use futures_util::future::join;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use thermocline::driver::Replica;
use thermocline::engine::View;
use thermocline::protocol::Decision;
use thermocline::query::Rows;
use thermocline::store::{Durability, MemoryStore};

type Tab = Rc<Replica<Slow, Realm>>;

fn open(pool: &mut LocalPool, store: &MemoryStore, turns: usize) -> Tab {
    let slow = Slow { store: store.clone(), turns };
    let tab = Replica::open(slow, Realm::new(pool), "test", Durability::Strict);
    pool.run_until(tab).expect("opens")
}

/// Two tabs. Rows rest in segments; while the first tab makes a checkpoint that merges these, the second changes
/// rows and inserts others, which the checkpoint does not hold.
fn behind(pool: &mut LocalPool) -> (Tab, Tab) {
    let (founder, store) = found(pool);
    for n in 0..8 {
        pool.run_until(founder.append(pulled(&founder, n, 100, true))).expect("stores");
        if n < 7 {
            assert_eq!(pool.run_until(founder.checkpoint()), Ok(true));
        }
    }
    let (patient, quick) = (open(pool, &store, 100), open(pool, &store, 5));
    let writes = async {
        for request in [update(0), insert(10), update(1), insert(11)] {
            assert_eq!(quick.write(request).await, Ok(Decision::Done(vec![true])));
        }
    };
    let (checkpoint, ()) = pool.run_until(join(patient.checkpoint(), writes));
    assert_eq!(checkpoint, Ok(true));
    assert_eq!(patient.manifest().segments.len(), 1, "they were merged");
    assert_eq!(quick.manifest().version + 1, patient.manifest().version, "the second tab has not looked yet");
    (patient, quick)
}

/// Invariant 1: what was acknowledged is there, at every moment.
#[test]
fn while_a_checkpoint_is_taken_up_every_read_shows_what_was_acknowledged() {
    let mut pool = LocalPool::new();
    let (patient, quick) = behind(&mut pool);
    let (is_over, reads) = (Cell::new(false), Cell::new(0));
    let read = async {
        while !is_over.get() {
            let shown = quick.query(|_, view| shows(view, 10) && shows(view, 11)).await;
            assert_eq!(shown, Ok(true), "read {}", reads.get());
            reads.set(reads.get() + 1);
            others().await;
        }
    };
    let catch_up = async {
        quick.catch_up().await.expect("reads");
        is_over.set(true);
    };
    pool.run_until(join(catch_up, read));
    assert!(reads.get() > 3, "reads ran meanwhile: {}", reads.get());
    assert_eq!(quick.manifest().version, patient.manifest().version);
}

/// What the sync machine and live queries see never goes back, either.
#[test]
fn while_a_checkpoint_is_taken_up_the_state_never_goes_back() {
    let mut pool = LocalPool::new();
    let (_, quick) = behind(&mut pool);
    let told = Rc::new(RefCell::new(Vec::new()));
    let (known, tab) = (Rc::clone(&told), Rc::downgrade(&quick));
    quick.watch(move |_| known.borrow_mut().push(tab.upgrade().expect("it lives").state().seq));
    let (is_over, seqs) = (Cell::new(false), RefCell::new(vec![quick.state().seq]));
    let look = async {
        while !is_over.get() {
            seqs.borrow_mut().push(quick.state().seq);
            others().await;
        }
    };
    let catch_up = async {
        quick.catch_up().await.expect("reads");
        is_over.set(true);
    };
    pool.run_until(join(catch_up, look));
    assert!(seqs.borrow().is_sorted(), "{seqs:?}");
    assert!(
        told.borrow().iter().all(|seq| *seq == quick.state().seq),
        "who is told finds the new state: {told:?}"
    );
}

fn shows(view: &View, id: u16) -> bool {
    view.row("entries", &key(id)).is_some()
}
