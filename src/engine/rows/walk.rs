//! A walk in an index's order over memory and segments together.
//!
//! Each source yields its entries in order; the least of their heads comes next. An entry of a segment
//! whose row is dead, or has a slot, is passed over. Where a block is not at hand the walk notes what it
//! will need and ends early: the caller reads the blocks and begins again.

use super::arena::Arena;
use super::rested::Rested;
use super::table::TableRows;
use crate::engine::segment::Blocks;
use crate::protocol::Key;
use crate::query::{Entry, Walk};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::{Bound, ControlFlow};

/// Entries in memory that an estimate counts; if there are more, it takes all.
const COUNTED: usize = 1_000;
/// Entries beyond the present one that are looked at when a block is missing.
const AHEAD: usize = 64;

pub fn walk<'a>(
    rows: &'a TableRows,
    (blocks, arena): (&'a dyn Blocks, &'a Arena),
    walk: &Walk,
    visit: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>,
) {
    let mut sources: Vec<Box<dyn Iterator<Item = Step<'a>> + 'a>> = vec![in_memory(rows, walk)];
    let mut is_complete = true;
    for rested in &rows.segments {
        match SegmentWalk::begin(rows, rested, (blocks, arena), walk) {
            Some(source) => sources.push(Box::new(source)),
            None => is_complete = false,
        }
    }
    let mut heads = BinaryHeap::with_capacity(sources.len());
    for (n, source) in sources.iter_mut().enumerate() {
        is_complete &= push(&mut heads, source.next(), n, walk.descending);
    }
    if !is_complete {
        return;
    }
    while let Some(Head { entry, source, .. }) = heads.pop() {
        if visit(entry).is_break() || !push(&mut heads, sources[source].next(), source, walk.descending) {
            return;
        }
    }
}

/// About how many entries a walk visits.
pub fn estimate(rows: &TableRows, walk: &Walk) -> usize {
    let (from, to) = (walk.from.as_ref().map(Vec::as_slice), walk.to.as_ref().map(Vec::as_slice));
    let rested = rows.segments.iter().filter_map(|rested| {
        let list = list_of(rows, rested, walk)?;
        Some(rested.directory.estimate(list, from, to))
    });
    let counted = match walk.index {
        Some(index) => rows.indexes.range(index, walk).take(COUNTED).count(),
        None => rows.slots.range::<[u8], _>(key_bounds(walk)).take(COUNTED).count(),
    };
    let in_memory = if counted == COUNTED { rows.slots.len() } else { counted };
    rested.sum::<usize>() + in_memory
}

/// What a source has next: an entry, or a block that is missing.
enum Step<'a> {
    Entry(Entry<'a>),
    Missing,
}

struct Head<'a> {
    entry: Entry<'a>,
    source: usize,
    descending: bool,
}

/// False if the source's next block is missing.
fn push<'a>(
    heads: &mut BinaryHeap<Head<'a>>,
    step: Option<Step<'a>>,
    source: usize,
    descending: bool,
) -> bool {
    match step {
        Some(Step::Entry(entry)) => heads.push(Head { entry, source, descending }),
        Some(Step::Missing) => return false,
        None => {}
    }
    true
}

impl Ord for Head<'_> {
    /// The greatest comes first out of the heap.
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |head: &Self| (head.entry.index_key, head.entry.key);
        let order = place(self).cmp(&place(other));
        if self.descending { order } else { order.reverse() }
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head<'_> {}

fn in_memory<'a>(rows: &'a TableRows, walk: &Walk) -> Box<dyn Iterator<Item = Step<'a>> + 'a> {
    let entry = |index_key: &'a [u8], key: &'a Key| {
        let row = rows.slots.get(key)?.shown()?.as_str();
        Some(Step::Entry(Entry { index_key, key: key.as_str(), row }))
    };
    match walk.index {
        Some(index) => {
            let entries = rows.indexes.range(index, walk).filter_map(move |(bytes, key)| entry(bytes, key));
            if walk.descending { Box::new(entries.rev()) } else { Box::new(entries) }
        }
        None => {
            let slots = rows.slots.range::<[u8], _>(key_bounds(walk)).filter_map(|(key, slot)| {
                let (key, row) = (key.as_str(), slot.shown()?.as_str());
                Some(Step::Entry(Entry { index_key: key.as_bytes(), key, row }))
            });
            if walk.descending { Box::new(slots.rev()) } else { Box::new(slots) }
        }
    }
}

/// The bounds of a walk of the primary key, whose index keys are the keys' own text.
fn key_bounds(walk: &Walk) -> (Bound<&[u8]>, Bound<&[u8]>) {
    let (from, to) = (walk.from.as_ref().map(Vec::as_slice), walk.to.as_ref().map(Vec::as_slice));
    match (from, to) {
        // A map takes no range that ends before it begins.
        (Bound::Included(a) | Bound::Excluded(a), Bound::Included(b) | Bound::Excluded(b))
            if a >= b && (a > b || !matches!((from, to), (Bound::Included(_), Bound::Included(_)))) =>
        {
            (Bound::Included(b), Bound::Excluded(b))
        }
        bounds => bounds,
    }
}

/// The list of a segment that serves a walk: the primary key's, or one built under the same definition.
pub fn list_of(rows: &TableRows, rested: &Rested, walk: &Walk) -> Option<usize> {
    match walk.index {
        None => Some(0),
        Some(index) => rested.directory.list(rows.layout.signatures.get(index)?),
    }
}

/// The entries of one segment, from `next` to `end` (exclusive); backwards if the walk descends.
struct SegmentWalk<'a> {
    rows: &'a TableRows,
    rested: &'a Rested,
    blocks: &'a dyn Blocks,
    arena: &'a Arena,
    list: usize,
    next: u32,
    end: u32,
    descending: bool,
    limit: usize,
}

impl<'a> SegmentWalk<'a> {
    /// `None` where a block that tells the range's ends is missing.
    fn begin(
        rows: &'a TableRows,
        rested: &'a Rested,
        (blocks, arena): (&'a dyn Blocks, &'a Arena),
        walk: &Walk,
    ) -> Option<Self> {
        let list = list_of(rows, rested, walk)?;
        let seek = |bytes: &[u8], after| rested.directory.seek(rested.id, list, bytes, after, blocks);
        let first = match &walk.from {
            Bound::Included(bytes) => seek(bytes, false),
            Bound::Excluded(bytes) => seek(bytes, true),
            Bound::Unbounded => Some(0),
        };
        let end = match &walk.to {
            Bound::Included(bytes) => seek(bytes, true),
            Bound::Excluded(bytes) => seek(bytes, false),
            Bound::Unbounded => Some(rested.directory.rows),
        };
        let (next, end, descending) = (first?, end?, walk.descending);
        let limit = walk.limit.map_or(usize::MAX, |limit| limit.saturating_add(AHEAD));
        Some(Self { rows, rested, blocks, arena, list, next, end, descending, limit })
    }

    /// The entry at a position; `Ok(None)` if its row is no longer the place of its key.
    fn entry(&self, position: u32) -> Result<Option<Entry<'a>>, Missing> {
        let Rested { id, directory, dead, .. } = self.rested;
        let (index_key, row) = directory.at(*id, self.list, position, self.blocks).ok_or(Missing)?;
        if dead.is_dead(row) {
            return Ok(None);
        }
        let packed = directory.row(*id, row, self.blocks).ok_or(Missing)?;
        let hidden = !self.rows.slots.is_empty() && self.rows.slots.contains_key(packed.key)
            || self.rested.hides(&self.rows.layout, packed.text);
        Ok((!hidden).then(|| {
            let shaped = self.rested.shaped(&self.rows.layout.table, packed.text);
            let row = shaped.map_or(packed.text, |row| self.arena.keep(row));
            Entry { index_key, key: packed.key, row }
        }))
    }

    /// Looks at the entries to come, so that all blocks they need are noted as missing at once.
    fn look_ahead(&self, position: u32) {
        let count = (self.end - self.next) as usize + 1;
        for n in 0..count.min(self.limit) as u32 {
            let _ = self.entry(if self.descending { position - n } else { position + n });
        }
    }
}

struct Missing;

impl<'a> Iterator for SegmentWalk<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        while self.next < self.end {
            let position = if self.descending { self.end - 1 } else { self.next };
            if self.descending {
                self.end -= 1;
            } else {
                self.next += 1;
            }
            match self.entry(position) {
                Ok(Some(entry)) => return Some(Step::Entry(entry)),
                Ok(None) => {}
                Err(Missing) => {
                    self.look_ahead(position);
                    return Some(Step::Missing);
                }
            }
        }
        None
    }
}
