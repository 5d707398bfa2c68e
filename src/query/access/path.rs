//! One possible path: the ranges of a list that hold all matching rows, how they arrive, what that costs.

use super::asked::Asked;
use super::range::{Held, Range};
use super::{Access, Arrival, Wanted};
use crate::query::index::{Index, Part};
use crate::query::order::Term;
use crate::query::rows::{Rows, Walk};

pub(super) struct Path {
    pub index: Option<usize>,
    pub ranges: Vec<Range>,
    pub descending: bool,
    pub arrival: Arrival,
    /// Columns whose filters the ranges know.
    pub used: usize,
    /// Entries in the ranges, about.
    pub entries: usize,
}

/// A row found through an index, beside one met in a walk of the primary key.
const LOOK_UP_COST: f64 = 1.2;

impl Path {
    /// None if the index neither narrows the search nor has the order.
    pub(super) fn by_index(n: usize, index: &Index, wanted: &Wanted<'_>) -> Option<Self> {
        let parts: Vec<Part> = index.columns.iter().map(|place| Part::of(wanted.table, *place)).collect();
        let held = Held::by(&parts, wanted.asks);
        let used = held.fixed + usize::from(held.ranged);
        let order = Order::of(&parts, &held, wanted);
        if used == 0 && order.arrival == Arrival::Unsorted {
            return None;
        }
        let ranges = if order.nulls_against {
            let (nulls, others) = held.nulls_apart();
            if wanted.order[0].nulls_first { vec![nulls, others] } else { vec![others, nulls] }
        } else {
            held.ranges(&parts, wanted.asks)
        };
        let Order { arrival, descending, .. } = order;
        Some(Self { index: Some(n), ranges, descending, arrival, used, entries: 0 })
    }

    pub(super) fn estimate(&mut self, table: &str, rows: &dyn Rows) {
        self.entries = self.walks(None).map(|walk| rows.estimate(table, &walk)).sum();
    }

    /// `matching`: how many rows are thought to match.
    pub(super) fn cost(&self, matching: f64, enough: Option<usize>) -> f64 {
        let looked_at = self.looked_at(matching, enough);
        let sorted = if self.arrival == Arrival::Unsorted { matching.min(looked_at) } else { 0.0 };
        looked_at * if self.index.is_some() { LOOK_UP_COST } else { 1.0 } + sorted
    }

    /// How many entries will be visited: all, unless enough of them match before the end.
    fn looked_at(&self, matching: f64, enough: Option<usize>) -> f64 {
        let all = self.entries as f64;
        match enough {
            Some(enough) if self.arrival != Arrival::Unsorted && matching > 0.0 => {
                all.min(enough as f64 * all / matching.min(all))
            }
            _ => all,
        }
    }

    pub(super) fn into_access(self, matching: f64, enough: Option<usize>) -> Access {
        let stops = enough.is_some() && self.arrival != Arrival::Unsorted;
        let limit = stops.then(|| self.looked_at(matching, enough).ceil() as usize);
        Access { walks: self.walks(limit).collect(), arrival: self.arrival }
    }

    fn walks(&self, limit: Option<usize>) -> impl Iterator<Item = Walk> {
        self.ranges.iter().map(move |(from, to)| Walk {
            index: self.index,
            from: from.clone(),
            to: to.clone(),
            descending: self.descending,
            limit,
        })
    }
}

/// How far an index's order is the one asked for.
struct Order {
    arrival: Arrival,
    descending: bool,
    /// Nulls of the first term are wanted at the end at which the index does not have them.
    nulls_against: bool,
}

impl Order {
    const NONE: Self = Self { arrival: Arrival::Unsorted, descending: false, nulls_against: false };

    fn of(parts: &[Part], held: &Held, wanted: &Wanted<'_>) -> Self {
        let terms = wanted.order;
        if !held.is_single() {
            return Self::NONE;
        }
        let Some(first) = terms.first() else {
            // All keys are equal: rows tie, which is the order of their keys.
            let arrival = if held.fixed == parts.len() { Arrival::InOrder } else { Arrival::Unsorted };
            return Self { arrival, ..Self::NONE };
        };
        let descending = first.descending;
        let null_free = |part: &Part| wanted.asks.column(part.place).is_some_and(Asked::excludes_null);
        let with_nulls = |part: &Part, term: &Term| term.nulls_first == descending || null_free(part);
        let open = &parts[held.fixed..];
        let pairs = open.iter().zip(terms).enumerate();
        let covered = pairs
            .take_while(|(n, (part, term))| {
                let same = part.ordered && term.column() == Some(part.place) && term.descending == descending;
                same && (*n == 0 || with_nulls(part, term))
            })
            .count();
        if covered == 0 {
            return Self::NONE;
        }
        // Ties arrive in the order of keys only if ascending, and only if they tie in all of the index.
        let is_whole = covered == terms.len() && covered == open.len() && !descending;
        let arrival = if is_whole {
            Arrival::InOrder
        } else {
            let columns = if covered == open.len() { 0 } else { held.fixed + covered };
            let kinds = parts[..columns].iter().map(|part| part.kind.clone());
            Arrival::Grouped { terms: covered, columns: kinds.collect() }
        };
        Self { arrival, descending, nulls_against: !with_nulls(&open[0], first) }
    }
}
