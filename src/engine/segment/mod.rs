//! A segment: an immutable, packed, sorted block of rows of one table, the warm tier's unit.
//!
//! ```text
//! block 0     directory: fences, key filter, least and greatest, which lists      resident
//! 1 …         rows, in the order of (time, key)                                   read when asked for
//! …           list 0: key → row; list i: index key → row, ties in the order of keys
//! ```
//!
//! Owns the blocks' bytes: [`build`] writes them, a [`Directory`] finds its way in them. It reads no store:
//! a block that is not at hand is a miss for the caller to mend. A block is checked once, when it is admitted;
//! after that it is read in place, and nothing in it can make a reader panic (invariant 12).

mod block;
mod build;
pub(in crate::engine) mod container;
mod directory;
mod fences;
mod key_filter;

pub use crate::protocol::SegmentId;
pub use block::{Block, PackedRow};
pub use build::{Builder, Packed, build};
pub use directory::Directory;
pub(in crate::engine) use fences::lie_outside;
pub use key_filter::KeyHash;

/// Blocks that have been admitted and are at hand.
pub trait Blocks {
    /// `None` notes a miss.
    fn block(&self, segment: SegmentId, n: u32) -> Option<&Block>;
}

/// Where a segment has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Absent,
    Row(u16),
    /// A block that is not at hand would tell.
    Unread,
}
