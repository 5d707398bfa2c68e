//! The key ring of a database: its data keys, wrapped, and what wraps them.
//!
//! Owns the record's encoding and the count of seals. Refuses to hold a key in the clear. The checksum
//! tells a damaged ring from a wrong passphrase: a ring that is whole and does not open was given the
//! wrong one. Invariant: the last key is the one that seals; the others only open.

use super::header::{KeyId, Nonce};
use crate::protocol::{ErrorCode, Fault};
use serde::{Deserialize, Serialize};

/// Seals under one key before another is made: random nonces of 96 bits stay apart up to 2³² of them.
pub const SEALS_PER_KEY: u64 = 1 << 31;
/// Seals that a context claims at once, so that not every seal is a transaction. What it does not use is lost.
pub const SEALS_PER_CLAIM: u64 = 1 << 16;
/// Rounds of PBKDF2-SHA-256 for a new passphrase.
pub const PASSPHRASE_ROUNDS: u32 = 600_000;

const MAGIC: [u8; 3] = *b"TCK";
const FORMAT: u8 = 1;
/// Magic, format and checksum.
const HEADER_BYTES: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    pub wrapping: Wrapping,
    /// Oldest first.
    pub keys: Vec<WrappedKey>,
    /// Claimed under the last key.
    pub seals: u64,
    /// Whether records from before the encryption may still lie in plain.
    pub has_plain: bool,
}

/// What wraps the data keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wrapping {
    /// A key that lies beside the ring and cannot be exported.
    Stored,
    Passphrase(Passphrase),
}

/// How the wrapping key comes from a passphrase, by PBKDF2-SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passphrase {
    pub salt: [u8; 16],
    pub rounds: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    pub id: KeyId,
    pub nonce: Nonce,
    pub wrapped: Vec<u8>,
}

impl Ring {
    pub fn encode(&self) -> Vec<u8> {
        let payload = postcard::to_allocvec(self).expect("a ring has no part that cannot be written");
        let [a, b, c] = MAGIC;
        let sum = checksum(FORMAT, &payload).to_le_bytes();
        [[a, b, c, FORMAT].as_slice(), &sum, &payload].concat()
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        let Some((header, payload)) = bytes.split_at_checked(HEADER_BYTES) else { return Err(damaged()) };
        let (format, sum) = (header[3], &header[4..]);
        if header[..3] != MAGIC || *sum != checksum(format, payload).to_le_bytes() {
            return Err(damaged());
        }
        if format > FORMAT {
            let message = "the key ring was written by a newer version of this app; reload the page";
            return Err(Fault::new(ErrorCode::NewerVersion, message));
        }
        let ring: Self = postcard::from_bytes(payload).map_err(|_| damaged())?;
        if ring.keys.is_empty() { Err(damaged()) } else { Ok(ring) }
    }

    /// Counts `claim` more seals under the last key. `None` if it has made its share: another is due.
    pub fn claim(&mut self, claim: u64, limit: u64) -> Option<KeyId> {
        let last = self.keys.last()?;
        let seals = self.seals.checked_add(claim).filter(|seals| *seals <= limit)?;
        self.seals = seals;
        Some(last.id)
    }

    /// From now on `key` seals.
    pub fn renew(&mut self, key: WrappedKey) {
        self.keys.push(key);
        self.seals = 0;
    }
}

fn checksum(format: u8, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[format]);
    hasher.update(payload);
    hasher.finalize()
}

fn damaged() -> Fault {
    let message = "the key ring of the local database is damaged: what the database holds can never be read again; \
                   tc.encryption.shred empties it, and the next start begins anew from the server";
    Fault::new(ErrorCode::Locked, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> WrappedKey {
        WrappedKey { id: KeyId([n; 8]), nonce: [n; 12], wrapped: vec![n; 48] }
    }

    fn ring() -> Ring {
        let wrapping = Wrapping::Passphrase(Passphrase { salt: [3; 16], rounds: PASSPHRASE_ROUNDS });
        Ring { wrapping, keys: vec![key(1)], seals: 0, has_plain: true }
    }

    #[test]
    fn a_ring_comes_back_and_any_flipped_bit_or_cut_is_damage() {
        let bytes = ring().encode();
        assert_eq!(Ring::decode(&bytes), Ok(ring()));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Ring::decode(&flipped), Err(damaged()), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert_eq!(Ring::decode(&bytes[..length]), Err(damaged()), "{length} bytes");
        }
    }

    #[test]
    fn a_key_that_has_made_its_share_is_followed_by_another_and_stays_for_opening() {
        let mut ring = ring();
        let claims: Vec<_> = (0..3).map(|_| ring.claim(4, 10)).collect();
        assert_eq!(claims, [Some(KeyId([1; 8])), Some(KeyId([1; 8])), None]);
        ring.renew(key(2));
        assert_eq!(ring.claim(4, 10), Some(KeyId([2; 8])));
        assert_eq!(ring.keys.len(), 2);
    }
}
