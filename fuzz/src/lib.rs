//! What each fuzz target does with its bytes: decode them, and use all that was decoded.
//!
//! A target may refuse its input in any way but a panic. What it accepts must come back the same when
//! written and read again, and must fold, answer or be found without a panic: everything behind a decoder
//! relies on what the decoder has let pass.

mod decoded;
mod definitions;
mod requests;
mod rows;
mod sealed;
mod segments;
#[path = "../../tests/engine/shelf.rs"]
mod shelf;

pub use requests::{request, stored_row};
pub use segments::segment;

use thermocline::engine::frame::{OUTBOX_SEGMENT, ROW_BLOCK, STATE_RECORD, TIERED_RECORD};
use thermocline::engine::segment::SegmentId;
use thermocline::engine::{Frame, snapshot};
use thermocline::protocol::{pull, push};
use thermocline::store::records as log;
use thermocline::store::sealed::Ring;

/// A frame as it lies in the log; then the same bytes as kind and payload under a right header.
pub fn frame(input: &[u8]) {
    let _ = Frame::decode(input);
    let Some((&kind, payload)) = input.split_first() else { return };
    let Ok(frame) = Frame::decode(&sealed::any_version(kind, payload)) else { return };
    assert_eq!(Frame::decode(&frame.encode()).as_ref(), Ok(&frame), "what is written is read as it was");
    decoded::fold(frame);
}

/// A state record, under a right header: two bytes tell where it ends and a block begins. Of the first version (the
/// first byte's top bit is set) that is one of rows, else a segment of mutations, for the ids that are odd.
pub fn state_record(input: &[u8]) {
    let Some((&version, rest)) = input.split_first() else { return };
    let Some((length, rest)) = rest.split_first_chunk() else { return };
    let (record, block) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
    let state = if version & sealed::FORMER == 0 {
        let mutations = sealed::any_version(OUTBOX_SEGMENT, block);
        let first = |id: SegmentId| Some(if id.0[0] & 1 == 0 { &rows::segment()[0] } else { &mutations });
        snapshot::read(&sealed::any_version(TIERED_RECORD, record), first).map(|opened| opened.state)
    } else {
        let block = sealed::any_version(ROW_BLOCK, block);
        snapshot::read_former(&sealed::any_version(STATE_RECORD | sealed::FORMER, record), &[block])
    };
    if let Ok(state) = state {
        decoded::walk(state);
    }
}

/// Records of a log: each is its length in one byte, then its bytes. A length that ends in binary 11 skips a key.
pub fn records(input: &[u8]) {
    let (mut key, mut rest, mut found) = (0, input, Vec::new());
    while let Some((&length, tail)) = rest.split_first() {
        let (record, next) = tail.split_at(usize::from(length).min(tail.len()));
        key += 1 + u64::from(length & 3 == 3);
        found.push((key, record.to_vec()));
        rest = next;
    }
    let joined = log::join(found, [7; 16]);
    assert_eq!(joined.last().map_or(0, |logged| logged.seq), key, "the last record's key is a frame's seq");
}

/// A database's key ring, under a right header; the first byte is its format.
pub fn key_ring(input: &[u8]) {
    let _ = Ring::decode(input);
    let Some((&format, payload)) = input.split_first() else { return };
    let Ok(mut ring) = Ring::decode(&sealed::ring(format, payload)) else { return };
    assert_eq!(Ring::decode(&ring.encode()).as_ref(), Ok(&ring), "what is written is read as it was");
    let (last, seals) = (ring.keys.last().map(|key| key.id), ring.seals);
    match ring.claim(7, u64::MAX) {
        Some(key) => {
            assert!(Some(key) == last && ring.seals == seals + 7, "the last key seals, and is counted")
        }
        None => assert_eq!(ring.seals, seals, "what is not claimed is not counted"),
    }
}

/// An answer of the server: the first byte says to what.
pub fn answers(input: &[u8]) {
    let Some((which, text)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match which {
        b'l' => drop(pull::read_pull(text).map(decoded::pulled)),
        b'h' => drop(push::read_push(text, &definitions::groups()).map(decoded::pushed)),
        _ => drop(pull::read_schema(text).map(decoded::defined)),
    }
}
