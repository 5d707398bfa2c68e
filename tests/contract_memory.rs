//! The contract of a store, held by the one in memory; and what only that one can do: fail and crash
//! on demand.
#![cfg(not(target_arch = "wasm32"))]

#[macro_use]
mod contract;

use contract::{Place, id, next};
use pollster::block_on;
use thermocline::protocol::ErrorCode;
use thermocline::store::memory::{Failure, MemoryStore};
use thermocline::store::{Durability, Loaded, Next, Seq, Store};

use Durability::{Relaxed, Strict};

struct Memory(MemoryStore);

impl Place for Memory {
    type Store = MemoryStore;

    async fn open(&self) -> MemoryStore {
        self.0.clone()
    }

    async fn abort_an_append(&self, store: &MemoryStore) {
        self.0.fail_next(Failure::Aborted);
        let refused = store.append(&[b"lost".to_vec(), b"lost too".to_vec()], Strict).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::StorageLost);
    }

    async fn make_former(&self, store: &MemoryStore, base: Seq, state: &[u8], blocks: &[Vec<u8>]) {
        store.make_former(base, state.to_vec(), blocks.to_vec());
    }

    /// There is no connection.
    async fn break_connection(&self, _: &MemoryStore) {}
}

macro_rules! test {
    ($case:ident) => {
        #[test]
        fn $case() {
            block_on(contract::$case(&Memory(store())));
        }
    };
}

contract_tests!(test);

fn store() -> MemoryStore {
    MemoryStore::new([1; 16], [2; 16])
}

fn append(store: &MemoryStore, text: &str, durability: Durability) {
    block_on(store.append(&[text.into()], durability)).unwrap();
}

fn texts(store: &MemoryStore) -> Vec<String> {
    let Loaded { tail, .. } = block_on(store.load()).unwrap();
    tail.frames.into_iter().map(|logged| String::from_utf8(logged.frame).unwrap()).collect()
}

/// Invariant 1.
#[test]
fn power_loss_takes_relaxed_frames_from_the_youngest_on_and_no_strict_one() {
    for kept in 0..4 {
        let store = store();
        for (text, durability) in [("a", Relaxed), ("b", Strict), ("c", Relaxed), ("d", Relaxed)] {
            append(&store, text, durability);
        }
        assert_eq!(store.unflushed(), 2);
        assert_eq!(texts(&store), ["a", "b", "c", "d"], "a crash of the process takes nothing");
        store.lose_power(kept);
        assert_eq!(texts(&store), ["a", "b", "c", "d"][..(2 + kept).min(4)]);
        append(&store, "e", Relaxed);
        assert_eq!(texts(&store).last().unwrap(), "e");
    }
}

#[test]
fn a_checkpoint_is_on_disk_with_everything_before_it() {
    let store = store();
    for text in ["a", "b"] {
        append(&store, text, Relaxed);
    }
    let made = block_on(store.checkpoint(0, &next(1, "state", []))).unwrap();
    store.lose_power(0);
    assert_eq!(block_on(store.load()).unwrap().tail.manifest, made.unwrap());
    assert_eq!(texts(&store), ["b"]);
}

/// Invariants 1 and 8: at every step, with every way to fail, and whatever power loss takes.
#[test]
fn a_checkpoint_that_fails_anywhere_leaves_the_old_state_or_the_new_one() {
    let failures = [Failure::QuotaExceeded, Failure::Aborted, Failure::StorageLost, Failure::AnswerLost];
    for (failure, step, kept) in failures.iter().flat_map(|failure| steps(*failure)) {
        let store = store();
        for text in ["a", "b", "c"] {
            append(&store, text, Strict);
        }
        block_on(store.write_blocks(id(1), 0, &[b"old".to_vec()])).unwrap();
        block_on(store.checkpoint(0, &next(1, "old", [id(1)]))).unwrap().expect("the first");
        block_on(store.sweep()).unwrap();
        let old = block_on(store.load()).unwrap();

        let context = store.clone();
        store.script((0..step).map(|_| None).chain([Some(failure)]));
        let answer = block_on(async {
            context.write_blocks(id(2), 0, &[b"new".to_vec()]).await?;
            let made = context.checkpoint(1, &next(2, "new", [id(2)])).await;
            let _may_fail = context.sweep().await;
            made
        });
        store.lose_power(kept);
        let found = block_on(store.load()).unwrap();
        let is_new = found.tail.manifest.version == 2;
        assert!(is_new || answer.is_err(), "{failure:?} at step {step}: {answer:?}");
        let (state, segment, block) = if is_new { ("new", id(2), b"new") } else { ("old", id(1), b"old") };
        assert_eq!(found.state, Some(state.into()), "{failure:?} at step {step}");
        assert_eq!(found.directories, [(segment, Some(block.to_vec()))], "{failure:?} at step {step}");
        assert_eq!(texts(&store), ["b", "c"][usize::from(is_new)..]);
        assert!(is_new || found == old);

        // Whatever was left behind goes with the next one.
        let version = found.tail.manifest.version;
        block_on(store.checkpoint(version, &next(2, "last", []))).unwrap().expect("nobody else");
        block_on(store.sweep()).unwrap();
        let usage = block_on(store.usage()).unwrap();
        assert_eq!((usage.blocks.records, usage.unnamed.records, usage.log.records), (1, 0, 1));
    }
}

/// Every step of a checkpoint with one block: block, state record, decision, sweep.
fn steps(failure: Failure) -> impl Iterator<Item = (Failure, usize, usize)> {
    (0..4).flat_map(move |step| [0, 1, usize::MAX].map(|kept| (failure, step, kept)))
}

#[test]
fn blocks_that_find_no_room_leave_nothing_and_may_be_written_again() {
    let store = store();
    let blocks: Vec<_> = (0..40).map(|n| vec![n; 60 << 10]).collect();
    store.script([None, Some(Failure::QuotaExceeded)]);
    let refused = block_on(store.write_blocks(id(1), 0, &blocks));
    assert_eq!(refused.unwrap_err().code, ErrorCode::QuotaExceeded);
    assert_eq!(block_on(store.usage()).unwrap().unnamed.records, 0);
    block_on(store.write_blocks(id(1), 0, &blocks)).unwrap();
    block_on(store.checkpoint(0, &next(0, "state", [id(1)]))).unwrap().expect("the first");
    assert_eq!(block_on(store.usage()).unwrap().blocks.records, 41);
}

#[test]
fn scripted_failures_come_in_order_and_only_a_lost_answer_stores() {
    let store = store();
    store.script([None, Some(Failure::QuotaExceeded), Some(Failure::AnswerLost), Some(Failure::Aborted)]);
    let codes: Vec<_> = ["a", "b", "c", "d", "e"]
        .map(|text| block_on(store.append(&[text.into()], Strict)).map_err(|fault| fault.code))
        .into();
    assert_eq!(
        codes,
        [
            Ok(vec![1]),
            Err(ErrorCode::QuotaExceeded),
            Err(ErrorCode::OutcomeUnknown),
            Err(ErrorCode::StorageLost),
            Ok(vec![3]),
        ]
    );
    assert_eq!(texts(&store), ["a", "c", "e"]);
}

#[test]
fn a_context_whose_connection_is_lost_fails_until_it_loads_and_others_go_on() {
    let (store, other) = (store(), store());
    append(&store, "a", Strict);
    let context = store.clone();
    store.fail_next(Failure::StorageLost);
    for _ in 0..2 {
        let refused = block_on(context.append(&["b".into()], Strict));
        assert_eq!(refused.unwrap_err().code, ErrorCode::StorageLost);
    }
    append(&store, "c", Strict);
    assert_eq!(texts(&context), ["a", "c"]);
    append(&context, "d", Strict);
    assert_eq!(texts(&other), [""; 0], "another place is another database");
}

/// PITFALLS 25.
#[test]
fn an_evicted_database_is_noticed_and_comes_back_empty() {
    let store = store();
    append(&store, "a", Strict);
    store.evict([9; 16], [8; 16]);
    assert_eq!(block_on(store.tail(0)).unwrap_err().code, ErrorCode::StorageLost);
    assert_eq!(texts(&store), [""; 0]);
    assert_eq!(block_on(store.tail(0)).unwrap().manifest.incarnation, [9; 16]);
}

/// The seqs of the next database begin anew, below the base of the one that is gone.
#[test]
fn what_is_left_to_sweep_is_never_taken_from_the_next_database() {
    let store = store();
    append(&store, "a", Strict);
    let next = Next { base: 1, ..Next::default() };
    block_on(store.checkpoint(0, &next)).unwrap().expect("nobody else made one");
    store.evict([9; 16], [8; 16]);
    let other = store.clone();
    assert_eq!(texts(&other), [""; 0]);
    append(&other, "first", Strict);
    assert_eq!(block_on(store.sweep()).unwrap_err().code, ErrorCode::StorageLost);
    assert_eq!(texts(&store), ["first"]);
    block_on(store.sweep()).unwrap();
    assert_eq!(texts(&other), ["first"]);
}
