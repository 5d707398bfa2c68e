//! Where frames and rows rest: one trait, one contract, an implementation a place.
//!
//! A store keeps bytes and never looks inside them: a log of frames under dense, growing seqs, one
//! checkpoint (state record and snapshot segment) that replaces a prefix of the log, and a few small
//! named values. Every method is one transaction: it happens whole or not at all.
//!
//! ```text
//! append ──▶ log ──(checkpoint: compare version, write, cut prefix)──▶ manifest + state + segment
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

use crate::protocol::Fault;

pub use crate::protocol::Seq;
#[cfg(target_arch = "wasm32")]
pub use indexeddb::IndexedDbStore;
pub use memory::MemoryStore;

/// What a commit must survive. `Strict` is flushed to disk before the promise resolves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    Relaxed,
    Strict,
}

/// Names one life of a local database: made with it, gone with it.
pub type Incarnation = [u8; 16];

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
    pub checkpoint: Option<Checkpoint>,
    pub tail: Tail,
}

/// State record and snapshot segment, as bytes that only the engine understands.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Checkpoint {
    pub state: Vec<u8>,
    /// Row blocks, each below 63 KiB where a row allows it.
    pub blocks: Vec<Vec<u8>>,
}

#[allow(async_fn_in_trait)] // one thread in every realm: no Send bound is wanted
pub trait Store {
    /// Manifest, checkpoint and the whole tail, in one readonly transaction. From here on the handle
    /// speaks of the incarnation it found; a new database gets its manifest first.
    async fn load(&self) -> Result<Loaded, Fault>;

    /// Appends frames in one transaction; the seqs of the frames, in order, once it is `complete`.
    /// A frame above 63 KiB becomes several consecutive records; its seq is the key of the last.
    /// Nothing is stored on an error, save `outcome_unknown`: then a `load` shows what is there.
    async fn append(&self, frames: &[Vec<u8>], durability: Durability) -> Result<Vec<Seq>, Fault>;

    /// The manifest and the frames after `seq`, in one readonly transaction.
    async fn tail(&self, seq: Seq) -> Result<Tail, Fault>;

    /// Replaces the log up to `base` by a checkpoint, if the manifest is still `expected`.
    /// Blocks are written first, under ids no manifest names; then one short transaction decides.
    /// `None` if another context was quicker.
    async fn checkpoint(
        &self,
        expected: u64,
        base: Seq,
        checkpoint: Checkpoint,
    ) -> Result<Option<Manifest>, Fault>;

    /// A small named value beside the log (the session, a setting).
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault>;
    async fn put(&self, name: &str, value: Option<&[u8]>) -> Result<(), Fault>;

    /// Empties everything and begins a new incarnation, in one transaction.
    async fn wipe(&self, incarnation: Incarnation, client: [u8; 16]) -> Result<(), Fault>;
}
