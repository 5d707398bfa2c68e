//! What was written before anyone signed in: how much there is, and what becomes of it.
//!
//! It lies in a database of its own. Whoever signs in may make it theirs, or drop it; nothing happens to it without being asked,
//! since it may be another person's.

use super::client::Client;
use super::keys::{Keys, Spend};
use super::platform::{lease, sleep};
use super::room::Room;
use super::vault::Vault;
use crate::driver::{Platform, unadopted};
use crate::engine::interface::Event;
use crate::protocol::{ErrorCode, Fault};
use std::rc::Rc;

/// In the vault: nobody's database holds nothing to adopt.
const NOTHING: &str = "nothing to adopt";
/// Until a context that has left nobody's database no longer counts as having it open.
const LEFT_MS: u64 = 500;

impl Client {
    /// Issues it anew as the signed-in user's. How many changes that were.
    pub async fn adopt(self: &Rc<Self>) -> Result<usize, Fault> {
        match self.adopt_once().await {
            // Another tab has just adopted it all, and deleted the empty database under this one.
            Err(fault) if fault.code == ErrorCode::StorageLost => self.adopt_once().await,
            adopted => adopted,
        }
    }

    async fn adopt_once(self: &Rc<Self>) -> Result<usize, Fault> {
        let room = self.room()?;
        let Some(user) = room.user.clone() else {
            let message = "adopt: nobody is signed in; what was written before is already at hand";
            return Err(Fault::new(ErrorCode::Unauthorized, message));
        };
        let _lock = lease(&format!("thermocline/{}/adopt", self.options.name)).await;
        let Some(nobodys) = self.nobodys_room().await? else { return Ok(0) };
        let adopted = room.replica.adopt(&nobodys.replica, &user).await;
        nobodys.leave();
        let count = adopted?;
        self.forget_nobodys(&nobodys).await?;
        room.courier.feed(Event::Wrote);
        Ok(count)
    }

    /// Drops it.
    pub async fn discard_local(self: &Rc<Self>) -> Result<(), Fault> {
        let room = self.room()?;
        if room.user.is_none() {
            return room.discard().await;
        }
        let Some(nobodys) = self.nobodys_room().await? else { return Ok(()) };
        let discarded = nobodys.discard().await;
        nobodys.leave();
        discarded?;
        self.forget_nobodys(&nobodys).await
    }

    /// Counts what waits, for the status; later, so that nobody waits for it.
    pub(super) fn count_unadopted_later(self: &Rc<Self>) {
        let client = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            // Where it is locked, or does not answer, nobody can tell: it is looked at again next time.
            let _ = client.count_unadopted().await;
            client.tell_status();
        });
    }

    async fn count_unadopted(self: &Rc<Self>) -> Result<(), Fault> {
        let vault = self.sessions.vault();
        if vault.get(NOTHING).await? == Some(self.nothing()) {
            self.unadopted.set(0);
            return Ok(());
        }
        let Some(nobodys) = self.nobodys_room().await? else {
            self.unadopted.set(0);
            return Ok(());
        };
        let count = unadopted(&nobodys.replica.state());
        self.unadopted.set(count);
        // Opening it may have turned its encryption on.
        let sealed = nobodys.seal_up().await.inspect_err(|fault| nobodys.platform.report(fault));
        nobodys.leave();
        if count > 0 || sealed.is_err() {
            return Ok(());
        }
        self.tell_status();
        sleep(LEFT_MS).await;
        // Who has it open may be writing.
        match nobodys.platform.oldest(nobodys.replica.name()).await {
            None => vault.put(NOTHING, Some(&self.nothing())).await,
            Some(_) => Ok(()),
        }
    }

    /// With another setting of the encryption it is opened once more.
    fn nothing(&self) -> String {
        if self.options.encrypt.is_some() { "sealed".into() } else { "plain".into() }
    }

    /// Nobody's database is opened, or was left: whoever signs in looks at it again.
    pub(super) async fn look_again(&self) -> Result<(), Fault> {
        let vault = self.sessions.vault();
        match vault.look(NOTHING).await? {
            Some(_) => vault.put(NOTHING, None).await,
            None => Ok(()),
        }
    }

    /// How many changes wait for being adopted: those at hand, while nobody is signed in.
    pub(super) fn unadopted(&self) -> usize {
        match self.room() {
            Ok(room) if room.user.is_none() => unadopted(&room.replica.state()),
            _ => self.unadopted.get(),
        }
    }

    async fn forget_nobodys(self: &Rc<Self>, nobodys: &Room) -> Result<(), Fault> {
        self.unadopted.set(0);
        self.tell_status();
        let _ = self.channel.post_message(&"adopted".into());
        self.note_emptied(nobodys).await?;
        self.delete_emptied_later();
        Ok(())
    }

    /// The database from before any sign-in, while somebody is signed in; none if there is none.
    async fn nobodys_room(&self) -> Result<Option<Rc<Room>>, Fault> {
        if self.sessions.user().is_none() {
            return Ok(None);
        }
        let keys = Keys::open(&self.options.name, None, Spend::default()).await?;
        if !Vault::has_database(keys.database()).await {
            return Ok(None);
        }
        let passphrase = self.passphrase.borrow().clone();
        keys.prepare(self.options.encrypt, passphrase.as_ref()).await?;
        Room::open(&self.options, &self.sessions, keys, self.online.get()).await.map(Some)
    }
}
