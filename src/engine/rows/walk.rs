//! A walk in an index's order over memory and segments together.
//!
//! Each source yields its entries in order; the least of their heads comes next. In the order of time a segment
//! is not looked into before its time has come. An entry of a segment whose row is dead, or has a slot, is passed over. Where a block is not at hand the walk notes what it
//! will need and ends early: the caller reads the blocks and begins again.

use super::arena::Arena;
use super::rested::Rested;
use super::table::TableRows;
use crate::engine::segment::{Blocks, lie_outside};
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
    at_hand: (&'a dyn Blocks, &'a Arena),
    walk: &Walk,
    visit: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>,
) {
    let mut merged = Merged { heads: BinaryHeap::new(), sources: Vec::new(), descending: walk.descending };
    let mut is_complete = merged.add(in_memory(rows, walk));
    for rested in &rows.segments {
        is_complete &= match Span::of(rows, rested, walk) {
            Some(span) if span.lies_outside(walk) => true,
            Some(span) => merged.await_turn(rested, span),
            None => SegmentWalk::begin(rows, rested, at_hand, walk)
                .is_some_and(|source| merged.add(Box::new(source))),
        };
    }
    while is_complete && let Some(head) = merged.heads.pop() {
        is_complete = match (head.entry, &merged.sources[head.source]) {
            (Some(entry), _) => visit(entry).is_continue() && merged.advance(head.source),
            (None, Source::Waiting(rested, span)) => {
                let (rested, span) = (*rested, *span);
                let begun = SegmentWalk::begin(rows, rested, at_hand, walk);
                if !begun.is_some_and(|source| merged.begin(head.source, Box::new(source))) {
                    return merged.look_ahead(rows, at_hand, walk, (rested, span));
                }
                true
            }
            (None, Source::Begun(_)) => true,
        };
    }
}

/// About how many entries a walk visits.
pub fn estimate(rows: &TableRows, walk: &Walk) -> usize {
    let rested = rows.segments.iter().map(|rested| estimate_of(rows, rested, walk));
    let counted = match walk.index {
        Some(index) => rows.indexes.range(index, walk).take(COUNTED).count(),
        None => rows.slots.range::<[u8], _>(key_bounds(walk)).take(COUNTED).count(),
    };
    let in_memory = if counted == COUNTED { rows.slots.len() } else { counted };
    rested.sum::<usize>() + in_memory
}

fn estimate_of(rows: &TableRows, rested: &Rested, walk: &Walk) -> usize {
    let (from, to) = (walk.from.as_ref().map(Vec::as_slice), walk.to.as_ref().map(Vec::as_slice));
    list_of(rows, rested, walk).map_or(0, |list| rested.directory.estimate(list, from, to))
}

/// What a source has next: an entry, or a block that is missing.
enum Step<'a> {
    Entry(Entry<'a>),
    Missing,
}

type Steps<'a> = Box<dyn Iterator<Item = Step<'a>> + 'a>;

enum Source<'a> {
    Begun(Steps<'a>),
    /// A segment of which nothing is read before its time has come.
    Waiting(&'a Rested, Span<'a>),
}

/// The times over which a segment lies, as keys of the time column's index.
#[derive(Clone, Copy)]
struct Span<'a> {
    oldest: &'a [u8],
    newest: &'a [u8],
}

impl<'a> Span<'a> {
    /// `None`: the walk is not in the order of time, or the segment does not know its own.
    fn of(rows: &TableRows, rested: &'a Rested, walk: &Walk) -> Option<Self> {
        let is_by_time = walk.index == Some(0) && rows.layout.table.time.is_some();
        let directory = &rested.directory;
        let span = Self { oldest: directory.oldest.as_deref()?, newest: directory.newest.as_deref()? };
        (is_by_time && list_of(rows, rested, walk).is_some()).then_some(span)
    }

    fn lies_outside(&self, walk: &Walk) -> bool {
        let (from, to) = (walk.from.as_ref().map(Vec::as_slice), walk.to.as_ref().map(Vec::as_slice));
        lie_outside(self.oldest, self.newest, from, to)
    }

    fn lies_over(&self, other: Self) -> bool {
        self.oldest <= other.newest && other.oldest <= self.newest
    }
}

/// Sources in one order.
struct Merged<'a> {
    heads: BinaryHeap<Head<'a>>,
    sources: Vec<Source<'a>>,
    descending: bool,
}

/// The next entry of a source; or, of one that waits, a key that none of its entries comes before.
struct Head<'a> {
    index_key: &'a [u8],
    entry: Option<Entry<'a>>,
    source: usize,
    descending: bool,
}

impl<'a> Merged<'a> {
    /// False if the source's next block is missing.
    fn add(&mut self, steps: Steps<'a>) -> bool {
        self.sources.push(Source::Begun(steps));
        self.advance(self.sources.len() - 1)
    }

    /// A segment waits until all before its time has been visited.
    fn await_turn(&mut self, rested: &'a Rested, span: Span<'a>) -> bool {
        let index_key = if self.descending { span.newest } else { span.oldest };
        let (source, descending) = (self.sources.len(), self.descending);
        self.sources.push(Source::Waiting(rested, span));
        self.heads.push(Head { index_key, entry: None, source, descending });
        true
    }

    /// A segment waits no longer. False if its next block is missing.
    fn begin(&mut self, source: usize, steps: Steps<'a>) -> bool {
        self.sources[source] = Source::Begun(steps);
        self.advance(source)
    }

    /// A segment whose time has come lacks a block: looks into those that lie over the same time, and into as many
    /// more as the caller expects to need, so that all they lack is noted at once.
    fn look_ahead(
        self,
        rows: &'a TableRows,
        at_hand: (&'a dyn Blocks, &'a Arena),
        walk: &Walk,
        (missed, span): (&'a Rested, Span<'a>),
    ) {
        let wanted = walk.limit.unwrap_or(usize::MAX);
        let mut seen = estimate_of(rows, missed, walk);
        for head in self.heads.into_sorted_vec().into_iter().rev() {
            let Source::Waiting(rested, other) = self.sources[head.source] else { continue };
            if seen < wanted || other.lies_over(span) {
                seen = seen.saturating_add(estimate_of(rows, rested, walk));
                SegmentWalk::begin(rows, rested, at_hand, walk).and_then(|mut source| source.next());
            }
        }
    }

    /// Takes the next entry of a source. False if its block is missing.
    fn advance(&mut self, source: usize) -> bool {
        let Source::Begun(steps) = &mut self.sources[source] else { return true };
        let descending = self.descending;
        match steps.next() {
            Some(Step::Entry(entry)) => {
                self.heads.push(Head { index_key: entry.index_key, entry: Some(entry), source, descending });
            }
            Some(Step::Missing) => return false,
            None => {}
        }
        true
    }
}

impl Ord for Head<'_> {
    /// The greatest comes first out of the heap: of one index key a source that waits, then by key.
    fn cmp(&self, other: &Self) -> Ordering {
        let in_order = |order: Ordering| if self.descending { order } else { order.reverse() };
        let of_one_key = || match (&self.entry, &other.entry) {
            (Some(entry), Some(other)) => in_order(entry.key.cmp(other.key)),
            (entry, other) => other.is_some().cmp(&entry.is_some()),
        };
        in_order(self.index_key.cmp(other.index_key)).then_with(of_one_key)
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

fn in_memory<'a>(rows: &'a TableRows, walk: &Walk) -> Steps<'a> {
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
