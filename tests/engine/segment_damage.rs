//! Invariant 12 for segments: damaged, foreign, newer and misplaced blocks are refused by name, and nothing
//! that is let in makes a reader panic.

use crate::segments::{ID, Shelf, Visit, packed, table, visit};
use proptest::prelude::*;
use std::ops::Bound;
use std::sync::LazyLock;
use thermocline::engine::Damage;
use thermocline::engine::frame::{
    FORMAT_VERSION, SEGMENT_DIRECTORY, SEGMENT_LIST_BLOCK, SEGMENT_ROW_BLOCK, STATE_RECORD, seal_bytes,
};
use thermocline::engine::segment::{Directory, build};

const HEADER: usize = 12;

/// Several blocks of rows, and lists of one block each.
fn sealed() -> Vec<Vec<u8>> {
    static BLOCKS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let visits: Vec<Visit> = (0..30).map(|n| visit(n, if n % 3 == 0 { 9_000 } else { 20 })).collect();
        build("visits", &table(), 1, packed(&visits))
    });
    BLOCKS.clone()
}

fn admit(blocks: &[Vec<u8>], n: usize, bytes: &[u8]) -> Result<(), Damage> {
    match n {
        0 => Directory::read(bytes).map(drop),
        _ => Directory::read(&blocks[0]).expect("our own").admit(n as u32, bytes).map(drop),
    }
}

#[test]
fn a_block_that_is_cut_off_is_refused() {
    let blocks = sealed();
    for (n, block) in blocks.iter().enumerate() {
        for length in (0..block.len()).step_by(block.len() / 300 + 1) {
            assert_eq!(admit(&blocks, n, &block[..length]), Err(Damage::Truncated), "block {n} to {length}");
        }
    }
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let blocks = sealed();
    for (n, block) in blocks.iter().enumerate() {
        for at in (0..64.min(block.len())).chain((64..block.len()).step_by(block.len() / 100 + 1)) {
            let mut flipped = block.clone();
            flipped[at] ^= 1 << (at % 8);
            let expected = match at {
                0 | 1 => Damage::Foreign,
                2 if flipped[2] > FORMAT_VERSION => Damage::NewerVersion(flipped[2]),
                4..8 => Damage::Truncated,
                _ => Damage::Checksum,
            };
            assert_eq!(admit(&blocks, n, &flipped), Err(expected), "block {n}, byte {at}");
        }
    }
}

#[test]
fn foreign_newer_and_unknown_blocks_are_told_apart() {
    let blocks = sealed();
    for n in 0..blocks.len() {
        assert_eq!(admit(&blocks, n, b"SQLite format 3\0"), Err(Damage::Foreign));
        let mut newer = seal_bytes(SEGMENT_ROW_BLOCK, &[b"whatever it is"]);
        newer[2] = FORMAT_VERSION + 1;
        assert_eq!(admit(&blocks, n, &newer), Err(Damage::NewerVersion(FORMAT_VERSION + 1)));
        let sealed = seal_bytes(STATE_RECORD, &[&[0]]);
        assert_eq!(admit(&blocks, n, &sealed), Err(Damage::UnknownKind(STATE_RECORD)));
    }
}

#[test]
fn a_whole_block_in_anothers_place_is_refused() {
    let blocks = sealed();
    for (n, place) in (0..blocks.len()).flat_map(|n| (0..blocks.len()).map(move |place| (n, place))) {
        let expected = if n == place { Ok(()) } else { Err(Damage::Misplaced) };
        assert_eq!(admit(&blocks, place, &blocks[n]), expected, "block {n} at {place}");
    }
    assert_eq!(admit(&blocks, blocks.len(), &blocks[1]), Err(Damage::Misplaced));
}

#[test]
fn a_block_of_another_segment_is_refused() {
    let visits: Vec<Visit> = (0..30).map(|n| visit(n, 20)).collect();
    let blocks = build("visits", &table(), 1, packed(&visits));
    for other in [
        build("visits", &table(), 2, packed(&visits)),
        build("visitors", &table(), 1, packed(&visits)),
        build("visits", &table(), 1, packed(&[&visits[..29], &[visit(77, 20)]].concat())),
    ] {
        assert_eq!(other.len(), blocks.len());
        for (n, block) in other.iter().enumerate().skip(1) {
            assert_eq!(admit(&blocks, n, block), Err(Damage::Misplaced));
        }
    }
}

#[test]
fn a_length_that_is_claimed_and_not_there_gets_no_memory() {
    let blocks = sealed();
    for length in [u32::MAX, 1 << 31, 8 << 20, 300_000] {
        let claim = [&[1], &length.to_le_bytes()[..], &[0x1f; 40]].concat();
        for (n, kind) in
            [(0, SEGMENT_DIRECTORY), (1, SEGMENT_ROW_BLOCK), (blocks.len() - 1, SEGMENT_LIST_BLOCK)]
        {
            let sealed = seal_bytes(kind, &[&claim]);
            assert_eq!(admit(&blocks, n, &sealed), Err(Damage::TooLarge(length as usize)));
        }
    }
}

/// The payload of a sealed block, unpacked, and its kind.
pub fn opened(sealed: &[u8]) -> (u8, Vec<u8>) {
    let payload = &sealed[HEADER + 1..];
    let plain = match sealed[HEADER] {
        0 => payload.to_vec(),
        _ => lz4_flex::block::decompress_size_prepended(payload).expect("our own"),
    };
    (sealed[3], plain)
}

/// Asks a segment everything there is to ask.
fn exercise(shelf: &Shelf) {
    let directory = &shelf.directory;
    for list in 0..5 {
        for position in (0..40).chain([directory.rows, u32::MAX]) {
            if let Some((key, row)) = directory.at(ID, list, position, shelf) {
                let key = key.to_vec();
                for after in [false, true] {
                    directory.seek(ID, list, &key, after, shelf);
                }
                directory.estimate(list, Bound::Excluded(&key), Bound::Included(&key));
                directory.row(ID, row, shelf);
            }
        }
        directory.seek(ID, list, &[], true, shelf);
        directory.seek(ID, list, &[0xff; 4], false, shelf);
        directory.estimate(list, Bound::Unbounded, Bound::Included(&[0x61]));
    }
    for n in (0..40).chain([u16::MAX]) {
        directory.row(ID, n, shelf);
        directory.find(ID, &format!("[{:?}]", visit(i32::from(n), 0).id), shelf);
    }
}

/// Bytes of a payload to overwrite, most of them in tables and lengths.
fn strokes() -> impl Strategy<Value = Vec<(usize, u8)>> {
    let at = prop_oneof![3 => 0usize..64, 1 => 0usize..60_000];
    let byte = prop_oneof![Just(0u8), Just(1), Just(0x7f), Just(0x80), Just(0xff), any::<u8>()];
    prop::collection::vec((at, byte), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A checksum is no proof against who can write one.
    #[test]
    fn hostile_blocks_with_a_right_checksum_never_make_a_reader_panic(n in any::<prop::sample::Index>(), strokes in strokes()) {
        let blocks = sealed();
        let n = n.index(blocks.len());
        let (kind, mut payload) = opened(&blocks[n]);
        for (at, byte) in strokes {
            let at = at % payload.len();
            payload[at] = byte;
        }
        let hostile = seal_bytes(kind, &[&[0], &payload]);
        let mut shelf = Shelf::of(&blocks);
        if n > 0 {
            let Ok(block) = shelf.directory.admit(n as u32, &hostile) else { return Ok(()) };
            shelf.blocks.insert(n as u32, block);
        } else {
            let Ok(directory) = Directory::read(&hostile) else { return Ok(()) };
            shelf.directory = directory;
        }
        exercise(&shelf);
    }

    #[test]
    fn any_bytes_in_a_block_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..300), packing in 0u8..3) {
        let blocks = sealed();
        for kind in [SEGMENT_DIRECTORY, SEGMENT_ROW_BLOCK, SEGMENT_LIST_BLOCK] {
            let hostile = seal_bytes(kind, &[&[packing], &bytes]);
            for n in 0..blocks.len() {
                prop_assert!(admit(&blocks, n, &hostile).is_err());
            }
        }
    }
}
