//! Where frames and rows rest: one trait, one contract, an implementation a place.
//!
//! A store keeps bytes and never looks inside them: a log of frames under dense, growing seqs, the
//! blocks of segments, one state record, and a few small named values. A checkpoint replaces a prefix
//! of the log by a state record and the segments it names. What no manifest names is garbage.
//!
//! ```text
//! append ───────▶ log ─────┐
//! write_blocks ─▶ blocks ──┴─(checkpoint: compare version, name)──▶ manifest + state + segments ─▶ sweep
//! ```
//!
//! A handle knows the incarnation it has loaded. Once another one has taken its place (wiped by
//! another tab, evicted by the browser), every method answers `storage_lost` until `load` takes up
//! the new one.

mod fault;
#[cfg(target_arch = "wasm32")]
pub mod indexeddb;
pub mod memory;
pub mod records;
pub mod sealed;
mod slices;
mod usage;

use crate::protocol::{Fault, SegmentId};

pub use crate::protocol::{Incarnation, Seq};
#[cfg(target_arch = "wasm32")]
pub use indexeddb::IndexedDbStore;
pub use memory::MemoryStore;
pub use sealed::Sealed;
pub use usage::{Space, StoreUsage};

/// What a commit must survive. `Strict` is flushed to disk before the promise resolves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    Relaxed,
    Strict,
}

/// Seqs kept for one life. A wipe goes on at the next multiple, so that the key which an append is
/// given tells its writer whether the database is still the one it knows.
const LIFE_SEQS: Seq = 1 << 40;

/// The base of the life after the one that `seq` belongs to.
fn next_life(seq: Seq) -> Seq {
    (seq / LIFE_SEQS + 1) * LIFE_SEQS
}

/// What the log's remaining tail is built on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Manifest {
    /// Grows by one with every checkpoint.
    pub version: u64,
    pub incarnation: Incarnation,
    /// This storage partition's copy of the database, as the server knows it.
    pub client: [u8; 16],
    /// Every frame up to and including this seq is in the checkpoint, or belongs to a former life.
    pub base: Seq,
    /// The segments that hold rows, sorted.
    pub segments: Vec<SegmentId>,
}

impl Manifest {
    /// That of a database without a checkpoint.
    pub fn fresh(incarnation: Incarnation, client: [u8; 16]) -> Self {
        Self { version: 0, incarnation, client, base: 0, segments: Vec::new() }
    }

    /// Whether the database was emptied on purpose since it was made; else a new one stands where the browser
    /// threw the former one away.
    pub fn follows_wipe(&self) -> bool {
        self.base >= LIFE_SEQS
    }

    /// That of the checkpoint after this one.
    fn followed_by(&self, next: &Next) -> Self {
        let mut segments = next.segments.clone();
        segments.sort_unstable();
        segments.dedup();
        Self { version: self.version + 1, base: next.base, segments, ..*self }
    }
}

/// A frame as the log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub seq: Seq,
    pub frame: Vec<u8>,
}

/// Frames after a seq, with the manifest read in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    pub manifest: Manifest,
    /// In order. If `manifest.base` lies beyond the seq asked for, frames are missing before them.
    pub frames: Vec<Logged>,
}

/// Everything a context needs to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// None before the first checkpoint.
    pub state: Option<Vec<u8>>,
    /// Block 0 of each of the manifest's segments, in their order; none where it is not there.
    pub directories: Vec<(SegmentId, Option<Vec<u8>>)>,
    /// The row blocks of a checkpoint that the first release made, which had no segments.
    pub former_blocks: Vec<Vec<u8>>,
    pub tail: Tail,
}

/// Blocks, and the version of the manifest beside which they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBlocks {
    pub version: u64,
    /// In the order asked for; none where a block is not there.
    pub blocks: Vec<Option<Vec<u8>>>,
}

/// What a checkpoint puts in place of the present one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Next {
    /// Every frame up to and including this seq is in it: the present base, or a later one.
    pub base: Seq,
    pub state: Vec<u8>,
    /// All segments that hold rows from then on, in any order: those that stay and new ones.
    pub segments: Vec<SegmentId>,
}

#[allow(async_fn_in_trait)] // one thread in every realm: no Send bound is wanted
pub trait Store {
    /// Manifest, state record, directories and the whole tail, in one readonly transaction. From here
    /// on the handle speaks of the incarnation it found; a new database gets its manifest first.
    async fn load(&self) -> Result<Loaded, Fault>;

    /// Appends frames in one transaction; the seqs of the frames, in order, once it is `complete`.
    /// A frame above 63 KiB becomes several consecutive records; its seq is the key of the last.
    /// Nothing is stored on an error, save `outcome_unknown`: then a `load` shows what is there.
    async fn append(&self, frames: &[Vec<u8>], durability: Durability) -> Result<Vec<Seq>, Fault>;

    /// The manifest and the frames after `seq`, in one readonly transaction.
    async fn tail(&self, seq: Seq) -> Result<Tail, Fault>;

    /// Writes blocks of a segment that no manifest names yet, in slices of a transaction each; `first`
    /// is the number of the first. They are on disk when it returns, and nobody finds them before a
    /// checkpoint names the segment. After an error the same call may be repeated: it has taken away
    /// what it wrote, where it could.
    async fn write_blocks(&self, segment: SegmentId, first: u32, blocks: &[Vec<u8>]) -> Result<(), Fault>;

    /// Puts blocks that mean the same in the place of a segment's, in slices of a transaction each:
    /// sealed ones for plain ones. After an error some are replaced and some are not.
    async fn replace_blocks(&self, segment: SegmentId, first: u32, blocks: &[Vec<u8>]) -> Result<(), Fault>;

    /// Blocks and the manifest's version, in one readonly transaction. Where the version is newer than
    /// the caller's, its segments may be gone: it catches up and asks again.
    async fn read_blocks(&self, wanted: &[(SegmentId, u32)]) -> Result<ReadBlocks, Fault>;

    /// Puts `next` in the place of the present checkpoint, if the manifest is still `expected`: the
    /// version that was known *before the first of its new blocks was written*. One short transaction
    /// decides, for which no append waits. `None` if another context was quicker: nothing has changed.
    async fn checkpoint(&self, expected: u64, next: &Next) -> Result<Option<Manifest>, Fault>;

    /// Takes away what this handle's last checkpoint has made garbage, in slices: the log's prefix, and
    /// the blocks of every segment that it does not name. To be called once its manifest is adopted,
    /// so that nobody here looks for them any more; what is left is found by the next checkpoint, of
    /// whichever context, and goes with its sweep.
    async fn sweep(&self) -> Result<(), Fault>;

    /// A small named value beside the log (the session, a setting).
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault>;
    async fn put(&self, name: &str, value: Option<&[u8]>) -> Result<(), Fault>;

    /// The names of the values that begin so, in the order of their characters.
    async fn names(&self, prefix: &str) -> Result<Vec<String>, Fault>;

    /// How much lies where.
    async fn usage(&self) -> Result<StoreUsage, Fault>;

    /// Empties everything and begins a new incarnation, in one transaction.
    async fn wipe(&self, incarnation: Incarnation, client: [u8; 16]) -> Result<(), Fault>;

    /// The same, if `seq` is still the last of the log; false: something was written since, and nothing has changed.
    async fn wipe_at(&self, seq: Seq, incarnation: Incarnation, client: [u8; 16]) -> Result<bool, Fault>;
}
