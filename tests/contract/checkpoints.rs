//! What every store promises of blocks and checkpoints. Listed in `contract_tests!` like the others.

use super::{Place, append, frames_after, noise, seqs_after};
use futures_util::future::join;
use thermocline::protocol::SegmentId;
use thermocline::protocol::limits::RECORD_BYTES;
use thermocline::store::{Durability, Loaded, Manifest, Next, Seq, Store};

pub async fn a_checkpoint_replaces_exactly_the_prefix(place: &impl Place) {
    let store = place.open().await;
    let before = store.load().await.unwrap().tail.manifest;
    for text in ["a", "b", "c", "d"] {
        append(&store, text).await;
    }
    write(&store, id(7), 2).await;
    write(&store, id(3), 1).await;
    let made = store.checkpoint(0, &next(3, "state", [id(7), id(3)])).await.unwrap();
    let made = made.expect("nobody else made one");
    assert_eq!((made.version, made.base), (1, 3));
    assert_eq!((made.incarnation, made.client), (before.incarnation, before.client));
    assert_eq!(made.segments, [id(3), id(7)], "sorted");
    let loaded = place.open().await.load().await.unwrap();
    assert_eq!(loaded.state, Some(b"state".to_vec()));
    assert_eq!(loaded.directories, [(id(3), Some(block(id(3), 0))), (id(7), Some(block(id(7), 0)))]);
    assert!(loaded.former_blocks.is_empty());
    assert_eq!(loaded.tail.manifest, made);
    assert_eq!(loaded.tail.frames.iter().map(|logged| logged.seq).collect::<Vec<_>>(), [4]);
    assert_eq!(append(&store, "e").await, 5, "seqs go on behind a checkpoint");
}

pub async fn a_checkpoint_that_comes_second_changes_nothing(place: &impl Place) {
    let (quick, slow) = (place.open().await, place.open().await);
    append(&quick, "a").await;
    append(&quick, "b").await;
    write(&slow, id(2), 3).await;
    write(&quick, id(1), 1).await;
    make(&quick, 0, &next(1, "quick", [id(1)])).await;
    let before = quick.load().await.unwrap();
    assert_eq!(slow.checkpoint(0, &next(2, "slow", [id(2)])).await.unwrap(), None);
    assert_eq!(quick.load().await.unwrap(), before);
    assert_eq!(slow.load().await.unwrap(), before);
}

pub async fn of_two_checkpoints_at_once_one_wins(place: &impl Place) {
    let (left, right) = (place.open().await, place.open().await);
    append(&left, "a").await;
    let both = join(
        async {
            write(&left, id(1), 20).await;
            left.checkpoint(0, &next(1, "left", [id(1)])).await.unwrap()
        },
        async {
            write(&right, id(2), 20).await;
            right.checkpoint(0, &next(1, "right", [id(2)])).await.unwrap()
        },
    );
    let made = match both.await {
        (Some(made), None) | (None, Some(made)) => made,
        both => panic!("{both:?}"),
    };
    let loaded = left.load().await.unwrap();
    assert_eq!(loaded.tail.manifest, made);
    assert_eq!(present(&left, &made.segments, 20).await, vec![true; 20]);
    let state: &[u8] = if made.segments == [id(1)] { b"left" } else { b"right" };
    assert_eq!(loaded.state.as_deref(), Some(state));
}

pub async fn a_later_checkpoint_replaces_the_former(place: &impl Place) {
    let store = place.open().await;
    let mut version = 0;
    for (text, segments) in [("many", 1..41), ("few", 50..51), ("none", 0..0)] {
        let base = append(&store, text).await;
        let segments: Vec<_> = segments.map(id).collect();
        for segment in &segments {
            write(&store, *segment, 1).await;
        }
        version = make(&store, version, &next(base, text, segments.clone())).await.version;
        let Loaded { state, directories, tail, .. } = store.load().await.unwrap();
        assert_eq!(state, Some(text.into()));
        assert_eq!(directories, segments.iter().map(|id| (*id, Some(block(*id, 0)))).collect::<Vec<_>>());
        assert_eq!(tail.frames, []);
    }
    assert_eq!(version, 3);
    assert_eq!(present(&store, &(0..51).map(id).collect::<Vec<_>>(), 1).await, vec![false; 51]);
}

pub async fn a_context_that_missed_a_checkpoint_can_tell(place: &impl Place) {
    let (writer, reader) = (place.open().await, place.open().await);
    append(&writer, "a").await;
    let seen = seqs_after(&reader, 0).await[0];
    append(&writer, "b").await;
    append(&writer, "c").await;
    make(&writer, 0, &next(2, "state", [])).await;
    let tail = reader.tail(seen).await.unwrap();
    assert!(tail.manifest.base > seen, "the frames between are gone");
    assert_eq!(tail.frames.iter().map(|logged| logged.seq).collect::<Vec<_>>(), [3]);
    assert_eq!(reader.read_blocks(&[]).await.unwrap().version, 1);
}

pub async fn state_records_of_any_size_and_many_blocks_come_back(place: &impl Place) {
    let store = place.open().await;
    let mut version = 0;
    for length in [0, RECORD_BYTES, RECORD_BYTES + 1, 3 << 20] {
        let base = append(&store, "a").await;
        let blocks: Vec<_> =
            (0..50).map(|n| noise((n * 997) % RECORD_BYTES)).chain([noise(1 << 20)]).collect();
        let segment = id(version as u8);
        store.write_blocks(segment, 0, &blocks).await.unwrap();
        let next = Next { base, state: noise(length), segments: vec![segment] };
        version = make(&store, version, &next).await.version;
        assert!(place.open().await.load().await.unwrap().state == Some(noise(length)), "{length}");
        assert!(read(&store, segment, 51).await == blocks.into_iter().map(Some).collect::<Vec<_>>());
    }
}

/// A merge of segments, or an eviction.
pub async fn a_checkpoint_at_the_same_base_keeps_the_log(place: &impl Place) {
    let store = place.open().await;
    for text in ["a", "b", "c"] {
        append(&store, text).await;
    }
    write(&store, id(1), 1).await;
    make(&store, 0, &next(1, "first", [id(1)])).await;
    write(&store, id(2), 1).await;
    let made = make(&store, 1, &next(1, "merged", [id(2)])).await;
    assert_eq!((made.version, made.base), (2, 1));
    let loaded = store.load().await.unwrap();
    assert_eq!(loaded.state, Some(b"merged".to_vec()));
    assert_eq!(frames_after(&store, 0).await, [b"b".to_vec(), b"c".to_vec()]);
    assert_eq!(append(&store, "d").await, 4);
}

pub async fn blocks_written_in_several_calls_are_a_segment_once_it_is_named(place: &impl Place) {
    let store = place.open().await;
    let blocks: Vec<_> = (0..45).map(|n| block(id(9), n)).collect();
    let unchanged = store.load().await.unwrap();
    store.write_blocks(id(9), 20, &blocks[20..]).await.unwrap();
    store.write_blocks(id(9), 1, &blocks[1..20]).await.unwrap();
    store.write_blocks(id(9), 0, &blocks[..1]).await.unwrap();
    store.write_blocks(id(9), 45, &[]).await.unwrap();
    assert_eq!(store.load().await.unwrap(), unchanged, "nobody finds what is not named");
    make(&store, 0, &next(0, "state", [id(9)])).await;
    assert_eq!(store.load().await.unwrap().directories, [(id(9), Some(blocks[0].clone()))]);
    assert!(read(&store, id(9), 45).await.into_iter().flatten().eq(blocks));
}

pub async fn a_segment_that_is_named_and_not_there_is_seen_to_be_missing(place: &impl Place) {
    let store = place.open().await;
    write(&store, id(5), 1).await;
    make(&store, 0, &next(0, "state", [id(4), id(5), id(6)])).await;
    let directories = store.load().await.unwrap().directories;
    assert_eq!(directories, [(id(4), None), (id(5), Some(block(id(5), 0))), (id(6), None)]);
}

pub async fn blocks_come_in_the_order_asked_for_and_those_missing_as_none(place: &impl Place) {
    let store = place.open().await;
    for segment in [id(0), id(0x80), id(0xff)] {
        write(&store, segment, 120).await;
    }
    let forward = (0..130).map(|n| (id(0x80), n));
    let backward = (0..130).rev().map(|n| (id(0), n));
    let scattered = (0..40).map(|n| (id([0xff, 0, 0x80, 0x81][n % 4]), (n * 7 % 125) as u32));
    let wanted: Vec<_> = forward.chain(backward).chain(scattered).chain([(id(0xff), u32::MAX)]).collect();
    let found = store.read_blocks(&wanted).await.unwrap();
    assert_eq!((found.version, found.blocks.len()), (0, wanted.len()));
    for ((segment, n), found) in wanted.into_iter().zip(found.blocks) {
        let there = segment != id(0x81) && n < 120;
        assert_eq!(found, there.then(|| block(segment, n)), "block {n} of {segment:?}");
    }
}

/// A hole in the middle of neighbours, which come without their numbers.
pub async fn a_block_missing_among_neighbours_is_told_apart(place: &impl Place) {
    let store = place.open().await;
    for missing in 0..6 {
        let segment = id(missing as u8);
        for n in (0..6).filter(|n| *n != missing) {
            store.write_blocks(segment, n, &[block(segment, n)]).await.unwrap();
        }
        let wanted = (0..6).map(|n| (n != missing).then(|| block(segment, n)));
        assert_eq!(read(&store, segment, 6).await, wanted.collect::<Vec<_>>());
    }
}

pub async fn a_sweep_deletes_exactly_what_is_not_named(place: &impl Place) {
    let store = place.open().await;
    let mut near = [0x80; 16];
    near[15] = 0x81;
    let all: Vec<_> =
        [0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff].map(id).into_iter().chain([SegmentId(near)]).collect();
    let (mut version, mut there) = (0, vec![false; all.len()]);
    for named in [0b1_0101_0101u32, 0b1_0000_0001, 0b0_1111_1110, 0, 0b0_1000_0001, 0b1_1111_1111] {
        for (at, segment) in all.iter().enumerate().filter(|(at, _)| !there[*at]) {
            write(&store, *segment, 3 + at as u32).await;
        }
        let is_named: Vec<bool> = (0..all.len()).map(|at| named >> at & 1 == 1).collect();
        let segments = all.iter().zip(&is_named).filter(|(_, named)| **named).map(|(id, _)| *id);
        version = make(&store, version, &next(0, "state", segments.rev())).await.version;
        for (at, segment) in all.iter().enumerate() {
            let blocks = 3 + at;
            assert_eq!(present(&store, &[*segment], blocks as u32).await, vec![is_named[at]; blocks]);
        }
        assert_eq!(store.usage().await.unwrap().unnamed.records, 0);
        there = is_named;
    }
}

pub async fn the_blocks_of_a_checkpoint_that_lost_go_with_the_winners_next(place: &impl Place) {
    let (winner, loser) = (place.open().await, place.open().await);
    write(&loser, id(1), 3).await;
    make(&winner, 0, &next(0, "winner", [])).await;
    write(&loser, id(2), 40).await;
    let lost = loser.checkpoint(0, &next(0, "loser", [id(1), id(2)])).await.unwrap();
    assert_eq!(lost, None);
    make(&winner, 1, &next(0, "winner again", [])).await;
    assert_eq!(present(&winner, &[id(1), id(2)], 40).await, vec![false; 80]);
    assert_eq!(winner.load().await.unwrap().state, Some(b"winner again".to_vec()));
    assert_eq!(winner.usage().await.unwrap().unnamed.records, 0);
}

/// A context that is closed between its checkpoint and its sweep.
pub async fn what_was_not_swept_goes_with_the_next_sweep_of_any_context(place: &impl Place) {
    let (closed, other) = (place.open().await, place.open().await);
    for text in ["a", "b", "c"] {
        append(&closed, text).await;
    }
    write(&closed, id(1), 9).await;
    make(&closed, 0, &next(1, "one", [id(1)])).await;
    write(&closed, id(2), 2).await;
    closed.checkpoint(1, &next(2, "two", [id(2)])).await.unwrap().expect("nobody else made one");
    let used = other.usage().await.unwrap();
    assert_eq!(used.log.records, 2, "the prefix lies there");
    assert_eq!(frames_after(&other, 0).await, [b"c".to_vec()], "and is not shown");
    assert_eq!(other.load().await.unwrap().tail.frames.len(), 1);
    make(&other, 2, &next(2, "three", [id(2)])).await;
    let used = other.usage().await.unwrap();
    assert_eq!((used.blocks.records, used.unnamed.records, used.log.records), (3, 0, 1));
    assert_eq!(present(&other, &[id(1), id(2)], 2).await, [false, false, true, true]);
}

/// What is written for the next checkpoint, from the present manifest, outlives the sweep of the last.
pub async fn a_sweep_spares_what_is_written_after_the_decision(place: &impl Place) {
    let (first, second) = (place.open().await, place.open().await);
    write(&first, id(1), 30).await;
    make(&first, 0, &next(0, "one", [id(1)])).await;
    let two = next(0, "two", []);
    let sweeping = make(&first, 1, &two);
    let writing = async {
        // Until the first has decided: what is written before may be swept, as its writer has lost.
        while second.read_blocks(&[]).await.unwrap().version < 2 {}
        write(&second, id(2), 30).await;
        second.checkpoint(2, &next(0, "three", [id(2)])).await.unwrap().expect("nobody else made one")
    };
    let (swept, written) = join(sweeping, writing).await;
    assert_eq!((swept.version, written.version), (2, 3));
    assert_eq!(present(&first, &[id(2)], 30).await, vec![true; 30]);
}

/// Invariant 1: an outbox of the first release is not lost.
pub async fn a_database_of_the_first_release_opens_and_its_first_checkpoint_puts_it_away(place: &impl Place) {
    let store = place.open().await;
    for text in ["a", "b", "c"] {
        append(&store, text).await;
    }
    store.put("session", Some(b"kept")).await.unwrap();
    let blocks: Vec<_> = (0..5).map(|n| noise(1000 * n)).collect();
    place.make_former(&store, 2, &noise(200 << 10), &blocks).await;
    let store = place.open().await;
    let loaded = store.load().await.unwrap();
    assert!(loaded.state == Some(noise(200 << 10)));
    assert_eq!((&loaded.former_blocks, loaded.directories), (&blocks, vec![]));
    let Manifest { version, base, segments, .. } = loaded.tail.manifest;
    assert_eq!((base, segments), (2, vec![]));
    assert_eq!(loaded.tail.frames.iter().map(|logged| logged.seq).collect::<Vec<_>>(), [3]);
    let used = store.usage().await.unwrap();
    assert!(used.blocks.records >= 5 && used.unnamed.records == 0, "{used:?}");
    assert_eq!(append(&store, "d").await, 4);

    write(&store, id(1), 2).await;
    let made = make(&store, version, &next(3, "state", [id(1)])).await;
    assert_eq!((made.version, made.base), (version + 1, 3));
    let loaded = place.open().await.load().await.unwrap();
    assert_eq!(loaded.state, Some(b"state".to_vec()));
    assert_eq!((loaded.former_blocks, loaded.directories.len()), (vec![], 1));
    assert_eq!(frames_after(&store, 0).await, [b"d".to_vec()]);
    assert_eq!(store.get("session").await.unwrap(), Some(b"kept".to_vec()));
    let used = store.usage().await.unwrap();
    assert_eq!((used.blocks.records, used.unnamed.records), (3, 0), "two blocks and a state record");
}

pub async fn usage_tells_how_much_lies_where<P: Place>(place: &P) {
    let store = place.open().await;
    store.append(&[vec![1; 1000], vec![2; 70 << 10]], Durability::Relaxed).await.unwrap();
    store.put("session", Some(&[1; 300])).await.unwrap();
    let before = store.usage().await.unwrap();
    assert_eq!(before.log.records, 3);
    assert!((72_680..73_000).contains(&before.log.bytes), "{before:?}");
    assert_eq!((before.meta.records, before.meta.bytes), (1, 300 + P::ADDED));
    assert_eq!((before.blocks.records, before.files.records), (0, 0));
    store.write_blocks(id(1), 0, &[vec![0; 500], vec![0; 700]]).await.unwrap();
    store.write_blocks(id(2), 0, &[vec![0; 900]]).await.unwrap();
    assert_eq!(store.usage().await.unwrap().unnamed.records, 3);
    make(&store, 0, &next(3, "state", [id(1), id(2)])).await;
    let after = store.usage().await.unwrap();
    assert_eq!((after.log.records, after.log.bytes, after.unnamed.records), (0, 0, 0));
    assert_eq!((after.blocks.records, after.blocks.bytes), (4, 2105 + 4 * P::ADDED), "with the state record");
    store.write_blocks(id(3), 0, &[vec![0; 10]]).await.unwrap();
    make(&store, 1, &next(3, "s", [id(1), id(3)])).await;
    let blocks = store.usage().await.unwrap().blocks;
    assert_eq!(blocks.bytes, 1211 + 4 * P::ADDED, "what an earlier checkpoint wrote is remembered");
}

async fn make(store: &impl Store, expected: u64, next: &Next) -> Manifest {
    let made = store.checkpoint(expected, next).await.unwrap().expect("nobody else made one");
    store.sweep().await.unwrap();
    made
}

/// The first blocks of a segment; its block n tells which one it is.
async fn write(store: &impl Store, segment: SegmentId, blocks: u32) {
    let blocks: Vec<_> = (0..blocks).map(|n| block(segment, n)).collect();
    store.write_blocks(segment, 0, &blocks).await.unwrap();
}

async fn read(store: &impl Store, segment: SegmentId, blocks: u32) -> Vec<Option<Vec<u8>>> {
    let wanted: Vec<_> = (0..blocks).map(|n| (segment, n)).collect();
    store.read_blocks(&wanted).await.unwrap().blocks
}

/// Which of the first blocks of each segment are there.
async fn present(store: &impl Store, segments: &[SegmentId], blocks: u32) -> Vec<bool> {
    let wanted: Vec<_> = segments.iter().flat_map(|id| (0..blocks).map(|n| (*id, n))).collect();
    store.read_blocks(&wanted).await.unwrap().blocks.iter().map(Option::is_some).collect()
}

fn block(segment: SegmentId, n: u32) -> Vec<u8> {
    [&segment.0[..], &n.to_be_bytes(), &[0; 80]].concat()
}

pub fn id(n: u8) -> SegmentId {
    SegmentId([n; 16])
}

pub fn next(base: Seq, state: &str, segments: impl IntoIterator<Item = SegmentId>) -> Next {
    Next { base, state: state.into(), segments: segments.into_iter().collect() }
}
