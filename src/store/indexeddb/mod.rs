//! The store in a browser: one IndexedDB database, through `indexed_db_futures`.
//!
//! Owns the connection, its healing and the layout of DESIGN 3. Refuses to await anything but the
//! transaction's own requests while it is open, and never hands IndexedDB a view over wasm memory.
//! Invariant: nothing that was meant for one incarnation is ever read in another. Transactions check
//! the manifest; an append, which must be quick, learns it from its key, and its records say it.
//!
//! ```text
//! log     autoIncrement ──▶ a record of a frame          meta   "manifest"      ──▶ head
//! blocks  [segment, n]  ──▶ a row block                         ["state", n]    ──▶ state record, in pieces
//! files   content hash  ──▶ Blob (not used yet)                 ["value", name] ──▶ a named value
//! ```

mod append;
mod bytes;
mod checkpoint;
mod connection;
mod head;
mod load;
mod transaction;
mod trouble;
mod values;

use self::connection::{Connection, Slot};
use self::head::Head;
use self::trouble::Trouble;
use super::{Checkpoint, Durability, Incarnation, Loaded, Manifest, Seq, Store, Tail, fault};
use crate::protocol::Fault;
use std::cell::Cell;

/// How often one call opens the database anew before it gives up (PITFALLS 22).
const ATTEMPTS: usize = 3;

/// One context's handle on one database.
pub struct IndexedDbStore {
    slot: Slot,
    /// The database that this context has loaded.
    incarnation: Cell<Incarnation>,
    /// The greatest seq this context has met in it.
    met: Cell<Seq>,
}

impl IndexedDbStore {
    /// Opens the database, and makes it if there is none.
    ///
    /// # Errors
    /// `newer_version` if a later release made it, `storage_blocked` if another tab does not let go
    /// of it, `storage_lost` if the browser does not give it to us.
    pub async fn open(name: &str) -> Result<Self, Fault> {
        let store = Self { slot: Slot::new(name), incarnation: Cell::new([0; 16]), met: Cell::new(0) };
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
        self.incarnation.set(manifest.incarnation);
        self.met.set(manifest.base);
    }

    fn meet(&self, seq: Option<Seq>) {
        self.met.set(self.met.get().max(seq.unwrap_or_default()));
    }

    /// The head of the database, made now if there is none: of two contexts that try, one makes it.
    async fn found(&self) -> Result<Head, Fault> {
        let fresh = Manifest { version: 0, incarnation: random()?, client: random()?, base: 0 };
        self.transact(async |connection| head::found(connection.database(), &fresh).await).await
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

    async fn checkpoint(
        &self,
        expected: u64,
        base: Seq,
        checkpoint: Checkpoint,
    ) -> Result<Option<Manifest>, Fault> {
        let segment = u128::from_be_bytes(random()?);
        let next = checkpoint::Next { known: self.incarnation.get(), expected, base, segment };
        let Checkpoint { state, blocks } = &checkpoint;
        self.transact(async |connection| next.write_blocks(connection.database(), blocks).await).await?;
        self.transact(async |connection| next.decide(connection.database(), state).await).await
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let known = self.incarnation.get();
        self.transact(async |connection| values::get(connection.database(), known, name).await).await
    }

    async fn put(&self, name: &str, value: Option<&[u8]>) -> Result<(), Fault> {
        let known = self.incarnation.get();
        self.transact(async |connection| values::put(connection.database(), known, name, value).await).await
    }

    async fn wipe(&self, incarnation: Incarnation, client: [u8; 16]) -> Result<(), Fault> {
        let known = self.incarnation.get();
        let fresh = Manifest { version: 0, incarnation, client, base: 0 };
        let wipe = async |connection: &Connection| values::wipe(connection.database(), known, &fresh).await;
        let manifest = self.transact(wipe).await?;
        self.adopt(&manifest);
        Ok(())
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
