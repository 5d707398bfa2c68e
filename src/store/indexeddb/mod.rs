//! The store in a browser: one IndexedDB database, through `indexed_db_futures`.
//!
//! Owns the connection, its healing and the layout of DESIGN 3. Refuses to await anything but the
//! transaction's own requests while it is open, and never hands IndexedDB a view over wasm memory.
//! Invariant: nothing that was meant for one incarnation is ever read in another. Transactions check
//! the manifest; an append, which must be quick, learns it from its key, and its records say it.
//!
//! ```text
//! log     autoIncrement ──▶ a record of a frame          meta   "manifest"      ──▶ head
//! blocks  [segment, n]  ──▶ a block of a segment, or            ["value", name] ──▶ a named value
//!                           a piece of the state record  files  content hash    ──▶ Blob (not used yet)
//! ```

mod append;
mod blocks;
mod bytes;
mod checkpoint;
mod connection;
mod head;
mod keys;
mod load;
mod transaction;
mod trouble;
mod values;

use self::checkpoint::{Attempt, Garbage};
use self::connection::{Connection, Slot};
use self::head::{Head, StateRecord};
use self::trouble::Trouble;
use super::{
    Durability, Incarnation, Loaded, Manifest, Next, ReadBlocks, Seq, Space, Store, StoreUsage, Tail, fault,
    slices,
};
use crate::protocol::limits::RECORD_BYTES;
use crate::protocol::{Fault, SegmentId};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use wasm_bindgen::JsValue;

/// How often one call opens the database anew before it gives up (PITFALLS 22).
const ATTEMPTS: usize = 3;

/// One context's handle on one database.
pub struct IndexedDbStore {
    slot: Slot,
    /// The database that this context has loaded.
    incarnation: Cell<Incarnation>,
    /// The greatest seq this context has met in it.
    met: Cell<Seq>,
    /// What this context has written of segments since its last checkpoint, by block.
    written: RefCell<BTreeMap<SegmentId, BTreeMap<u32, usize>>>,
    /// What its last checkpoint has made garbage.
    garbage: RefCell<Option<Garbage>>,
}

impl IndexedDbStore {
    /// Opens the database, and makes it if there is none.
    ///
    /// # Errors
    /// `newer_version` if a later release made it, `storage_blocked` if another tab does not let go
    /// of it, `storage_lost` if the browser does not give it to us.
    pub async fn open(name: &str) -> Result<Self, Fault> {
        let store = Self {
            slot: Slot::new(name),
            incarnation: Cell::new([0; 16]),
            met: Cell::new(0),
            written: RefCell::default(),
            garbage: RefCell::default(),
        };
        let head = store.found().await?;
        store.adopt(&head.manifest);
        Ok(store)
    }

    /// Deletes a database with everything in it. Handles on it let go by themselves and answer
    /// `storage_lost` afterwards; `storage_blocked` if one of them is frozen, and the deletion
    /// then happens as soon as that one is gone.
    pub async fn delete(name: &str) -> Result<(), Fault> {
        connection::delete(name).await
    }

    /// Closes the connection, as the browser does when it loses it. The next call opens it anew.
    pub fn close(&self) {
        self.slot.close();
    }

    fn adopt(&self, manifest: &Manifest) {
        if self.incarnation.replace(manifest.incarnation) != manifest.incarnation {
            self.garbage.take(); // of a database that is gone
        }
        self.met.set(manifest.base);
    }

    fn meet(&self, seq: Option<Seq>) {
        self.met.set(self.met.get().max(seq.unwrap_or_default()));
    }

    /// The head of the database, made now if there is none: of two contexts that try, one makes it.
    async fn found(&self) -> Result<Head, Fault> {
        let fresh = Manifest::fresh(random()?, random()?);
        self.transact(async |connection| head::found(connection.database(), &fresh).await).await
    }

    /// Writes blocks in slices, each in the database that this context has loaded.
    async fn write_slices(&self, segment: SegmentId, first: u32, blocks: &[Vec<u8>]) -> Result<(), Fault> {
        let known = self.incarnation.get();
        let mut at = first;
        for (slice, durability) in slices::of(blocks) {
            self.transact(async |connection| {
                connection.lead_to(known).await?;
                blocks::write(connection.database(), segment, at, slice, durability).await
            })
            .await?;
            at += slice.len() as u32;
        }
        self.transact(async |connection| blocks::check(connection.database(), known, segment).await).await
    }

    fn attempt<'a>(&self, expected: u64, next: &'a Next) -> Result<Attempt<'a>, Fault> {
        let pieces = next.state.len().div_ceil(RECORD_BYTES) as u64;
        let space = Space { records: pieces, bytes: next.state.len() as u64 };
        let sum = |blocks: &BTreeMap<u32, usize>| Space {
            records: blocks.len() as u64,
            bytes: blocks.values().map(|bytes| *bytes as u64).sum(),
        };
        Ok(Attempt {
            known: self.incarnation.get(),
            expected,
            next,
            state: StateRecord { id: SegmentId(random()?), space },
            written: self.written.borrow().iter().map(|(segment, blocks)| (*segment, sum(blocks))).collect(),
        })
    }

    /// Puts garbage away; where that fails it is left to the next checkpoint.
    async fn delete_blocks(&self, range: impl Fn() -> indexed_db_futures::KeyRange<JsValue>) {
        let _ = self.transact(async |connection| blocks::delete(connection.database(), range()).await).await;
    }

    /// Runs one transaction; on a lost connection drops the handle, reopens and runs it again.
    async fn transact<T>(&self, run: impl AsyncFn(&Connection) -> Result<T, Trouble>) -> Result<T, Fault> {
        let mut lost = String::new();
        for _ in 0..ATTEMPTS {
            let connection = match self.slot.connection().await {
                Ok(connection) => connection,
                Err(Trouble::Fault(fault)) => return Err(fault),
                Err(Trouble::Lost(reason)) => {
                    lost = reason;
                    continue;
                }
            };
            match run(&connection).await {
                Ok(value) => return Ok(value),
                Err(Trouble::Fault(fault)) => return Err(fault),
                Err(Trouble::Lost(reason)) => {
                    self.slot.drop_if(&connection);
                    lost = reason;
                }
            }
        }
        Err(fault::storage_lost(&lost))
    }
}

impl Store for IndexedDbStore {
    async fn load(&self) -> Result<Loaded, Fault> {
        for _ in 0..ATTEMPTS {
            if let Some(loaded) =
                self.transact(async |connection| load::load(connection.database()).await).await?
            {
                self.adopt(&loaded.tail.manifest);
                self.meet(loaded.tail.frames.last().map(|logged| logged.seq));
                return Ok(loaded);
            }
            self.found().await?;
        }
        Err(fault::storage_lost("it is deleted as often as it is made"))
    }

    async fn append(&self, frames: &[Vec<u8>], durability: Durability) -> Result<Vec<Seq>, Fault> {
        let append = append::Append::new(frames, durability, self.incarnation.get(), self.met.get());
        let appended = self.transact(async |connection| append.run(connection).await).await;
        if append.is_unsure() {
            return appended.map_err(|_| append.unknown());
        }
        self.meet(appended.as_ref().ok().and_then(|seqs| seqs.last().copied()));
        appended
    }

    async fn tail(&self, seq: Seq) -> Result<Tail, Fault> {
        let known = self.incarnation.get();
        let tail =
            self.transact(async |connection| load::tail(connection.database(), known, seq).await).await?;
        self.meet(tail.frames.last().map(|logged| logged.seq));
        Ok(tail)
    }

    async fn write_blocks(&self, segment: SegmentId, first: u32, blocks: &[Vec<u8>]) -> Result<(), Fault> {
        let end = first + blocks.len() as u32;
        let written = self.write_slices(segment, first, blocks).await;
        if written.is_err() && first < end {
            self.delete_blocks(|| keys::run(segment, first, end - 1)).await;
        } else {
            let mut all = self.written.borrow_mut();
            all.entry(segment).or_default().extend((first..).zip(blocks.iter().map(Vec::len)));
        }
        written
    }

    async fn replace_blocks(&self, segment: SegmentId, first: u32, blocks: &[Vec<u8>]) -> Result<(), Fault> {
        self.write_slices(segment, first, blocks).await
    }

    async fn read_blocks(&self, wanted: &[(SegmentId, u32)]) -> Result<ReadBlocks, Fault> {
        let known = self.incarnation.get();
        self.transact(async |connection| blocks::read(connection.database(), known, wanted).await).await
    }

    async fn checkpoint(&self, expected: u64, next: &Next) -> Result<Option<Manifest>, Fault> {
        let _left_to_the_survey = self.sweep().await;
        let attempt = self.attempt(expected, next)?;
        let survey = async |connection: &Connection| attempt.survey(connection.database()).await;
        let Some(garbage) = self.transact(survey).await? else {
            return Ok(None);
        };
        let pieces: Vec<_> = next.state.chunks(RECORD_BYTES).map(<[u8]>::to_vec).collect();
        let state = attempt.state.id;
        if let Err(fault) = self.write_slices(state, 0, &pieces).await {
            self.delete_blocks(|| keys::segment(state)).await;
            return Err(fault);
        }
        let decide = async |connection: &Connection| attempt.decide(connection.database()).await;
        let decided = self.transact(decide).await?;
        self.written.borrow_mut().clear();
        match &decided {
            Some(_) => *self.garbage.borrow_mut() = Some(garbage),
            None => self.delete_blocks(|| keys::segment(state)).await,
        }
        Ok(decided)
    }

    async fn sweep(&self) -> Result<(), Fault> {
        let garbage = self.garbage.borrow().clone();
        if let Some(garbage) = garbage {
            let known = self.incarnation.get();
            self.transact(async |connection| {
                connection.lead_to(known).await?;
                garbage.sweep(connection.database()).await
            })
            .await?;
        }
        *self.garbage.borrow_mut() = None;
        Ok(())
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let known = self.incarnation.get();
        self.transact(async |connection| values::get(connection.database(), known, name).await).await
    }

    async fn put(&self, name: &str, value: Option<&[u8]>) -> Result<(), Fault> {
        let known = self.incarnation.get();
        self.transact(async |connection| values::put(connection.database(), known, name, value).await).await
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let known = self.incarnation.get();
        self.transact(async |connection| values::names(connection.database(), known, prefix).await).await
    }

    async fn usage(&self) -> Result<StoreUsage, Fault> {
        let known = self.incarnation.get();
        self.transact(async |connection| values::usage(connection.database(), known).await).await
    }

    async fn wipe(&self, incarnation: Incarnation, client: [u8; 16]) -> Result<(), Fault> {
        let known = self.incarnation.get();
        let fresh = Manifest::fresh(incarnation, client);
        let wipe =
            async |connection: &Connection| values::wipe(connection.database(), known, None, &fresh).await;
        let manifest = self.transact(wipe).await?;
        manifest.into_iter().for_each(|manifest| self.adopt(&manifest));
        Ok(())
    }

    async fn wipe_at(&self, seq: Seq, incarnation: Incarnation, client: [u8; 16]) -> Result<bool, Fault> {
        let known = self.incarnation.get();
        let fresh = Manifest::fresh(incarnation, client);
        let wipe = async |connection: &Connection| {
            values::wipe(connection.database(), known, Some(seq), &fresh).await
        };
        let manifest = self.transact(wipe).await?;
        manifest.iter().for_each(|manifest| self.adopt(manifest));
        Ok(manifest.is_some())
    }
}

/// Sixteen random bytes from the browser.
fn random() -> Result<[u8; 16], Fault> {
    let mut bytes = [0; 16];
    let crypto = js_sys::Reflect::get(&js_sys::global(), &"crypto".into());
    let crypto: web_sys::Crypto = wasm_bindgen::JsCast::unchecked_into(crypto.unwrap_or_default());
    crypto
        .get_random_values_with_u8_array(&mut bytes)
        .map_err(|_| fault::storage_lost("this context has no source of random numbers"))?;
    Ok(bytes)
}
