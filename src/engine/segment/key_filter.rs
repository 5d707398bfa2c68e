//! A Bloom filter over the keys of a segment: whether it may hold a key, without reading a block.
//!
//! Twelve bits a key and eight probes let about one absent key in 300 through. The probes are taken from one
//! 64-bit hash by double hashing; the hash is part of the format.

use serde::{Deserialize, Serialize};

const BITS_PER_KEY: usize = 12;
const PROBES: u32 = 8;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFilter(Vec<u8>);

impl KeyFilter {
    pub fn of<'a>(keys: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let mut bytes = vec![0u8; (keys.len() * BITS_PER_KEY).div_ceil(8)];
        for key in keys {
            for bit in probes(KeyHash::of(key), bytes.len()) {
                bytes[bit / 8] |= 1 << (bit % 8);
            }
        }
        Self(bytes)
    }

    /// False only if the key is not one of them.
    pub fn may_hold(&self, hash: KeyHash) -> bool {
        probes(hash, self.0.len()).all(|bit| self.0[bit / 8] & (1 << (bit % 8)) != 0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Bits of a filter of so many bytes; none if it has none.
fn probes(KeyHash(hash): KeyHash, bytes: usize) -> impl Iterator<Item = usize> {
    let (first, step) = (hash as u32, (hash >> 32) as u32 | 1);
    let bits = bytes as u64 * 8;
    let probe = move |n: u32| first.wrapping_add(n.wrapping_mul(step));
    // The upper half of the product: a number below `bits`, without a division.
    (0..if bytes == 0 { 0 } else { PROBES }).map(move |n| ((u64::from(probe(n)) * bits) >> 32) as usize)
}

/// A key's hash, taken once to ask many segments.
#[derive(Clone, Copy, Debug)]
pub struct KeyHash(u64);

impl KeyHash {
    pub fn of(key: &str) -> Self {
        Self(hash(key.as_bytes()))
    }
}

/// FNV-1a over words of eight bytes, the last one filled up with the length, and the finish of SplitMix64.
fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ bytes.len() as u64;
    for word in bytes.chunks(8) {
        let mut padded = [0; 8];
        padded[..word.len()].copy_from_slice(word);
        hash = (hash ^ u64::from_le_bytes(padded)).wrapping_mul(0x0000_0100_0000_01b3);
        hash ^= hash >> 32;
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_denied_and_few_absent_ones_pass() {
        let keys: Vec<String> = (0..4_096).map(|n| format!("[\"0190c2de-{n:04x}-7000\"]")).collect();
        let filter = KeyFilter::of(keys.iter().map(String::as_str));
        assert!(keys.iter().all(|key| filter.may_hold(KeyHash::of(key))));
        let passed = (0..100_000).filter(|n| filter.may_hold(KeyHash::of(&format!("[\"{n}\"]")))).count();
        assert!(passed < 600, "{passed} of 100,000");
        assert!(filter.0.len() == 6_144);
    }
}
