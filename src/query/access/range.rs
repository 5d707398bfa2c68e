//! Ranges of an index: from what is asked of its columns to bounds of its keys' bytes.

use super::asked::{Asked, Asks};
use crate::query::index::{self, NULL, Part, push_value};
use std::ops::Bound;

pub(super) type Range = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// Most ranges that one read walks: past it, a list of values is not looked up one by one.
const RANGES_MAX: usize = 256;

/// What an index's first columns are held to.
pub(super) struct Held {
    /// Each a value of each fixed column, one after the other.
    prefixes: Vec<Vec<u8>>,
    /// How many columns are fixed to values.
    pub fixed: usize,
    /// The column after them is held to a range.
    pub ranged: bool,
}

impl Held {
    pub(super) fn by(parts: &[Part], asks: &Asks<'_>) -> Self {
        let mut held = Self { prefixes: vec![Vec::new()], fixed: 0, ranged: false };
        for part in parts {
            let of_part = asks.column(part.place);
            let Some(values) = of_part.and_then(|asked| asked.equal.as_ref()) else {
                held.ranged = of_part.is_some_and(Asked::is_range);
                break;
            };
            if held.prefixes.len().saturating_mul(values.len()) > RANGES_MAX {
                break;
            }
            let extended = held.prefixes.iter().flat_map(|prefix| {
                values.iter().map(|value| {
                    let mut bytes = Vec::with_capacity(prefix.len() + 16);
                    bytes.extend_from_slice(prefix);
                    push_value(&part.kind, *value, &mut bytes);
                    bytes
                })
            });
            held.prefixes = extended.collect();
            held.prefixes.sort_unstable();
            held.prefixes.dedup();
            held.fixed += 1;
        }
        held
    }

    /// Whether one range shows all that is held to.
    pub(super) fn is_single(&self) -> bool {
        self.prefixes.len() == 1
    }

    /// In ascending order; they do not overlap.
    pub(super) fn ranges(&self, parts: &[Part], asks: &Asks<'_>) -> Vec<Range> {
        let next = parts.get(self.fixed).filter(|_| self.ranged);
        let ranged = next.and_then(|part| asks.column(part.place));
        self.prefixes.iter().map(|prefix| range(prefix, ranged)).filter(|range| !is_empty(range)).collect()
    }

    /// The part of a single range whose next column is null, and the other.
    pub(super) fn nulls_apart(&self) -> (Range, Range) {
        let prefix = self.prefixes.first().map_or(&[][..], Vec::as_slice);
        let nulls = with(prefix, &[NULL]);
        ((Bound::Included(nulls.clone()), past(prefix)), (from(prefix), Bound::Excluded(nulls)))
    }
}

/// A range that ends before it begins.
pub(super) fn is_empty(range: &Range) -> bool {
    match range {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to))
        | (Bound::Excluded(from), Bound::Included(to)) => from >= to,
        _ => false,
    }
}

fn range(prefix: &[u8], ranged: Option<&Asked<'_>>) -> Range {
    let Some(asked) = ranged else { return (from(prefix), past(prefix)) };
    let lower = match &asked.lower {
        Some(edge) if edge.inclusive => Bound::Included(with(prefix, &edge.bytes)),
        // Past every key that begins with it.
        Some(edge) => match past(&with(prefix, &edge.bytes)) {
            Bound::Excluded(bytes) => Bound::Included(bytes),
            other => other,
        },
        None => from(prefix),
    };
    let upper = match &asked.upper {
        Some(edge) if edge.inclusive => past(&with(prefix, &edge.bytes)),
        Some(edge) => Bound::Excluded(with(prefix, &edge.bytes)),
        None => Bound::Excluded(with(prefix, &[NULL])),
    };
    (lower, upper)
}

fn from(prefix: &[u8]) -> Bound<Vec<u8>> {
    if prefix.is_empty() { Bound::Unbounded } else { Bound::Included(prefix.to_vec()) }
}

/// The end of all keys that begin so.
fn past(prefix: &[u8]) -> Bound<Vec<u8>> {
    index::past(prefix).map_or(Bound::Unbounded, Bound::Excluded)
}

fn with(prefix: &[u8], rest: &[u8]) -> Vec<u8> {
    [prefix, rest].concat()
}
