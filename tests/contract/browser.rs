//! IndexedDB as a place for the contract, and what only a browser can do to a database.

use super::{Place, id, next};
use indexed_db_futures::KeyRange;
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::TransactionMode;
use js_sys::{Array, Math, Uint8Array};
use thermocline::protocol::ErrorCode;
use thermocline::store::{Durability, IndexedDbStore, Manifest, Next, Seq, Store};
use wasm_bindgen::JsValue;

pub struct Browser {
    name: String,
}

impl Browser {
    /// A database that no other test knows.
    pub fn new() -> Self {
        Self::named(&format!("contract/{}", Math::random()))
    }

    pub fn named(name: &str) -> Self {
        Self { name: name.into() }
    }

    /// The database without the store around it.
    async fn bare(&self) -> Database {
        Database::open(&self.name).with_version(1u8).await.unwrap()
    }

    /// How many records an object store holds.
    async fn count(&self, store: &str) -> usize {
        let database = self.bare().await;
        let transaction = database.transaction(store).build().unwrap();
        let count = transaction.object_store(store).unwrap().count().await.unwrap();
        drop(transaction);
        database.close();
        count as usize
    }
}

impl Place for Browser {
    type Store = IndexedDbStore;

    async fn open(&self) -> IndexedDbStore {
        IndexedDbStore::open(&self.name).await.unwrap()
    }

    async fn abort_an_append(&self, _: &IndexedDbStore) {
        let database = self.bare().await;
        let transaction = database.transaction("log").with_mode(TransactionMode::Readwrite).build().unwrap();
        let log = transaction.object_store("log").unwrap();
        for byte in [1, 2] {
            let record = Uint8Array::from(&[3, byte][..]).buffer();
            log.add(wasm_bindgen::JsValue::from(record)).await.unwrap();
        }
        drop(log);
        transaction.abort().await.unwrap();
        database.close();
    }

    async fn make_former(&self, store: &IndexedDbStore, base: Seq, state: &[u8], blocks: &[Vec<u8>]) {
        let segment = 0x0123_4567_89ab_cdef_0011_2233_4455_6677;
        let head = former_head(&store.tail(0).await.unwrap().manifest, base, segment);
        let database = self.bare().await;
        let all = ["meta", "log", "blocks"];
        let transaction = database.transaction(all).with_mode(TransactionMode::Readwrite).build().unwrap();
        let put = async |store: &str, key: JsValue, bytes: &[u8]| {
            let value = JsValue::from(Uint8Array::from(bytes).buffer());
            transaction.object_store(store).unwrap().put(value).with_key(key).await.unwrap();
        };
        put("meta", "manifest".into(), &head).await;
        for (n, piece) in (0..).zip(state.chunks(63 << 10)) {
            put("meta", Array::of2(&"state".into(), &JsValue::from(n)).into(), piece).await;
        }
        for (n, block) in (0..).zip(blocks) {
            let key = Array::of2(&format!("{segment:032x}").into(), &JsValue::from(n));
            put("blocks", key.into(), block).await;
        }
        let log = transaction.object_store("log").unwrap();
        log.delete::<f64, _>(KeyRange::UpperBound(base as f64, false)).await.unwrap();
        drop(log);
        transaction.commit().await.unwrap();
        database.close();
    }

    async fn break_connection(&self, store: &IndexedDbStore) {
        store.close();
    }
}

/// The head as the first release wrote it: 1, then postcard of version, incarnation, client, base and
/// segment.
fn former_head(manifest: &Manifest, base: Seq, segment: u128) -> Vec<u8> {
    let mut head = vec![1, 5];
    head.extend([manifest.incarnation, manifest.client].concat());
    head.extend([u8::try_from(base).unwrap(), 1]);
    let mut rest = segment;
    while rest > 0x7f {
        head.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    head.push(rest as u8);
    head
}

/// Hands the name of every case of this file to `$test!`.
macro_rules! browser_tests {
    ($test:ident) => {
        $test! { a_deletion_waits_for_no_handle_and_every_handle_notices }
        $test! { a_database_of_a_later_release_is_left_alone }
        $test! { a_deletion_that_is_held_up_says_so }
        $test! { two_first_loads_at_once_agree }
        $test! { a_checkpoint_leaves_nothing_but_what_it_names }
        $test! { an_append_whose_answer_is_lost_is_stored_once }
        $test! { an_append_that_is_rolled_back_is_stored_by_the_next_connection }
        $test! { an_append_that_finds_no_room_stores_nothing_and_the_next_one_works }
        $test! { a_database_that_fails_for_good_is_tried_three_times }
        $test! { blocks_that_find_no_room_leave_nothing_and_may_be_written_again }
        $test! { a_checkpoint_that_finds_no_room_changes_nothing_and_may_be_tried_again }
        $test! { a_checkpoint_whose_answer_is_lost_is_made_once }
        $test! { a_checkpoint_that_is_rolled_back_is_made_by_the_next_connection }
        $test! { a_sweep_that_fails_is_done_by_the_next_checkpoint }
        $test! { blocks_that_are_written_while_the_database_is_wiped_leave_it }
        $test! { an_evicted_database_is_noticed_by_every_call_and_none_writes_into_the_next }
        $test! { what_is_left_to_sweep_is_never_taken_from_the_next_database }
    };
}

/// The name of the global object's class.
pub fn context() -> String {
    js_sys::global().constructor().name().into()
}

/// PITFALLS 25, 27.
pub async fn a_deletion_waits_for_no_handle_and_every_handle_notices() {
    let place = Browser::new();
    let (first, second) = (place.open().await, place.open().await);
    let before = first.load().await.unwrap().tail.manifest;
    first.append(&[b"lost".to_vec()], Durability::Strict).await.unwrap();
    IndexedDbStore::delete(&place.name).await.unwrap();
    for store in [&first, &second] {
        let refused = store.append(&[b"late".to_vec()], Durability::Strict).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::StorageLost);
    }
    let after = first.load().await.unwrap();
    assert_ne!(after.tail.manifest.incarnation, before.incarnation);
    assert_eq!(after.tail.frames, []);
    assert_eq!(second.load().await.unwrap(), after);
    assert_eq!(first.append(&[b"new".to_vec()], Durability::Strict).await.unwrap(), [1]);
}

pub async fn a_database_of_a_later_release_is_left_alone() {
    let place = Browser::new();
    Database::open(&place.name).with_version(2u8).await.unwrap().close();
    let refused = IndexedDbStore::open(&place.name).await;
    assert_eq!(refused.err().unwrap().code, ErrorCode::NewerVersion);
}

/// A handle that does not let go: a tab of another library, or a frozen one.
pub async fn a_deletion_that_is_held_up_says_so() {
    let place = Browser::new();
    let held = Database::open(&place.name).with_version(1u8).await.unwrap();
    let refused = IndexedDbStore::delete(&place.name).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::StorageBlocked);
    held.close();
}

pub async fn two_first_loads_at_once_agree() {
    let place = Browser::new();
    let (left, right) = futures_util::future::join(place.open(), place.open()).await;
    assert_eq!(left.load().await.unwrap(), right.load().await.unwrap());
}

/// What lies in the database, whoever finds it.
pub async fn a_checkpoint_leaves_nothing_but_what_it_names() {
    let place = Browser::new();
    let (store, slow) = (place.open().await, place.open().await);
    place.make_former(&store, 0, &[1; 200 << 10], &[vec![1; 10], vec![2; 10]]).await;
    for (version, blocks) in (5..).zip([40, 3, 5]) {
        for frame in [vec![1; 100 << 10], vec![2]] {
            store.append(&[frame], Durability::Strict).await.unwrap();
        }
        let base = store.tail(0).await.unwrap().frames.last().unwrap().seq;
        let named = id(version as u8);
        store.write_blocks(named, 0, &vec![vec![2; 10]; blocks]).await.unwrap();
        let next = next(base, &"x".repeat(200 << 10), [named]);
        store.checkpoint(version, &next).await.unwrap().expect("the first");
        assert_eq!(slow.checkpoint(version, &next).await.unwrap(), None);
        store.sweep().await.unwrap();
        let counts = [place.count("meta").await, place.count("blocks").await, place.count("log").await];
        assert_eq!(counts, [1, blocks + 4, 0], "the state record is four pieces");
    }
}

const LOSE_THE_ANSWER: &str = "commit.call(tx); const lost = tx.onabort; tx.oncomplete = () => lost()";
const ROLL_BACK: &str = "tx.abort()";
const FIND_NO_ROOM: &str = "Object.defineProperty(tx, 'error', \
     { value: new DOMException('full', 'QuotaExceededError') }); tx.abort()";

/// Invariant 2: what is stored already is not stored again.
pub async fn an_append_whose_answer_is_lost_is_stored_once() {
    let store = Browser::new().open().await;
    store.append(&[b"a".to_vec()], Durability::Strict).await.unwrap();
    at_next_commits(1, LOSE_THE_ANSWER);
    let seqs = store.append(&[vec![1; 100 << 10], b"b".to_vec()], Durability::Strict).await;
    assert_eq!(seqs.unwrap(), [3, 4]);
    assert_eq!(store.tail(0).await.unwrap().frames.len(), 3);
}

pub async fn an_append_that_is_rolled_back_is_stored_by_the_next_connection() {
    let store = Browser::new().open().await;
    at_next_commits(2, ROLL_BACK);
    assert_eq!(store.append(&[b"a".to_vec()], Durability::Strict).await.unwrap(), [1]);
    assert_eq!(store.tail(0).await.unwrap().frames.len(), 1);
}

/// PITFALLS 29.
pub async fn an_append_that_finds_no_room_stores_nothing_and_the_next_one_works() {
    let store = Browser::new().open().await;
    at_next_commits(1, FIND_NO_ROOM);
    let refused = store.append(&[b"a".to_vec()], Durability::Strict).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::QuotaExceeded);
    assert_eq!(store.append(&[b"b".to_vec()], Durability::Strict).await.unwrap(), [1]);
}

/// PITFALLS 22.
pub async fn a_database_that_fails_for_good_is_tried_three_times() {
    let store = Browser::new().open().await;
    at_next_commits(3, ROLL_BACK);
    let refused = store.put("name", Some(b"value")).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::StorageLost);
    assert_eq!(store.get("name").await.unwrap(), None);
    store.put("name", Some(b"value")).await.unwrap();
}

/// PITFALLS 29.
pub async fn blocks_that_find_no_room_leave_nothing_and_may_be_written_again() {
    let place = Browser::new();
    let store = place.open().await;
    let blocks: Vec<_> = (0..5).map(|n| vec![n; 60 << 10]).collect();
    for slice in 1..=3 {
        at_commits(slice, 1, FIND_NO_ROOM);
        let refused = store.write_blocks(id(1), 0, &blocks).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::QuotaExceeded);
        assert_eq!(place.count("blocks").await, 0);
    }
    store.write_blocks(id(1), 0, &blocks).await.unwrap();
    assert_eq!(place.count("blocks").await, 5);
}

/// Commits of a checkpoint with a small state record.
const STATE: u32 = 1;
const DECISION: u32 = 2;

/// One block written, and the checkpoint that would name it.
async fn prepared(store: &IndexedDbStore) -> Next {
    store.append(&[b"a".to_vec()], Durability::Strict).await.unwrap();
    store.write_blocks(id(1), 0, &[vec![1; 100]]).await.unwrap();
    next(1, "state", [id(1)])
}

/// PITFALLS 29.
pub async fn a_checkpoint_that_finds_no_room_changes_nothing_and_may_be_tried_again() {
    for step in [STATE, DECISION] {
        let store = Browser::new().open().await;
        let next = prepared(&store).await;
        let before = store.load().await.unwrap();
        at_commits(step, 1, FIND_NO_ROOM);
        let refused = store.checkpoint(0, &next).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::QuotaExceeded);
        assert_eq!(store.load().await.unwrap(), before);
        store.checkpoint(0, &next).await.unwrap().expect("nobody else made one");
        store.sweep().await.unwrap();
        let used = store.usage().await.unwrap();
        assert_eq!((used.blocks.records, used.blocks.bytes, used.unnamed.records), (2, 105, 0));
    }
}

pub async fn a_checkpoint_whose_answer_is_lost_is_made_once() {
    let store = Browser::new().open().await;
    let next = prepared(&store).await;
    at_commits(DECISION, 1, LOSE_THE_ANSWER);
    let made = store.checkpoint(0, &next).await.unwrap().expect("nobody else made one");
    assert_eq!(made.version, 1);
    let loaded = store.load().await.unwrap();
    assert_eq!((loaded.tail.manifest, loaded.state), (made, Some(b"state".to_vec())));
}

pub async fn a_checkpoint_that_is_rolled_back_is_made_by_the_next_connection() {
    for step in [STATE, DECISION] {
        let store = Browser::new().open().await;
        let next = prepared(&store).await;
        at_commits(step, 2, ROLL_BACK);
        let made = store.checkpoint(0, &next).await.unwrap().expect("nobody else made one");
        assert_eq!(store.load().await.unwrap().tail.manifest, made);
        assert_eq!(store.load().await.unwrap().state, Some(b"state".to_vec()));
    }
}

pub async fn a_sweep_that_fails_is_done_by_the_next_checkpoint() {
    let place = Browser::new();
    let store = place.open().await;
    let first = prepared(&store).await;
    store.checkpoint(0, &first).await.unwrap().expect("nobody else made one");
    at_next_commits(3, ROLL_BACK);
    assert_eq!(store.sweep().await.unwrap_err().code, ErrorCode::StorageLost);
    assert_eq!(place.count("log").await, 1);
    store.checkpoint(1, &next(1, "state", [])).await.unwrap().expect("nobody else made one");
    store.sweep().await.unwrap();
    assert_eq!([place.count("log").await, place.count("blocks").await], [0, 1]);
}

/// Invariant 11: a sign-out in another tab.
pub async fn blocks_that_are_written_while_the_database_is_wiped_leave_it() {
    let place = Browser::new();
    let (store, other) = (place.open().await, place.open().await);
    let blocks: Vec<_> = (0..40).map(|n| vec![n; 60 << 10]).collect();
    let writing = store.write_blocks(id(1), 0, &blocks);
    let (written, wiped) = futures_util::future::join(writing, other.wipe([1; 16], [2; 16])).await;
    wiped.unwrap();
    assert_eq!(written.unwrap_err().code, ErrorCode::StorageLost);
    assert_eq!(place.count("blocks").await, 0);
}

/// PITFALLS 22, 25: the browser throws the database away, and the open handle is told nothing.
pub async fn an_evicted_database_is_noticed_by_every_call_and_none_writes_into_the_next() {
    let place = Browser::new();
    let store = place.open().await;
    let next = prepared(&store).await;
    for call in 0..10 {
        store.close();
        IndexedDbStore::delete(&place.name).await.unwrap();
        let refused = match call {
            0 => store.append(&[b"late".to_vec()], Durability::Strict).await.map(drop),
            1 => store.tail(0).await.map(drop),
            2 => store.write_blocks(id(2), 0, &[vec![1; 100]]).await,
            3 => store.read_blocks(&[(id(1), 0)]).await.map(drop),
            4 => store.checkpoint(0, &next).await.map(drop),
            5 => store.get("session").await.map(drop),
            6 => store.put("session", Some(b"late")).await,
            7 => store.names("").await.map(drop),
            8 => store.usage().await.map(drop),
            _ => store.replace_blocks(id(2), 0, &[vec![1; 100]]).await,
        };
        assert_eq!(refused.unwrap_err().code, ErrorCode::StorageLost, "call {call}");
        for kept in ["meta", "log", "blocks"] {
            assert_eq!(place.count(kept).await, 0, "{kept} after call {call}");
        }
    }
    let loaded = store.load().await.unwrap();
    assert_eq!((loaded.state, loaded.tail.frames), (None, vec![]));
    assert_eq!(place.open().await.load().await.unwrap().tail.manifest, loaded.tail.manifest);
    prepared(&store).await;
    store.checkpoint(0, &next).await.unwrap().expect("nobody else made one");
}

/// The seqs of the next database begin anew, below the base of the one that is gone.
pub async fn what_is_left_to_sweep_is_never_taken_from_the_next_database() {
    let place = Browser::new();
    let store = place.open().await;
    let next = prepared(&store).await;
    store.checkpoint(0, &next).await.unwrap().expect("nobody else made one");
    store.close();
    IndexedDbStore::delete(&place.name).await.unwrap();
    let other = place.open().await;
    other.append(&[b"first".to_vec()], Durability::Strict).await.unwrap();
    assert_eq!(store.sweep().await.unwrap_err().code, ErrorCode::StorageLost);
    assert_eq!(store.load().await.unwrap().tail.frames.len(), 1);
    store.sweep().await.unwrap();
    assert_eq!(other.tail(0).await.unwrap().frames.len(), 1);
}

/// Runs `body` with `tx` and the real `commit` instead of the next commits in this context.
fn at_next_commits(times: u32, body: &str) {
    at_commits(1, times, body);
}

/// The same from the nth commit on.
fn at_commits(nth: u32, times: u32, body: &str) {
    let patch = format!(
        "const commit = IDBTransaction.prototype.commit; let nth = {nth}, times = {times};
         IDBTransaction.prototype.commit = function () {{
             const tx = this;
             if (--nth > 0) return commit.call(tx);
             if (--times === 0) IDBTransaction.prototype.commit = commit;
             {body}
         }}"
    );
    js_sys::Function::new_no_args(&patch).call0(&wasm_bindgen::JsValue::NULL).unwrap();
}
