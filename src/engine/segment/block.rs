//! One block of rows or of a list's entries, read in place.
//!
//! ```text
//! rows:  stamp u32 │ number u32 │ rows u32    │ revs u64 … │ key and row lengths u32 … │ key row key row …
//! list:  stamp u32 │ number u32 │ entries u32 │ rows u16 … │ key lengths u32 …         │ key key …
//! ```
//!
//! All numbers are little endian. The stamp is the segment's and the number the block's own, so that a block in
//! another's place is told. [`Block::open`] turns lengths into places and checks that they fill the body; from
//! then on a row is two slices away.

use super::container;
use crate::engine::frame::{self, Damage};
use crate::protocol::{Rev, limits};

const HEAD: usize = 12;
/// Bytes of a row beside its texts, and of a list's entry beside its key.
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
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    /// Of each row the rev; the end of its key and its own end in the text.
    Rows { revs: Vec<u64>, ends: Vec<u32>, text: String },
    /// Of each entry the row; the end of its key.
    List { rows: Vec<u16>, ends: Vec<u32>, keys: Vec<u8> },
}

/// The payload of a block of rows.
pub fn rows_payload(stamp: u32, number: u32, rows: &[PackedRow<'_>]) -> Vec<u8> {
    let mut payload = head(stamp, number, rows.len());
    payload.extend(rows.iter().flat_map(|row| row.rev.0.to_le_bytes()));
    let lengths = rows.iter().flat_map(|row| [row.key.len(), row.text.len()]);
    payload.extend(lengths.flat_map(|length| (length as u32).to_le_bytes()));
    for row in rows {
        payload.extend_from_slice(row.key.as_bytes());
        payload.extend_from_slice(row.text.as_bytes());
    }
    payload
}

/// The payload of a block of a list.
pub fn list_payload(stamp: u32, number: u32, entries: &[ListEntry<'_>]) -> Vec<u8> {
    let mut payload = head(stamp, number, entries.len());
    payload.extend(entries.iter().flat_map(|(_, row)| row.to_le_bytes()));
    payload.extend(entries.iter().flat_map(|(key, _)| (key.len() as u32).to_le_bytes()));
    entries.iter().for_each(|(key, _)| payload.extend_from_slice(key));
    payload
}

fn head(stamp: u32, number: u32, entries: usize) -> Vec<u8> {
    [stamp, number, entries as u32].iter().flat_map(|word| word.to_le_bytes()).collect()
}

impl Block {
    /// Checks a block's bytes from end to end: of rows, or of a list's entries.
    pub fn open(is_rows: bool, bytes: &[u8]) -> Result<Self, Damage> {
        let kind = if is_rows { frame::SEGMENT_ROW_BLOCK } else { frame::SEGMENT_LIST_BLOCK };
        let payload = container::open(kind, bytes)?;
        let mut rest = payload.as_slice();
        let [stamp, number, entries] = words(take(&mut rest, HEAD)?)[..] else { return Err(Damage::Payload) };
        let entries = entries as usize;
        if !(1..=limits::SEGMENT_ROWS).contains(&entries) {
            return Err(Damage::Payload);
        }
        let body = if is_rows { Body::rows(entries, rest)? } else { Body::list(entries, rest)? };
        Ok(Self { stamp, number, body })
    }

    pub(super) fn stamp(&self) -> u32 {
        self.stamp
    }

    /// The number under which it was written.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How many rows or entries.
    pub fn entries(&self) -> usize {
        match &self.body {
            Body::Rows { revs, .. } => revs.len(),
            Body::List { rows, .. } => rows.len(),
        }
    }

    /// Bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        let body = match &self.body {
            Body::Rows { revs, ends, text } => revs.len() * 8 + ends.len() * 4 + text.len(),
            Body::List { rows, ends, keys } => rows.len() * 2 + ends.len() * 4 + keys.len(),
        };
        size_of::<Self>() + body
    }

    /// The n-th row, of a block of rows.
    pub fn row(&self, n: usize) -> Option<PackedRow<'_>> {
        let Body::Rows { revs, ends, text } = &self.body else { return None };
        let rev = Rev(*revs.get(n)?);
        let start = if n == 0 { 0 } else { ends[2 * n - 1] as usize };
        let (key_end, end) = (ends[2 * n] as usize, ends[2 * n + 1] as usize);
        Some(PackedRow { key: &text[start..key_end], rev, text: &text[key_end..end] })
    }

    /// The n-th entry, of a list's block.
    pub fn entry(&self, n: usize) -> Option<ListEntry<'_>> {
        let Body::List { rows, ends, keys } = &self.body else { return None };
        let row = *rows.get(n)?;
        let start = if n == 0 { 0 } else { ends[n - 1] as usize };
        Some((&keys[start..ends[n] as usize], row))
    }

    /// How many entries there are before the first whose index key lies no longer before.
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
    fn rows(entries: usize, mut rest: &[u8]) -> Result<Self, Damage> {
        let (revs, _) = take(&mut rest, entries * 8)?.as_chunks();
        let revs = revs.iter().map(|rev| u64::from_le_bytes(*rev)).collect();
        let ends = ends(take(&mut rest, entries * 8)?, rest.len())?;
        let text = String::from_utf8(rest.to_vec()).map_err(|_| Damage::Payload)?;
        let is_sound = ends.iter().all(|end| text.is_char_boundary(*end as usize));
        if is_sound { Ok(Self::Rows { revs, ends, text }) } else { Err(Damage::Payload) }
    }

    fn list(entries: usize, mut rest: &[u8]) -> Result<Self, Damage> {
        let (rows, _) = take(&mut rest, entries * 2)?.as_chunks();
        let rows: Vec<u16> = rows.iter().map(|row| u16::from_le_bytes(*row)).collect();
        let ends = ends(take(&mut rest, entries * 4)?, rest.len())?;
        let is_sound = rows.iter().all(|row| usize::from(*row) < limits::SEGMENT_ROWS);
        if is_sound { Ok(Self::List { rows, ends, keys: rest.to_vec() }) } else { Err(Damage::Payload) }
    }
}

fn take<'p>(rest: &mut &'p [u8], bytes: usize) -> Result<&'p [u8], Damage> {
    rest.split_off(..bytes).ok_or(Damage::Payload)
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

/// Lengths as the ends of what they measure, if that fills a body of so many bytes.
fn ends(lengths: &[u8], body: usize) -> Result<Vec<u32>, Damage> {
    let mut ends = words(lengths);
    let mut end = 0u32;
    for length in &mut ends {
        end = end.checked_add(*length).ok_or(Damage::Payload)?;
        *length = end;
    }
    if end as usize == body { Ok(ends) } else { Err(Damage::Payload) }
}
