//! Databases that are gone: a client opens the next one, and writes what the last one held unsent.
//!
//! A browser that throws storage away takes the vault along with the user's database. What the contexts that
//! survive still know goes back: options, session and whether sync is on first, then the outbox.

use super::client::{Client, OPTIONS};
use super::room::Room;
use crate::protocol::{ErrorCode, Fault};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

#[derive(Default)]
pub struct Losses {
    /// The room whose database is gone, until what it held is written.
    room: RefCell<Option<Rc<Room>>>,
    recovering: Cell<bool>,
    /// Which tables are synced, as the vault had it last.
    sync: RefCell<Option<String>>,
}

impl Losses {
    pub fn note_sync(&self, tables: &str) {
        *self.sync.borrow_mut() = Some(tables.into());
    }

    /// What is still in memory goes: the keys were locked, or the data shredded.
    pub fn forget(&self) {
        self.room.take();
    }
}

impl Client {
    /// Whoever in this context finds the database gone: the client opens the next one.
    pub(super) fn watch_loss(self: &Rc<Self>, room: &Rc<Room>) {
        let (weak, watched) = (Rc::downgrade(self), Rc::downgrade(room));
        room.replica.watch_loss(move || {
            let Some(client) = weak.upgrade().filter(|client| !client.closed.get()) else { return };
            // What still runs in a room that was left says nothing of the one that took its place.
            if !client.room().is_ok_and(|room| watched.ptr_eq(&Rc::downgrade(&room))) {
                return;
            }
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(fault) = client.recover().await {
                    *client.fault.borrow_mut() = Some(fault);
                    client.tell_status();
                }
            });
        });
    }

    /// Opens the database anew, unless that is under way.
    pub(super) async fn recover(self: &Rc<Self>) -> Result<(), Fault> {
        if self.losses.recovering.replace(true) {
            return Ok(());
        }
        let recovered = async {
            // After a sign-out nothing of the former user comes back.
            let room = if self.sessions.has_ended().await? { None } else { self.room().ok() };
            *self.losses.room.borrow_mut() = room;
            self.refill_vault().await?;
            self.sessions.reload().await?;
            self.enter().await
        };
        let recovered = recovered.await;
        self.losses.recovering.set(false);
        recovered
    }

    /// What this context knows of the client goes back into a vault that is empty.
    pub(super) async fn refill_vault(&self) -> Result<(), Fault> {
        let vault = self.sessions.vault();
        if vault.get(OPTIONS).await?.is_some() {
            return Ok(());
        }
        vault.put(OPTIONS, Some(&self.options.stored())).await?;
        self.sessions.keep().await?;
        let sync = self.losses.sync.borrow().clone();
        match sync {
            Some(chosen) => self.keep_choice(&chosen).await,
            None => Ok(()),
        }
    }

    /// Writes what a lost room of the same user held into the one that took its place.
    pub(super) async fn rescue(&self, room: &Room) -> Result<(), Fault> {
        let lost = self.losses.room.borrow().clone().filter(|lost| lost.user == room.user);
        let Some(lost) = lost else { return Ok(()) };
        let was_evicted = room.replica.take_over(&lost.replica).await?;
        self.losses.room.take();
        if was_evicted {
            *self.fault.borrow_mut() = Some(Fault::new(ErrorCode::StorageLost, LOST));
        }
        Ok(())
    }
}

/// What the status says until the next sync has succeeded.
const LOST: &str =
    "the browser removed the local database; unsent changes were kept, the rest is fetched again";
