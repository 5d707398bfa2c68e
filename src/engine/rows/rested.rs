//! A segment as the state names it: its directory, which of its rows have been replaced since, and which of
//! their columns.

use crate::engine::segment::{Directory, SegmentId};
use crate::protocol::{Row, Table, Text};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct Rested {
    pub id: SegmentId,
    pub directory: Rc<Directory>,
    pub dead: Dead,
    /// None: its rows have the columns of the table's definition. Else they have those of an older one, and
    /// these of them are gone.
    pub gone: Option<Vec<Text>>,
    /// Rows of an earlier time were evicted.
    pub from: Option<Vec<u8>>,
}

/// Rows of a segment that a newer segment replaces: one bit a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dead(Vec<u64>);

impl Dead {
    pub fn mark(&mut self, row: u16) {
        let word = usize::from(row / 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (row % 64);
    }

    pub fn is_dead(&self, row: u16) -> bool {
        self.0.get(usize::from(row / 64)).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

impl Rested {
    /// A segment that was just built.
    pub fn new(id: SegmentId, directory: Rc<Directory>) -> Self {
        Self { id, directory, dead: Dead::default(), gone: None, from: None }
    }

    /// Takes note of a definition with other columns, without these.
    pub fn reshape(&mut self, gone: &[Text]) {
        self.gone.get_or_insert_default().extend_from_slice(gone);
    }

    /// One of its rows as the table's definition has it; `None`: as it is.
    pub fn shaped(&self, table: &Table, text: &str) -> Option<Row> {
        Some(Row::from_stored(text).reshaped(table, self.gone.as_ref()?))
    }

    /// Rows that are still the place of their key.
    pub fn living(&self) -> u32 {
        self.directory.rows.saturating_sub(self.dead.count())
    }
}
