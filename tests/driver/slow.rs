//! A store that answers nothing at once: whatever may run between two steps of a task does.

use crate::realm::others;
use thermocline::protocol::{Fault, SegmentId};
use thermocline::store::{
    Durability, Incarnation, Loaded, Manifest, MemoryStore, Next, ReadBlocks, Seq, Store, StoreUsage, Tail,
};

pub struct Slow {
    pub store: MemoryStore,
    /// How often the others have their turn before a call does anything.
    pub turns: usize,
}

impl Slow {
    async fn wait(&self) -> &MemoryStore {
        for _ in 0..self.turns {
            others().await;
        }
        &self.store
    }
}

impl Store for Slow {
    async fn load(&self) -> Result<Loaded, Fault> {
        self.wait().await.load().await
    }

    async fn append(&self, frames: &[Vec<u8>], durability: Durability) -> Result<Vec<Seq>, Fault> {
        self.wait().await.append(frames, durability).await
    }

    async fn tail(&self, seq: Seq) -> Result<Tail, Fault> {
        self.wait().await.tail(seq).await
    }

    async fn write_blocks(&self, segment: SegmentId, first: u32, blocks: &[Vec<u8>]) -> Result<(), Fault> {
        self.wait().await.write_blocks(segment, first, blocks).await
    }

    async fn replace_blocks(&self, segment: SegmentId, first: u32, blocks: &[Vec<u8>]) -> Result<(), Fault> {
        self.wait().await.replace_blocks(segment, first, blocks).await
    }

    async fn read_blocks(&self, wanted: &[(SegmentId, u32)]) -> Result<ReadBlocks, Fault> {
        self.wait().await.read_blocks(wanted).await
    }

    async fn checkpoint(&self, expected: u64, next: &Next) -> Result<Option<Manifest>, Fault> {
        self.wait().await.checkpoint(expected, next).await
    }

    async fn sweep(&self) -> Result<(), Fault> {
        self.wait().await.sweep().await
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.wait().await.get(name).await
    }

    async fn put(&self, name: &str, value: Option<&[u8]>) -> Result<(), Fault> {
        self.wait().await.put(name, value).await
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        self.wait().await.names(prefix).await
    }

    async fn usage(&self) -> Result<StoreUsage, Fault> {
        self.wait().await.usage().await
    }

    async fn wipe(&self, incarnation: Incarnation, client: [u8; 16]) -> Result<(), Fault> {
        self.wait().await.wipe(incarnation, client).await
    }

    async fn wipe_at(&self, seq: Seq, incarnation: Incarnation, client: [u8; 16]) -> Result<bool, Fault> {
        self.wait().await.wipe_at(seq, incarnation, client).await
    }
}
