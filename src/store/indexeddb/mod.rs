//! The store in a browser: one IndexedDB database, through `indexed_db_futures`.
//!
//! Owns the connection, its healing and the layout of DESIGN 3. Refuses to await anything but the
//! transaction's own requests while it is open, and never hands IndexedDB a view over wasm memory.
//! Invariant: every method is one transaction that checks the incarnation it works on.
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

use self::connection::Slot;
use self::head::Head;
use self::trouble::Trouble;
use super::{Checkpoint, Durability, Incarnation, Loaded, Manifest, Seq, Store, Tail, fault};
use crate::protocol::Fault;
use indexed_db_futures::database::Database;
use std::cell::Cell;

/// How often one call opens the database anew before it gives up (PITFALLS 22).
const ATTEMPTS: usize = 3;

/// One context's handle on one database.
pub struct IndexedDbStore {
    slot: Slot,
    /// The database that this context has loaded.
    incarnation: Cell<Incarnation>,
}

impl IndexedDbStore {
    /// Opens the database, and makes it if there is none.
    ///
    /// # Errors
    /// `newer_version` if a later release made it, `storage_blocked` if another tab does not let go
    /// of it, `storage_lost` if the browser does not give it to us.
    pub async fn open(name: &str) -> Result<Self, Fault> {
        let store = Self { slot: Slot::new(name), incarnation: Cell::new([0; 16]) };
        let head = store.found().await?;
        store.incarnation.set(head.manifest.incarnation);
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

    /// The head of the database, made now if there is none: of two contexts that try, one makes it.
    async fn found(&self) -> Result<Head, Fault> {
        let fresh = Manifest { version: 0, incarnation: random()?, client: random()?, base: 0 };
        self.transact(async |database| head::found(database, &fresh).await).await
    }

    /// Runs one transaction; on a lost connection drops the handle, reopens and runs it again.
    async fn transact<T>(&self, run: impl AsyncFn(&Database) -> Result<T, Trouble>) -> Result<T, Fault> {
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
            match run(connection.database()).await {
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
            if let Some(loaded) = self.transact(load::load).await? {
                self.incarnation.set(loaded.tail.manifest.incarnation);
                return Ok(loaded);
            }
            self.found().await?;
        }
        Err(fault::storage_lost("it is deleted as often as it is made"))
    }

    async fn append(&self, frames: &[Vec<u8>], durability: Durability) -> Result<Vec<Seq>, Fault> {
        let append = append::Append::new(frames, durability, self.incarnation.get());
        let appended = self.transact(async |database| append.run(database).await).await;
        appended.map_err(|fault| if append.is_unsure() { append.unknown() } else { fault })
    }

    async fn tail(&self, seq: Seq) -> Result<Tail, Fault> {
        let known = self.incarnation.get();
        self.transact(async |database| load::tail(database, known, seq).await).await
    }

    async fn checkpoint(
        &self,
        expected: u64,
        base: Seq,
        checkpoint: Checkpoint,
    ) -> Result<Option<Manifest>, Fault> {
        let segment = u128::from_be_bytes(random()?);
        let next = checkpoint::Next { known: self.incarnation.get(), expected, base, segment };
        self.transact(async |database| next.write_blocks(database, &checkpoint.blocks).await).await?;
        self.transact(async |database| next.decide(database, &checkpoint.state).await).await
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        let known = self.incarnation.get();
        self.transact(async |database| values::get(database, known, name).await).await
    }

    async fn put(&self, name: &str, value: Option<&[u8]>) -> Result<(), Fault> {
        let known = self.incarnation.get();
        self.transact(async |database| values::put(database, known, name, value).await).await
    }

    async fn wipe(&self, incarnation: Incarnation, client: [u8; 16]) -> Result<(), Fault> {
        let known = self.incarnation.get();
        let fresh = Manifest { version: 0, incarnation, client, base: 0 };
        self.transact(async |database| values::wipe(database, known, &fresh).await).await?;
        self.incarnation.set(incarnation);
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
