//! How long the log's tail is: what the log holds beyond the checkpoint, and folds at each start.
//!
//! A long tail is due for a checkpoint; once a first sync has brought a table whole, a shorter one too,
//! since it will hardly change and would be folded again and again.

use crate::protocol::limits;

#[derive(Clone, Copy, Default)]
pub struct TailSize {
    pub records: u64,
    pub bytes: usize,
}

impl TailSize {
    pub fn with(self, records: u64, bytes: usize) -> Self {
        Self { records: self.records + records, bytes: self.bytes + bytes }
    }

    /// Whether a checkpoint is due.
    pub fn is_long(self, after_first_round: bool) -> bool {
        let most = if after_first_round { limits::FIRST_CHECKPOINT_BYTES } else { limits::CHECKPOINT_BYTES };
        self.records >= limits::CHECKPOINT_RECORDS || self.bytes >= most
    }
}
