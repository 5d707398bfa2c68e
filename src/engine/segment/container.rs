//! The container of a segment's block: header and checksum of a frame, and LZ4 where it pays.
//!
//! ```text
//! frame header │ packing u8 │ payload                     packing 0
//!              │            │ length u32 │ LZ4 block      packing 1
//! ```
//!
//! What a header claims is bounded before memory is given for it.

use crate::engine::frame::{self, Damage};
use crate::protocol::limits;

/// A store adds up to 200 bytes to a block (key id, nonce and tag of an encrypted one).
pub const BLOCK_BYTES: usize = limits::RECORD_BYTES - 200;

/// Largest payload that is packed: a row of the largest size with its key, and a margin.
const PACKED_BYTES: usize = 2 * limits::ROW_BYTES + (64 << 10);

const PLAIN: u8 = 0;
const LZ4: u8 = 1;

pub fn seal(kind: u8, payload: &[u8]) -> Vec<u8> {
    if payload.len() <= PACKED_BYTES {
        let packed = lz4_flex::block::compress_prepend_size(payload);
        if packed.len() <= payload.len() - payload.len() / 8 {
            return frame::seal_bytes(kind, &[&[LZ4], &packed]);
        }
    }
    frame::seal_bytes(kind, &[&[PLAIN], payload])
}

/// The payload of a block of this kind.
pub fn open(kind: u8, bytes: &[u8]) -> Result<Vec<u8>, Damage> {
    match frame::open(bytes)? {
        (found, payload) if found == kind => unpack(payload),
        (
            frame::SEGMENT_DIRECTORY
            | frame::SEGMENT_ROW_BLOCK
            | frame::SEGMENT_LIST_BLOCK
            | frame::OUTBOX_SEGMENT,
            _,
        ) => Err(Damage::Misplaced),
        (other, _) => Err(Damage::UnknownKind(other)),
    }
}

fn unpack(payload: &[u8]) -> Result<Vec<u8>, Damage> {
    match payload.split_first() {
        Some((&PLAIN, plain)) => Ok(plain.to_vec()),
        Some((&LZ4, packed)) => {
            let (length, packed) = lz4_flex::block::uncompressed_size(packed).map_err(|_| Damage::Payload)?;
            // LZ4 never packs better than 1:255.
            if length > PACKED_BYTES || length / 255 > packed.len() {
                return Err(Damage::TooLarge(length));
            }
            let mut plain = vec![0; length];
            match lz4_flex::block::decompress_into(packed, &mut plain) {
                Ok(written) if written == length => Ok(plain),
                _ => Err(Damage::Payload),
            }
        }
        _ => Err(Damage::Payload),
    }
}
