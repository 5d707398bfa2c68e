//! Seals by WebCrypto: claims them in steps from the ring, and makes a new key where one has made its share.

use super::stored::{Stored, key_gone, make_key};
use super::{Keys, Open, Standing};
use crate::js::crypto::{self, CryptoKey};
use crate::js::platform::random;
use crate::protocol::Fault;
use crate::store::sealed::{Cipher, KeyId, Nonce, Sealing};
use std::rc::Rc;

/// What the ring says to a claim.
enum Claimed {
    Under(KeyId),
    /// This key has made its share.
    Spent(KeyId),
    Gone,
}

impl Cipher for Rc<Keys> {
    fn sealing(&self) -> Result<Sealing, Fault> {
        match &*self.standing.borrow() {
            Standing::Off => Ok(Sealing::Off),
            Standing::Locked(fault) | Standing::Lost(fault) => Err(fault.clone()),
            Standing::Open(open) if open.has_plain => Ok(Sealing::Begun),
            Standing::Open(_) => Ok(Sealing::Done),
        }
    }

    async fn claim(&self) -> Result<KeyId, Fault> {
        loop {
            if let Some(id) = self.next_of_claim()? {
                return Ok(id);
            }
            self.claim_more().await?;
        }
    }

    fn nonce(&self) -> Nonce {
        crypto::nonce()
    }

    async fn encrypt(
        &self,
        key: KeyId,
        nonce: &Nonce,
        associated: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        let key = self.held(key)?.ok_or_else(key_gone)?;
        crypto::encrypt(&key, nonce, associated, plain).await
    }

    async fn decrypt(
        &self,
        key: KeyId,
        nonce: &Nonce,
        associated: &[u8],
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, Fault> {
        let known = self.held(key)?;
        let key = match known {
            Some(key) => Some(key),
            None => {
                // Another context may have made it, or turned the encryption on.
                self.refresh().await?;
                self.held(key)?
            }
        };
        match key {
            Some(key) => crypto::decrypt(&key, nonce, associated, sealed).await,
            None if self.is_off() => {
                self.lose(key_gone());
                Err(key_gone())
            }
            None => Ok(None),
        }
    }
}

impl Keys {
    fn held(&self, id: KeyId) -> Result<Option<CryptoKey>, Fault> {
        match &*self.standing.borrow() {
            Standing::Off => Ok(None),
            Standing::Locked(fault) | Standing::Lost(fault) => Err(fault.clone()),
            Standing::Open(open) => Ok(open.data.get(&id).cloned()),
        }
    }

    fn next_of_claim(&self) -> Result<Option<KeyId>, Fault> {
        match &mut *self.standing.borrow_mut() {
            Standing::Off => Err(key_gone()),
            Standing::Locked(fault) | Standing::Lost(fault) => Err(fault.clone()),
            Standing::Open(open) => {
                Ok(open.claimed.as_mut().filter(|(_, left)| *left > 0).map(|(id, left)| {
                    *left -= 1;
                    *id
                }))
            }
        }
    }

    async fn claim_more(&self) -> Result<(), Fault> {
        let (step, limit) = (self.spend.per_claim, self.spend.per_key);
        let claim = |known: Option<Stored>| {
            let Some(mut stored) = known else { return (None, Claimed::Gone) };
            match (stored.ring.claim(step, limit), stored.ring.keys.last().map(|key| key.id)) {
                (Some(id), _) => (Some(stored), Claimed::Under(id)),
                (None, Some(id)) => (None, Claimed::Spent(id)),
                (None, None) => (None, Claimed::Gone),
            }
        };
        match Stored::decide(&self.vault, &self.ring_name, claim).await? {
            Claimed::Under(id) => {
                if self.held(id)?.is_none() {
                    self.refresh().await?;
                }
                if let Standing::Open(Open { claimed, .. }) = &mut *self.standing.borrow_mut() {
                    *claimed = Some((id, step));
                }
                Ok(())
            }
            Claimed::Spent(id) => self.renew(id).await,
            Claimed::Gone => self.refresh().await,
        }
    }

    /// Makes the key after `spent`, unless another context has.
    async fn renew(&self, spent: KeyId) -> Result<(), Fault> {
        let Some((wrapping, key)) = self.wrapping() else { return Ok(()) };
        let (made, _) = make_key(random_id(), &key).await?;
        let renew = |known: Option<Stored>| {
            let is_due = |stored: &Stored| {
                stored.ring.wrapping == wrapping && stored.ring.keys.last().is_some_and(|key| key.id == spent)
            };
            let Some(mut stored) = known.filter(is_due) else { return (None, ()) };
            stored.ring.renew(made);
            (Some(stored), ())
        };
        Stored::decide(&self.vault, &self.ring_name, renew).await?;
        self.refresh().await
    }
}

pub fn random_id() -> KeyId {
    let [id @ .., _, _, _, _, _, _, _, _] = random();
    KeyId(id)
}
