//! AES-256-GCM natively, for tests: what WebCrypto does in a browser.

use aes_gcm::aead::{Aead, AeadCore, KeyInit, OsRng, Payload};
use aes_gcm::{Aes256Gcm, Key};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use thermocline::protocol::{ErrorCode, Fault};
use thermocline::store::sealed::{Cipher, KeyId, Nonce, Sealing};

pub struct NativeCipher {
    pub sealing: Cell<Sealing>,
    pub locked: Cell<bool>,
    pub sealing_key: Cell<KeyId>,
    keys: RefCell<BTreeMap<KeyId, Aes256Gcm>>,
}

impl NativeCipher {
    /// All that are made from the same bytes open each other's seals.
    pub fn new(key: [u8; 32]) -> Self {
        let id = KeyId([key[0]; 8]);
        let cipher = Self {
            sealing: Cell::new(Sealing::Done),
            locked: Cell::new(false),
            sealing_key: Cell::new(id),
            keys: RefCell::default(),
        };
        cipher.add(id, key);
        cipher
    }

    pub fn add(&self, id: KeyId, key: [u8; 32]) {
        self.keys.borrow_mut().insert(id, Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(&key)));
    }
}

impl Cipher for NativeCipher {
    fn sealing(&self) -> Result<Sealing, Fault> {
        match self.locked.get() {
            true => Err(Fault::new(ErrorCode::Locked, "locked by the test")),
            false => Ok(self.sealing.get()),
        }
    }

    async fn claim(&self) -> Result<KeyId, Fault> {
        self.sealing()?;
        Ok(self.sealing_key.get())
    }

    fn nonce(&self) -> Nonce {
        Aes256Gcm::generate_nonce(&mut OsRng).into()
    }

    async fn encrypt(
        &self,
        key: KeyId,
        nonce: &Nonce,
        associated: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        let payload = Payload { msg: plain, aad: associated };
        Ok(self.keys.borrow()[&key].encrypt(nonce.into(), payload).expect("a key of 256 bits"))
    }

    async fn decrypt(
        &self,
        key: KeyId,
        nonce: &Nonce,
        associated: &[u8],
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, Fault> {
        let payload = Payload { msg: sealed, aad: associated };
        let keys = self.keys.borrow();
        Ok(keys.get(&key).and_then(|key| key.decrypt(nonce.into(), payload).ok()))
    }
}
