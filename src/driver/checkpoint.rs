//! Carrying out a checkpoint: the plan's steps, with the store's reads and writes between them.
//!
//! Appends go on meanwhile: blocks and state record are written under names that nobody knows yet, and one
//! short transaction decides. Whoever loses it has written garbage, which the next winner sweeps.

use super::platform::Platform;
use super::replica::Replica;
use crate::engine::frame::FORMAT_VERSION;
use crate::engine::rest::{Merge, Plan, Progress};
use crate::engine::segment::{Builder, Directory};
use crate::protocol::{ErrorCode, Fault, SegmentId};
use crate::store::{Manifest, Next, Store};
use std::rc::Rc;

/// A segment that was written, and its blocks.
type Built = (SegmentId, Rc<Directory>, Vec<Vec<u8>>);

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// Checkpoints if the tail has grown long, unless another context is at it.
    pub async fn checkpoint_if_due(self: &Rc<Self>) -> Result<bool, Fault> {
        if self.tail_size().is_long(false) { self.checkpoint().await } else { Ok(false) }
    }

    /// Turns the log so far into segments and a state record. False if another context was quicker, or is of
    /// an older version and could not read it.
    pub async fn checkpoint(self: &Rc<Self>) -> Result<bool, Fault> {
        let lease = self.platform().try_lease(&format!("{}/checkpoint", self.name())).await;
        if lease.is_none() || self.is_halted() || !self.is_read_by_all(FORMAT_VERSION).await {
            return Ok(false);
        }
        let expected = self.manifest().version;
        let mut plan = Plan::of(&self.state());
        match self.carry_out(&mut plan, expected).await {
            Ok(Some(manifest)) => {
                self.rest(expected, plan, manifest).await;
                // What is left over is found and swept by the next checkpoint.
                let _ = self.store().sweep().await;
                Ok(true)
            }
            Ok(None) => {
                self.catch_up().await?;
                Ok(false)
            }
            // The segments it was reading are no longer named: another one was quicker.
            Err(fault) if fault.code == ErrorCode::StorageLost => {
                self.catch_up().await?;
                Ok(false)
            }
            Err(fault) => Err(fault),
        }
    }

    async fn carry_out(&self, plan: &mut Plan, expected: u64) -> Result<Option<Manifest>, Fault> {
        while !self.through_blocks(|blocks| plan.locate(blocks)).await? {
            self.trim();
        }
        while let Some(builder) = plan.next_segment() {
            let (id, directory, blocks) = self.build(plan, builder).await?;
            self.keep(id, directory, &blocks);
        }
        while let Some(block) = plan.next_mutations() {
            let id = SegmentId(self.platform().random());
            self.store().write_blocks(id, 0, &[block]).await?;
            plan.add_mutations(id);
        }
        loop {
            let merge = plan.next_merge(&self.state());
            let Some(merge) = merge else { break };
            self.merge(plan, merge).await?;
        }
        let next = Next { base: plan.base, state: plan.record(), segments: plan.segments() };
        self.store().checkpoint(expected, &next).await
    }

    async fn merge(&self, plan: &mut Plan, mut merge: Merge) -> Result<(), Fault> {
        loop {
            match self.through_blocks(|blocks| merge.step(blocks)).await? {
                Progress::Segment(rows) => {
                    let Some(builder) = plan.merged(&merge, rows) else { break };
                    let (id, directory, _) = self.build(plan, builder).await?;
                    self.cache().know(id, directory);
                    self.trim();
                }
                Progress::Missing => {}
                Progress::Done => break,
            }
        }
        plan.end_merge(&merge);
        Ok(())
    }

    /// Builds a segment in small steps, between which the context answers others, and writes it.
    async fn build(&self, plan: &mut Plan, mut builder: Builder) -> Result<Built, Fault> {
        while builder.step() {
            self.platform().others().await;
        }
        let (id, name) = (SegmentId(self.platform().random()), builder.name.clone());
        let blocks = builder.finish();
        self.store().write_blocks(id, 0, &blocks).await?;
        Ok((id, plan.add(&name, id, &blocks), blocks))
    }

    /// What was just written is hot.
    fn keep(&self, id: SegmentId, directory: Rc<Directory>, blocks: &[Vec<u8>]) {
        let mut cache = self.cache();
        cache.know(id, directory);
        for (n, bytes) in (1..).zip(blocks.iter().skip(1)) {
            // What cannot be admitted is found when it is read.
            let _ = cache.admit((id, n), bytes);
        }
        cache.trim();
    }
}
