//! Ids that follow from a seed: of a request that may be asked again by someone who does not know whether it was carried out.
//!
//! The same seed gives the same id to the request and to each row that it makes, so the fold knows a repeat and drops it.
//! Without a seed there are none: the platform's randomness makes them.

use crate::protocol::MutationId;
use uuid::Uuid;

/// What the ids of one request follow from; random, and another one for each request that is meant.
pub type Seed = [u8; 16];

pub struct Ids(Option<Uuid>);

impl Ids {
    pub fn new(seed: Option<Seed>) -> Self {
        Self(seed.map(Uuid::from_bytes))
    }

    /// The request's own.
    pub fn request(&self) -> Option<MutationId> {
        self.0.map(|seed| MutationId(*Uuid::new_v5(&seed, b"request").as_bytes()))
    }

    /// Bytes for one id after the other, from the first on.
    pub fn drawn(&self) -> impl Iterator<Item = [u8; 16]> {
        let seed = self.0;
        (0_u64..).map_while(move |n| Some(*Uuid::new_v5(&seed?, &n.to_le_bytes()).as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_seed_gives_the_same_ids_again_and_no_two_alike() {
        let of = |seed: u8| Ids::new(Some([seed; 16])).drawn().take(1_000).collect::<Vec<_>>();
        assert_eq!(of(1), of(1));
        let all: BTreeSet<_> = of(1).into_iter().chain(of(2)).collect();
        assert_eq!(all.len(), 2_000);
        assert_eq!(Ids::new(Some([1; 16])).request(), Ids::new(Some([1; 16])).request());
        assert_ne!(Ids::new(Some([1; 16])).request(), Ids::new(Some([2; 16])).request());
    }

    #[test]
    fn without_a_seed_there_are_none() {
        assert!(Ids::new(None).request().is_none());
        assert_eq!(Ids::new(None).drawn().count(), 0);
    }
}
