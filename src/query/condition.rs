//! Which rows a request is about: all its filters, and the keys they name if they name keys.
//!
//! Rows are found by key where the filters fix the whole primary key, else along an access path
//! ([`super::access`]); either way every filter is checked.

use super::Collate;
use super::access::{Access, Arrival, Asks, Wanted, choose, conjuncts, key_text};
use super::cells::{Cells, Reader};
use super::filter::{Filter, parse_filter, parse_logic};
use super::index::indexes;
use super::kind::Kind;
use super::order::Term;
use super::prepared::encode;
use super::refusal::Unprepared;
use super::request::{Parameter, decode};
use super::rows::{Entry, Rows};
use super::value::Value;
use crate::protocol::{Key, Table, Text};
use std::ops::ControlFlow;

/// Parameters that are no filters.
const RESERVED: &[&str] = &["select", "columns", "on_conflict", "order", "limit", "offset"];

#[derive(Clone, Debug)]
pub(super) struct Condition {
    filters: Vec<Filter>,
    /// In order, each once.
    keys: Option<Vec<Key>>,
    /// How many of the first columns the filters look at.
    reach: usize,
}

impl Condition {
    pub(super) fn parse(name: &str, table: &Table, parameters: &[Parameter<'_>]) -> Result<Self, Unprepared> {
        let mut filters = Vec::new();
        for (key, value) in parameters {
            if RESERVED.contains(&key.as_ref()) {
                continue;
            }
            let embedded =
                key.rsplit_once('.').is_some_and(|(_, last)| ["order", "limit", "offset"].contains(&last));
            if embedded {
                return super::refusal::unsupported(format!("parameters of embedded tables ({key})"));
            }
            filters.push(match parse_logic(name, table, key, value)? {
                Some(group) => group,
                None => parse_filter(name, table, key, value)?,
            });
        }
        let keys = named_keys(table, &filters);
        let reach = filters.iter().map(Filter::reach).max().unwrap_or(0);
        Ok(Self { filters, keys, reach })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filters.is_empty()
    }

    /// The keys that the filters name, where no other row can match.
    pub(super) fn keys(&self) -> Option<&[Key]> {
        self.keys.as_deref()
    }

    /// Whether a row is among those that it is about.
    pub(super) fn matches(&self, table: &Table, row: &str, collate: &dyn Collate) -> bool {
        self.holds(&Reader::of_first(table, self.reach).open(row), collate)
    }

    fn holds(&self, cells: &Cells<'_, '_>, collate: &dyn Collate) -> bool {
        self.filters.iter().all(|filter| filter.matches(cells, collate))
    }

    /// What the filters ask of columns; of no interest where keys are named.
    pub(super) fn asks(&self, table: &Table) -> Asks<'_> {
        if self.keys.is_some() { Asks::default() } else { Asks::of(table, &self.filters) }
    }

    /// The greatest lower bound that the filters put on the time column, as bytes of its index: no row that
    /// matches is before it. None too where a row with null may match.
    pub(super) fn time_bound(&self, table: &Table) -> Option<Vec<u8>> {
        let place = table.time_place()?;
        let asks = Asks::of(table, &self.filters);
        asks.column(place).filter(|asked| asked.part.ordered)?.lower_bound()
    }

    /// Visits the rows that match, and says in which order. The visitor looks at the columns of the order
    /// terms that this order does not settle, and at no others.
    pub(super) fn visit<'a>(
        &'a self,
        search: &Search<'a, '_>,
        visit: &mut dyn FnMut(&Arrival, Entry<'a>, &Cells<'a, '_>) -> ControlFlow<()>,
    ) -> Arrival {
        let Search { name, table, rows, order, .. } = *search;
        let Access { walks, arrival } = match &self.keys {
            Some(_) if order.is_empty() => Access { walks: Vec::new(), arrival: Arrival::InOrder },
            Some(_) => Access { walks: Vec::new(), arrival: Arrival::Unsorted },
            None => {
                let wanted = Wanted { name, table, asks: search.asks, order, enough: search.enough };
                choose(&wanted, &indexes(table), rows)
            }
        };
        let reach = order[arrival.settled_terms(order)..].iter().map(|term| term.reach()).max();
        let mut reader = Reader::of_first(table, self.reach.max(reach.unwrap_or(0)));
        let mut flow = ControlFlow::Continue(());
        let mut check = |entry: Entry<'a>| {
            let cells = reader.open(entry.row);
            if self.holds(&cells, search.collate) {
                flow = visit(&arrival, entry, &cells);
            }
            flow
        };
        for key in self.keys.iter().flatten() {
            let Some(row) = rows.row(name, key) else { continue };
            let key = key.as_str();
            if check(Entry { index_key: key.as_bytes(), key, row }).is_break() {
                return arrival;
            }
        }
        for walk in &walks {
            let mut stopped = false;
            rows.walk(name, walk, &mut |entry| {
                let flow = check(entry);
                stopped = flow.is_break();
                flow
            });
            if stopped {
                break;
            }
        }
        arrival
    }
}

/// Where and how rows are looked for.
pub(super) struct Search<'a, 's> {
    pub name: &'s str,
    pub table: &'s Table,
    pub rows: &'a dyn Rows,
    pub collate: &'s dyn Collate,
    /// From [`Condition::asks`].
    pub asks: &'s Asks<'s>,
    /// From [`Asks::sorting_terms`].
    pub order: &'s [&'s Term],
    /// How many rows in order are enough; none if all are counted.
    pub enough: Option<usize>,
}

/// The filters of a query string, still encoded.
pub(super) fn filter_query(query: &str) -> String {
    let pairs = query.trim_start_matches('?').split('&');
    let filters = pairs.filter(|pair| {
        pair.split_once('=').is_some_and(|(name, _)| !RESERVED.contains(&decode(name).as_ref()))
    });
    filters.collect::<Vec<_>>().join("&")
}

/// The query string of whole rows, in the order asked for, ties by key: no limit, no offset.
pub(super) fn whole_rows(table: &Table, query: &str) -> String {
    let pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    let order = pairs.filter(|(name, _)| decode(name) == "order").map(|(_, terms)| terms).next();
    let key = table.key.iter().map(|column| encode(column));
    let terms: Vec<String> =
        order.filter(|order| !order.is_empty()).map(str::to_owned).into_iter().chain(key).collect();
    let filters = filter_query(query);
    let and = if filters.is_empty() { "" } else { "&" };
    format!("select=*{and}{filters}&order={}", terms.join(","))
}

/// Keys from filters that set every key column equal to something.
fn named_keys(table: &Table, filters: &[Filter]) -> Option<Vec<Key>> {
    let conjuncts = conjuncts(filters);
    let equal = |name: &Text| {
        let place = table.columns.iter().position(|column| column.name == *name)?;
        let equal = conjuncts.iter().filter_map(|filter| filter.equality());
        Some((
            Kind::of(&table.columns[place].type_name),
            equal.clone().find(|(column, _)| *column == place)?.1,
        ))
    };
    let mut keys: Vec<Key> = match table.key.as_slice() {
        [] => return None,
        [single] => {
            let (kind, values) = equal(single)?;
            let key = |value: &Value<'_>| Some(Key::from_values([key_text(&kind, value)?.as_str()]));
            values.iter().map(key).collect::<Option<_>>()?
        }
        several => {
            let text = |name: &Text| match equal(name)? {
                (kind, [value]) => key_text(&kind, value),
                _ => None,
            };
            let texts: Vec<String> = several.iter().map(text).collect::<Option<_>>()?;
            vec![Key::from_values(texts.iter().map(String::as_str))]
        }
    };
    keys.sort();
    keys.dedup();
    Some(keys)
}
