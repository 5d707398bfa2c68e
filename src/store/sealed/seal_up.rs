//! Sealing what lay there before the encryption was turned on.
//!
//! Owns named values and blocks, which are replaced where they lie. Log and state record are the
//! replica's: a checkpoint writes them anew. Invariant: a segment's directory comes last, so a segment
//! that is half done is seen to be so at the next start.

use super::header::{Place, is_sealed};
use super::{Cipher, Sealed};
use crate::protocol::{Fault, SegmentId};
use crate::store::{Seq, Store};

/// Blocks read at a time, about 1 MiB.
const STEP: u32 = 16;

impl<S: Store, C: Cipher> Sealed<S, C> {
    /// Whether a record was read that should be sealed and is not.
    pub fn met_plain(&self) -> bool {
        self.met_plain.get()
    }

    /// Seals the values and blocks that lie in plain. It may be repeated, and run in several contexts.
    pub async fn seal_up(&self) -> Result<(), Fault> {
        if self.is_off()? {
            return Ok(());
        }
        for name in self.store.names("").await? {
            if let Some(value) = self.store.get(&name).await?.filter(|value| !is_sealed(value)) {
                self.put(&name, Some(&value)).await?;
            }
        }
        let manifest = self.store.tail(Seq::MAX).await?.manifest;
        for segment in manifest.segments {
            let mut first = 1;
            while self.seal_blocks_from(segment, first, STEP).await? {
                first += STEP;
            }
            self.seal_blocks_from(segment, 0, 1).await?;
        }
        self.met_plain.set(false);
        Ok(())
    }

    /// Whether there may be more behind these.
    async fn seal_blocks_from(&self, segment: SegmentId, first: u32, count: u32) -> Result<bool, Fault> {
        let wanted: Vec<_> = (first..first + count).map(|n| (segment, n)).collect();
        let blocks = self.store.read_blocks(&wanted).await?.blocks;
        let mut all_there = true;
        for (n, block) in (first..).zip(blocks) {
            let Some(block) = block else {
                all_there = false;
                continue;
            };
            if !is_sealed(&block) {
                let sealed = self.seal(Place::Block(segment, n), &block).await?;
                self.store.replace_blocks(segment, n, &[sealed]).await?;
            }
        }
        Ok(all_there)
    }
}
