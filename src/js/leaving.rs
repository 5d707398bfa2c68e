//! Signing out: what waits is sent first, or a person says what becomes of it; then the device forgets.
//!
//! ```text
//! send ──▶ unsent: none ─▶ end the sign-in ─▶ empty the database ─▶ delete it, once nobody has it open
//!                  some ─▶ refuse: nothing has happened │ keep: all stays for their return │ discard: as with none
//! ```
//!
//! The sign-in ends before the database is emptied: whoever finds it empty opens nobody's. What a context wrote between the
//! last look and the emptying is never emptied, but kept.

use super::client::Client;
use super::platform::{Browser, attendance, sleep};
use super::room::Room;
use crate::driver::Platform;
use crate::engine::frame::FORMAT_VERSION;
use crate::engine::interface::Event;
use crate::protocol::{ErrorCode, Fault};
use crate::store::{IndexedDbStore, Store};
use std::rc::Rc;

/// Longest that a sign-out waits for changes to be sent.
const SEND_MS: u64 = 5_000;
/// When it is tried to delete a database: after this and each further time.
const DELETE_AFTER_MS: [u64; 4] = [0, 500, 2_000, 10_000];
/// Databases that were emptied and are to be deleted, as JSON, in the vault.
const EMPTIED: &str = "emptied";

/// What becomes of changes that the server has not answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unsent {
    Refuse,
    Keep,
    Discard,
}

impl Unsent {
    pub fn read(text: &str) -> Result<Self, Fault> {
        match text {
            "refuse" => Ok(Self::Refuse),
            "keep" => Ok(Self::Keep),
            "discard" => Ok(Self::Discard),
            _ => {
                let message =
                    format!("signOut: unsent is {text:?}; it must be \"refuse\", \"keep\" or \"discard\"");
                Err(Fault::new(ErrorCode::InvalidRequest, message))
            }
        }
    }
}

impl Client {
    /// Changes of whoever is signed in that would be left behind, refused ones and conflicts among them. Tries to send
    /// them, for a few seconds at most, if sync is on. Of a locked database nobody can tell: it stays as it is.
    pub async fn unsent(&self) -> Result<usize, Fault> {
        let Some(room) = self.room().ok().filter(|room| room.user.is_some()) else { return Ok(0) };
        room.replica.catch_up().await?;
        if !room.replica.state().outbox.is_empty() {
            let (flushed, limit) = (Box::pin(room.courier.flushed()), Box::pin(sleep(SEND_MS)));
            // Why they cannot be sent now is what the status says; here it only counts that they were not.
            let _ = futures_util::future::select(flushed, limit).await;
        }
        Ok(room.replica.state().outbox.len())
    }

    pub async fn sign_out(self: &Rc<Self>, unsent: Unsent) -> Result<(), Fault> {
        if unsent == Unsent::Refuse {
            match self.unsent().await? {
                0 => {}
                count => return Err(unsynced(count)),
            }
        }
        let room = self.room().ok().filter(|room| room.user.is_some());
        self.sessions.end().await?;
        if let Some(room) = room {
            room.courier.feed(Event::Stop);
            self.empty(&room, unsent).await?;
        }
        self.after_session(true).await?;
        self.delete_emptied_later();
        Ok(())
    }

    async fn empty(&self, room: &Room, unsent: Unsent) -> Result<(), Fault> {
        let is_empty = match unsent {
            Unsent::Discard => room.discard().await.map(|()| true)?,
            Unsent::Refuse | Unsent::Keep => room.empty().await?,
        };
        if !is_empty {
            return Ok(());
        }
        self.forget_choice(room.user.as_deref()).await?;
        self.note_emptied(room).await
    }

    /// It is deleted as soon as nobody has it open.
    pub(super) async fn note_emptied(&self, room: &Room) -> Result<(), Fault> {
        let mut emptied = self.emptied().await?;
        emptied.retain(|name| name != room.replica.name());
        emptied.push(room.replica.name().into());
        self.keep_emptied(&emptied).await
    }

    /// Deletes what was emptied, once nobody has it open: other contexts need a moment to follow. What is open for longer is left
    /// to a later sign-out or start.
    pub(super) fn delete_emptied_later(self: &Rc<Self>) {
        let client = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            for pause_ms in DELETE_AFTER_MS {
                sleep(pause_ms).await;
                match client.delete_emptied().await {
                    Ok(true) => return,
                    Ok(false) => {}
                    Err(fault) => return report(&client, &fault),
                }
            }
        });
    }

    /// False if some are open.
    async fn delete_emptied(&self) -> Result<bool, Fault> {
        let emptied = self.emptied().await?;
        let Some(room) = self.room().ok().filter(|_| !emptied.is_empty()) else { return Ok(true) };
        let mut left = Vec::new();
        for database in emptied {
            let is_ours = database == room.replica.name();
            if !is_ours && !delete_unattended(&room.platform, &database).await? {
                left.push(database);
            }
        }
        self.keep_emptied(&left).await?;
        Ok(left.is_empty())
    }

    async fn emptied(&self) -> Result<Vec<String>, Fault> {
        let stored = self.sessions.vault().get(EMPTIED).await?;
        Ok(stored.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    async fn keep_emptied(&self, databases: &[String]) -> Result<(), Fault> {
        let json = serde_json::to_string(databases).ok().filter(|_| !databases.is_empty());
        self.sessions.vault().put(EMPTIED, json.as_deref()).await
    }
}

/// False if somebody has it open. Whoever opens it meanwhile waits for the same lock before they use it. What is in use
/// again is not deleted.
async fn delete_unattended(platform: &Browser, database: &str) -> Result<bool, Fault> {
    if platform.oldest(database).await.is_some() {
        return Ok(false);
    }
    let Some(_lock) = platform.try_lease(&attendance(database, FORMAT_VERSION)).await else {
        return Ok(false);
    };
    let store = IndexedDbStore::open(database).await?;
    let loaded = store.load().await;
    store.close();
    let loaded = loaded?;
    if loaded.state.is_none() && loaded.tail.frames.is_empty() {
        IndexedDbStore::delete(database).await?;
    }
    Ok(true)
}

fn report(client: &Client, fault: &Fault) {
    if let Ok(room) = client.room() {
        room.platform.report(fault);
    }
}

fn unsynced(count: usize) -> Fault {
    let message = format!(
        "{count} changes have not reached the server, and signing out would leave them behind; go online and sync first, or \
         call session.signOut with unsent: \"keep\" or \"discard\""
    );
    Fault::new(ErrorCode::UnsyncedChanges, message)
}
