//! Which blocks one request reads: a run of neighbours of one segment, or a single one.

use crate::protocol::SegmentId;

/// Neighbours asked for from which on one request for the range is cheaper than one for each.
const RUN_BLOCKS: usize = 4;

/// Blocks that one request reads: `count` of a segment from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub segment: SegmentId,
    pub first: u32,
    pub count: u32,
}

/// What is wanted, in order: runs of [`RUN_BLOCKS`] neighbours or more, and single blocks.
pub fn runs(wanted: &[(SegmentId, u32)]) -> Vec<Run> {
    let follows = |left: &(SegmentId, u32), right: &(SegmentId, u32)| {
        left.0 == right.0 && left.1.checked_add(1) == Some(right.1)
    };
    let mut runs = Vec::new();
    for chunk in wanted.chunk_by(follows) {
        let length = if chunk.len() < RUN_BLOCKS { 1 } else { chunk.len() };
        for run in chunk.chunks(length) {
            let (segment, first) = run[0];
            runs.push(Run { segment, first, count: run.len() as u32 });
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SegmentId = SegmentId([0; 16]);
    const B: SegmentId = SegmentId([0xff; 16]);

    #[test]
    fn neighbours_are_read_by_one_request_and_others_by_one_each() {
        let wanted = [(A, 1), (A, 2), (A, 3), (A, 4), (B, 5), (B, 6), (A, 9), (A, 8), (B, u32::MAX)];
        let counts: Vec<_> = runs(&wanted).iter().map(|run| (run.segment, run.first, run.count)).collect();
        assert_eq!(counts, [(A, 1, 4), (B, 5, 1), (B, 6, 1), (A, 9, 1), (A, 8, 1), (B, u32::MAX, 1)]);
    }
}
