//! How a frame lies in the log: as one record or several consecutive ones.
//!
//! Owns what stands in front of every record: a flag byte and the incarnation it was written for.
//! Refuses to look inside a frame. A record never exceeds [`RECORD_BYTES`]. Invariant: joining never
//! loses the frame behind a damaged one. What is left of a damaged frame, or was written for another
//! incarnation, is handed on as it is, so that the frame decoder refuses and reports it.
//!
//! ```text
//! frame ──▶ [STARTS|ENDS …]                             the usual case: one record
//!       ──▶ [STARTS …] [0 …] [0 …] [ENDS …]             its seq is the key of the last
//! ```

use super::{Incarnation, Logged, Seq};
use crate::protocol::limits::RECORD_BYTES;

const STARTS: u8 = 1;
const ENDS: u8 = 2;

const HEADER_BYTES: usize = 1 + size_of::<Incarnation>();
/// Most bytes of a frame in one record.
const PIECE_BYTES: usize = RECORD_BYTES - HEADER_BYTES;

/// The records of a frame, in order; always at least one.
pub fn split(frame: &[u8], incarnation: Incarnation) -> impl Iterator<Item = Vec<u8>> {
    let count = count(frame);
    (0..count).map(move |at| {
        let piece = &frame[at * PIECE_BYTES..frame.len().min((at + 1) * PIECE_BYTES)];
        let starts = if at == 0 { STARTS } else { 0 };
        let ends = if at + 1 == count { ENDS } else { 0 };
        let mut record = Vec::with_capacity(HEADER_BYTES + piece.len());
        record.push(starts | ends);
        record.extend_from_slice(&incarnation);
        record.extend_from_slice(piece);
        record
    })
}

/// How many records [`split`] makes of a frame.
pub fn count(frame: &[u8]) -> usize {
    frame.len().div_ceil(PIECE_BYTES).max(1)
}

/// The frames in a run of records, which come in the order of their keys.
///
/// A frame is broken where a key is missing, where the next one starts before it has ended, and
/// where a record is not ours; its pieces so far become a frame of their own.
pub fn join(records: impl IntoIterator<Item = (Seq, Vec<u8>)>, incarnation: Incarnation) -> Vec<Logged> {
    let mut joined = Joined::default();
    for (key, record) in records {
        joined.take(key, record, incarnation);
    }
    joined.close();
    joined.frames
}

#[derive(Default)]
struct Joined {
    frames: Vec<Logged>,
    /// A frame that has not ended yet, under the key of its last record so far.
    open: Option<Logged>,
}

impl Joined {
    fn take(&mut self, key: Seq, mut record: Vec<u8>, incarnation: Incarnation) {
        let flag = match record.get(..HEADER_BYTES) {
            Some([flag, written_for @ ..]) if flag & !(STARTS | ENDS) == 0 && *written_for == incarnation => {
                *flag
            }
            _ => return self.foreign(key, record),
        };
        let follows = self.open.as_ref().is_some_and(|open| open.seq + 1 == key);
        match &mut self.open {
            Some(open) if follows && flag & STARTS == 0 => {
                open.seq = key;
                open.frame.extend_from_slice(&record[HEADER_BYTES..]);
            }
            _ => {
                self.close();
                record.drain(..HEADER_BYTES);
                self.open = Some(Logged { seq: key, frame: record });
            }
        }
        if flag & ENDS != 0 {
            self.close();
        }
    }

    /// Nothing of ours: kept as it is, a frame that no decoder will accept.
    fn foreign(&mut self, key: Seq, record: Vec<u8>) {
        self.close();
        self.frames.push(Logged { seq: key, frame: record });
    }

    fn close(&mut self) {
        self.frames.extend(self.open.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OURS: Incarnation = [5; 16];

    /// The records of frames as a log keeps them, keys from 1 on.
    fn log(frames: &[Vec<u8>]) -> Vec<(Seq, Vec<u8>)> {
        (1..).zip(frames.iter().flat_map(|frame| split(frame, OURS))).collect()
    }

    fn frame(length: usize, fill: u8) -> Vec<u8> {
        vec![fill; length]
    }

    fn bytes(frames: Vec<Logged>) -> Vec<Vec<u8>> {
        frames.into_iter().map(|logged| logged.frame).collect()
    }

    #[test]
    fn a_record_stays_within_63_kib_and_a_frame_comes_back() {
        for length in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 200 << 10, 8 << 20] {
            let frames = [frame(length, 7)];
            let records = log(&frames);
            assert_eq!(records.len(), count(&frames[0]));
            assert!(records.iter().all(|(_, record)| record.len() <= RECORD_BYTES), "{length}");
            let last = records.len() as Seq;
            assert_eq!(join(records, OURS), [Logged { seq: last, frame: frame(length, 7) }]);
        }
    }

    #[test]
    fn a_missing_record_breaks_its_frame_and_no_other() {
        let frames = [frame(200 << 10, 1), frame(3, 2), frame(100 << 10, 3)];
        for missing in 0..4 {
            let mut records = log(&frames);
            records.remove(missing);
            let joined = bytes(join(records, OURS));
            assert!(joined.contains(&frames[1]) && joined.contains(&frames[2]), "record {missing}");
            assert!(!joined.contains(&frames[0]), "record {missing}");
        }
    }

    #[test]
    fn a_foreign_record_is_handed_on_and_swallows_nothing() {
        let other = split(b"another life", [6; 16]).collect::<Vec<_>>().concat();
        for foreign in [vec![], vec![0xff; 20], b"text".to_vec(), other] {
            let frames = [frame(100 << 10, 1), frame(3, 2)];
            let mut records = log(&frames);
            records[1].1 = foreign.clone();
            let joined = bytes(join(records, OURS));
            assert_eq!(joined.len(), 3);
            assert_eq!(joined[1..], [foreign, frames[1].clone()]);
        }
    }

    #[test]
    fn a_frame_whose_end_is_damaged_does_not_take_in_the_next() {
        let frames = [frame(3, 1), frame(3, 2)];
        let mut records = log(&frames);
        records[0].1[0] = STARTS;
        assert_eq!(bytes(join(records, OURS)), frames);
    }

    proptest! {
        #[test]
        fn any_records_are_joined_without_panic_or_loss_of_a_key(
            records in proptest::collection::btree_map(0u64..40, proptest::collection::vec(0u8..2, 15..19), 0..30),
        ) {
            let last = records.keys().next_back().copied();
            let joined = join(records, [0; 16]);
            prop_assert_eq!(joined.last().map(|logged| logged.seq), last);
            prop_assert!(joined.windows(2).all(|pair| pair[0].seq < pair[1].seq));
        }
    }
}
