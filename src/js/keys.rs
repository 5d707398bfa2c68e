//! The keys of one database in one context: made, opened by a passphrase, changed, locked, shredded.
//!
//! The ring lies in the vault with its data keys wrapped. Without a passphrase the key that wraps them
//! lies beside it and cannot be exported; with one it is derived and lies nowhere. Only open contexts hold
//! it, and hand it to those that start (`exchange`). Whoever has no ring seals nothing.
//!
//! ```text
//! Off ──(make)──▶ Open ──(lock)──▶ Locked ──(unlock)──▶ Open        any ──(shred)──▶ Locked, for good
//! ```

mod cipher;
mod exchange;
mod stored;

use self::cipher::random_id;
use self::exchange::Exchange;
use self::stored::{Stored, make_key, passphrase_wanted, shredded, unwrap, wrap, wrong_passphrase};
use super::crypto::{self, CryptoKey};
use super::options::Encrypt;
use super::platform::random;
use super::vault::Vault;
use crate::protocol::{ErrorCode, Fault};
use crate::store::sealed::{
    KeyId, PASSPHRASE_ROUNDS, Passphrase, Ring, SEALS_PER_CLAIM, SEALS_PER_KEY, Wrapping,
};
use futures_channel::oneshot;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use web_sys::BroadcastChannel;

/// How often a change of passphrase begins again because the ring changed under it.
const ATTEMPTS: usize = 3;

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

    /// Brings the keys to where the app wants them. Locked afterwards if a passphrase is missing.
    ///
    /// # Errors
    /// `locked` if the passphrase is wrong.
    pub async fn prepare(
        &self,
        wanted: Option<Encrypt>,
        passphrase: Option<&CryptoKey>,
    ) -> Result<(), Fault> {
        match (wanted, passphrase) {
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

    /// Turns the encryption on. Of two contexts that do, the first one's ring counts.
    async fn make(&self, passphrase: Option<&CryptoKey>) -> Result<(), Fault> {
        let has_plain = Vault::has_database(&self.database).await;
        let (wrapping, key) = new_wrapping(passphrase).await?;
        let (wrapped, _) = make_key(random_id(), &key).await?;
        let ring = Ring { wrapping, keys: vec![wrapped], seals: 0, has_plain };
        let ours = Stored::new(ring.clone(), &key);
        let stored = Stored::decide(&self.vault, &self.ring_name, |known| match known {
            Some(known) => (None, known),
            None => (Some(ours.clone()), ours),
        });
        let stored = stored.await?;
        let key = if stored.ring == ring { key } else { stored.wrapping_key(passphrase).await? };
        if !self.adopt(stored.ring, key).await? {
            return Err(wrong_passphrase());
        }
        self.tell_change();
        Ok(())
    }

    /// Opens the ring; in a database that was shredded or never sealed, makes one.
    pub async fn unlock(&self, passphrase: &CryptoKey) -> Result<(), Fault> {
        let Some(stored) = Stored::read(&self.vault, &self.ring_name).await? else {
            return self.make(Some(passphrase)).await;
        };
        let key = stored.wrapping_key(Some(passphrase)).await?;
        if !self.adopt(stored.ring, key).await? {
            return Err(wrong_passphrase());
        }
        self.tell_change();
        Ok(())
    }

    /// Forgets the keys in every context of this database, until someone gives the passphrase.
    pub fn lock(&self) -> Result<(), Fault> {
        if self.is_open() && self.has_passphrase() {
            self.tell_lock();
            self.drop_keys(passphrase_wanted());
        } else if !matches!(&*self.standing.borrow(), Standing::Locked(_)) {
            let message = "the local database has no passphrase that could unlock it again; \
                           set one first (tc.encryption.changePassphrase)";
            return Err(Fault::new(ErrorCode::InvalidRequest, message));
        }
        Ok(())
    }

    /// Wraps the data keys anew; what they sealed stays as it is. None: without a passphrase.
    pub async fn change(&self, from: Option<&CryptoKey>, to: Option<&CryptoKey>) -> Result<(), Fault> {
        for _ in 0..ATTEMPTS {
            let stored = Stored::read(&self.vault, &self.ring_name).await?.ok_or_else(not_encrypted)?;
            let old = stored.wrapping_key(from).await?;
            let (wrapping, new) = new_wrapping(to).await?;
            let mut keys = Vec::new();
            for wrapped in &stored.ring.keys {
                let key = unwrap(wrapped, &old, true).await?.ok_or_else(wrong_passphrase)?;
                keys.push(wrap(wrapped.id, &key, &new).await?);
            }
            let before = stored.ring;
            let rewrap = |now: Option<Stored>| {
                let is_same =
                    |now: &Stored| now.ring.wrapping == before.wrapping && now.ring.keys == before.keys;
                let Some(now) = now.filter(is_same) else { return (None, None) };
                let ring = Ring { wrapping, keys, ..now.ring };
                (Some(Stored::new(ring.clone(), &new)), Some(ring))
            };
            if let Some(ring) = Stored::decide(&self.vault, &self.ring_name, rewrap).await? {
                self.adopt(ring, new).await?;
                self.tell_change();
                return Ok(());
            }
        }
        let message = "other tabs are changing the keys of this database; try again";
        Err(Fault::new(ErrorCode::StorageBlocked, message))
    }

    /// Drops the ring: whatever it sealed can never be read again.
    pub async fn shred(&self) -> Result<(), Fault> {
        Stored::delete(&self.vault, &self.ring_name).await?;
        self.tell_shred();
        self.drop_keys(shredded());
        Ok(())
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

    pub fn has_passphrase(&self) -> bool {
        self.wrapping().is_some_and(|(wrapping, _)| wrapping != Wrapping::Stored)
    }

    fn wrapping(&self) -> Option<(Wrapping, CryptoKey)> {
        match &*self.standing.borrow() {
            Standing::Open(open) => Some((open.wrapping, open.key.clone())),
            _ => None,
        }
    }

    /// Reads the ring again: another context may have made, changed or shredded it.
    async fn refresh(&self) -> Result<(), Fault> {
        let Some(stored) = Stored::read(&self.vault, &self.ring_name).await? else {
            if self.is_open() {
                self.drop_keys(shredded());
            }
            return Ok(());
        };
        let held = self.wrapping().filter(|(wrapping, _)| *wrapping == stored.ring.wrapping);
        let key = match (stored.ring.wrapping, held) {
            (Wrapping::Stored, _) => Some(stored.wrapping_key(None).await?),
            (Wrapping::Passphrase(_), held) => held.map(|(_, key)| key),
        };
        let is_open = match key {
            Some(key) => self.adopt(stored.ring, key).await?,
            None => false,
        };
        if !is_open {
            self.drop_keys(passphrase_wanted());
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
        self.dropped.set(self.dropped.get() + 1);
        *self.standing.borrow_mut() = Standing::Locked(fault);
        self.changed();
    }

    fn changed(&self) {
        let watcher = self.watcher.borrow().clone();
        if let Some(watcher) = watcher {
            watcher();
        }
    }
}

async fn new_wrapping(passphrase: Option<&CryptoKey>) -> Result<(Wrapping, CryptoKey), Fault> {
    let Some(base) = passphrase else {
        return Ok((Wrapping::Stored, crypto::make_wrapping_key().await?));
    };
    let how = Passphrase { salt: random(), rounds: PASSPHRASE_ROUNDS };
    Ok((Wrapping::Passphrase(how), crypto::derive_wrapping_key(base, &how).await?))
}

fn not_encrypted() -> Fault {
    Fault::new(ErrorCode::InvalidRequest, "the local database is not encrypted; open it with `encrypt`")
}
