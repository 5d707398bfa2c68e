//! Locking and unlocking: how a client follows the keys of the database it has open.
//!
//! While they are locked the client has no room: what was in memory is dropped, every call answers
//! `locked`, nothing is folded and nothing synced. Live queries stay and run again once unlocked.

use super::client::Client;
use super::crypto;
use super::keys::{Keys, Spend};
use super::room::Room;
use super::vault::Vault;
use crate::driver::Platform;
use crate::protocol::{ErrorCode, Fault};
use crate::store::sealed::Cipher;
use crate::store::{IndexedDbStore, Store};
use std::rc::{Rc, Weak};
use wasm_bindgen_futures::spawn_local;

impl Client {
    /// `off`, `on`, `locked` or `lost`.
    pub fn encryption(&self) -> &'static str {
        let keys = self.keys();
        match self.room() {
            _ if keys.is_lost() => "lost",
            Err(_) => "locked",
            Ok(_) if keys.is_off() => "off",
            Ok(_) => "on",
        }
    }

    pub async fn unlock(self: &Rc<Self>, passphrase: &str) -> Result<(), Fault> {
        if self.keys().is_off() {
            let message = "the local database is not encrypted, so there is nothing to unlock";
            return Err(Fault::new(ErrorCode::InvalidRequest, message));
        }
        let passphrase = crypto::passphrase_key(passphrase).await?;
        self.keys().unlock(&passphrase).await?;
        *self.passphrase.borrow_mut() = Some(passphrase);
        self.settle().await
    }

    pub fn lock(self: &Rc<Self>) -> Result<(), Fault> {
        self.keys().lock()?;
        self.losses.forget();
        *self.passphrase.borrow_mut() = None;
        Ok(())
    }

    pub async fn change_passphrase(
        self: &Rc<Self>,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<(), Fault> {
        if to == Some("") {
            return Err(Fault::new(
                ErrorCode::InvalidRequest,
                "the new passphrase is empty; null removes it",
            ));
        }
        let from = optional_key(from).await?;
        let to = optional_key(to).await?;
        self.keys().change(from.as_ref(), to.as_ref()).await?;
        *self.passphrase.borrow_mut() = to;
        self.settle().await
    }

    /// Empties the database and drops its key. Works on a locked one, too: unsent changes go with it.
    pub async fn shred(self: &Rc<Self>) -> Result<(), Fault> {
        let keys = self.keys();
        let emptied = empty(keys.database()).await;
        // Without the key nothing can be read, whatever came of the emptying.
        keys.shred().await?;
        self.losses.forget();
        *self.passphrase.borrow_mut() = None;
        emptied
    }

    /// Follows the keys: another context may drop or open them.
    pub(super) fn watch(self: &Rc<Self>, keys: &Rc<Keys>) {
        let weak: Weak<Self> = Rc::downgrade(self);
        keys.watch(move || {
            let Some(client) = weak.upgrade().filter(|client| !client.closed.get()) else { return };
            spawn_local(async move {
                if let Err(fault) = client.settle().await {
                    *client.fault.borrow_mut() = Some(fault);
                    client.tell_status();
                }
            });
        });
    }

    /// Seals what lies in plain from before the encryption was turned on: in the open database, and in
    /// the one from before the sign-in. Another user's is sealed when they sign in again.
    pub(super) fn seal_up_later(self: &Rc<Self>, room: &Rc<Room>) {
        if self.keys().is_off() {
            return;
        }
        let (client, room) = (Rc::clone(self), Rc::clone(room));
        spawn_local(async move {
            if let Err(fault) = room.seal_up().await.and(client.seal_up_local().await) {
                room.platform.report(&fault);
            }
        });
    }

    async fn seal_up_local(&self) -> Result<(), Fault> {
        if self.keys().user().is_none() || self.options.encrypt.is_none() {
            return Ok(());
        }
        let keys = Keys::open(&self.options.name, None, Spend::default()).await?;
        if !keys.is_off() || !Vault::has_database(keys.database()).await {
            return Ok(());
        }
        let passphrase = self.passphrase.borrow().clone();
        keys.prepare(self.options.encrypt, passphrase.as_ref()).await?;
        if !keys.is_open() {
            return Ok(());
        }
        let room = Room::open(&self.options, &self.sessions, keys, self.online.get()).await?;
        let sealed = room.seal_up().await;
        room.leave();
        sealed
    }

    /// Leaves the room if the keys are locked, opens it if they are not.
    async fn settle(self: &Rc<Self>) -> Result<(), Fault> {
        let is_open = self.room().is_ok();
        match self.keys().sealing() {
            Ok(_) if is_open => return Ok(()),
            // Why it is locked may be another reason now.
            Err(fault) if !is_open => {
                self.leave_room(fault);
                return Ok(());
            }
            _ if self.opening.replace(true) => return Ok(()),
            _ => {}
        }
        let opened = self.open_room().await;
        self.opening.set(false);
        opened
    }
}

async fn empty(database: &str) -> Result<(), Fault> {
    let store = IndexedDbStore::open(database).await?;
    let wiped = store.wipe(super::platform::random(), super::platform::random()).await;
    store.close();
    wiped
}

async fn optional_key(passphrase: Option<&str>) -> Result<Option<crypto::CryptoKey>, Fault> {
    match passphrase {
        Some(given) => Ok(Some(crypto::passphrase_key(given).await?)),
        None => Ok(None),
    }
}
