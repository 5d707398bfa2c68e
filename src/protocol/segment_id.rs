//! The name of a segment: sixteen random bytes, given once and never again.
//!
//! Random, so that no two contexts ever write blocks under the same one; what they mean is the engine's.

use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SegmentId(pub [u8; 16]);

/// Thirty-two hexadecimal digits, which sort as the bytes do.
impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {self}")
    }
}
