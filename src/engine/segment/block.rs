//! One block of rows or of a list's entries, read in place.
//!
//! ```text
//! rows:  stamp u32 │ number u32 │ rows u32    │ (rev u64, end of key u32, end of row u32) … │ key row key row …
//! list:  stamp u32 │ number u32 │ entries u32 │ (end of key u32, row u16) …                 │ key key …
//! ```
//!
//! All numbers little endian; ends are places in what follows the table. The stamp is the segment's and the
//! number the block's own, so that a block in another's place is told. [`Block::open`] checks every end once.

use super::container;
use crate::engine::frame::{self, Damage};
use crate::protocol::{Rev, limits};
use std::ops::Range;

const HEAD: usize = 12;
/// Bytes of table for one row, and for one entry of a list.
pub const ROW_ENTRY: usize = 16;
pub const LIST_ENTRY: usize = 6;
/// Bytes of a block with nothing in it.
pub const EMPTY: usize = HEAD;

/// A row as a segment holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedRow<'b> {
    pub key: &'b str,
    pub rev: Rev,
    pub text: &'b str,
}

/// An entry of a list: its index key and the number of its row.
pub type ListEntry<'b> = (&'b [u8], u16);

/// A block whose structure has been checked.
#[derive(Clone, Debug)]
pub struct Block {
    stamp: u32,
    number: u32,
    table: Vec<u8>,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Rows(String),
    List(Vec<u8>),
}

/// The payload of a block of rows.
pub fn rows_payload(stamp: u32, number: u32, rows: &[PackedRow<'_>]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut payload = head(stamp, number, rows.len());
    for row in rows {
        text.extend_from_slice(row.key.as_bytes());
        let key_end = text.len() as u32;
        text.extend_from_slice(row.text.as_bytes());
        payload.extend_from_slice(&row.rev.0.to_le_bytes());
        payload.extend_from_slice(&key_end.to_le_bytes());
        payload.extend_from_slice(&(text.len() as u32).to_le_bytes());
    }
    payload.append(&mut text);
    payload
}

/// The payload of a block of a list.
pub fn list_payload(stamp: u32, number: u32, entries: &[ListEntry<'_>]) -> Vec<u8> {
    let mut payload = head(stamp, number, entries.len());
    let mut end = 0u32;
    for (key, row) in entries {
        end += key.len() as u32;
        payload.extend_from_slice(&end.to_le_bytes());
        payload.extend_from_slice(&row.to_le_bytes());
    }
    entries.iter().for_each(|(key, _)| payload.extend_from_slice(key));
    payload
}

fn head(stamp: u32, number: u32, entries: usize) -> Vec<u8> {
    [stamp, number, entries as u32].iter().flat_map(|word| word.to_le_bytes()).collect()
}

impl Block {
    /// Checks a block's bytes from end to end: `rows` or a list's.
    pub fn open(rows: bool, bytes: &[u8]) -> Result<Self, Damage> {
        let (kind, width) = if rows {
            (frame::SEGMENT_ROW_BLOCK, ROW_ENTRY)
        } else {
            (frame::SEGMENT_LIST_BLOCK, LIST_ENTRY)
        };
        let mut payload = container::open(kind, bytes)?;
        let word = |at| word_at(&payload, at).ok_or(Damage::Payload);
        let (stamp, number, entries) = (word(0)?, word(4)?, word(8)? as usize);
        let table_end = HEAD + entries.min(limits::SEGMENT_ROWS) * width;
        if entries == 0 || entries > limits::SEGMENT_ROWS || payload.len() < table_end {
            return Err(Damage::Payload);
        }
        let body = payload.split_off(table_end);
        payload.drain(..HEAD);
        let body = if rows { Body::rows(&payload, body)? } else { Body::list(&payload, body)? };
        Ok(Self { stamp, number, table: payload, body })
    }

    pub fn stamp(&self) -> u32 {
        self.stamp
    }

    /// The number under which it was written.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How many rows or entries.
    pub fn entries(&self) -> usize {
        match self.body {
            Body::Rows(_) => self.table.len() / ROW_ENTRY,
            Body::List(_) => self.table.len() / LIST_ENTRY,
        }
    }

    /// Bytes of memory it takes, about.
    pub fn bytes(&self) -> usize {
        let body = match &self.body {
            Body::Rows(text) => text.capacity(),
            Body::List(keys) => keys.capacity(),
        };
        size_of::<Self>() + self.table.capacity() + body
    }

    /// The n-th row, of a block of rows.
    pub fn row(&self, n: usize) -> Option<PackedRow<'_>> {
        let Body::Rows(text) = &self.body else { return None };
        let entry = self.table.get(n * ROW_ENTRY..(n + 1) * ROW_ENTRY)?;
        let (key, row) = row_ranges(&self.table, n)?;
        let rev = u64::from_le_bytes(entry[..8].try_into().ok()?);
        Some(PackedRow { key: text.get(key)?, rev: Rev(rev), text: text.get(row)? })
    }

    /// The n-th entry, of a list's block.
    pub fn entry(&self, n: usize) -> Option<ListEntry<'_>> {
        let Body::List(keys) = &self.body else { return None };
        let (key, row) = list_range(&self.table, n)?;
        Some((keys.get(key)?, row))
    }

    /// The first entry whose index key satisfies what all later ones satisfy too.
    pub fn partition_point(&self, mut is_before: impl FnMut(&[u8]) -> bool) -> usize {
        let (mut low, mut high) = (0, self.entries());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.entry(middle) {
                Some((key, _)) if is_before(key) => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }
}

impl Body {
    fn rows(table: &[u8], body: Vec<u8>) -> Result<Self, Damage> {
        let text = String::from_utf8(body).map_err(|_| Damage::Payload)?;
        let mut end = 0;
        for n in 0..table.len() / ROW_ENTRY {
            let (key, row) = row_ranges(table, n).ok_or(Damage::Payload)?;
            let fits = key.start <= key.end && row.start <= row.end;
            if !fits || !text.is_char_boundary(key.end) || !text.is_char_boundary(row.end) {
                return Err(Damage::Payload);
            }
            end = row.end;
        }
        if end == text.len() { Ok(Self::Rows(text)) } else { Err(Damage::Payload) }
    }

    fn list(table: &[u8], body: Vec<u8>) -> Result<Self, Damage> {
        let mut end = 0;
        for n in 0..table.len() / LIST_ENTRY {
            let (key, row) = list_range(table, n).ok_or(Damage::Payload)?;
            if key.start > key.end || usize::from(row) >= limits::SEGMENT_ROWS {
                return Err(Damage::Payload);
            }
            end = key.end;
        }
        if end == body.len() { Ok(Self::List(body)) } else { Err(Damage::Payload) }
    }
}

fn row_ranges(table: &[u8], n: usize) -> Option<(Range<usize>, Range<usize>)> {
    let at = n * ROW_ENTRY;
    let start = if n == 0 { 0 } else { word_at(table, at - 4)? as usize };
    let (key_end, end) = (word_at(table, at + 8)? as usize, word_at(table, at + 12)? as usize);
    Some((start..key_end, key_end..end))
}

fn list_range(table: &[u8], n: usize) -> Option<(Range<usize>, u16)> {
    let at = n * LIST_ENTRY;
    let start = if n == 0 { 0 } else { word_at(table, at - LIST_ENTRY)? as usize };
    let row = u16::from_le_bytes(table.get(at + 4..at + 6)?.try_into().ok()?);
    Some((start..word_at(table, at)? as usize, row))
}

fn word_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
