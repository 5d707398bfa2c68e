//! What a sealed store needs of the platform's cryptography: authenticated encryption under named keys.
//!
//! Owns no key and no algorithm: WebCrypto in a browser, a library in native tests. Its calls may wait
//! for anything, so none is ever made inside a transaction (PITFALLS 24).

use super::header::{KeyId, Nonce};
use crate::protocol::Fault;

/// How far the sealing of a database has come, as this context knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealing {
    /// Nothing is sealed.
    Off,
    /// Whatever is written is sealed; what was written before may still lie there in plain.
    Begun,
    /// Whatever is not sealed is damage.
    Done,
}

/// AES-256-GCM, or what is as good.
#[allow(async_fn_in_trait)] // one thread in every realm: no Send bound is wanted
pub trait Cipher {
    /// Fault `locked` while the key is not at hand.
    fn sealing(&self) -> Result<Sealing, Fault>;

    /// The key of one more seal, which counts as made under it.
    async fn claim(&self) -> Result<KeyId, Fault>;

    /// Fresh and random with every call.
    fn nonce(&self) -> Nonce;

    /// Ciphertext and tag. `key` was claimed from this cipher.
    async fn encrypt(
        &self,
        key: KeyId,
        nonce: &Nonce,
        associated: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Fault>;

    /// The bytes that were sealed; `None` if they were not sealed like this, or under a key that is gone.
    async fn decrypt(
        &self,
        key: KeyId,
        nonce: &Nonce,
        associated: &[u8],
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, Fault>;
}
