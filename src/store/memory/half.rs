//! One half of a simulated disk: a whole database, and the transactions that change it.
//!
//! A change is decided before it comes here and always succeeds, so that the same list of changes
//! leads both halves through the same states.

use crate::protocol::SegmentId;
use crate::store::{Incarnation, Loaded, Manifest, Seq, Space, StoreUsage, Tail, next_life, records};
use std::collections::BTreeMap;

/// What one readwrite transaction does.
#[derive(Clone)]
pub enum Change {
    /// Records under the next keys.
    Append(Vec<Vec<u8>>),
    /// Blocks of a segment, from a number on.
    Blocks(SegmentId, u32, Vec<Vec<u8>>),
    /// Blocks of a segment go, up to and without a number.
    Unwritten(SegmentId, u32, u32),
    /// Something under a name that nobody knows yet.
    Unseen,
    /// A manifest and its state record.
    Checkpoint(Manifest, Vec<u8>),
    /// The log's frames up to a seq go, and the blocks of these segments.
    Sweep(Seq, Vec<SegmentId>),
    /// A checkpoint as the first release made it.
    Former(Manifest, Vec<u8>, Vec<Vec<u8>>),
    Named(String, Option<Vec<u8>>),
    Wipe(Incarnation, [u8; 16]),
}

#[derive(Clone)]
pub struct Half {
    pub manifest: Manifest,
    pub named: BTreeMap<String, Vec<u8>>,
    pub blocks: BTreeMap<(SegmentId, u32), Vec<u8>>,
    state: Option<Vec<u8>>,
    former_blocks: Vec<Vec<u8>>,
    log: BTreeMap<Seq, Vec<u8>>,
    /// The last key given out.
    pub last: Seq,
}

impl Half {
    pub fn new(incarnation: Incarnation, client: [u8; 16]) -> Self {
        Self {
            manifest: Manifest::fresh(incarnation, client),
            named: BTreeMap::new(),
            blocks: BTreeMap::new(),
            state: None,
            former_blocks: Vec::new(),
            log: BTreeMap::new(),
            last: 0,
        }
    }

    pub fn load(&self) -> Loaded {
        let directory = |segment: &SegmentId| (*segment, self.blocks.get(&(*segment, 0)).cloned());
        Loaded {
            state: self.state.clone(),
            directories: self.manifest.segments.iter().map(directory).collect(),
            former_blocks: self.former_blocks.clone(),
            tail: self.tail(0),
        }
    }

    pub fn tail(&self, seq: Seq) -> Tail {
        // What the last checkpoint has taken in may still lie there.
        let after = seq.max(self.manifest.base);
        let records = self.log.range(after.saturating_add(1)..);
        let records = records.map(|(key, record)| (*key, record.clone()));
        let frames = records::join(records, self.manifest.incarnation);
        Tail { manifest: self.manifest.clone(), frames }
    }

    /// The segments that have blocks here and are none of these, which are sorted.
    pub fn unnamed(&self, named: &[SegmentId]) -> Vec<SegmentId> {
        let mut found: Vec<_> = self.blocks.keys().map(|(segment, _)| *segment).collect();
        found.dedup();
        found.retain(|segment| named.binary_search(segment).is_err());
        found
    }

    pub fn usage(&self) -> StoreUsage {
        let mut usage = StoreUsage { log: Space::of(self.log.values()), ..StoreUsage::default() };
        usage.blocks = Space::of(self.former_blocks.iter().chain(&self.state));
        for ((segment, _), block) in &self.blocks {
            let is_named = self.manifest.segments.binary_search(segment).is_ok();
            let space = if is_named { &mut usage.blocks } else { &mut usage.unnamed };
            space.add(Space { records: 1, bytes: if is_named { block.len() as u64 } else { 0 } });
        }
        usage.meta = Space::of(self.named.values());
        usage
    }

    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Append(records) => {
                for record in records {
                    self.last += 1;
                    self.log.insert(self.last, record);
                }
            }
            Change::Blocks(segment, first, blocks) => {
                self.blocks.extend((first..).zip(blocks).map(|(n, block)| ((segment, n), block)));
            }
            Change::Unwritten(segment, first, end) => {
                self.blocks.retain(|(of, n), _| *of != segment || *n < first || *n >= end);
            }
            Change::Unseen => {}
            Change::Checkpoint(manifest, state) => {
                (self.manifest, self.state) = (manifest, Some(state));
                self.former_blocks.clear();
            }
            Change::Sweep(base, garbage) => {
                self.log = self.log.split_off(&(base + 1));
                self.blocks.retain(|(segment, _), _| !garbage.contains(segment));
            }
            Change::Former(manifest, state, blocks) => {
                self.log = self.log.split_off(&(manifest.base + 1));
                (self.manifest, self.state, self.former_blocks) = (manifest, Some(state), blocks);
            }
            Change::Named(name, Some(value)) => {
                self.named.insert(name, value);
            }
            Change::Named(name, None) => {
                self.named.remove(&name);
            }
            Change::Wipe(incarnation, client) => {
                let base = next_life(self.last);
                *self = Self::new(incarnation, client);
                (self.last, self.manifest.base) = (base, base);
            }
        }
    }
}
