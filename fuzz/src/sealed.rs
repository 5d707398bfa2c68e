//! Payloads under headers that make their decoders read them: without a right checksum nothing behind it is
//! ever reached.

use thermocline::engine::frame::FORMAT_VERSION;

/// Set in a kind: the payload is of the first version.
pub const FORMER: u8 = 0x80;

/// A payload of a kind, of the present version or of the first.
pub fn any_version(kind: u8, payload: &[u8]) -> Vec<u8> {
    let version = if kind & FORMER == 0 { FORMAT_VERSION } else { 1 };
    let length = u32::try_from(payload.len()).expect("inputs are short");
    let head = [b"TC".as_slice(), &[version, kind & !FORMER], &length.to_le_bytes()].concat();
    [head.as_slice(), &checksum(&head, payload), payload].concat()
}

/// The payload of a key ring of a format.
pub fn ring(format: u8, payload: &[u8]) -> Vec<u8> {
    [b"TCK".as_slice(), &[format], &checksum(&[format], payload), payload].concat()
}

fn checksum(head: &[u8], payload: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(payload);
    hasher.finalize().to_le_bytes()
}
