//! Builds a segment: sorts the rows, cuts rows and lists into blocks, and writes the directory over them.
//!
//! The same rows make the same bytes, in whatever order they are given. No block exceeds what a store takes
//! into one record, except one that a single row or index key fills alone.

use super::block::{self, ListEntry, PackedRow};
use super::container::{self, BLOCK_BYTES};
use super::directory::{Directory, KeyRange, List};
use super::fences::Fences;
use super::key_filter::KeyFilter;
use crate::engine::frame;
use crate::protocol::{Key, Rev, Row, Table, Text, limits};
use crate::query::index::{Index, IndexSignature, Indexer, column_ends, indexes, signature};

/// Most bytes in a block before packing: a point read unpacks it whole.
const UNPACKED_BYTES: usize = 128 << 10;
/// An index that has a longer key than this gets no list. Postgres's btree keys end below 2.7 kB.
const INDEX_KEY_BYTES: usize = 4 << 10;

/// A row on its way into a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    pub key: Key,
    pub rev: Rev,
    pub row: Row,
}

/// The blocks of a segment over 1 to 4,096 rows of one table, no key twice.
pub fn build(name: &str, table: &Table, generation: u32, rows: Vec<Packed>) -> Vec<Vec<u8>> {
    Builder::new(name, table, generation, rows).finish()
}

/// A segment that is being built, a step at a time: between two, others may have their turn.
pub struct Builder {
    pub name: Text,
    generation: u32,
    signatures: Vec<IndexSignature>,
    has_time: bool,
    stamp: u32,
    rows: Sorted,
    /// All but the directory.
    blocks: Vec<Vec<u8>>,
    /// None: the rows are not in blocks yet.
    row_firsts: Option<Vec<u16>>,
    lists: Vec<List>,
    /// How many lists are built, or left out.
    listed: usize,
}

impl Builder {
    pub fn new(name: &str, table: &Table, generation: u32, rows: Vec<Packed>) -> Self {
        assert!((1..=limits::SEGMENT_ROWS).contains(&rows.len()), "a segment has 1 to 4,096 rows");
        let indexes = indexes(table);
        let time = table.columns.iter().position(|column| Some(&column.name) == table.time.as_ref());
        let has_time = indexes.first().is_some_and(|index| index.columns.iter().eq(&time));
        let rows = Sorted::new(table, &indexes, has_time, rows);
        Self {
            name: name.into(),
            generation,
            signatures: indexes.iter().map(|index| signature(table, index)).collect(),
            has_time,
            stamp: rows.stamp(name, generation),
            rows,
            blocks: Vec::new(),
            row_firsts: None,
            lists: Vec::new(),
            listed: 0,
        }
    }

    /// Builds one more part; false once nothing is left but to finish.
    pub fn step(&mut self) -> bool {
        if self.row_firsts.is_none() {
            self.row_firsts = Some(self.rows.pack(self.stamp, &mut self.blocks));
        } else if self.listed <= self.signatures.len() {
            self.lists.extend(self.rows.list(self.listed, &self.signatures, self.stamp, &mut self.blocks));
            self.listed += 1;
        } else {
            return false;
        }
        true
    }

    /// The segment's blocks, the directory first.
    pub fn finish(mut self) -> Vec<Vec<u8>> {
        while self.step() {}
        let Self { rows: Sorted(rows), mut blocks, .. } = self;
        let time_key =
            |indexed: Option<&Indexed>| Some(indexed?.keys.first()?.clone()).filter(|_| self.has_time);
        let keys = || rows.iter().map(Indexed::key);
        let directory = Directory {
            table: self.name,
            generation: self.generation,
            rows: rows.len() as u32,
            bytes: rows.iter().map(|indexed| indexed.packed.row.as_str().len() as u64).sum(),
            oldest: time_key(rows.first()),
            newest: time_key(rows.last()),
            stamp: self.stamp,
            keys: KeyRange::of(keys().min().unwrap_or_default(), keys().max().unwrap_or_default()),
            filter: KeyFilter::of(keys()),
            row_firsts: self.row_firsts.unwrap_or_default(),
            lists: self.lists,
        };
        let (directory, sealed) = directory.seal();
        blocks.truncate(directory.blocks() as usize - 1);
        blocks.insert(0, sealed);
        blocks
    }
}

/// Rows with their index keys, in the order of (time, key).
struct Sorted(Vec<Indexed>);

struct Indexed {
    packed: Packed,
    keys: Vec<Vec<u8>>,
}

impl Indexed {
    fn key(&self) -> &str {
        self.packed.key.as_str()
    }

    fn packed_row(&self) -> PackedRow<'_> {
        PackedRow { key: self.key(), rev: self.packed.rev, text: self.packed.row.as_str() }
    }
}

impl Sorted {
    fn new(table: &Table, indexes: &[Index], by_time: bool, rows: Vec<Packed>) -> Self {
        let mut indexer = Indexer::new(table, indexes);
        let indexed = |packed: Packed| Indexed { keys: indexer.keys(packed.row.as_str()), packed };
        let mut rows: Vec<Indexed> = rows.into_iter().map(indexed).collect();
        let time = |row: &Indexed| row.keys.first().filter(|_| by_time).cloned();
        rows.sort_by_cached_key(|row| (time(row), row.packed.key.clone()));
        Self(rows)
    }

    /// Tells blocks of different segments apart.
    fn stamp(&self, name: &str, generation: u32) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(name.as_bytes());
        hasher.update(&generation.to_le_bytes());
        for row in &self.0 {
            hasher.update(row.key().as_bytes());
            hasher.update(&row.packed.rev.0.to_le_bytes());
            hasher.update(&(row.packed.row.as_str().len() as u64).to_le_bytes());
        }
        hasher.finalize()
    }

    /// Appends the blocks of rows; the number of each one's first row.
    fn pack(&self, stamp: u32, blocks: &mut Vec<Vec<u8>>) -> Vec<u16> {
        let rows: Vec<PackedRow<'_>> = self.0.iter().map(Indexed::packed_row).collect();
        let size = |row: &PackedRow<'_>| block::ROW_ENTRY + row.key.len() + row.text.len();
        let payload = |number, rows: &[_]| block::rows_payload(stamp, number, rows);
        cut(frame::SEGMENT_ROW_BLOCK, &rows, size, payload, blocks)
    }

    /// Appends the blocks of a list: of the primary key's first, then of each index. None if it has too long a key.
    fn list(
        &self,
        n: usize,
        signatures: &[IndexSignature],
        stamp: u32,
        blocks: &mut Vec<Vec<u8>>,
    ) -> Option<List> {
        let Some(index) = n.checked_sub(1) else {
            return Some(list(Vec::new(), &self.entries(|row| row.key().as_bytes()), stamp, blocks));
        };
        let entries = self.entries(|row| &row.keys[index]);
        let fits = entries.iter().all(|(key, _)| key.len() <= INDEX_KEY_BYTES);
        fits.then(|| list(signatures[index].clone(), &entries, stamp, blocks))
    }

    /// Entries in the order of (index key, key).
    fn entries<'s>(&'s self, index_key: impl Fn(&'s Indexed) -> &'s [u8]) -> Vec<ListEntry<'s>> {
        let mut entries: Vec<ListEntry<'s>> = self.0.iter().map(index_key).zip(0u16..).collect();
        let key = |row: u16| self.0[usize::from(row)].key();
        entries
            .sort_unstable_by(|left, right| left.0.cmp(right.0).then_with(|| key(left.1).cmp(key(right.1))));
        entries
    }
}

/// Appends the blocks of one list.
fn list(signature: IndexSignature, entries: &[ListEntry<'_>], stamp: u32, blocks: &mut Vec<Vec<u8>>) -> List {
    let size = |(key, _): &ListEntry<'_>| block::LIST_ENTRY + key.len();
    let payload = |number, entries: &[_]| block::list_payload(stamp, number, entries);
    let firsts = cut(frame::SEGMENT_LIST_BLOCK, entries, size, payload, blocks);
    let mut fences = Fences::default();
    for first in firsts {
        let at = usize::from(first);
        let before = at.checked_sub(1).map(|before| entries[before].0);
        fences.push(first, entries[at].0, before);
    }
    List { distinct: distinct(&signature, entries), signature, fences }
}

/// How many different values the first column has, the first two together, and so on; of a list without columns
/// how many keys.
fn distinct(signature: &IndexSignature, entries: &[ListEntry<'_>]) -> Vec<u32> {
    let mut distinct = vec![u32::from(!entries.is_empty()); signature.len().max(1)];
    for pair in entries.windows(2) {
        let (before, key) = (pair[0].0, pair[1].0);
        let mut ends = column_ends(signature, key);
        ends.resize(distinct.len(), key.len());
        for (count, end) in distinct.iter_mut().zip(ends) {
            *count += u32::from(before.get(..end) != Some(&key[..end]));
        }
    }
    distinct
}

/// Cuts entries into blocks that stay below [`BLOCK_BYTES`] when sealed, and appends them. How well the
/// next ones pack is guessed from the last.
fn cut<T>(
    kind: u8,
    entries: &[T],
    size: impl Fn(&T) -> usize,
    payload: impl Fn(u32, &[T]) -> Vec<u8>,
    blocks: &mut Vec<Vec<u8>>,
) -> Vec<u16> {
    let mut firsts = Vec::new();
    let mut rest = entries;
    let mut unpacked_max = UNPACKED_BYTES;
    while !rest.is_empty() {
        let length = fitting(rest, &size, unpacked_max);
        let unpacked = payload(blocks.len() as u32 + 1, &rest[..length]);
        let sealed = container::seal(kind, &unpacked);
        unpacked_max = fitting_bytes(unpacked.len(), sealed.len());
        if sealed.len() <= BLOCK_BYTES || length == 1 {
            firsts.push((entries.len() - rest.len()) as u16);
            blocks.push(sealed);
            rest = &rest[length..];
        }
    }
    firsts
}

/// How many bytes fill a block if they pack as these did; a little less, since fewer pack worse. Always less
/// than these if these were too many.
fn fitting_bytes(unpacked: usize, sealed: usize) -> usize {
    let in_proportion = unpacked as u64 * BLOCK_BYTES as u64 / sealed as u64 / 32 * 31;
    in_proportion.min(UNPACKED_BYTES as u64) as usize
}

/// How many entries from the first on fill a block of so many bytes; at least one.
fn fitting<T>(entries: &[T], size: impl Fn(&T) -> usize, unpacked_max: usize) -> usize {
    let mut bytes = block::EMPTY;
    let fits = |entry: &&T| {
        bytes += size(entry);
        bytes <= unpacked_max
    };
    entries.iter().take_while(fits).count().max(1)
}
