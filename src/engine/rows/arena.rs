//! Rows that are made while a query runs, and live as long as its view.
//!
//! Chunks that never move, each twice as large as the one before: what was handed out stays where it is.

use crate::protocol::Row;
use std::cell::{Cell, OnceCell};

/// Rows in the first chunk.
const FIRST: usize = 64;
/// Enough for 2^31 rows.
const CHUNKS: usize = 25;

type Chunk = OnceCell<Box<[OnceCell<Row>]>>;

#[derive(Default)]
pub struct Arena {
    chunks: [Chunk; CHUNKS],
    used: Cell<usize>,
}

impl Arena {
    pub fn keep(&self, row: Row) -> &str {
        let n = self.used.replace(self.used.get() + 1);
        let chunk = (n / FIRST + 1).ilog2() as usize;
        let start = FIRST * ((1 << chunk) - 1);
        let cells = self.chunks[chunk].get_or_init(|| vec![OnceCell::new(); FIRST << chunk].into());
        cells[n - start].get_or_init(|| row).as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_stays_as_it_was() {
        let arena = Arena::default();
        let kept: Vec<&str> = (0..1_000).map(|n| arena.keep(Row::from_stored(&n.to_string()))).collect();
        assert!(kept.iter().enumerate().all(|(n, text)| **text == n.to_string()));
    }
}
