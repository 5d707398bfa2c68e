//! Block 0 of a segment: what stays in memory of it, and how rows and list entries are found.
//!
//! Knows where each block begins, which keys the segment cannot hold, and how old its rows are. Small by
//! construction, whatever the rows are: see [`Directory::seal`].

use super::block::{Block, PackedRow};
use super::fences::{Cut, Fences, are_firsts};
use super::key_filter::{KeyFilter, KeyHash};
use super::{Blocks, Place, SegmentId, container};
use crate::engine::frame::{self, Damage};
use crate::protocol::{Text, limits};
use crate::query::index::{IndexSignature, column_ends};
use serde::{Deserialize, Serialize};
use std::ops::{Bound, Range};

/// Most of an index key that a fence keeps, at first.
const FENCE_BYTES: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    pub table: Text,
    pub generation: u32,
    pub rows: u32,
    /// Of row text.
    pub bytes: u64,
    /// Least and greatest index key of the time column, if the table has one.
    pub oldest: Option<Vec<u8>>,
    pub newest: Option<Vec<u8>>,
    /// What its blocks carry, to be told from those of other segments.
    pub(super) stamp: u32,
    pub(super) keys: KeyRange,
    pub(super) filter: KeyFilter,
    /// The number of the first row of each block of rows.
    pub(super) row_firsts: Vec<u16>,
    pub(super) lists: Vec<List>,
}

/// A list's signature and fences. List 0 is the primary key's, and its signature empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct List {
    pub signature: IndexSignature,
    /// How many different beginnings its index keys have: of one column, of two, and so on.
    pub distinct: Vec<u32>,
    pub fences: Fences,
}

impl List {
    fn estimate(&self, rows: u32, from: Bound<&[u8]>, to: Bound<&[u8]>) -> usize {
        let alike = Fences::prefix(from, to).map(|prefix| {
            let columns = column_ends(&self.signature, prefix).len().max(1);
            rows.div_ceil(self.distinct.get(columns - 1).copied().unwrap_or(1).max(1))
        });
        self.fences.estimate(rows, alike, from, to)
    }
}

/// The least and the greatest key's text, each as far as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyRange {
    pub least: Text,
    pub greatest: Text,
}

/// Most of a key's text that is kept of the least and the greatest.
const KEY_BYTES: usize = 128;

impl KeyRange {
    pub fn of(least: &str, greatest: &str) -> Self {
        let kept = |key: &str| {
            let end = (0..=key.len().min(KEY_BYTES)).rev().find(|end| key.is_char_boundary(*end));
            Text::from(&key[..end.unwrap_or(0)])
        };
        Self { least: kept(least), greatest: kept(greatest) }
    }

    fn may_hold(&self, key: &str) -> bool {
        *key >= *self.least && (*key <= *self.greatest || key.starts_with(&*self.greatest))
    }
}

impl Directory {
    /// From block 0 as the store kept it.
    pub fn read(bytes: &[u8]) -> Result<Self, Damage> {
        let directory: Self = frame::read(&container::open(frame::SEGMENT_DIRECTORY, bytes)?)?;
        if directory.is_sound() { Ok(directory) } else { Err(Damage::Payload) }
    }

    fn is_sound(&self) -> bool {
        (1..=limits::SEGMENT_ROWS as u32).contains(&self.rows)
            && !self.filter.is_empty()
            && !self.lists.is_empty()
            && are_firsts(self.row_firsts.iter().copied(), self.rows)
            && self.lists.iter().all(|list| list.fences.are_sound(self.rows))
    }

    /// Checks the n-th block's bytes, as the store kept them, and that they belong in this place.
    pub fn admit(&self, n: u32, bytes: &[u8]) -> Result<Block, Damage> {
        let (is_rows, entries) = self.expected(n).ok_or(Damage::Misplaced)?;
        let block = Block::open(is_rows, bytes)?;
        let belongs = (block.stamp(), block.number(), block.entries()) == (self.stamp, n, entries);
        if belongs { Ok(block) } else { Err(Damage::Misplaced) }
    }

    /// Whether the n-th block is one of rows, and how many entries it has.
    fn expected(&self, n: u32) -> Option<(bool, usize)> {
        if let Some(block) = self.row_blocks().position(|row_block| row_block == n) {
            return Some((true, self.rows_in(block).len()));
        }
        (0..self.lists.len()).find_map(|list| {
            let block = self.list_blocks(list).position(|list_block| list_block == n)?;
            Some((false, self.lists[list].fences.positions(block, self.rows).len()))
        })
    }

    /// How many blocks, this one included.
    pub fn blocks(&self) -> u32 {
        self.list_blocks(self.lists.len()).start
    }

    pub fn row_blocks(&self) -> Range<u32> {
        1..1 + self.row_firsts.len() as u32
    }

    /// The blocks of a list; of one that is not there, none.
    pub fn list_blocks(&self, list: usize) -> Range<u32> {
        let length = |list: &List| list.fences.len() as u32;
        let before: u32 = self.lists.iter().take(list).map(length).sum();
        let start = self.row_blocks().end + before;
        start..start + self.lists.get(list).map_or(0, length)
    }

    /// The block that holds a row.
    pub fn block_of(&self, row: u16) -> u32 {
        self.row_firsts.partition_point(|first| *first <= row) as u32
    }

    /// The list that was built under a signature.
    pub fn list(&self, signature: &IndexSignature) -> Option<usize> {
        (1..self.lists.len()).find(|list| self.lists[*list].signature == *signature)
    }

    /// False only if the segment does not hold the key; asks no block.
    pub fn may_hold(&self, key: &str) -> bool {
        self.keys.may_hold(key) && self.filter.may_hold(KeyHash::of(key))
    }

    /// The same from a hash that was taken once for many segments.
    pub fn may_hold_hash(&self, hash: KeyHash) -> bool {
        self.filter.may_hold(hash)
    }

    /// The row of a key.
    pub fn find(&self, id: SegmentId, key: &str, blocks: &dyn Blocks) -> Place {
        if !self.may_hold(key) {
            return Place::Absent;
        }
        let key = key.as_bytes();
        let Some(position) = self.seek(id, 0, key, false, blocks) else { return Place::Unread };
        match self.at(id, 0, position, blocks) {
            Some((found, row)) if found == key => Place::Row(row),
            None if position < self.rows => Place::Unread,
            _ => Place::Absent,
        }
    }

    /// A row by its number; `None` if its block is not at hand.
    pub fn row<'b>(&self, id: SegmentId, row: u16, blocks: &'b dyn Blocks) -> Option<PackedRow<'b>> {
        let n = self.block_of(row);
        let first = *self.row_firsts.get((n as usize).checked_sub(1)?)?;
        blocks.block(id, n)?.row(usize::from(row - first))
    }

    /// The first position whose index key is at least the bound; with `after`, greater than the bound and all
    /// that begins with it. `None` if a block is not at hand.
    pub fn seek(
        &self,
        id: SegmentId,
        list: usize,
        bound: &[u8],
        after: bool,
        blocks: &dyn Blocks,
    ) -> Option<u32> {
        let cut = Cut { bound, after };
        let fences = &self.lists.get(list)?.fences;
        let start = self.list_blocks(list).start;
        let mut n = fences.block_at(cut);
        loop {
            let block = blocks.block(id, start + n as u32)?;
            let before = block.partition_point(|key| cut.is_after(key));
            if before > 0 || !fences.may_lie_before(n) {
                return Some(fences.positions(n, self.rows).start + before as u32);
            }
            n -= 1;
        }
    }

    /// The entry at a position of a list: index key and row. `None` past the end or if its block is not at hand.
    pub fn at<'b>(
        &self,
        id: SegmentId,
        list: usize,
        position: u32,
        blocks: &'b dyn Blocks,
    ) -> Option<(&'b [u8], u16)> {
        let fences = &self.lists.get(list).filter(|_| position < self.rows)?.fences;
        let n = fences.block_of(position)?;
        let at = position - fences.positions(n, self.rows).start;
        blocks.block(id, self.list_blocks(list).start + n as u32)?.entry(at as usize)
    }

    /// About how many entries of a list lie in a range; asks no block.
    pub fn estimate(&self, list: usize, from: Bound<&[u8]>, to: Bound<&[u8]>) -> usize {
        self.lists.get(list).map_or(0, |list| list.estimate(self.rows, from, to))
    }

    fn rows_in(&self, block: usize) -> Range<u32> {
        let first = |block: usize| self.row_firsts.get(block).map_or(self.rows, |first| u32::from(*first));
        first(block)..first(block + 1)
    }

    /// Its block 0, and what became of it: where it would be too large, fences are cut short first, then
    /// lists are left out from the last on. Without both, 4,096 rows need about 30 KiB.
    pub(super) fn seal(mut self) -> (Self, Vec<u8>) {
        let mut fence_bytes = FENCE_BYTES;
        loop {
            self.lists.iter_mut().for_each(|list| list.fences.shorten(fence_bytes));
            let payload = postcard::to_allocvec(&self).expect("writing to a growing buffer cannot fail");
            let sealed = container::seal(frame::SEGMENT_DIRECTORY, &payload);
            if sealed.len() <= container::BLOCK_BYTES || (fence_bytes == 0 && self.lists.len() == 1) {
                return (self, sealed);
            }
            if fence_bytes == 0 {
                self.lists.pop();
            }
            fence_bytes /= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(lists: usize, list_blocks: u16) -> Directory {
        let key = |n: u16| [&[b'k'; 60][..], &n.to_be_bytes()].concat();
        let mut fences = Fences::default();
        (0..list_blocks).for_each(|n| fences.push(n, &key(n), n.checked_sub(1).map(key).as_deref()));
        Directory {
            table: "visits".into(),
            generation: 1,
            rows: 4_096,
            bytes: 1 << 30,
            oldest: None,
            newest: None,
            stamp: 5,
            keys: KeyRange::of(&"é".repeat(500), &"ü".repeat(500)),
            filter: KeyFilter::of((0..4_096).map(|_| "key")),
            row_firsts: (0..4_096).collect(),
            lists: vec![
                List { signature: vec![("c".into(), "text".into(), None)], distinct: vec![1], fences };
                lists
            ],
        }
    }

    #[test]
    fn a_directory_fits_a_record_whatever_is_in_the_segment() {
        for (lists, list_blocks, kept) in [(1, 4_096, 1), (9, 400, 9), (9, 2_000, 6), (9, 4_096, 3)] {
            let (directory, sealed) = directory(lists, list_blocks).seal();
            assert!(sealed.len() <= container::BLOCK_BYTES, "{} bytes", sealed.len());
            assert_eq!(Directory::read(&sealed).expect("our own"), directory);
            assert!(directory.lists.len() >= kept, "{} of {lists} lists", directory.lists.len());
        }
    }

    #[test]
    fn a_range_of_keys_that_is_cut_short_leaves_none_out() {
        let (least, greatest) = ("é".repeat(500), "ü".repeat(500));
        let range = KeyRange::of(&least, &greatest);
        assert!(range.greatest.len() <= KEY_BYTES);
        assert!([&least, &greatest, "ê"].iter().all(|key| range.may_hold(key)));
        assert!(!range.may_hold("e") && !range.may_hold("ÿ"));
    }
}
