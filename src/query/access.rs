//! The access path of a plan: which list to walk, from where to where, and what is left to sort.
//!
//! A path is some ranges of one list: the primary key's, or an index whose first columns are held equal
//! and whose next one to a range. One whose order is the one asked for may stop as soon as the page is
//! full; it is costed by how many rows it will have to look at. The cheapest wins. Whatever the path, every
//! filter is checked on every row, and the answer is that of a whole walk and a sort.

mod asked;
mod path;
mod primary;
mod range;

use super::index::Index;
use super::kind::Kind;
use super::order::Term;
use super::rows::{Rows, Walk};
use crate::protocol::Table;
pub(super) use asked::{Asks, conjuncts};
use path::Path;
pub(super) use primary::key_text;

/// Which rows are looked at, and how they arrive.
#[derive(Debug)]
pub(super) struct Access {
    /// One after the other.
    pub walks: Vec<Walk>,
    pub arrival: Arrival,
}

/// In which order the rows of the walks arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// That of the answer.
    InOrder,
    /// That of the first `terms` order terms. Rows tie in these while their index keys are equal in the
    /// first columns, which are of these kinds; or as a whole, if none are named.
    Grouped { terms: usize, columns: Vec<Kind> },
    /// None that is of use.
    Unsorted,
}

impl Arrival {
    /// How many of the first order terms have nothing left to sort.
    pub(super) fn settled_terms(&self, order: &[&Term]) -> usize {
        match self {
            Self::InOrder => order.len(),
            Self::Grouped { terms, .. } => *terms,
            Self::Unsorted => 0,
        }
    }
}

/// What is to be found.
pub(super) struct Wanted<'p> {
    pub name: &'p str,
    pub table: &'p Table,
    pub asks: &'p Asks<'p>,
    /// From [`Asks::sorting_terms`]. None: in the order of keys.
    pub order: &'p [&'p Term],
    /// How many rows in order are enough; none if all are counted.
    pub enough: Option<usize>,
}

/// Of the rows that lists know of, how many are thought to pass one more filter.
const PASS_OTHER: f64 = 0.5;

/// The cheapest path.
pub(super) fn choose(wanted: &Wanted<'_>, indexes: &[Index], rows: &dyn Rows) -> Access {
    let asks = wanted.asks;
    let mut paths = Vec::with_capacity(indexes.len() + 1);
    paths.push(primary::path(wanted));
    for (n, index) in indexes.iter().enumerate() {
        if rows.has_index(wanted.name, n) {
            paths.extend(Path::by_index(n, index, wanted));
        }
    }
    for path in &mut paths {
        path.estimate(wanted.name, rows);
    }
    let most_telling = paths.iter().min_by_key(|path| path.entries).expect("the primary key's path");
    let unknown = (asks.others + asks.columns.len()).saturating_sub(most_telling.used);
    let matching = most_telling.entries as f64 * PASS_OTHER.powi(unknown.min(4) as i32);
    let cost = |path: &Path| path.cost(matching, wanted.enough);
    let best = paths.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
    best.expect("the primary key's path").into_access(matching, wanted.enough)
}
