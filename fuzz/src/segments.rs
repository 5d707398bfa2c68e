//! A segment from blocks that may hold anything: what its directory admits is found and walked.

use crate::sealed;
use std::collections::BTreeMap;
use std::ops::Bound;
use thermocline::engine::frame::{SEGMENT_DIRECTORY, SEGMENT_LIST_BLOCK, SEGMENT_ROW_BLOCK};
use thermocline::engine::segment::{Block, Blocks, Directory, Place, SegmentId};

const ID: SegmentId = SegmentId([3; 16]);
/// Of the positions that a directory claims.
const LOOKED_AT: u32 = 300;

struct AtHand(BTreeMap<u32, Block>);

impl Blocks for AtHand {
    fn block(&self, _: SegmentId, n: u32) -> Option<&Block> {
        self.0.get(&n)
    }
}

/// Blocks from 0 on, each its length in two bytes, then its payload: packed or not, as its first byte says.
pub fn segment(input: &[u8]) {
    let mut payloads = payloads(input);
    let Some(directory) = payloads.next() else { return };
    let Ok(directory) = Directory::read(&sealed::any_version(SEGMENT_DIRECTORY, directory)) else { return };
    let admit = |(n, payload): (u32, &[u8])| {
        let kind = if directory.row_blocks().contains(&n) { SEGMENT_ROW_BLOCK } else { SEGMENT_LIST_BLOCK };
        Some((n, directory.admit(n, &sealed::any_version(kind, payload)).ok()?))
    };
    let blocks = AtHand((1..).zip(payloads).filter_map(admit).collect());
    rows(&directory, &blocks);
    for list in 0..=u8::MAX as usize {
        if directory.list_blocks(list).is_empty() {
            break;
        }
        entries(&directory, list, &blocks);
    }
}

fn payloads(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first_chunk()?;
        let (payload, next) = tail.split_at(usize::from(u16::from_le_bytes(*length)).min(tail.len()));
        rest = next;
        Some(payload)
    })
}

fn rows(directory: &Directory, blocks: &AtHand) {
    for row in 0..directory.rows.min(LOOKED_AT) as u16 + 1 {
        let Some(found) = directory.row(ID, row, blocks) else { continue };
        let _ = directory.may_hold(found.key);
        if let Place::Row(row) = directory.find(ID, found.key, blocks) {
            let _ = directory.row(ID, row, blocks);
        }
        assert!(directory.blocks() > directory.block_of(row), "a row's block is one of its segment's");
    }
}

fn entries(directory: &Directory, list: usize, blocks: &AtHand) {
    let mut before: &[u8] = &[];
    for position in 0..directory.rows.min(LOOKED_AT) + 1 {
        let Some((key, row)) = directory.at(ID, list, position, blocks) else { continue };
        let _ = directory.row(ID, row, blocks);
        for after in [false, true] {
            let found = directory.seek(ID, list, key, after, blocks);
            assert!(
                found.is_none_or(|found| found <= directory.rows),
                "a position is within the list, or its end"
            );
        }
        directory.estimate(list, Bound::Included(before), Bound::Excluded(key));
        before = key;
    }
    directory.estimate(list, Bound::Unbounded, Bound::Unbounded);
}
