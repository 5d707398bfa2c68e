//! The indexes over the visible rows in memory, ordered as the segments' lists are.

use crate::protocol::{Key, Row, Table};
use crate::query::Walk;
use crate::query::index::{Index, IndexSignature, Indexer, KeyParts, indexes, past, signature};
use std::collections::BTreeSet;
use std::ops::Bound;

/// A table's definition with its indexes.
#[derive(Clone, Debug)]
pub struct Layout {
    pub table: Table,
    pub indexes: Vec<Index>,
    pub signatures: Vec<IndexSignature>,
    parts: KeyParts,
}

impl Layout {
    pub fn new(table: &Table) -> Self {
        let indexes = indexes(table);
        let signatures = indexes.iter().map(|index| signature(table, index)).collect();
        let parts = KeyParts::of(table, &indexes);
        Self { table: table.clone(), indexes, signatures, parts }
    }

    /// A row's key in the time column's index.
    pub fn time_key(&self, row: &str) -> Option<Vec<u8>> {
        Indexer::with(&self.table, &self.parts, self.time_index().len()).keys(row).pop()
    }

    /// The time column's index alone, if there is one.
    pub fn time_index(&self) -> &[Index] {
        if self.table.time.is_some() { self.indexes.get(..1).unwrap_or_default() } else { &[] }
    }
}

#[derive(Clone, Debug, Default)]
pub struct MemoryIndexes(Vec<BTreeSet<(Vec<u8>, Key)>>);

impl MemoryIndexes {
    pub fn of<'a>(layout: &Layout, rows: impl Iterator<Item = (&'a Key, &'a Row)>) -> Self {
        let mut indexes = Self(vec![BTreeSet::new(); layout.indexes.len()]);
        rows.for_each(|(key, row)| indexes.add(layout, key, row));
        indexes
    }

    pub fn add(&mut self, layout: &Layout, key: &Key, row: &Row) {
        for (index, entry) in self.0.iter_mut().zip(entries(layout, row)) {
            index.insert((entry, key.clone()));
        }
    }

    pub fn remove(&mut self, layout: &Layout, key: &Key, row: &Row) {
        for (index, entry) in self.0.iter_mut().zip(entries(layout, row)) {
            index.remove(&(entry, key.clone()));
        }
    }

    /// The entries in a walk's range, ascending.
    pub fn range<'a>(
        &'a self,
        index: usize,
        walk: &Walk,
    ) -> impl DoubleEndedIterator<Item = &'a (Vec<u8>, Key)> + use<'a> {
        let at = |bytes: &Vec<u8>| (bytes.clone(), Key::least());
        let behind = |bytes: &Vec<u8>| past(bytes).map(|bytes| (bytes, Key::least()));
        let from = match &walk.from {
            Bound::Included(bytes) => Some(Bound::Included(at(bytes))),
            Bound::Excluded(bytes) => behind(bytes).map(Bound::Included),
            Bound::Unbounded => Some(Bound::Unbounded),
        };
        let to = match &walk.to {
            Bound::Included(bytes) => behind(bytes).map_or(Bound::Unbounded, Bound::Excluded),
            Bound::Excluded(bytes) => Bound::Excluded(at(bytes)),
            Bound::Unbounded => Bound::Unbounded,
        };
        let is_empty =
            |from: &Bound<_>| matches!((from, &to), (Bound::Included(a), Bound::Excluded(b)) if a >= b);
        let range = from.filter(|from| !is_empty(from)).map(|from| (from, to));
        let found = self.0.get(index).zip(range);
        found.into_iter().flat_map(|(entries, range)| entries.range(range))
    }
}

fn entries(layout: &Layout, row: &Row) -> Vec<Vec<u8>> {
    if layout.indexes.is_empty() {
        return Vec::new();
    }
    Indexer::with(&layout.table, &layout.parts, layout.indexes.len()).keys(row.as_str())
}
