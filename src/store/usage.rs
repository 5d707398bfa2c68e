//! How much of a database lies where: for a page that shows it, and for deciding what to evict.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    pub records: u64,
    /// Of the records' values, as we wrote them; the browser's own overhead is not in it.
    pub bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreUsage {
    /// What the next checkpoint shortens.
    pub log: Space,
    /// The segments that the manifest names, and the state record.
    pub blocks: Space,
    /// Blocks that no manifest names: of a checkpoint being written, or one that failed. Their bytes
    /// are not known.
    pub unnamed: Space,
    /// Named values.
    pub meta: Space,
    pub files: Space,
}

impl Space {
    pub fn of<'a>(values: impl IntoIterator<Item = &'a Vec<u8>>) -> Self {
        let mut space = Self::default();
        for value in values {
            space.add(Self { records: 1, bytes: value.len() as u64 });
        }
        space
    }

    pub fn add(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
    }
}
