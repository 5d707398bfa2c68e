//! How blocks are cut into slices, each for a transaction of its own of at most [`SLICE_BYTES`].

use super::Durability;
use crate::protocol::limits::SLICE_BYTES;

/// Blocks that one transaction writes, at least one, whatever its size; the last flushes them all.
pub fn of(blocks: &[Vec<u8>]) -> impl Iterator<Item = (&[Vec<u8>], Durability)> {
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
        let durability = if rest.is_empty() { Durability::Strict } else { Durability::Relaxed };
        (!slice.is_empty()).then_some((slice, durability))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_stay_below_their_limit_and_lose_nothing() {
        let blocks: Vec<Vec<u8>> = (0..200).map(|n| vec![0; n * 700]).chain([vec![0; 3 << 20]]).collect();
        let (slices, durabilities): (Vec<_>, Vec<_>) = of(&blocks).unzip();
        assert_eq!(slices.concat(), blocks);
        for slice in &slices {
            let bytes: usize = slice.iter().map(Vec::len).sum();
            assert!(bytes <= SLICE_BYTES || slice.len() == 1, "{bytes}");
        }
        let (last, others) = durabilities.split_last().unwrap();
        assert_eq!(*last, Durability::Strict);
        assert!(others.iter().all(|durability| *durability == Durability::Relaxed));
        assert_eq!(of(&[]).count(), 0);
    }
}
