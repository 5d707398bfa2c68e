//! A store in memory that crashes and fails on demand: what the simulation and natively run tests use.
//!
//! Owns a disk in two halves, one that processes see and one that survives power loss; clones of a
//! [`MemoryStore`] are further contexts over the same disk. Refuses to keep anything across processes.
//! Invariant: it does what IndexedDB does, by the one contract suite (tests/contract).
//!
//! ```text
//! write ──▶ live half ──(strict: with all that came before)──▶ durable half
//!             ▲───────────────────(power loss)──────────────────────┘
//! ```

mod half;

use self::half::{Change, Half};
use super::{
    Durability, Incarnation, Loaded, Manifest, Next, ReadBlocks, Seq, Store, StoreUsage, Tail, fault,
    records, slices,
};
use crate::protocol::{Fault, SegmentId};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// How a scripted write goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No room: nothing is stored.
    QuotaExceeded,
    /// The transaction is rolled back and gives its keys back; the next one may succeed.
    Aborted,
    /// The connection is gone: nothing is stored, and this context fails until it loads again.
    StorageLost,
    /// Everything is stored, but the caller is told `outcome_unknown`.
    AnswerLost,
}

/// One context's handle; clone it for another context of the same storage partition.
#[derive(Clone)]
pub struct MemoryStore {
    disk: Rc<RefCell<Disk>>,
    /// The database that this context has loaded; `None` once its connection is lost.
    incarnation: Cell<Option<Incarnation>>,
    /// What its last checkpoint has made garbage, and in which database.
    garbage: RefCell<Option<(Incarnation, Change)>>,
}

struct Disk {
    live: Half,
    durable: Half,
    /// Relaxed transactions that power loss would undo, oldest first.
    unflushed: Vec<Change>,
    /// What the next writes come to; `None` is success.
    script: VecDeque<Option<Failure>>,
}

impl MemoryStore {
    /// An empty database.
    pub fn new(incarnation: Incarnation, client: [u8; 16]) -> Self {
        let half = Half::new(incarnation, client);
        let disk = Disk { live: half.clone(), durable: half, unflushed: Vec::new(), script: VecDeque::new() };
        Self {
            disk: Rc::new(RefCell::new(disk)),
            incarnation: Cell::new(Some(incarnation)),
            garbage: RefCell::default(),
        }
    }

    /// Decides the next writes of all contexts, in order; those after them succeed.
    pub fn script(&self, outcomes: impl IntoIterator<Item = Option<Failure>>) {
        self.disk.borrow_mut().script.extend(outcomes);
    }

    /// Lets the next write of any context fail.
    pub fn fail_next(&self, failure: Failure) {
        self.script([Some(failure)]);
    }

    /// How many transactions power loss could undo.
    pub fn unflushed(&self) -> usize {
        self.disk.borrow().unflushed.len()
    }

    /// The machine stops. Of the unflushed transactions the oldest `kept` reached the disk in time;
    /// strict ones always did. The contexts are gone: drop them, and load anew.
    pub fn lose_power(&self, kept: usize) {
        let disk = &mut *self.disk.borrow_mut();
        let unflushed = std::mem::take(&mut disk.unflushed);
        for change in unflushed.into_iter().take(kept) {
            disk.durable.apply(change);
        }
        disk.live = disk.durable.clone();
    }

    /// The browser throws the database away; whoever opens it next finds an empty one.
    pub fn evict(&self, incarnation: Incarnation, client: [u8; 16]) {
        let disk = &mut *self.disk.borrow_mut();
        let half = Half::new(incarnation, client);
        disk.unflushed.clear();
        disk.durable = half.clone();
        disk.live = half;
    }

    /// Makes this a database of the first release, which knew no segments: its checkpoint at `base`.
    pub fn make_former(&self, base: Seq, state: Vec<u8>, blocks: Vec<Vec<u8>>) {
        let disk = &mut *self.disk.borrow_mut();
        let manifest =
            Manifest { version: disk.live.manifest.version + 1, base, ..disk.live.manifest.clone() };
        disk.keep(Change::Former(manifest, state, blocks), Durability::Strict);
    }

    fn read<T>(&self, read: impl FnOnce(&Half) -> T) -> Result<T, Fault> {
        let disk = self.disk.borrow();
        self.check(&disk.live)?;
        Ok(read(&disk.live))
    }

    /// One readwrite transaction: fails as scripted, else keeps the change and reports `result`.
    fn write<T>(&self, change: Change, durability: Durability, result: T) -> Result<T, Fault> {
        let disk = &mut *self.disk.borrow_mut();
        self.check(&disk.live)?;
        let failure = disk.script.pop_front().flatten();
        match failure {
            Some(Failure::QuotaExceeded) => return Err(fault::quota_exceeded()),
            Some(Failure::Aborted) => return Err(fault::storage_lost("the transaction was aborted")),
            Some(Failure::StorageLost) => {
                self.incarnation.set(None);
                return Err(fault::storage_lost("the connection was closed"));
            }
            Some(Failure::AnswerLost) | None => disk.keep(change, durability),
        }
        match failure {
            Some(_) => Err(fault::outcome_unknown("scripted")),
            None => Ok(result),
        }
    }

    fn check(&self, half: &Half) -> Result<(), Fault> {
        match self.incarnation.get() {
            Some(known) if known == half.manifest.incarnation => Ok(()),
            Some(_) => Err(fault::storage_lost("another one took its place")),
            None => Err(fault::storage_lost("the connection was closed")),
        }
    }
}

impl Disk {
    fn keep(&mut self, change: Change, durability: Durability) {
        self.live.apply(change.clone());
        self.unflushed.push(change);
        if durability == Durability::Strict {
            for change in self.unflushed.drain(..) {
                self.durable.apply(change);
            }
        }
    }
}

impl Store for MemoryStore {
    async fn load(&self) -> Result<Loaded, Fault> {
        let disk = self.disk.borrow();
        let found = disk.live.manifest.incarnation;
        // Of a database that is gone, nothing is left to sweep.
        self.garbage.borrow_mut().take_if(|(of, _)| *of != found);
        self.incarnation.set(Some(found));
        Ok(disk.live.load())
    }

    async fn append(&self, frames: &[Vec<u8>], durability: Durability) -> Result<Vec<Seq>, Fault> {
        let (mut last, incarnation) = self.read(|half| (half.last, half.manifest.incarnation))?;
        let mut log = Vec::new();
        let mut seqs = Vec::with_capacity(frames.len());
        for frame in frames {
            log.extend(records::split(frame, incarnation));
            last += records::count(frame) as Seq;
            seqs.push(last);
        }
        self.write(Change::Append(log), durability, seqs)
    }

    async fn tail(&self, seq: Seq) -> Result<Tail, Fault> {
        self.read(|half| half.tail(seq))
    }

    async fn write_blocks(&self, segment: SegmentId, first: u32, blocks: &[Vec<u8>]) -> Result<(), Fault> {
        let mut at = first;
        for (slice, durability) in slices::of(blocks) {
            let written = self.write(Change::Blocks(segment, at, slice.to_vec()), durability, ());
            at += slice.len() as u32;
            if written.is_err() && self.read(|_| ()).is_ok() {
                self.disk.borrow_mut().keep(Change::Unwritten(segment, first, at), Durability::Relaxed);
            }
            written?;
        }
        Ok(())
    }

    async fn replace_blocks(&self, segment: SegmentId, first: u32, blocks: &[Vec<u8>]) -> Result<(), Fault> {
        let mut at = first;
        for (slice, durability) in slices::of(blocks) {
            self.write(Change::Blocks(segment, at, slice.to_vec()), durability, ())?;
            at += slice.len() as u32;
        }
        Ok(())
    }

    async fn read_blocks(&self, wanted: &[(SegmentId, u32)]) -> Result<ReadBlocks, Fault> {
        self.read(|half| ReadBlocks {
            version: half.manifest.version,
            blocks: wanted.iter().map(|key| half.blocks.get(key).cloned()).collect(),
        })
    }

    async fn checkpoint(&self, expected: u64, next: &Next) -> Result<Option<Manifest>, Fault> {
        let before = self.read(|half| half.manifest.clone())?;
        if before.version != expected {
            return Ok(None);
        }
        let _left_to_the_survey = self.sweep().await;
        let manifest = before.followed_by(next);
        let garbage = self.read(|half| half.unnamed(&manifest.segments))?;
        self.write(Change::Unseen, Durability::Strict, ())?; // the state record
        let decide = Change::Checkpoint(manifest.clone(), next.state.clone());
        self.write(decide, Durability::Strict, ())?;
        let garbage = Change::Sweep(manifest.base, garbage);
        *self.garbage.borrow_mut() = Some((manifest.incarnation, garbage));
        Ok(Some(manifest))
    }

    async fn sweep(&self) -> Result<(), Fault> {
        let garbage = self.garbage.borrow().clone();
        if let Some((_, change)) = garbage {
            self.write(change, Durability::Relaxed, ())?;
        }
        *self.garbage.borrow_mut() = None;
        Ok(())
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.read(|half| half.named.get(name).cloned())
    }

    async fn put(&self, name: &str, value: Option<&[u8]>) -> Result<(), Fault> {
        self.write(Change::Named(name.into(), value.map(<[u8]>::to_vec)), Durability::Strict, ())
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        self.read(|half| half.named.keys().filter(|name| name.starts_with(prefix)).cloned().collect())
    }

    async fn usage(&self) -> Result<StoreUsage, Fault> {
        self.read(Half::usage)
    }

    async fn wipe(&self, incarnation: Incarnation, client: [u8; 16]) -> Result<(), Fault> {
        self.write(Change::Wipe(incarnation, client), Durability::Strict, ())?;
        self.incarnation.set(Some(incarnation));
        Ok(())
    }

    async fn wipe_at(&self, seq: Seq, incarnation: Incarnation, client: [u8; 16]) -> Result<bool, Fault> {
        if self.read(|half| half.last)? > seq {
            return Ok(false);
        }
        self.wipe(incarnation, client).await.map(|()| true)
    }
}
