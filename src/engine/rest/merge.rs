//! Merging segments: their living rows in one sequence by time, read block by block.
//!
//! Memory holds one block of each input and the rows of the segment being made, however large the table is.

use crate::engine::rows::{Layout, Rested};
use crate::engine::segment::{Blocks, Packed, PackedRow, SegmentId};
use crate::protocol::{Key, Row, Text, limits};
use crate::query::index::Indexer;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

pub struct Merge {
    pub table: Text,
    pub generation: u32,
    layout: Rc<Layout>,
    inputs: Vec<Input>,
    /// The least row of each input that is not taken: its time, its key, its input.
    heads: BinaryHeap<Reverse<(Vec<u8>, Key, usize)>>,
    /// Inputs without a head, which may have more rows.
    waiting: Vec<usize>,
    rows: Vec<Packed>,
    bytes: usize,
}

struct Input {
    rested: Rested,
    /// The next row that is not a head yet.
    next: u16,
    head: Option<Packed>,
}

struct Missing;

impl Input {
    /// The next row that is still the place of its key.
    fn next_row<'b>(
        &mut self,
        layout: &Layout,
        blocks: &'b dyn Blocks,
    ) -> Result<Option<PackedRow<'b>>, Missing> {
        let Rested { id, directory, dead, .. } = &self.rested;
        while u32::from(self.next) < directory.rows {
            if !dead.is_dead(self.next) {
                let row = directory.row(*id, self.next, blocks).ok_or(Missing)?;
                if !self.rested.hides(layout, row.text) {
                    return Ok(Some(row));
                }
            }
            self.next += 1;
        }
        Ok(None)
    }
}

/// How far a merge has come.
pub enum Progress {
    /// Rows for a whole segment.
    Segment(Vec<Packed>),
    /// Blocks are missing: read them and go on.
    Missing,
    Done,
}

impl Merge {
    pub fn new(table: &Text, generation: u32, layout: Rc<Layout>, inputs: Vec<Rested>) -> Self {
        Self {
            table: table.clone(),
            generation,
            layout,
            waiting: (0..inputs.len()).collect(),
            inputs: inputs.into_iter().map(|rested| Input { rested, next: 0, head: None }).collect(),
            heads: BinaryHeap::new(),
            rows: Vec::new(),
            bytes: 0,
        }
    }

    pub fn has_input(&self, id: SegmentId) -> bool {
        self.inputs.iter().any(|input| input.rested.id == id)
    }

    pub fn step(&mut self, blocks: &dyn Blocks) -> Progress {
        loop {
            if !self.raise_heads(blocks) {
                return Progress::Missing;
            }
            let is_full = self.rows.len() == limits::SEGMENT_ROWS || self.bytes >= super::SEGMENT_BYTES;
            if is_full || (self.heads.is_empty() && !self.rows.is_empty()) {
                self.bytes = 0;
                return Progress::Segment(std::mem::take(&mut self.rows));
            }
            let Some(Reverse((_, _, input))) = self.heads.pop() else { return Progress::Done };
            if let Some(packed) = self.inputs[input].head.take() {
                self.bytes += packed.row.as_str().len();
                self.rows.push(packed);
            }
            self.waiting.push(input);
        }
    }

    /// Finds the next living row of every input that has no head; false if a block is missing.
    fn raise_heads(&mut self, blocks: &dyn Blocks) -> bool {
        if self.waiting.is_empty() {
            return true;
        }
        let mut indexer = Indexer::new(&self.layout.table, self.layout.time_index());
        let mut missing = Vec::new();
        for at in std::mem::take(&mut self.waiting) {
            let input = &mut self.inputs[at];
            let row = match input.next_row(&self.layout, blocks) {
                Ok(Some(row)) => row,
                Ok(None) => continue,
                Err(Missing) => {
                    missing.push(at);
                    continue;
                }
            };
            let key = Key::from_text(row.key);
            let text = input.rested.shaped(&self.layout.table, row.text);
            let text = text.unwrap_or_else(|| Row::from_stored(row.text));
            let time = indexer.keys(text.as_str()).pop().unwrap_or_default();
            input.head = Some(Packed { key: key.clone(), rev: row.rev, row: text });
            input.next += 1;
            self.heads.push(Reverse((time, key, at)));
        }
        self.waiting = missing;
        self.waiting.is_empty()
    }
}
