//! The fences of a list: where each of its blocks begins, by position and by index key.
//!
//! A fence's key is the shortest beginning of the block's first index key that still tells it from the
//! block before, but never longer than a limit. All searches look for a [`Cut`]: the place between the
//! keys that lie before a bound and those that do not.

use crate::query::index::past;
use serde::{Deserialize, Serialize};
use std::ops::{Bound, Range};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fences(Vec<Fence>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Fence {
    /// Position of the block's first entry.
    first: u16,
    key: Vec<u8>,
    /// Whether a cut behind this key cannot lie in the block before: not so for a key that had to be
    /// too short to tell.
    is_sharp: bool,
}

/// Where in a list's order a search begins.
#[derive(Clone, Copy, Debug)]
pub struct Cut<'k> {
    pub bound: &'k [u8],
    /// Behind all index keys that begin with the bound, instead of before them.
    pub after: bool,
}

impl<'k> Cut<'k> {
    /// Whether a key lies before the cut. Once a key does not, no greater one does.
    pub fn is_after(&self, key: &[u8]) -> bool {
        key < self.bound || (self.after && key.starts_with(self.bound))
    }

    fn before_range(from: Bound<&'k [u8]>) -> Option<Self> {
        match from {
            Bound::Included(bound) => Some(Self { bound, after: false }),
            Bound::Excluded(bound) => Some(Self { bound, after: true }),
            Bound::Unbounded => None,
        }
    }

    fn after_range(to: Bound<&'k [u8]>) -> Option<Self> {
        match to {
            Bound::Included(bound) => Some(Self { bound, after: true }),
            Bound::Excluded(bound) => Some(Self { bound, after: false }),
            Bound::Unbounded => None,
        }
    }
}

/// Whether no key from the least to the greatest lies in a range.
pub fn lie_outside(least: &[u8], greatest: &[u8], from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    Cut::before_range(from).is_some_and(|low| low.is_after(greatest))
        || Cut::after_range(to).is_some_and(|high| !high.is_after(least))
}

impl Fences {
    /// Adds a block's fence: its first position and index key, and the last index key before it.
    pub fn push(&mut self, first: u16, key: &[u8], before: Option<&[u8]>) {
        let shared = |before: &[u8]| before.iter().zip(key).take_while(|(left, right)| left == right).count();
        let length = before.map_or(0, |before| (shared(before) + 1).min(key.len()));
        self.0.push(Fence { first, key: key[..length].to_vec(), is_sharp: true });
    }

    /// Cuts keys to a length.
    pub fn shorten(&mut self, key_bytes_max: usize) {
        for fence in self.0.iter_mut().filter(|fence| fence.key.len() > key_bytes_max) {
            fence.key.truncate(key_bytes_max);
            fence.is_sharp = false;
        }
    }

    /// How many blocks.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The positions in a block of the list.
    pub fn positions(&self, block: usize, rows: u32) -> Range<u32> {
        let first = |block: usize| self.0.get(block).map_or(rows, |fence| u32::from(fence.first));
        first(block)..first(block + 1)
    }

    /// The block that holds a position.
    pub fn block_of(&self, position: u32) -> Option<usize> {
        self.0.partition_point(|fence| u32::from(fence.first) <= position).checked_sub(1)
    }

    /// The block in which, or at the end of which, a cut lies.
    pub fn block_at(&self, cut: Cut<'_>) -> usize {
        self.0.partition_point(|fence| cut.is_after(&fence.key)).saturating_sub(1)
    }

    /// Whether a cut that was found at the beginning of a block may lie in the one before.
    pub fn may_lie_before(&self, block: usize) -> bool {
        block > 0 && self.0.get(block).is_some_and(|fence| !fence.is_sharp)
    }

    /// The beginning that all keys of a range have, if it holds all keys with it and no others.
    pub fn prefix<'k>(from: Bound<&'k [u8]>, to: Bound<&'k [u8]>) -> Option<&'k [u8]> {
        let Bound::Included(prefix) = from else { return None };
        let is_all = match to {
            Bound::Included(to) => to == prefix,
            Bound::Excluded(to) => past(prefix).is_some_and(|past| past == to),
            Bound::Unbounded => past(prefix).is_none(),
        };
        is_all.then_some(prefix)
    }

    /// About how many entries lie in a range, from the fences alone: half a block off at either end. `alike`: how
    /// many a key of it has on average, if the range is that of one beginning of keys.
    pub fn estimate(&self, rows: u32, alike: Option<u32>, from: Bound<&[u8]>, to: Bound<&[u8]>) -> usize {
        let (low, high) = (Cut::before_range(from), Cut::after_range(to));
        let block = |cut: Option<Cut<'_>>, open: usize| cut.map_or(open, |cut| self.block_at(cut));
        let (first, last) = (block(low, 0), block(high, self.len().saturating_sub(1)));
        let within = self.positions(first, rows).start..self.positions(last, rows).end;
        match alike {
            // No block lies in the range whole.
            Some(alike) if last <= first + 1 => (alike as usize).clamp(1, within.len().max(1)),
            None if first == last && low.is_some() && high.is_some() => (within.len() / 4).max(1),
            _ => {
                let middle = |block: usize| {
                    let positions = self.positions(block, rows);
                    (positions.start + positions.end).div_ceil(2)
                };
                let (start, end) = (low.map_or(0, |_| middle(first)), high.map_or(rows, |_| middle(last)));
                end.saturating_sub(start) as usize
            }
        }
    }

    /// Whether positions begin at 0 and grow, within so many entries, and keys do not fall.
    pub fn are_sound(&self, rows: u32) -> bool {
        are_firsts(self.0.iter().map(|fence| fence.first), rows)
            && self.0.windows(2).all(|pair| pair[0].key <= pair[1].key)
    }
}

/// Whether these are the first numbers of blocks that hold so many entries.
pub fn are_firsts(mut firsts: impl Iterator<Item = u16>, entries: u32) -> bool {
    let mut last = match (firsts.next(), entries) {
        (None, 0) => return true,
        (Some(0), 1..) => 0,
        _ => return false,
    };
    firsts.all(|first| {
        let grows = last < first && u32::from(first) < entries;
        last = first;
        grows
    })
}
