//! What a plan needs of the rows it runs over: one by its key, and walks along a list of them.
//!
//! A list is the primary key's, ordered by the key's text, or a declared index ([`super::index`]), ordered
//! by its keys' bytes. Whoever implements this shows each visible row once in every list.

use crate::protocol::{Key, Rev};
use std::ops::{Bound, ControlFlow};

/// The visible rows: base rows with pending mutations applied, as JSON text.
pub trait Rows {
    fn row<'a>(&'a self, table: &str, key: &Key) -> Option<&'a str>;

    /// The rev of a row's base, if the server has told us one.
    fn base(&self, table: &str, key: &Key) -> Option<Rev>;

    /// Visits the rows whose entry lies in the walk's range, in the list's order, ties in the order of the
    /// key's text (both reversed if descending), until told to stop.
    fn walk<'a>(&'a self, table: &str, walk: &Walk, visit: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>);

    /// About how many entries the walk's range holds; for planning.
    fn estimate(&self, table: &str, walk: &Walk) -> usize;

    /// Whether this index of [`super::index::indexes`] is kept.
    fn has_index(&self, _table: &str, _index: usize) -> bool {
        true
    }
}

/// As if there were none at all.
pub struct NoRows;

impl Rows for NoRows {
    fn row<'a>(&'a self, _: &str, _: &Key) -> Option<&'a str> {
        None
    }

    fn base(&self, _: &str, _: &Key) -> Option<Rev> {
        None
    }

    fn walk<'a>(&'a self, _: &str, _: &Walk, _: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>) {}

    fn estimate(&self, _: &str, _: &Walk) -> usize {
        0
    }
}

/// A row's place in a list.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Of the primary key's list: the key's text.
    pub index_key: &'a [u8],
    pub key: &'a str,
    pub row: &'a str,
}

/// A range of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// None: the primary key's list.
    pub index: Option<usize>,
    /// Of index keys; of key texts in the primary key's list. `from` is never after `to`.
    pub from: Bound<Vec<u8>>,
    pub to: Bound<Vec<u8>>,
    pub descending: bool,
    /// How many entries the caller expects to take; a hint.
    pub limit: Option<usize>,
}

impl Walk {
    /// A whole table in the order of its keys.
    pub fn whole() -> Self {
        Self { index: None, from: Bound::Unbounded, to: Bound::Unbounded, descending: false, limit: None }
    }

    /// Whether an entry lies in the range.
    pub fn holds(&self, index_key: &[u8]) -> bool {
        let after = match &self.from {
            Bound::Included(from) => index_key >= from.as_slice(),
            Bound::Excluded(from) => index_key > from.as_slice(),
            Bound::Unbounded => true,
        };
        after
            && match &self.to {
                Bound::Included(to) => index_key <= to.as_slice(),
                Bound::Excluded(to) => index_key < to.as_slice(),
                Bound::Unbounded => true,
            }
    }
}
