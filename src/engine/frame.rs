//! A frame: one atomic change of local state, versioned, length-prefixed and checksummed.
//!
//! ```text
//! "TC" │ version u8 │ kind u8 │ payload length u32 │ crc32 u32 │ payload (postcard)
//! ```
//!
//! The checksum covers everything but itself. A frame that does not decode changes nothing
//! (invariant 12). Kinds are numbered for life; a number is never used again. The version is that of the
//! payload: a kind whose payload never changed is still written as version 1.

mod payloads;

use crate::protocol::{Request, Schema, limits, schema};
pub use payloads::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// Version of frames, state record and reducer: the newest that is read.
pub const FORMAT_VERSION: u8 = 5;
const MAGIC: [u8; 2] = *b"TC";
const HEADER: usize = 12;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Requests of the app, each all or nothing.
    Write(Vec<Request>),
    /// The batch that is about to leave for the first time.
    Sent(Sent),
    /// Outcomes for mutation ids.
    Pushed(Pushed),
    /// One page of a pull.
    Pulled(Pulled),
    /// Table definitions from the server.
    Schema(Schema),
    /// The server cannot continue from these tables' cursors; the rows stay until pulled afresh.
    Resync(Resync),
    /// A segment that cannot be read: what it held is pulled again.
    Lost(Lost),
    /// Rows that were read through, or are cached.
    Fetched(Fetched),
    /// A table's horizon has moved.
    Evicted(Evicted),
    /// Pending mutations of another database, with the rows they were made over.
    Imported(Imported),
    /// What a person decided about a dead letter or a conflict.
    Settled(Settled),
    /// What an audit found, and what mends it.
    Audited(Audited),
    /// Rows that this client wrote, before a restored server tells what it still has of them.
    Doubted(Doubted),
}

/// Kind numbers. 6 and 11 are kept for `Resolved` and `Files`; 32 and up are not log frames.
mod kind {
    pub const WRITE: u8 = 1;
    pub const SENT: u8 = 2;
    pub const PUSHED: u8 = 3;
    pub const PULLED: u8 = 4;
    pub const FETCHED: u8 = 5;
    pub const SETTLED: u8 = 7;
    pub const EVICTED: u8 = 8;
    pub const SCHEMA: u8 = 9;
    pub const AUDITED: u8 = 10;
    pub const IMPORTED: u8 = 12;
    pub const RESYNC: u8 = 13;
    pub const LOST: u8 = 14;
    pub const DOUBTED: u8 = 15;
}

/// Kind of a state record of format 1.
pub const STATE_RECORD: u8 = 32;
/// Kind of a block of base rows in a checkpoint of format 1.
pub const ROW_BLOCK: u8 = 33;
/// Kinds of a segment's blocks: its directory, rows, and entries of a list.
pub const SEGMENT_DIRECTORY: u8 = 34;
pub const SEGMENT_ROW_BLOCK: u8 = 35;
pub const SEGMENT_LIST_BLOCK: u8 = 36;
/// Kind of the state record of a database with segments.
pub const TIERED_RECORD: u8 = 37;
/// Kind of a segment of pending mutations.
pub const OUTBOX_SEGMENT: u8 = 38;

/// Why bytes are not a frame of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    Truncated,
    Foreign,
    NewerVersion(u8),
    Checksum,
    UnknownKind(u8),
    /// Whole, but not what belongs in its place.
    Misplaced,
    Payload,
    TooLarge(usize),
}

impl Frame {
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Write(requests) => seal(kind::WRITE, requests),
            Self::Sent(sent) => seal(kind::SENT, sent),
            Self::Pushed(pushed) => seal(kind::PUSHED, pushed),
            Self::Pulled(pulled) => seal(kind::PULLED, pulled),
            Self::Schema(schema) => seal(kind::SCHEMA, schema),
            Self::Resync(resync) => seal(kind::RESYNC, resync),
            Self::Lost(lost) => seal(kind::LOST, lost),
            Self::Fetched(fetched) => seal(kind::FETCHED, fetched),
            Self::Evicted(evicted) => seal(kind::EVICTED, evicted),
            Self::Imported(imported) => seal(kind::IMPORTED, imported),
            Self::Settled(settled) => seal(kind::SETTLED, settled),
            Self::Audited(audited) => seal(kind::AUDITED, audited),
            Self::Doubted(doubted) => seal(kind::DOUBTED, doubted),
        }
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Damage> {
        let (kind, payload) = open(bytes)?;
        Ok(match kind {
            kind::WRITE => Self::Write(read(payload)?),
            kind::SENT => Self::Sent(read(payload)?),
            kind::PUSHED => Self::Pushed(read(payload)?),
            kind::PULLED => Self::Pulled(read(payload)?),
            kind::SCHEMA if version(bytes) < 2 => Self::Schema(read::<schema::v1::Schema>(payload)?.into()),
            kind::SCHEMA if version(bytes) < 4 => Self::Schema(read::<schema::v3::Schema>(payload)?.into()),
            kind::SCHEMA if version(bytes) < 5 => Self::Schema(read::<schema::v4::Schema>(payload)?.into()),
            kind::SCHEMA => Self::Schema(read(payload)?),
            kind::RESYNC => Self::Resync(read(payload)?),
            kind::LOST => Self::Lost(read(payload)?),
            kind::FETCHED => Self::Fetched(read(payload)?),
            kind::EVICTED => Self::Evicted(read(payload)?),
            kind::IMPORTED => Self::Imported(read(payload)?),
            kind::SETTLED => Self::Settled(read(payload)?),
            kind::AUDITED => Self::Audited(read(payload)?),
            kind::DOUBTED => Self::Doubted(read(payload)?),
            other => return Err(Damage::UnknownKind(other)),
        })
    }
}

/// Wraps a payload: header, checksum, postcard.
pub fn seal<T: Serialize + ?Sized>(kind: u8, payload: &T) -> Vec<u8> {
    let payload = postcard::to_extend(payload, unsealed(kind));
    sealed(payload.expect("writing to a growing buffer cannot fail"))
}

/// The same around a payload that is bytes already, in parts.
pub fn seal_bytes(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = unsealed(kind);
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    sealed(bytes)
}

fn unsealed(kind: u8) -> Vec<u8> {
    vec![MAGIC[0], MAGIC[1], payload_version(kind), kind, 0, 0, 0, 0, 0, 0, 0, 0]
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(bytes.len() - HEADER).expect("limits keep a payload below 4 GiB");
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(&bytes);
    bytes[8..12].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// The version that introduced a kind's present payload. 2: a table names its indexes; segments. 3: imports, what was settled,
/// segments of mutations. 4: a table names its natural key; audits; pending mutations in
/// doubt; own pushes by table. 5: a table has its checks.
fn payload_version(kind: u8) -> u8 {
    match kind {
        kind::SCHEMA | TIERED_RECORD => 5,
        kind::IMPORTED | kind::AUDITED | kind::DOUBTED | OUTBOX_SEGMENT => 4,
        kind::SETTLED => 3,
        kind::LOST
        | kind::FETCHED
        | kind::EVICTED
        | SEGMENT_DIRECTORY
        | SEGMENT_ROW_BLOCK
        | SEGMENT_LIST_BLOCK => 2,
        _ => 1,
    }
}

/// The payload's version, of bytes that [`open`] has checked.
pub fn version(bytes: &[u8]) -> u8 {
    bytes[2]
}

/// Checks header and checksum; the kind and the payload.
pub fn open(bytes: &[u8]) -> Result<(u8, &[u8]), Damage> {
    if bytes.len() < HEADER {
        return Err(Damage::Truncated);
    }
    if bytes[..2] != MAGIC {
        return Err(Damage::Foreign);
    }
    if bytes[2] > FORMAT_VERSION {
        return Err(Damage::NewerVersion(bytes[2]));
    }
    let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if word(4) as usize != bytes.len() - HEADER {
        return Err(Damage::Truncated);
    }
    if word(8) != checksum(bytes) {
        return Err(Damage::Checksum);
    }
    Ok((bytes[3], &bytes[HEADER..]))
}

/// Reads a payload that [`open`] has checked.
pub fn read<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Damage> {
    match postcard::take_from_bytes(payload) {
        Ok((value, [])) => Ok(value),
        _ => Err(Damage::Payload),
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..8]);
    hasher.update(&bytes[HEADER..]);
    hasher.finalize()
}

impl Damage {
    /// Whether a reload with a newer engine would help.
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::NewerVersion(_) | Self::UnknownKind(_))
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("it is cut off"),
            Self::Foreign => f.write_str("it is not one of ours"),
            Self::NewerVersion(version) => write!(f, "its version {version} is newer than {FORMAT_VERSION}"),
            Self::Checksum => f.write_str("its checksum does not match"),
            Self::UnknownKind(kind) => write!(f, "its kind {kind} is not known"),
            Self::Misplaced => f.write_str("it belongs in another place"),
            Self::Payload => f.write_str("its payload does not decode"),
            Self::TooLarge(bytes) => write!(f, "its {bytes} bytes exceed {}", limits::FRAME_BYTES),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::pull::{Page, PullRequest};
    use crate::protocol::push::Outcome;
    use crate::protocol::{MutationId, Rev};
    use proptest::prelude::*;

    fn sent() -> Vec<u8> {
        Frame::Sent(Sent { mutations: vec![MutationId([1; 16]), MutationId([2; 16])], time_ms: 7 }).encode()
    }

    #[test]
    fn a_frame_comes_back_as_it_was() {
        let frame = Frame::decode(&sent()).expect("our own frame");
        assert_eq!(frame.encode(), sent());
    }

    /// A text that is no JSON came to the parsers of rows and keys, which took it for valid, and panicked.
    #[test]
    fn a_frame_whose_rows_and_values_are_no_json_is_damaged() {
        let page = |row: &str| Page {
            table: "t".into(),
            rows: vec![(Rev(1), row.into())],
            gone: Vec::new(),
            cold: Vec::new(),
        };
        let pulled = |row| {
            let (request, pages) = (PullRequest::default(), vec![page(row)]);
            Frame::decode(
                &Frame::Pulled(Pulled { request, pages, round: None, cursor: None, time_ms: 0 }).encode(),
            )
        };
        assert!(pulled(r#"{"a":1}"#).is_ok());
        for text in ["", "[]", r#"{"a":1"#, r#"{"a":b}"#, r#"{"\ud800":1}"#] {
            assert_eq!(pulled(text), Err(Damage::Payload), "{text}");
        }
        let pushed = |value: &str| {
            let outcome = Outcome::Applied { rev: None, set: vec![("a".into(), value.into())] };
            let outcomes = vec![(MutationId([1; 16]), outcome)];
            Frame::decode(&Frame::Pushed(Pushed { outcomes, xid: None, time_ms: 0 }).encode())
        };
        assert!(pushed("1.50").is_ok());
        assert_eq!(pushed("1,\"b\":2"), Err(Damage::Payload));
    }

    #[test]
    fn a_newer_version_is_told_from_damage() {
        let mut bytes = sent();
        bytes[2] = FORMAT_VERSION + 1;
        assert_eq!(Frame::decode(&bytes), Err(Damage::NewerVersion(FORMAT_VERSION + 1)));
    }

    proptest! {
        /// Invariant 12: damage is found, whatever it is.
        #[test]
        fn a_damaged_frame_is_never_read(at in 0usize..40, bit in 0u8..8, cut in 0usize..40) {
            let mut flipped = sent();
            let at = at % flipped.len();
            flipped[at] ^= 1 << bit;
            prop_assert!(Frame::decode(&flipped).is_err());
            let whole = sent();
            prop_assert!(Frame::decode(&whole[..cut.min(whole.len() - 1)]).is_err());
        }

        #[test]
        fn foreign_bytes_are_never_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Frame::decode(&bytes).is_err());
        }
    }
}
