//! What every store promises, as tests: the same for memory and for IndexedDB, in every kind of context.
//!
//! A [`Place`] is one database that contexts open; each case gets a fresh one. `contract_tests!`
//! lists the cases; one that is missing from the list is an unused function, and a warning.

#[cfg(target_arch = "wasm32")]
#[macro_use]
pub mod browser;
mod checkpoints;

pub use checkpoints::*;
use futures_util::future::join3;
use thermocline::protocol::ErrorCode;
use thermocline::protocol::limits::RECORD_BYTES;
use thermocline::store::{Durability, Seq, Store};

use Durability::{Relaxed, Strict};

/// A database of its own, and what a test can do to it behind the store's back.
pub trait Place {
    type Store: Store;

    /// Bytes that the store adds to every record.
    const ADDED: u64 = 0;

    /// One more context's handle on this database.
    async fn open(&self) -> Self::Store;

    /// A transaction appends records to the log and is rolled back.
    async fn abort_an_append(&self, store: &Self::Store);

    /// The database becomes one of the first release, with a checkpoint at `base`.
    async fn make_former(&self, store: &Self::Store, base: Seq, state: &[u8], blocks: &[Vec<u8>]);

    /// The connection dies without the store being told.
    async fn break_connection(&self, store: &Self::Store);
}

/// Hands the name of every case to `$test!`, which makes a test of it.
macro_rules! contract_tests {
    ($test:ident) => {
        contract_tests! { $test:
            a_new_database_is_empty_and_all_contexts_agree_on_it
            seqs_are_dense_and_grow
            a_frame_comes_back_byte_for_byte
            a_frame_of_8_mib_comes_back
            an_append_of_nothing_takes_no_seq
            two_contexts_interleave_and_see_the_same_log
            the_tail_begins_after_the_seq
            both_durabilities_store
            a_checkpoint_replaces_exactly_the_prefix
            a_checkpoint_that_comes_second_changes_nothing
            a_later_checkpoint_replaces_the_former
            a_context_that_missed_a_checkpoint_can_tell
            of_two_checkpoints_at_once_one_wins
            state_records_of_any_size_and_many_blocks_come_back
            a_checkpoint_at_the_same_base_keeps_the_log
            blocks_written_in_several_calls_are_a_segment_once_it_is_named
            a_segment_that_is_named_and_not_there_is_seen_to_be_missing
            blocks_come_in_the_order_asked_for_and_those_missing_as_none
            a_block_missing_among_neighbours_is_told_apart
            a_sweep_deletes_exactly_what_is_not_named
            the_blocks_of_a_checkpoint_that_lost_go_with_the_winners_next
            what_was_not_swept_goes_with_the_next_sweep_of_any_context
            a_sweep_spares_what_is_written_after_the_decision
            a_database_of_the_first_release_opens_and_its_first_checkpoint_puts_it_away
            usage_tells_how_much_lies_where
            names_are_found_by_their_beginning
            named_values_are_put_replaced_and_deleted
            a_wipe_empties_everything_and_begins_a_new_incarnation
            a_wipe_at_a_seq_empties_nothing_that_came_after_it
            a_context_of_a_former_incarnation_changes_nothing_until_it_loads
            an_aborted_append_stores_nothing_and_gives_its_keys_back
            a_broken_connection_heals
            concurrent_appends_get_seqs_of_their_own
        }
    };
    ($test:ident: $($case:ident)*) => { $($test! { $case })* };
}

pub async fn a_new_database_is_empty_and_all_contexts_agree_on_it(place: &impl Place) {
    let (first, second) = (place.open().await, place.open().await);
    let loaded = first.load().await.unwrap();
    assert_eq!((&loaded.state, &loaded.directories), (&None, &vec![]));
    assert_eq!(loaded.tail.frames, []);
    assert_eq!((loaded.tail.manifest.version, loaded.tail.manifest.base), (0, 0));
    assert_ne!(loaded.tail.manifest.client, loaded.tail.manifest.incarnation);
    assert_eq!(second.load().await.unwrap(), loaded);
}

pub async fn seqs_are_dense_and_grow(place: &impl Place) {
    let store = place.open().await;
    let large = vec![7; RECORD_BYTES];
    let mut seqs = store.append(&[b"a".to_vec(), b"b".to_vec()], Relaxed).await.unwrap();
    seqs.extend(store.append(&[b"c".to_vec(), large, b"d".to_vec()], Relaxed).await.unwrap());
    seqs.extend(store.append(&[b"e".to_vec()], Relaxed).await.unwrap());
    assert_eq!(seqs, [1, 2, 3, 5, 6, 7], "a frame's seq is the key of its last record");
    assert_eq!(seqs_after(&store, 0).await, seqs);
}

pub async fn a_frame_comes_back_byte_for_byte(place: &impl Place) {
    let store = place.open().await;
    let lengths = [0, 1, 62 << 10, RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1, 200 << 10];
    let frames: Vec<_> = lengths.into_iter().map(noise).collect();
    store.append(&frames, Relaxed).await.unwrap();
    for frame in &frames {
        store.append(std::slice::from_ref(frame), Relaxed).await.unwrap();
    }
    assert!(frames_after(&store, 0).await == [frames.clone(), frames].concat());
}

pub async fn a_frame_of_8_mib_comes_back(place: &impl Place) {
    let store = place.open().await;
    let frames = [noise(8 << 20), b"the next".to_vec()];
    store.append(&frames, Relaxed).await.unwrap();
    assert!(frames_after(&place.open().await, 0).await == frames);
}

pub async fn an_append_of_nothing_takes_no_seq(place: &impl Place) {
    let store = place.open().await;
    assert!(store.append(&[], Strict).await.unwrap().is_empty());
    assert_eq!(append(&store, "a").await, 1);
}

pub async fn two_contexts_interleave_and_see_the_same_log(place: &impl Place) {
    let (left, right) = (place.open().await, place.open().await);
    for round in 0..5 {
        assert_eq!(append(&left, &format!("left {round}")).await, 2 * round + 1);
        assert_eq!(append(&right, &format!("right {round}")).await, 2 * round + 2);
    }
    let seen = left.tail(0).await.unwrap();
    assert_eq!(seen.frames.len(), 10);
    assert_eq!(right.tail(0).await.unwrap(), seen);
}

pub async fn the_tail_begins_after_the_seq(place: &impl Place) {
    let store = place.open().await;
    for text in ["a", "b", "c"] {
        append(&store, text).await;
    }
    assert_eq!(seqs_after(&store, 1).await, [2, 3]);
    assert!(seqs_after(&store, 3).await.is_empty());
    assert!(seqs_after(&store, 99).await.is_empty());
}

pub async fn both_durabilities_store(place: &impl Place) {
    let store = place.open().await;
    store.append(&[b"relaxed".to_vec()], Relaxed).await.unwrap();
    store.append(&[b"strict".to_vec()], Strict).await.unwrap();
    assert_eq!(frames_after(&place.open().await, 0).await, [b"relaxed".to_vec(), b"strict".to_vec()]);
}

pub async fn named_values_are_put_replaced_and_deleted(place: &impl Place) {
    let (store, other) = (place.open().await, place.open().await);
    assert_eq!(store.get("session").await.unwrap(), None);
    store.put("session", Some(b"one")).await.unwrap();
    store.put("manifest", Some(b"a name like any other")).await.unwrap();
    assert_eq!(other.get("session").await.unwrap(), Some(b"one".to_vec()));
    other.put("session", Some(b"")).await.unwrap();
    assert_eq!(store.get("session").await.unwrap(), Some(Vec::new()));
    store.put("session", None).await.unwrap();
    assert_eq!(other.get("session").await.unwrap(), None);
    assert_eq!(other.get("manifest").await.unwrap(), Some(b"a name like any other".to_vec()));
    other.load().await.unwrap();
}

pub async fn names_are_found_by_their_beginning(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.names("").await.unwrap(), [""; 0]);
    let all = ["", "cache", "cache/", "cache/1", "cache/\u{ffff}", "cache/\u{10000}", "cachf", "manifest"];
    for name in all.iter().rev() {
        store.put(name, Some(b"value")).await.unwrap();
    }
    store.append(&[b"frame".to_vec()], Relaxed).await.unwrap();
    assert_eq!(store.names("").await.unwrap(), all);
    assert_eq!(store.names("cache/").await.unwrap(), all[2..6]);
    store.put("cache/1", None).await.unwrap();
    assert_eq!(store.names("cache/1").await.unwrap(), [""; 0]);
}

pub async fn a_wipe_empties_everything_and_begins_a_new_incarnation(place: &impl Place) {
    let store = place.open().await;
    let base = append(&store, "a").await;
    store.write_blocks(id(1), 0, &[b"secret".to_vec()]).await.unwrap();
    store.checkpoint(0, &next(base, "secret", [id(1)])).await.unwrap().expect("the first");
    store.write_blocks(id(2), 0, &[b"secret".to_vec()]).await.unwrap();
    append(&store, "b").await;
    store.put("session", Some(b"secret")).await.unwrap();
    store.wipe([1; 16], [2; 16]).await.unwrap();
    let loaded = store.load().await.unwrap();
    assert_eq!((loaded.state, loaded.directories, loaded.tail.frames), (None, vec![], vec![]));
    let left = store.read_blocks(&[(id(1), 0), (id(2), 0)]).await.unwrap();
    assert_eq!((left.version, left.blocks), (0, vec![None, None]));
    let manifest = loaded.tail.manifest;
    assert_eq!((manifest.incarnation, manifest.client), ([1; 16], [2; 16]));
    assert_eq!(manifest.version, 0);
    assert_eq!(store.get("session").await.unwrap(), None);
    assert_eq!(append(&store, "c").await, manifest.base + 1);
    assert_eq!(seqs_after(&place.open().await, manifest.base).await, [manifest.base + 1]);
    store.wipe([3; 16], [4; 16]).await.unwrap();
    assert!(store.load().await.unwrap().tail.manifest.base > manifest.base);
}

/// Invariant 1: a sign-out that looked whether all was sent does not take along what was written since.
pub async fn a_wipe_at_a_seq_empties_nothing_that_came_after_it(place: &impl Place) {
    let (store, other) = (place.open().await, place.open().await);
    let seq = append(&store, "a").await;
    other.load().await.unwrap();
    let later = append(&other, "b").await;
    assert!(!store.wipe_at(seq, [1; 16], [2; 16]).await.unwrap());
    assert_eq!(seqs_after(&store, 0).await, [seq, later]);
    assert!(store.wipe_at(later, [1; 16], [2; 16]).await.unwrap());
    let manifest = store.load().await.unwrap().tail.manifest;
    assert_eq!(manifest.incarnation, [1; 16]);
    assert!(store.wipe_at(manifest.base, [3; 16], [4; 16]).await.unwrap());
}

/// Invariant 11: what a tab still wants to write after a sign-out never reaches the next database.
pub async fn a_context_of_a_former_incarnation_changes_nothing_until_it_loads(place: &impl Place) {
    let (store, stale) = (place.open().await, place.open().await);
    stale.load().await.unwrap();
    store.wipe([3; 16], [4; 16]).await.unwrap();
    let refused = [
        stale.append(&[b"late".to_vec()], Strict).await.map(drop),
        stale.tail(0).await.map(drop),
        stale.write_blocks(id(1), 0, &[b"late".to_vec()]).await,
        stale.read_blocks(&[(id(1), 0)]).await.map(drop),
        stale.checkpoint(0, &next(0, "late", [id(1)])).await.map(drop),
        stale.names("").await.map(drop),
        stale.usage().await.map(drop),
        stale.put("session", Some(b"late")).await,
        stale.wipe([5; 16], [6; 16]).await,
    ];
    for answer in refused {
        assert_eq!(answer.unwrap_err().code, ErrorCode::StorageLost);
    }
    assert!(store.tail(0).await.unwrap().frames.is_empty());
    let loaded = stale.load().await.unwrap();
    assert_eq!(loaded.tail.manifest.incarnation, [3; 16]);
    assert_eq!((loaded.state, loaded.directories, loaded.tail.frames), (None, vec![], vec![]));
    assert_eq!(stale.read_blocks(&[(id(1), 0)]).await.unwrap().blocks, [None], "invariant 11");
    assert_eq!(stale.get("session").await.unwrap(), None);
    append(&stale, "now").await;
    assert_eq!(frames_after(&store, 0).await, [b"now".to_vec()]);
}

pub async fn an_aborted_append_stores_nothing_and_gives_its_keys_back(place: &impl Place) {
    let store = place.open().await;
    append(&store, "a").await;
    place.abort_an_append(&store).await;
    assert_eq!(frames_after(&store, 0).await, [b"a".to_vec()]);
    assert_eq!(append(&store, "b").await, 2);
}

/// PITFALLS 22.
pub async fn a_broken_connection_heals(place: &impl Place) {
    let store = place.open().await;
    append(&store, "a").await;
    place.break_connection(&store).await;
    assert_eq!(append(&store, "b").await, 2);
    place.break_connection(&store).await;
    assert_eq!(store.load().await.unwrap().tail.frames.len(), 2);
    place.break_connection(&store).await;
    assert_eq!(seqs_after(&store, 1).await, [2]);
    place.break_connection(&store).await;
    store.put("name", Some(b"value")).await.unwrap();
    place.break_connection(&store).await;
    assert_eq!(store.get("name").await.unwrap(), Some(b"value".to_vec()));
    place.break_connection(&store).await;
    store.write_blocks(id(1), 0, &[b"block".to_vec()]).await.unwrap();
    place.break_connection(&store).await;
    store.checkpoint(0, &next(1, "state", [id(1)])).await.unwrap().expect("the first");
    place.break_connection(&store).await;
    store.sweep().await.unwrap();
    place.break_connection(&store).await;
    assert_eq!(store.read_blocks(&[(id(1), 0)]).await.unwrap().blocks, [Some(b"block".to_vec())]);
}

pub async fn concurrent_appends_get_seqs_of_their_own(place: &impl Place) {
    let (left, right) = (place.open().await, place.open().await);
    let frames = |text: &str| vec![text.as_bytes().to_vec(), noise(100 << 10)];
    let (first, second, third) = (frames("1"), frames("2"), frames("3"));
    let (a, b, c) =
        join3(left.append(&first, Relaxed), right.append(&second, Strict), left.append(&third, Relaxed))
            .await;
    let mut seqs: Vec<Seq> = [a.unwrap(), b.unwrap(), c.unwrap()].concat();
    seqs.sort_unstable();
    assert_eq!(seqs, [1, 3, 4, 6, 7, 9]);
    assert_eq!(seqs_after(&right, 0).await, seqs);
}

async fn append(store: &impl Store, text: &str) -> Seq {
    store.append(&[text.as_bytes().to_vec()], Relaxed).await.unwrap()[0]
}

async fn frames_after(store: &impl Store, seq: Seq) -> Vec<Vec<u8>> {
    store.tail(seq).await.unwrap().frames.into_iter().map(|logged| logged.frame).collect()
}

async fn seqs_after(store: &impl Store, seq: Seq) -> Vec<Seq> {
    store.tail(seq).await.unwrap().frames.into_iter().map(|logged| logged.seq).collect()
}

/// Bytes without a pattern that a mistake could hide in.
fn noise(length: usize) -> Vec<u8> {
    let mut state = length as u32 | 1;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
