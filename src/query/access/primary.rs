//! The primary key's list: in the order of the keys' text, which is that of the values for a uuid only.
//!
//! Of a compound key the first columns may be held equal: its text begins with theirs.

use super::asked::{Asked, Asks, Edge};
use super::path::Path;
use super::range::is_empty;
use super::{Arrival, Wanted};
use crate::protocol::{Key, Table};
use crate::query::kind::Kind;
use crate::query::value::Value;
use std::ops::Bound;

pub(super) fn path(wanted: &Wanted<'_>) -> Path {
    let uuid_key = uuid_key(wanted.table);
    let range = match uuid_key {
        Some(place) => of_uuid(wanted.asks.column(place)),
        None => beginning(wanted.table, wanted.asks),
    };
    let (arrival, descending) = match wanted.order.first() {
        None => (Arrival::InOrder, false),
        // Keys are never null and never tie.
        Some(term) if uuid_key.is_some() && term.column() == uuid_key => (Arrival::InOrder, term.descending),
        Some(_) => (Arrival::Unsorted, false),
    };
    let used = range.as_ref().map_or(0, |(_, used)| *used);
    let range = range.map_or((Bound::Unbounded, Bound::Unbounded), |(range, _)| range);
    let ranges = Some(range).filter(|range| !is_empty(range)).into_iter().collect();
    Path { index: None, ranges, descending, arrival, used, entries: 0 }
}

/// The place of a single key column of type uuid.
fn uuid_key(table: &Table) -> Option<usize> {
    let [name] = table.key.as_slice() else { return None };
    let place = table.columns.iter().position(|column| column.name == *name)?;
    (table.columns[place].type_name.as_ref() == "uuid").then_some(place)
}

type Found = Option<((Bound<Vec<u8>>, Bound<Vec<u8>>), usize)>;

fn of_uuid(asked: Option<&Asked<'_>>) -> Found {
    let asked = asked?;
    let end = |edge: &Option<Edge<'_>>| {
        let text = key_text(&Kind::Uuid, edge.as_ref()?.value)?;
        let bytes = Key::from_values([text.as_str()]).as_str().as_bytes().to_vec();
        Some(if edge.as_ref()?.inclusive { Bound::Included(bytes) } else { Bound::Excluded(bytes) })
    };
    let (from, to) = (end(&asked.lower), end(&asked.upper));
    if from.is_none() && to.is_none() {
        return None;
    }
    Some(((from.unwrap_or(Bound::Unbounded), to.unwrap_or(Bound::Unbounded)), 1))
}

fn beginning(table: &Table, asks: &Asks<'_>) -> Found {
    let (mut text, mut used) = (String::from("["), 0);
    for name in &table.key {
        let of_column = asks.columns.iter().find(|asked| table.columns[asked.part.place].name == *name);
        let Some(asked) = of_column.filter(|asked| asked.is_single()) else { break };
        let value = asked.equal.as_ref().and_then(|values| values[0]);
        let Some(value) = value.and_then(|value| key_text(&asked.part.kind, value)) else { break };
        text.push_str(&value);
        text.push(',');
        used += 1;
    }
    if used == 0 || used == table.key.len() {
        return None;
    }
    let from = text.into_bytes();
    let mut to = from.clone();
    to.pop();
    to.push(b',' + 1);
    Some(((Bound::Included(from), Bound::Excluded(to)), used))
}

/// A value's canonical JSON, for the kinds that have only one.
pub(in crate::query) fn key_text(kind: &Kind, value: &Value<'_>) -> Option<String> {
    match (kind, value) {
        (Kind::Int(_), Value::Int(n)) => Some(n.to_string()),
        (Kind::Text(_) | Kind::Uuid, Value::Text(text)) => {
            let plain = !text.bytes().any(|b| b < b' ' || matches!(b, b'"' | b'\\' | 0x7f));
            plain.then(|| ["\"", text, "\""].concat())
        }
        _ => None,
    }
}
