//! What a person does with the keys of a database: turns them on, unlocks, locks, changes the passphrase, shreds.
//!
//! Owns the order of each: the ring in the vault decides, then this context follows, then the others are
//! told. A passphrase comes as a key that only derives others; its letters are nowhere kept.

use super::cipher::random_id;
use super::stored::{
    Stored, holds_sealed, key_gone, make_key, passphrase_wanted, shredded, unwrap, wrap, wrong_passphrase,
};
use super::{Keys, Standing};
use crate::js::crypto::{self, CryptoKey};
use crate::js::platform::random;
use crate::js::vault::Vault;
use crate::protocol::{ErrorCode, Fault};
use crate::store::sealed::{PASSPHRASE_ROUNDS, Passphrase, Ring, Wrapping};

/// How often a change of passphrase begins again because the ring changed under it.
const ATTEMPTS: usize = 3;

impl Keys {
    /// Turns the encryption on. Of two contexts that do, the first one's ring counts.
    pub(super) async fn make(&self, passphrase: Option<&CryptoKey>) -> Result<(), Fault> {
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
            // Shredded, perhaps, and not emptied.
            if holds_sealed(&self.database).await? {
                self.lose(key_gone());
                return Err(key_gone());
            }
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
        } else if !matches!(&*self.standing.borrow(), Standing::Locked(_) | Standing::Lost(_)) {
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
