//! Which segments of a table a checkpoint merges, if any.
//!
//! Reading in the order of time should touch one or two blocks, and a table should not consist of crumbs:
//! small segments are gathered once there are several, segments that are mostly dead, or cut by a horizon, are written anew, and
//! where too many lie over the same time they are sorted into one sequence.

use crate::engine::rows::Rested;
use crate::protocol::limits::SEGMENT_ROWS;

/// Segments with fewer living rows, and less text, are small. One that is full of long rows is not: merging
/// those would make as many again.
const SMALL_ROWS: u32 = SEGMENT_ROWS as u32 / 2;
const SMALL_BYTES: u64 = super::SEGMENT_BYTES as u64 / 2;
/// So many small ones are merged.
const SMALL_MAX: usize = 8;
/// So many may lie over the same time.
const DEPTH_MAX: usize = 6;
/// Most segments in one merge: each needs a block in memory.
const INPUTS_MAX: usize = 64;

pub fn inputs(segments: &[Rested], generation: u32) -> Option<Vec<Rested>> {
    let is_current = |rested: &&Rested| rested.directory.generation == generation;
    let current: Vec<&Rested> = segments.iter().filter(is_current).collect();
    if current.len() < segments.len() {
        return None; // a round from nothing is under way: wait for its end
    }
    let small: Vec<&Rested> = current.iter().filter(|rested| is_small(rested)).copied().collect();
    if small.len() >= SMALL_MAX {
        return Some(own(small));
    }
    let is_withered =
        |rested: &&&Rested| rested.dead.count() > rested.directory.rows / 2 || rested.from.is_some();
    let withered: Vec<&Rested> = current.iter().filter(is_withered).copied().collect();
    if !withered.is_empty() {
        return Some(own(withered));
    }
    let deepest = deepest(&current);
    (deepest.len() > DEPTH_MAX).then(|| own(deepest))
}

fn is_small(rested: &Rested) -> bool {
    let (living, rows) = (u64::from(rested.living()), u64::from(rested.directory.rows.max(1)));
    rested.living() < SMALL_ROWS && rested.directory.bytes * living / rows < SMALL_BYTES
}

fn own(chosen: Vec<&Rested>) -> Vec<Rested> {
    chosen.into_iter().take(INPUTS_MAX).cloned().collect()
}

/// The segments over the time that most of them lie over. A segment's end is not part of it: those that follow
/// each other do not lie over one time, however many share a moment.
fn deepest<'a>(segments: &[&'a Rested]) -> Vec<&'a Rested> {
    let over = |at: &[u8]| -> Vec<&'a Rested> {
        let lies_over = |rested: &&Rested| match (&rested.directory.oldest, &rested.directory.newest) {
            (Some(oldest), Some(newest)) => oldest.as_slice() <= at && at < newest.as_slice(),
            _ => false,
        };
        segments.iter().copied().filter(lies_over).collect()
    };
    let starts = segments.iter().filter_map(|rested| rested.directory.oldest.as_deref());
    starts.map(over).max_by_key(Vec::len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::segment::{Directory, Packed, SegmentId, build};
    use crate::protocol::{Key, Rev, Row, Table};
    use std::rc::Rc;

    /// Segments that claim so many rows and bytes, over these times.
    fn segments(count: u8, rows: u32, bytes: u64, times: impl Fn(u8) -> (u8, u8)) -> Vec<Rested> {
        let json =
            r#"{"columns":[],"key":["id"],"owner":null,"time":null,"policy":"merge","direction":"both"}"#;
        let table: Table = serde_json::from_str(json).expect("a definition");
        let packed = Packed { key: Key::from_values(["1"]), rev: Rev(1), row: Row::from_stored("{}") };
        let blocks = build("t", &table, 0, vec![packed]);
        let directory = Directory::read(&blocks[0]).expect("our own directory");
        let segment = |n| {
            let (oldest, newest) = times(n);
            let (oldest, newest) = (Some(vec![oldest]), Some(vec![newest]));
            let mut claims = directory.clone();
            (claims.rows, claims.bytes, claims.oldest, claims.newest) = (rows, bytes, oldest, newest);
            Rested::new(SegmentId([n; 16]), Rc::new(claims))
        };
        (0..count).map(segment).collect()
    }

    fn chosen(segments: &[Rested]) -> usize {
        inputs(segments, 0).map_or(0, |inputs| inputs.len())
    }

    #[test]
    fn small_segments_are_gathered_once_there_are_several() {
        assert_eq!(chosen(&segments(7, 100, 20_000, |n| (n, n + 1))), 0);
        assert_eq!(chosen(&segments(8, 100, 20_000, |n| (n, n + 1))), 8);
    }

    /// Merging them would make as many segments as there were, and so without end.
    #[test]
    fn segments_that_are_full_of_long_rows_are_left_alone() {
        assert_eq!(chosen(&segments(20, 9, 4 << 20, |n| (n, n + 1))), 0);
    }

    #[test]
    fn what_lies_over_one_time_is_sorted_into_a_sequence() {
        assert_eq!(chosen(&segments(7, 4_096, 1 << 20, |n| (n, 100 + n))), 7);
        assert_eq!(chosen(&segments(20, 4_096, 1 << 20, |n| (n, n + 1))), 0, "they follow each other");
    }

    /// A bulk insert gives all its rows one `now()`: no order of segments could part them.
    #[test]
    fn many_rows_of_one_moment_are_left_alone() {
        assert_eq!(chosen(&segments(20, 4_096, 1 << 20, |_| (7, 7))), 0);
    }
}
