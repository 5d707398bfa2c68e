//! What stands in front of a sealed record: plain, and authenticated together with the record's place.
//!
//! ```text
//! "TCS" │ format u8 │ !format u8 │ kind u8 │ key id 8 │ nonce 12 │ ciphertext │ tag 16
//! ```
//!
//! An engine that knows no seals takes the third byte for a version, far newer than its own: it stops
//! writing instead of passing over frames. The format comes with its complement, so that a flipped bit
//! is damage and not a later release.

use crate::protocol::SegmentId;
use serde::{Deserialize, Serialize};

pub const FORMAT: u8 = 1;
const MAGIC: [u8; 3] = *b"TCS";
pub const HEADER_BYTES: usize = 26;
/// What a seal adds to the bytes in it: header and tag.
pub const SEAL_BYTES: usize = HEADER_BYTES + 16;
const KIND_AT: usize = 5;
const KEY_AT: usize = 6;
const NONCE_AT: usize = 14;

/// Names a data key; random, so that a key made after a shredding is not taken for the former one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyId(pub [u8; 8]);

pub type Nonce = [u8; 12];

/// Where a record lies. It cannot be read as anything else, nor at another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// In the log, whose keys are given out only by the append itself.
    Frame,
    State,
    /// Segment and number.
    Block(SegmentId, u32),
    Value(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub key: KeyId,
    pub nonce: Nonce,
}

/// What a record turns out to be by its first bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Sealed(Header, &'a [u8]),
    /// Not ours to open: written before the encryption was turned on, or not by us.
    Plain,
    Damaged,
    /// Of a later release.
    Newer,
}

impl Place<'_> {
    fn kind(&self) -> u8 {
        match self {
            Self::Frame => 1,
            Self::Block(..) => 2,
            Self::State => 3,
            Self::Value(_) => 4,
        }
    }
}

impl Header {
    pub fn bytes(&self, place: Place<'_>) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..3].copy_from_slice(&MAGIC);
        bytes[3..KEY_AT].copy_from_slice(&[FORMAT, !FORMAT, place.kind()]);
        bytes[KEY_AT..NONCE_AT].copy_from_slice(&self.key.0);
        bytes[NONCE_AT..].copy_from_slice(&self.nonce);
        bytes
    }

    /// What is authenticated with the record: header and place.
    pub fn associated(&self, place: Place<'_>) -> Vec<u8> {
        let mut bytes = self.bytes(place).to_vec();
        match place {
            Place::Frame | Place::State => {}
            Place::Block(segment, n) => {
                bytes.extend_from_slice(&segment.0);
                bytes.extend_from_slice(&n.to_le_bytes());
            }
            Place::Value(name) => bytes.extend_from_slice(name.as_bytes()),
        }
        bytes
    }
}

/// Whether a record bears our seal, readable or not.
pub fn is_sealed(record: &[u8]) -> bool {
    record.starts_with(&MAGIC)
}

/// Takes a record apart; `place` is where it was found.
pub fn read<'a>(record: &'a [u8], place: Place<'_>) -> Found<'a> {
    if !is_sealed(record) {
        return Found::Plain;
    }
    match record {
        _ if record.len() < SEAL_BYTES => Found::Damaged,
        [_, _, _, format, complement, ..] if *complement != !*format || *format < FORMAT => Found::Damaged,
        [_, _, _, format, ..] if *format > FORMAT => Found::Newer,
        _ if record[KIND_AT] != place.kind() => Found::Damaged,
        _ => {
            let (mut key, mut nonce) = ([0; 8], [0; 12]);
            key.copy_from_slice(&record[KEY_AT..NONCE_AT]);
            nonce.copy_from_slice(&record[NONCE_AT..HEADER_BYTES]);
            Found::Sealed(Header { key: KeyId(key), nonce }, &record[HEADER_BYTES..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: Header = Header { key: KeyId([7; 8]), nonce: [9; 12] };
    const SEGMENT: SegmentId = SegmentId([1; 16]);
    const PLACES: [Place<'_>; 5] =
        [Place::Frame, Place::State, Place::Block(SEGMENT, 2), Place::Block(SEGMENT, 3), Place::Value("a")];

    fn record(place: Place<'_>) -> Vec<u8> {
        [HEADER.bytes(place).as_slice(), &[0; 16]].concat()
    }

    #[test]
    fn a_header_comes_back_and_says_no_more_than_it_should() {
        for place in PLACES {
            assert_eq!(read(&record(place), place), Found::Sealed(HEADER, &[0; 16]));
        }
        assert_eq!(HEADER.associated(Place::Frame), HEADER.bytes(Place::Frame), "a frame has no place yet");
    }

    #[test]
    fn every_place_has_associated_bytes_of_its_own() {
        let all: std::collections::BTreeSet<_> = PLACES.map(|place| HEADER.associated(place)).into();
        assert_eq!(all.len(), PLACES.len());
    }

    #[test]
    fn a_flipped_bit_is_never_taken_for_a_later_release() {
        for bit in 0..HEADER_BYTES * 8 {
            let mut flipped = record(Place::State);
            flipped[bit / 8] ^= 1 << (bit % 8);
            let found = read(&flipped, Place::State);
            assert!(
                found != Found::Newer && found != Found::Sealed(HEADER, &[0; 16]),
                "bit {bit}: {found:?}"
            );
        }
    }

    #[test]
    fn a_later_format_is_told_from_damage() {
        let mut later = record(Place::Frame);
        later[3..5].copy_from_slice(&[FORMAT + 1, !(FORMAT + 1)]);
        assert_eq!(read(&later, Place::Frame), Found::Newer);
        assert_eq!(read(&later[..4], Place::Frame), Found::Damaged);
    }

    #[test]
    fn an_engine_that_knows_no_seals_stops_at_one() {
        let refused = crate::engine::Frame::decode(&record(Place::Frame));
        assert!(refused.expect_err("no frame").is_newer());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_apart_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            for place in PLACES {
                let _ = read(&bytes, place);
                let _ = read(&[MAGIC.as_slice(), &bytes].concat(), place);
            }
        }
    }
}
