//! Every limit of the protocol and the store, by name (DESIGN 11). Checked on both sides.

/// Largest row, as JSON text.
pub const ROW_BYTES: usize = 1 << 20;
/// Most mutations in one push batch.
pub const BATCH_MUTATIONS: usize = 500;
/// Mutations in a batch until time-outs or 413 ask for fewer.
pub const BATCH_DEFAULT: usize = 200;
/// Largest push batch, as JSON text.
pub const BATCH_BYTES: usize = 1 << 20;
/// Rows in one page of a pull.
pub const PULL_ROWS: u32 = 1_000;
/// Largest frame, encoded.
pub const FRAME_BYTES: usize = 8 << 20;
/// Largest IndexedDB record: values of 64 KiB and more fall off a cliff (MEASURED.md, lesson 3).
pub const RECORD_BYTES: usize = 63 << 10;
/// Bytes of blocks in one transaction: an append may have to wait for one, and more of them cost nothing.
pub const SLICE_BYTES: usize = 128 << 10;
/// Most rows of a segment.
pub const SEGMENT_ROWS: usize = 4_096;
/// Most pending mutations; past it writes fail with `quota_exceeded`.
pub const OUTBOX_MUTATIONS: usize = 100_000;
/// Most bytes of pending mutations.
pub const OUTBOX_BYTES: usize = 256 << 20;
/// Largest cursor.
pub const CURSOR_BYTES: usize = 64 << 10;
/// Longest path and query of a request.
pub const URL_BYTES: usize = 16 << 10;
/// Deepest JSON in a request body.
pub const JSON_DEPTH: usize = 64;
/// Most indexes of a table that a device keeps.
pub const INDEXES: usize = 8;
/// Most dead letters.
pub const DEAD_LETTERS: usize = 10_000;
/// Frames whose requests' answers the state record keeps.
pub const ANSWERED_FRAMES: u64 = 1_000;
/// Records of log tail after which a checkpoint is due.
pub const CHECKPOINT_RECORDS: u64 = 1_000;
/// Bytes of log tail after which a checkpoint is due.
pub const CHECKPOINT_BYTES: usize = 4 << 20;
/// The same, once a table has been pulled whole.
pub const FIRST_CHECKPOINT_BYTES: usize = 256 * 1024;
/// Bytes of segments' blocks that are kept in memory.
pub const HOT_BYTES: usize = 10 << 20;
/// Most rows of a table that are kept of what was read through.
pub const FETCHED_ROWS: usize = 2_000;
