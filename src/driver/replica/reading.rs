//! What a replica reads from its segments: on start, for a fold, for a query.
//!
//! Queries are pure and run over the blocks at hand. What they miss is read in one transaction, and they
//! run again; what they used stays in the cache.

use super::Replica;
use super::folded::Folded;
use crate::driver::cache::{BlockCache, BlockId};
use crate::driver::platform::Platform;
use crate::engine::frame::Lost;
use crate::engine::segment::Blocks;
use crate::engine::{Found, Frame, RowId, State, View, needs, needs_more, snapshot};
use crate::protocol::{ErrorCode, Fault, SegmentId};
use crate::store::{Loaded, Store};
use std::cell::RefMut;
use std::rc::Rc;

/// What came of reading blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fetched {
    Read,
    /// Another checkpoint has swept some of them.
    Gone,
    /// Some cannot be read, and their segments are given up.
    Lost,
}

/// How often a query is run again because another context's checkpoint took its segments away.
const STALE_READS: usize = 8;

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// Runs a query over the visible rows, as often as it takes to have its blocks in memory.
    pub async fn query<T>(self: &Rc<Self>, mut run: impl FnMut(&State, &View) -> T) -> Result<T, Fault> {
        for _ in 0..STALE_READS {
            loop {
                let missing = match self.attempt(&mut run) {
                    Ok(answer) => return Ok(answer),
                    Err(missing) => missing,
                };
                if self.fetch(&self.folded, &missing).await? == Fetched::Gone {
                    break;
                }
                self.give_up_lost().await?;
            }
            self.catch_up().await?;
        }
        let message = "the local database is rewritten faster than it can be read; try again";
        Err(Fault::new(ErrorCode::StorageBlocked, message))
    }

    /// Runs a query if all its blocks are in memory.
    pub fn query_now<T>(&self, run: impl FnOnce(&State, &View) -> T) -> Option<T> {
        self.attempt(run).ok()
    }

    /// Runs a query once, or says which blocks it lacks.
    fn attempt<T>(&self, run: impl FnOnce(&State, &View) -> T) -> Result<T, Vec<BlockId>> {
        let (state, cache) = (self.state(), self.cache.borrow());
        let answer = run(&state, &View::new(&state, &*cache));
        let missing = cache.take_missing();
        if missing.is_empty() {
            drop(cache);
            self.trim();
            return Ok(answer);
        }
        Err(missing)
    }

    /// What segments say of the rows that a fold needs; `None` if they are no longer there.
    pub(super) async fn find_needed(&self, folded: &Folded, frame: &Frame) -> Result<Option<Found>, Fault> {
        let mut found = Found::new();
        let mut needed = needs(&folded.state.borrow(), frame);
        loop {
            let Some(read) = self.find(folded, &needed).await? else { return Ok(None) };
            found.extend(read);
            needed = needs_more(&folded.state.borrow(), &found, frame);
            if needed.is_empty() {
                return Ok(Some(found));
            }
        }
    }

    /// What segments say of rows; `None` if they are no longer there.
    pub(super) async fn find(&self, folded: &Folded, rows: &[RowId]) -> Result<Option<Found>, Fault> {
        if rows.is_empty() {
            return Ok(Some(Found::new()));
        }
        loop {
            let missing = {
                let (state, cache) = (folded.state.borrow(), self.cache.borrow());
                let view = View::new(&state, &*cache);
                let mut found = Found::new();
                for id in rows {
                    if let Some(base) = view.find(id) {
                        found.insert(id.clone(), base);
                    }
                }
                let missing = cache.take_missing();
                if missing.is_empty() {
                    return Ok(Some(found));
                }
                missing
            };
            if self.fetch(folded, &missing).await? == Fetched::Gone {
                return Ok(None);
            }
        }
    }

    /// Runs a step over blocks, and reads those it missed: then it is to run again.
    pub async fn through_blocks<T>(&self, step: impl FnOnce(&dyn Blocks) -> T) -> Result<T, Fault> {
        let (value, missing) = {
            let cache = self.cache.borrow();
            (step(&*cache), cache.take_missing())
        };
        if !missing.is_empty() && self.fetch(&self.folded, &missing).await? != Fetched::Read {
            let message = "segments were replaced, or found damaged, while they were read";
            return Err(Fault::new(ErrorCode::StorageLost, message));
        }
        Ok(value)
    }

    /// Reads blocks into the cache.
    async fn fetch(&self, folded: &Folded, missing: &[BlockId]) -> Result<Fetched, Fault> {
        let is_named = |(id, _): &BlockId| self.cache.borrow().knows(*id);
        if !missing.iter().all(is_named) {
            return Ok(Fetched::Gone); // of an older manifest: another one is being taken up, or was
        }
        let read = self.store.read_blocks(missing).await.inspect_err(|fault| self.note_loss(fault))?;
        let is_known = read.version == folded.manifest.borrow().version;
        let mut fetched = Fetched::Read;
        for ((segment, n), bytes) in missing.iter().zip(read.blocks) {
            let Some(bytes) = bytes else {
                if !is_known {
                    return Ok(Fetched::Gone);
                }
                self.lose(folded, *segment);
                fetched = Fetched::Lost;
                continue;
            };
            let admitted = self.cache.borrow_mut().admit((*segment, *n), &bytes);
            if let Err(damage) = admitted {
                self.report(&self.damage_fault(&damage, &format!("block {n} of segment {segment}")));
                self.quarantine(&format!("block/{segment}/{n}"), &bytes).await;
                self.lose(folded, *segment);
                fetched = Fetched::Lost;
            }
        }
        Ok(fetched)
    }

    /// A segment that cannot be read leaves the state; the log is told later, once no fold is under way.
    fn lose(&self, folded: &Folded, segment: SegmentId) {
        let table = {
            let state = folded.state.borrow();
            let mut tables = state.rows.tables();
            tables
                .find(|(_, rows)| rows.segments().iter().any(|rested| rested.id == segment))
                .map(|(name, _)| name.clone())
        };
        if let Some(table) = table {
            let lost = Lost { table, segment };
            folded.state.borrow_mut().lose(&lost);
            self.lost.borrow_mut().push(lost);
        }
    }

    /// Tells the log which segments cannot be read: what they held is pulled again.
    pub(super) async fn give_up_lost(self: &Rc<Self>) -> Result<(), Fault> {
        loop {
            let Some(lost) = self.lost.borrow_mut().pop() else { return Ok(()) };
            self.damaged.set(self.damaged.get() + 1);
            let message = format!("a segment of {:?} cannot be read; its rows are pulled again", lost.table);
            self.report(&Fault::new(ErrorCode::CorruptFrame, message));
            Box::pin(self.append(Frame::Lost(lost))).await?;
        }
    }

    /// Takes up what the store has.
    pub(super) async fn rebuild(&self, loaded: Loaded) -> Result<(), Fault> {
        let Loaded { state, directories, former_blocks, tail } = loaded;
        let first = |id: SegmentId| -> Option<&[u8]> {
            let at = directories.binary_search_by_key(&id, |(id, _)| *id).ok()?;
            directories[at].1.as_deref()
        };
        let whole = |state| snapshot::Opened { state, damaged: Vec::new(), damaged_mutations: Vec::new() };
        let opened = match state {
            None => Ok(whole(State::at(tail.manifest.base))),
            Some(record) if tail.manifest.segments.is_empty() && !former_blocks.is_empty() => {
                snapshot::read_former(&record, &former_blocks).map(whole)
            }
            Some(record) => snapshot::read(&record, first),
        };
        let opened = opened.map_err(|damage| self.damage_fault(&damage, "the checkpoint"))?;
        let rows = opened.damaged.iter().map(|(_, id)| id);
        for id in rows.chain(&opened.damaged_mutations) {
            if let Some(block) = first(*id) {
                self.quarantine(&format!("block/{id}/0"), block).await;
            }
        }
        for id in &opened.damaged_mutations {
            self.damaged.set(self.damaged.get() + 1);
            let message = format!("segment {id}, which held changes that wait to be sent, cannot be read");
            self.report(&Fault::new(ErrorCode::CorruptFrame, message));
        }
        let anew = Folded::new(opened.state, tail.manifest);
        for (table, segment) in opened.damaged {
            let lost = Lost { table, segment };
            anew.state.borrow_mut().lose(&lost);
            self.lost.borrow_mut().push(lost);
        }
        // Who reads the former state's segments finds them gone, and catches up: it waits for this.
        self.forget_blocks(&anew.state.borrow());
        if !self.fold_logged(&anew, tail.frames).await? {
            return Err(Fault::new(
                ErrorCode::StorageBlocked,
                "another tab is rewriting the database; try again",
            ));
        }
        self.folded.take_over(anew);
        self.tell();
        Ok(())
    }

    /// Drops blocks that no segment of a state has.
    pub(super) fn forget_blocks(&self, state: &State) {
        let segments = state.rows.tables().flat_map(|(_, rows)| rows.segments());
        let directories = segments.map(|rested| (rested.id, Rc::clone(&rested.directory))).collect();
        self.cache.borrow_mut().keep_to(directories);
    }

    /// Drops all blocks from memory.
    pub(in crate::driver) fn forget_cached(&self) {
        self.cache.borrow_mut().clear();
    }

    pub fn cache(&self) -> RefMut<'_, BlockCache> {
        self.cache.borrow_mut()
    }

    /// Keeps the cache to its budget.
    pub fn trim(&self) {
        self.cache.borrow_mut().trim();
    }
}
