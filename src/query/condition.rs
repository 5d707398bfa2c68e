//! Which rows a request is about: all its filters, and the keys they name if they name keys.
//!
//! Rows are found by key where the filters fix the whole primary key, else by a scan; either way
//! every filter is checked. Rows come in key order.

use super::cells::{Cells, Reader, quote};
use super::filter::{Filter, parse_filter, parse_logic};
use super::kind::Kind;
use super::refusal::Unprepared;
use super::value::Value;
use super::{Collate, Rows};
use crate::protocol::{Key, Row, Table};

/// Parameters that are no filters.
const RESERVED: &[&str] = &["select", "columns", "on_conflict", "order", "limit", "offset"];

#[derive(Clone, Debug)]
pub(super) struct Condition {
    filters: Vec<Filter>,
    /// In order, each once.
    keys: Option<Vec<Key>>,
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
        Ok(Self { filters, keys })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filters.is_empty()
    }

    /// The keys that the filters name, where no other row can match.
    pub(super) fn keys(&self) -> Option<&[Key]> {
        self.keys.as_deref()
    }

    pub(super) fn each(
        &self,
        name: &str,
        table: &Table,
        rows: &dyn Rows,
        collate: &dyn Collate,
        visit: &mut dyn FnMut(&Key, &Row, &Cells<'_>),
    ) {
        let mut reader = Reader::new(table);
        let mut check = |key: &Key, row: &Row| {
            let cells = reader.open(row.as_str());
            if self.filters.iter().all(|filter| filter.matches(&cells, collate)) {
                visit(key, row, &cells);
            }
        };
        match &self.keys {
            Some(keys) => {
                for key in keys {
                    if let Some(row) = rows.row(name, key) {
                        check(key, &row);
                    }
                }
            }
            None => rows.scan(name, &mut check),
        }
    }
}

/// Keys from filters that set every key column equal to something.
fn named_keys(table: &Table, filters: &[Filter]) -> Option<Vec<Key>> {
    let mut columns = Vec::with_capacity(table.key.len());
    for name in &table.key {
        let place = table.columns.iter().position(|column| column.name == *name)?;
        let kind = Kind::of(&table.columns[place].type_name);
        let equal = filters.iter().filter_map(Filter::equality).find(|(column, _)| *column == place)?.1;
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

/// A value's canonical JSON, for the kinds that have only one.
fn key_text(kind: &Kind, value: &Value<'_>) -> Option<String> {
    match (kind, value) {
        (Kind::Int(_), Value::Int(n)) => Some(n.to_string()),
        (Kind::Text(_) | Kind::Uuid, Value::Text(text)) => {
            let plain = !text.bytes().any(|b| b < b' ' || matches!(b, b'"' | b'\\' | 0x7f));
            plain.then(|| quote(text))
        }
        _ => None,
    }
}
