//! How blocks are cut into slices, each for a transaction of its own of at most [`SLICE_BYTES`].

use crate::protocol::limits::SLICE_BYTES;

/// Blocks that one transaction writes; at least one, whatever its size.
pub fn of(blocks: &[Vec<u8>]) -> impl Iterator<Item = &[Vec<u8>]> {
    let mut rest = blocks;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |block: &&Vec<u8>| {
            bytes += block.len();
            bytes <= SLICE_BYTES
        };
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let slice;
        (slice, rest) = rest.split_at(count);
        (!slice.is_empty()).then_some(slice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_stay_below_their_limit_and_lose_nothing() {
        let blocks: Vec<Vec<u8>> = (0..200).map(|n| vec![0; n * 700]).chain([vec![0; 3 << 20]]).collect();
        let slices: Vec<_> = of(&blocks).collect();
        assert_eq!(slices.concat(), blocks);
        for slice in &slices {
            let bytes: usize = slice.iter().map(Vec::len).sum();
            assert!(bytes <= SLICE_BYTES || slice.len() == 1, "{bytes}");
        }
        assert_eq!(of(&[]).count(), 0);
    }
}
