//! The keys of one database in one context: how they stand, and how they follow the ring.
//!
//! The ring lies in the vault with its data keys wrapped. Without a passphrase the key that wraps them
//! lies beside it and cannot be exported; with one it is derived and lies nowhere. Only open contexts hold
//! it, and hand it to those that start (`exchange`). Whoever has no ring seals nothing.
//!
//! ```text
//! Off ──(make)──▶ Open ──(lock)──▶ Locked ──(unlock)──▶ Open        any ──(shred)──▶ Locked, for good
//! any ──(the ring is gone or damaged, and records are sealed)──▶ Lost ──(shred)──▶ Locked, for good
//! ```

mod changes;
mod cipher;
mod exchange;
mod stored;

use self::exchange::Exchange;
use self::stored::{Stored, holds_sealed, key_gone, passphrase_wanted, shredded, unwrap};
use super::crypto::CryptoKey;
use super::options::Encrypt;
use super::vault::Vault;
use crate::protocol::{ErrorCode, Fault};
use crate::store::sealed::{KeyId, Ring, SEALS_PER_CLAIM, SEALS_PER_KEY, Wrapping};
use futures_channel::oneshot;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use web_sys::BroadcastChannel;

pub struct Keys {
    vault: Vault,
    /// Of the ring, in the vault.
    ring_name: String,
    user: Option<String>,
    database: String,
    spend: Spend,
    standing: RefCell<Standing>,
    /// How often keys were dropped here: whoever was opening them meanwhile gives up.
    dropped: Cell<u32>,
    exchange: Exchange,
    /// Who waits for another context to give us the wrapping key.
    given: RefCell<Option<oneshot::Sender<()>>>,
    watcher: RefCell<Option<Rc<dyn Fn()>>>,
}

/// After how many seals the ring is asked again, and after how many a new key is made.
#[derive(Clone, Copy)]
pub struct Spend {
    pub per_claim: u64,
    pub per_key: u64,
}

impl Default for Spend {
    fn default() -> Self {
        Self { per_claim: SEALS_PER_CLAIM, per_key: SEALS_PER_KEY }
    }
}

enum Standing {
    Off,
    Locked(Fault),
    /// Nothing opens what is sealed any more: only shredding leads on.
    Lost(Fault),
    Open(Open),
}

struct Open {
    wrapping: Wrapping,
    key: CryptoKey,
    data: BTreeMap<KeyId, CryptoKey>,
    /// The key that seals, and seals left of the last claim.
    claimed: Option<(KeyId, u64)>,
    has_plain: bool,
}

impl Keys {
    /// Of a user's database (None: before any sign-in). Locked where a passphrase is needed.
    pub async fn open(project: &str, user: Option<&str>, spend: Spend) -> Result<Rc<Self>, Fault> {
        let vault = Vault::open(project).await?;
        let database = format!("thermocline/{project}/{}", user.unwrap_or("local"));
        let channel = BroadcastChannel::new(&format!("{database}/keys"))
            .map_err(|_| Fault::new(ErrorCode::StorageBlocked, "this browser has no BroadcastChannel"))?;
        let keys = Rc::new_cyclic(|keys| Self {
            vault,
            ring_name: format!("ring/{}", user.unwrap_or("local")),
            user: user.map(str::to_owned),
            database,
            spend,
            standing: RefCell::new(Standing::Off),
            dropped: Cell::new(0),
            exchange: Exchange::listen(channel, keys.clone()),
            given: RefCell::default(),
            watcher: RefCell::default(),
        });
        keys.refresh().await?;
        Ok(keys)
    }

    /// Brings the keys to where the app wants them. Locked afterwards if a passphrase is missing, lost if the ring is.
    ///
    /// # Errors
    /// `locked` if the passphrase is wrong.
    pub async fn prepare(
        &self,
        wanted: Option<Encrypt>,
        passphrase: Option<&CryptoKey>,
    ) -> Result<(), Fault> {
        if wanted.is_some() && self.is_off() {
            self.miss_ring().await?;
        }
        match (wanted, passphrase) {
            _ if self.is_lost() => Ok(()),
            (None, _) if self.is_off() => Ok(()),
            (Some(Encrypt::Passphrase), None) if self.is_off() => {
                *self.standing.borrow_mut() = Standing::Locked(passphrase_wanted());
                Ok(())
            }
            _ if self.is_off() => self.make(passphrase).await,
            (_, Some(passphrase)) if !self.is_open() => self.unlock(passphrase).await,
            (_, Some(passphrase)) if !self.has_passphrase() => self.change(None, Some(passphrase)).await,
            _ if !self.is_open() => {
                self.ask_others().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Calls back when they were dropped, or opened or exchanged by another context.
    pub fn watch(&self, watcher: impl Fn() + 'static) {
        *self.watcher.borrow_mut() = Some(Rc::new(watcher));
    }

    /// Whose database this is; None: before any sign-in.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    pub fn database(&self) -> &str {
        &self.database
    }

    pub fn is_off(&self) -> bool {
        matches!(&*self.standing.borrow(), Standing::Off)
    }

    pub fn is_open(&self) -> bool {
        matches!(&*self.standing.borrow(), Standing::Open(_))
    }

    /// Whether nothing opens any more what is sealed.
    pub fn is_lost(&self) -> bool {
        matches!(&*self.standing.borrow(), Standing::Lost(_))
    }

    pub fn has_passphrase(&self) -> bool {
        self.wrapping().is_some_and(|(wrapping, _)| wrapping != Wrapping::Stored)
    }

    fn wrapping(&self) -> Option<(Wrapping, CryptoKey)> {
        match &*self.standing.borrow() {
            Standing::Open(open) => Some((open.wrapping, open.key.clone())),
            _ => None,
        }
    }

    /// Reads the ring again: another context may have made, changed or shredded it. One that cannot be read is lost.
    async fn refresh(&self) -> Result<(), Fault> {
        match self.follow_ring().await {
            Err(fault) if fault.code == ErrorCode::Locked => {
                self.lose(fault);
                Ok(())
            }
            other => other,
        }
    }

    async fn follow_ring(&self) -> Result<(), Fault> {
        let Some(stored) = Stored::read(&self.vault, &self.ring_name).await? else {
            if self.is_open() {
                self.drop_keys(shredded());
            }
            return Ok(());
        };
        let wrapping = stored.ring.wrapping;
        let held = self.wrapping().filter(|(held, _)| *held == wrapping);
        let key = match (wrapping, held) {
            (Wrapping::Stored, _) => Some(stored.wrapping_key(None).await?),
            (Wrapping::Passphrase(_), held) => held.map(|(_, key)| key),
        };
        let is_open = match key {
            Some(key) => self.adopt(stored.ring, key).await?,
            None => false,
        };
        match wrapping {
            _ if is_open => Ok(()),
            Wrapping::Stored => Err(key_gone()),
            Wrapping::Passphrase(_) => {
                self.drop_keys(passphrase_wanted());
                Ok(())
            }
        }
    }

    /// A database with seals and without a ring has lost it; making another one would hide that.
    async fn miss_ring(&self) -> Result<(), Fault> {
        if holds_sealed(&self.database).await? {
            // Another context may have turned the encryption on just now.
            self.refresh().await?;
            if self.is_off() {
                self.lose(key_gone());
            }
        }
        Ok(())
    }

    /// Whether this wrapping key, of another context, opens the ring.
    async fn open_with(&self, key: CryptoKey) -> Result<bool, Fault> {
        match Stored::read(&self.vault, &self.ring_name).await? {
            Some(stored) => self.adopt(stored.ring, key).await,
            None => Ok(false),
        }
    }

    /// Takes over the ring, if `key` opens all of it and nobody has locked it meanwhile.
    async fn adopt(&self, ring: Ring, key: CryptoKey) -> Result<bool, Fault> {
        let dropped = self.dropped.get();
        let mut data = BTreeMap::new();
        for wrapped in &ring.keys {
            let Some(opened) = unwrap(wrapped, &key, false).await? else { return Ok(false) };
            data.insert(wrapped.id, opened);
        }
        if self.dropped.get() != dropped {
            return Ok(false);
        }
        let mut standing = self.standing.borrow_mut();
        let claimed = match &*standing {
            Standing::Open(open) => open.claimed.filter(|(id, _)| data.contains_key(id)),
            _ => None,
        };
        let Ring { wrapping, has_plain, .. } = ring;
        *standing = Standing::Open(Open { wrapping, key, data, claimed, has_plain });
        Ok(true)
    }

    fn drop_keys(&self, fault: Fault) {
        self.stand(Standing::Locked(fault));
    }

    fn lose(&self, fault: Fault) {
        self.stand(Standing::Lost(fault));
    }

    /// Without keys from now on.
    fn stand(&self, standing: Standing) {
        self.dropped.set(self.dropped.get() + 1);
        *self.standing.borrow_mut() = standing;
        self.changed();
    }

    fn changed(&self) {
        let watcher = self.watcher.borrow().clone();
        if let Some(watcher) = watcher {
            watcher();
        }
    }
}
