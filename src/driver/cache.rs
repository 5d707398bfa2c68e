//! Blocks of segments in memory: what is hot.
//!
//! A cache and no part of the state: any block may go at any time between two queries. Within one it may
//! grow past its budget, since a query needs all its blocks at the same time; then the blocks used longest
//! ago go first.

use crate::engine::Damage;
use crate::engine::segment::{Block, Blocks, Directory};
use crate::protocol::SegmentId;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A block's place: its segment, and its number there.
pub type BlockId = (SegmentId, u32);

pub struct BlockCache {
    /// By which blocks are checked.
    directories: BTreeMap<SegmentId, Rc<Directory>>,
    blocks: BTreeMap<BlockId, Cached>,
    bytes: usize,
    budget: usize,
    /// Counts uses.
    clock: Cell<u64>,
    missing: RefCell<BTreeSet<BlockId>>,
}

struct Cached {
    block: Block,
    used: Cell<u64>,
}

impl BlockCache {
    pub fn new(budget: usize) -> Self {
        Self {
            directories: BTreeMap::new(),
            blocks: BTreeMap::new(),
            bytes: 0,
            budget,
            clock: Cell::new(0),
            missing: RefCell::default(),
        }
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a block in, if it is what it should be.
    pub fn admit(&mut self, id: BlockId, bytes: &[u8]) -> Result<(), Damage> {
        let Some(directory) = self.directories.get(&id.0) else { return Ok(()) };
        let block = directory.admit(id.1, bytes)?;
        self.bytes += block.bytes();
        let used = Cell::new(self.clock.get());
        if let Some(former) = self.blocks.insert(id, Cached { block, used }) {
            self.bytes -= former.block.bytes();
        }
        Ok(())
    }

    /// Whether a segment is one of the state's, or was just written.
    pub fn knows(&self, id: SegmentId) -> bool {
        self.directories.contains_key(&id)
    }

    /// A segment that was just written.
    pub fn know(&mut self, id: SegmentId, directory: Rc<Directory>) {
        self.directories.insert(id, directory);
    }

    /// Blocks that were asked for and are not here, since the last call.
    pub fn take_missing(&self) -> Vec<BlockId> {
        self.missing.take().into_iter().collect()
    }

    pub fn clear(&mut self) {
        self.blocks.clear();
        self.bytes = 0;
    }

    /// Keeps to the budget.
    pub fn trim(&mut self) {
        if self.bytes <= self.budget {
            return;
        }
        let mut by_use: Vec<(u64, BlockId)> =
            self.blocks.iter().map(|(id, cached)| (cached.used.get(), *id)).collect();
        by_use.sort_unstable();
        for (_, id) in by_use {
            if self.bytes <= self.budget {
                break;
            }
            self.drop_block(&id);
        }
    }

    /// From now on there are these segments; the blocks of others go.
    pub fn keep_to(&mut self, directories: BTreeMap<SegmentId, Rc<Directory>>) {
        self.directories = directories;
        let gone: Vec<BlockId> =
            self.blocks.keys().filter(|(id, _)| !self.directories.contains_key(id)).copied().collect();
        gone.iter().for_each(|id| self.drop_block(id));
    }

    fn drop_block(&mut self, id: &BlockId) {
        if let Some(cached) = self.blocks.remove(id) {
            self.bytes -= cached.block.bytes();
        }
    }
}

impl Blocks for BlockCache {
    fn block(&self, segment: SegmentId, n: u32) -> Option<&Block> {
        match self.blocks.get(&(segment, n)) {
            Some(cached) => {
                self.clock.set(self.clock.get() + 1);
                cached.used.set(self.clock.get());
                Some(&cached.block)
            }
            None => {
                self.missing.borrow_mut().insert((segment, n));
                None
            }
        }
    }
}
