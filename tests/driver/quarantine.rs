//! What cannot be read is kept aside, can be taken out as it was found, and is cleared on request (invariant 12).

use crate::cipher::NativeCipher;
use crate::horizons::{note, pulled, request, schema};
use crate::realm::{Realm, found, insert, open, picture};
use futures_executor::LocalPool;
use thermocline::driver::{Quarantined, Replica};
use thermocline::engine::Frame;
use thermocline::protocol::{ErrorCode, Text};
use thermocline::store::{Durability, MemoryStore, Sealed, Store};

/// A frame of which a bit has flipped.
fn damaged() -> Vec<u8> {
    let mut frame = Frame::Write(vec![insert(1)]).encode();
    *frame.last_mut().expect("not empty") ^= 1;
    frame
}

#[test]
fn a_damaged_frame_is_kept_aside_as_it_was_found_until_it_is_cleared() {
    let mut pool = LocalPool::new();
    let (tab, store) = found(&mut pool);
    assert_eq!(pool.run_until(tab.quarantined()), Ok(Vec::new()));
    let seqs = pool.run_until(store.append(&[damaged()], Durability::Strict)).expect("stores");
    pool.run_until(tab.write(insert(2))).expect("stores");

    let name = format!("frame/{}", seqs[0]);
    let listed = Quarantined { name: name.clone(), bytes: damaged().len() };
    assert_eq!(pool.run_until(tab.quarantined()), Ok(vec![listed]));
    assert_eq!(pool.run_until(tab.read_quarantined(&name)), Ok(damaged()));
    let unknown = pool.run_until(tab.read_quarantined("frame/0")).expect_err("there is none");
    assert_eq!(unknown.code, ErrorCode::InvalidRequest);

    pool.run_until(tab.clear_quarantine()).expect("stores");
    assert_eq!(pool.run_until(tab.quarantined()), Ok(Vec::new()));
    let (fresh, _) = open(&mut pool, &store);
    assert_eq!(pool.run_until(fresh.quarantined()), Ok(Vec::new()), "the next start does not find it again");
    assert_eq!(fresh.state().outbox.len(), 1, "nothing else went with it");
}

#[test]
fn a_damaged_block_is_kept_aside_as_it_was_found() {
    let mut pool = LocalPool::new();
    let store = MemoryStore::new([1; 16], [2; 16]);
    let (tab, _) = open(&mut pool, &store);
    pool.run_until(tab.append(Frame::Schema(schema()))).expect("stores");
    let rows: Vec<Text> = (1..=5).map(|day| note(day, day, 0)).collect();
    pool.run_until(tab.append(pulled(request(&tab), 5, &rows, &[], true))).expect("stores");
    pool.run_until(tab.checkpoint()).expect("writes");
    let segment = tab.state().rows.table("notes").expect("a table").segments()[0].id;
    pool.run_until(store.replace_blocks(segment, 1, &[b"rotten".to_vec()])).expect("writes");

    let (fresh, _) = open(&mut pool, &store);
    picture(&mut pool, &fresh);
    let name = format!("block/{segment}/1");
    assert_eq!(pool.run_until(fresh.quarantined()), Ok(vec![Quarantined { name: name.clone(), bytes: 6 }]));
    assert_eq!(pool.run_until(fresh.read_quarantined(&name)), Ok(b"rotten".to_vec()));
}

/// Those that wait elsewhere are sent all the same.
#[test]
fn a_damaged_segment_of_mutations_is_kept_aside_and_reported() {
    let mut pool = LocalPool::new();
    let (tab, store) = found(&mut pool);
    for id in 0..300 {
        pool.run_until(tab.write(insert(id))).expect("stores");
    }
    for _ in 0..2 {
        assert_eq!(pool.run_until(tab.checkpoint()), Ok(true));
    }
    let segment = tab.manifest().segments[0];
    pool.run_until(store.replace_blocks(segment, 0, &[b"rotten".to_vec()])).expect("writes");
    let (fresh, realm) = open(&mut pool, &store);
    assert_eq!((fresh.state().outbox.len(), fresh.damaged()), (300 - 256, 1));
    assert!(realm.reported.borrow()[0].message.contains("wait to be sent"));
    let name = format!("block/{segment}/0");
    assert_eq!(pool.run_until(fresh.quarantined()), Ok(vec![Quarantined { name, bytes: 6 }]));
    assert_eq!(pool.run_until(fresh.checkpoint()), Ok(true));
    let (again, _) = open(&mut pool, &store);
    assert_eq!((again.state().outbox.len(), again.damaged()), (300 - 256, 0));
}

#[test]
fn a_sealed_record_that_does_not_open_is_kept_aside_with_its_seal() {
    let mut pool = LocalPool::new();
    let below = MemoryStore::new([1; 16], [2; 16]);
    let store = Sealed::new(below.clone(), NativeCipher::new([7; 32]));
    pool.run_until(below.load()).expect("reads");
    pool.run_until(store.load()).expect("reads");
    pool.run_until(store.append(&[Frame::Schema(schema()).encode()], Durability::Strict)).expect("stores");
    let mut flipped = pool.run_until(below.tail(0)).expect("reads").frames[0].frame.clone();
    *flipped.last_mut().expect("not empty") ^= 1;
    let seqs = pool.run_until(below.append(&[flipped.clone()], Durability::Strict)).expect("stores");

    let replica = Replica::open(store, Realm::new(&pool), "test", Durability::Strict);
    let tab = pool.run_until(replica).expect("opens");
    assert_eq!(tab.damaged(), 1);
    let name = format!("frame/{}", seqs[0]);
    let listed = Quarantined { name: name.clone(), bytes: flipped.len() };
    assert_eq!(pool.run_until(tab.quarantined()), Ok(vec![listed]));
    assert_eq!(pool.run_until(tab.read_quarantined(&name)), Ok(flipped));
}
