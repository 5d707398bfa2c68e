//! Which rows a request is about: all its filters, and the keys they name if they name keys.
//!
//! Rows are found by key where the filters fix the whole primary key, else along an access path
//! ([`super::access`]); either way every filter is checked.

use super::Collate;
use super::access::{Access, Arrival, Wanted, asked, choose, conjuncts, key_text, sorting_terms};
use super::cells::{Cells, Reader};
use super::filter::{Filter, parse_filter, parse_logic};
use super::index::indexes;
use super::kind::Kind;
use super::order::Term;
use super::prepared::encode;
use super::refusal::Unprepared;
use super::request::decode;
use super::rows::{Entry, Rows};
use crate::protocol::{Key, Table};
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
    pub(super) fn parse(
        name: &str,
        table: &Table,
        parameters: &[(String, String)],
    ) -> Result<Self, Unprepared> {
        let mut filters = Vec::new();
        for (key, value) in parameters {
            if RESERVED.contains(&key.as_str()) {
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

    /// The terms of an order in which matching rows can differ.
    pub(super) fn sorting_terms<'p>(&self, table: &Table, order: &'p [Term]) -> Vec<&'p Term> {
        sorting_terms(table, &self.filters, order)
    }

    /// The greatest lower bound that the filters put on the time column, as bytes of its index: no row that
    /// matches is before it. None too where a row with null may match.
    pub(super) fn time_bound(&self, table: &Table) -> Option<Vec<u8>> {
        let place = table.time_place()?;
        let (asked, _) = asked(table, &self.filters);
        asked.into_iter().find(|asked| asked.part.place == place && asked.part.ordered)?.lower_bound()
    }

    /// Visits the rows that match, and says in which order. `reach`: how many of its first columns the
    /// visitor looks at.
    pub(super) fn visit<'a>(
        &'a self,
        search: &Search<'a, '_>,
        visit: &mut dyn FnMut(&Arrival, Entry<'a>, &Cells<'a, '_>) -> ControlFlow<()>,
    ) -> Arrival {
        let Search { name, table, rows, collate, .. } = *search;
        let mut reader = Reader::of_first(table, self.reach.max(search.reach));
        let mut check = |arrival: &Arrival, entry: Entry<'a>| {
            let cells = reader.open(entry.row);
            if self.holds(&cells, collate) {
                visit(arrival, entry, &cells)
            } else {
                ControlFlow::Continue(())
            }
        };
        let Some(keys) = &self.keys else {
            let wanted =
                Wanted { name, table, filters: &self.filters, order: search.order, enough: search.enough };
            let Access { walks, arrival } = choose(&wanted, &indexes(table), rows);
            let mut flow = ControlFlow::Continue(());
            for walk in &walks {
                if flow.is_continue() {
                    rows.walk(name, walk, &mut |entry| {
                        flow = check(&arrival, entry);
                        flow
                    });
                }
            }
            return arrival;
        };
        let arrival = if search.order.is_empty() { Arrival::InOrder } else { Arrival::Unsorted };
        for key in keys {
            let Some(row) = rows.row(name, key) else { continue };
            let key = key.as_str();
            if check(&arrival, Entry { index_key: key.as_bytes(), key, row }).is_break() {
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
    /// From [`Condition::sorting_terms`].
    pub order: &'s [&'s Term],
    /// How many rows in order are enough; none if all are counted.
    pub enough: Option<usize>,
    /// How many of the first columns the visitor looks at.
    pub reach: usize,
}

/// The filters of a query string, still encoded.
pub(super) fn filter_query(query: &str) -> String {
    let pairs = query.trim_start_matches('?').split('&');
    let filters = pairs.filter(|pair| {
        pair.split_once('=').is_some_and(|(name, _)| !RESERVED.contains(&decode(name).as_str()))
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
    let mut columns = Vec::with_capacity(table.key.len());
    for name in &table.key {
        let place = table.columns.iter().position(|column| column.name == *name)?;
        let kind = Kind::of(&table.columns[place].type_name);
        let equal =
            conjuncts.iter().filter_map(|filter| filter.equality()).find(|(column, _)| *column == place)?.1;
        let texts: Option<Vec<String>> = equal.iter().map(|value| key_text(&kind, value)).collect();
        columns.push(texts?);
    }
    let mut keys: Vec<Key> = match columns.as_slice() {
        [] => return None,
        [single] => single.iter().map(|text| Key::from_values([text.as_str()])).collect(),
        several if several.iter().all(|texts| texts.len() == 1) => {
            vec![Key::from_values(several.iter().map(|texts| texts[0].as_str()))]
        }
        _ => return None,
    };
    keys.sort();
    keys.dedup();
    Some(keys)
}
