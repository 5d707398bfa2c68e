//! The contract of a store, held by a sealed one over memory; and what only a sealed one promises:
//! nothing in plain below it, nothing opened that was moved, exchanged or damaged.
#![cfg(not(target_arch = "wasm32"))]

#[macro_use]
mod contract;
#[path = "contract/cipher.rs"]
mod cipher;

use cipher::NativeCipher;
use contract::{Place, id, next};
use pollster::block_on;
use std::cell::Cell;
use std::collections::BTreeSet;
use thermocline::engine::Frame;
use thermocline::protocol::{ErrorCode, SegmentId};
use thermocline::store::memory::{Failure, MemoryStore};
use thermocline::store::sealed::{HEADER_BYTES, KeyId, SEAL_BYTES, Sealing};
use thermocline::store::{Durability, Sealed, Seq, Store};

use Durability::{Relaxed, Strict};

type SealedMemory = Sealed<MemoryStore, NativeCipher>;

struct Memory {
    store: MemoryStore,
    sealing: Cell<Sealing>,
}

impl Place for Memory {
    type Store = SealedMemory;

    const ADDED: u64 = SEAL_BYTES as u64;

    async fn open(&self) -> SealedMemory {
        let sealed = seal(&self.store);
        sealed.cipher().sealing.set(self.sealing.get());
        sealed
    }

    async fn abort_an_append(&self, store: &SealedMemory) {
        self.store.fail_next(Failure::Aborted);
        let refused = store.append(&[b"lost".to_vec(), b"lost too".to_vec()], Strict).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::StorageLost);
    }

    /// It was in plain: the first release knew no seals.
    async fn make_former(&self, store: &SealedMemory, base: Seq, state: &[u8], blocks: &[Vec<u8>]) {
        self.store.make_former(base, state.to_vec(), blocks.to_vec());
        self.sealing.set(Sealing::Begun);
        store.cipher().sealing.set(Sealing::Begun);
    }

    /// There is no connection.
    async fn break_connection(&self, _: &SealedMemory) {}
}

macro_rules! test {
    ($case:ident) => {
        #[test]
        fn $case() {
            block_on(contract::$case(&Memory { store: memory(), sealing: Cell::new(Sealing::Done) }));
        }
    };
}

contract_tests!(test);

const ROW: &[u8] = b"a row that nobody else may read";

fn memory() -> MemoryStore {
    MemoryStore::new([1; 16], [2; 16])
}

/// A context with the key.
fn seal(store: &MemoryStore) -> SealedMemory {
    Sealed::new(store.clone(), NativeCipher::new([7; 32]))
}

/// Every frame, block, state record and value that a store holds.
async fn records(store: &impl Store, segments: &[SegmentId]) -> Vec<Vec<u8>> {
    let loaded = store.load().await.unwrap();
    let mut records: Vec<_> = loaded.tail.frames.into_iter().map(|logged| logged.frame).collect();
    records.extend(loaded.state);
    let wanted: Vec<_> = segments.iter().flat_map(|segment| (0..20).map(|n| (*segment, n))).collect();
    records.extend(store.read_blocks(&wanted).await.unwrap().blocks.into_iter().flatten());
    for name in store.names("").await.unwrap() {
        records.extend(store.get(&name).await.unwrap());
    }
    records
}

/// One record of every kind: two frames, a segment of `blocks` blocks, a state record, a value.
async fn fill(store: &impl Store, blocks: usize) {
    store.append(&[ROW.to_vec()], Strict).await.unwrap();
    store.write_blocks(id(1), 0, &vec![ROW.to_vec(); blocks]).await.unwrap();
    let state = String::from_utf8(ROW.to_vec()).unwrap();
    store.checkpoint(0, &next(1, &state, [id(1)])).await.unwrap().expect("the first");
    store.append(&[ROW.to_vec(), ROW.repeat(5000)], Strict).await.unwrap();
    store.put("name", Some(ROW)).await.unwrap();
}

fn is_plain(record: &[u8]) -> bool {
    record.windows(ROW.len()).any(|window| window == ROW)
}

/// PITFALLS 24: what rests is sealed, and says nothing.
#[test]
fn nothing_of_what_was_written_can_be_read_below_the_seals() {
    block_on(async {
        let store = memory();
        fill(&seal(&store), 3).await;
        let below = records(&store, &[id(1)]).await;
        assert_eq!(below.len(), 7);
        assert!(below.iter().all(|record| record.starts_with(b"TCS") && !is_plain(record)));
        assert!(records(&seal(&store), &[id(1)]).await.iter().all(|record| is_plain(record)));
    });
}

#[test]
fn ten_thousand_seals_have_ten_thousand_nonces() {
    block_on(async {
        let store = memory();
        let sealed = seal(&store);
        for _ in 0..100 {
            sealed.append(&vec![b"the same".to_vec(); 100], Relaxed).await.unwrap();
        }
        let below = records(&store, &[]).await;
        let nonces: BTreeSet<_> =
            below.iter().map(|record| &record[HEADER_BYTES - 12..HEADER_BYTES]).collect();
        assert_eq!(nonces.len(), 10_000);
        let sealed: BTreeSet<_> = below.iter().map(|record| &record[HEADER_BYTES..]).collect();
        assert_eq!(sealed.len(), 10_000, "the same bytes never look the same");
    });
}

/// Invariant 12.
#[test]
fn a_record_that_was_moved_is_refused() {
    block_on(async {
        let store = memory();
        let sealed = seal(&store);
        fill(&sealed, 3).await;
        let wanted = [(id(1), 1), (id(1), 2)];
        let blocks: Vec<_> = store.read_blocks(&wanted).await.unwrap().blocks.into_iter().flatten().collect();
        let moves = [(id(1), 2, &blocks[0]), (id(2), 1, &blocks[0])];
        for (segment, n, block) in moves {
            store.write_blocks(segment, n, std::slice::from_ref(block)).await.unwrap();
            let found = sealed.read_blocks(&[(segment, n)]).await.unwrap().blocks;
            assert!(found[0].as_ref().is_some_and(|bytes| refused(bytes)), "{segment} {n}");
        }
        let value = store.get("name").await.unwrap().unwrap();
        store.put("other", Some(&value)).await.unwrap();
        let answer = sealed.get("other").await;
        assert_eq!(answer.unwrap_err().code, ErrorCode::CorruptFrame);
        assert_eq!(sealed.get("name").await.unwrap().unwrap(), ROW);
        // A block among the frames, a frame as a value.
        store.append(std::slice::from_ref(&blocks[0]), Strict).await.unwrap();
        let frames = sealed.tail(0).await.unwrap().frames;
        assert!(refused(&frames.last().unwrap().frame));
        let frame = store.tail(0).await.unwrap().frames.remove(0).frame;
        store.put("name", Some(&frame)).await.unwrap();
        assert_eq!(sealed.get("name").await.unwrap_err().code, ErrorCode::CorruptFrame);
    });
}

#[test]
fn a_record_that_was_cut_or_flipped_is_refused_and_its_neighbours_stay() {
    block_on(async {
        let store = memory();
        let sealed = seal(&store);
        sealed.append(&[b"first".to_vec()], Strict).await.unwrap();
        let whole = store.tail(0).await.unwrap().frames.remove(0).frame;
        let mut damaged: Vec<Vec<u8>> = (0..whole.len()).map(|length| whole[..length].to_vec()).collect();
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            damaged.push(flipped);
        }
        store.append(&damaged, Strict).await.unwrap();
        sealed.append(&[b"last".to_vec()], Strict).await.unwrap();
        let mut frames = sealed.tail(0).await.unwrap().frames;
        assert_eq!(frames.pop().unwrap().frame, b"last");
        assert_eq!(frames.remove(0).frame, b"first");
        assert!(frames.iter().all(|logged| refused(&logged.frame)));
    });
}

#[test]
fn what_was_not_sealed_is_refused_where_everything_must_be() {
    block_on(async {
        let store = memory();
        let frame = Frame::Write(Vec::new()).encode();
        store.append(std::slice::from_ref(&frame), Strict).await.unwrap();
        store.put("name", Some(b"value")).await.unwrap();
        let sealed = seal(&store);
        assert!(refused(&sealed.tail(0).await.unwrap().frames[0].frame));
        assert_eq!(sealed.get("name").await.unwrap_err().code, ErrorCode::CorruptFrame);
        sealed.cipher().sealing.set(Sealing::Begun);
        assert_eq!(sealed.tail(0).await.unwrap().frames[0].frame, frame);
        assert_eq!(sealed.get("name").await.unwrap().unwrap(), b"value");
        assert!(sealed.met_plain());
    });
}

#[test]
fn a_plain_database_is_sealed_where_it_lies() {
    block_on(async {
        let store = memory();
        fill(&store, 40).await;
        let sealed = seal(&store);
        sealed.cipher().sealing.set(Sealing::Begun);
        let before = records(&sealed, &[id(1)]).await;
        assert!(sealed.met_plain());
        sealed.seal_up().await.unwrap();
        // The checkpoint is the replica's to make.
        sealed.checkpoint(1, &next(9, "state", [id(1)])).await.unwrap().expect("nobody else made one");
        let below = records(&store, &[id(1)]).await;
        assert!(!below.iter().any(|record| is_plain(record)));
        sealed.cipher().sealing.set(Sealing::Done);
        assert!(records(&sealed, &[id(1)]).await.iter().filter(|record| is_plain(record)).count() >= 21);
        assert_eq!(before.len(), below.len() + 2, "the two frames are in the checkpoint");
    });
}

#[test]
fn while_locked_every_call_says_so_and_nothing_is_written() {
    block_on(async {
        let store = memory();
        let sealed = seal(&store);
        fill(&sealed, 1).await;
        let before = records(&store, &[id(1)]).await;
        sealed.cipher().locked.set(true);
        let answers = [
            sealed.load().await.map(drop),
            sealed.append(&[b"late".to_vec()], Strict).await.map(drop),
            sealed.tail(0).await.map(drop),
            sealed.tail(Seq::MAX).await.map(drop),
            sealed.write_blocks(id(3), 0, &[b"late".to_vec()]).await,
            sealed.replace_blocks(id(1), 0, &[b"late".to_vec()]).await,
            sealed.read_blocks(&[(id(1), 0)]).await.map(drop),
            sealed.checkpoint(1, &next(3, "late", [])).await.map(drop),
            sealed.get("name").await.map(drop),
            sealed.put("name", Some(b"late")).await,
            sealed.put("name", None).await,
            sealed.names("").await.map(drop),
            sealed.usage().await.map(drop),
            sealed.wipe([3; 16], [4; 16]).await,
            sealed.seal_up().await,
        ];
        for answer in answers {
            assert_eq!(answer.unwrap_err().code, ErrorCode::Locked);
        }
        assert_eq!(records(&store, &[id(1)]).await, before);
    });
}

#[test]
fn a_former_key_still_opens_and_a_key_that_is_gone_does_not() {
    block_on(async {
        let store = memory();
        let sealed = seal(&store);
        sealed.append(&[b"old".to_vec()], Strict).await.unwrap();
        let newer = KeyId([9; 8]);
        sealed.cipher().add(newer, [9; 32]);
        sealed.cipher().sealing_key.set(newer);
        sealed.append(&[b"new".to_vec()], Strict).await.unwrap();
        let frames = sealed.tail(0).await.unwrap().frames;
        assert_eq!(frames.iter().map(|logged| logged.frame.as_slice()).collect::<Vec<_>>(), [b"old", b"new"]);
        let frames = seal(&store).tail(0).await.unwrap().frames;
        assert_eq!(frames[0].frame, b"old");
        assert!(refused(&frames[1].frame), "this context was never given the newer key");
    });
}

/// Whether no decoder takes it: neither for a frame nor for one of a later release.
fn refused(bytes: &[u8]) -> bool {
    Frame::decode(bytes).is_err_and(|damage| !damage.is_newer())
}
