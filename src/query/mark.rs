//! Marks: what a row must have to match, told without the filters.
//!
//! By them a change of a row finds the few queries that it may matter to among many. A mark never misses a
//! match; whoever bears it may still fail the filters.

use super::access::Asks;
use super::cells::Reader;
use super::condition::Condition;
use super::index::{Part, push_value};
use super::value::Value;
use crate::protocol::{Key, Table};

/// Most values of one column that serve as a mark.
const VALUES_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Its key is one of these.
    Keys(Vec<Key>),
    /// The column at this place has one of these values, as bytes of an index.
    Cell { place: usize, values: Vec<Vec<u8>> },
    /// Any row may match.
    None,
}

impl Mark {
    /// The mark of what these filters ask for.
    pub(super) fn of(condition: &Condition, table: &Table) -> Self {
        if let Some(keys) = condition.keys() {
            return Self::Keys(keys.to_vec());
        }
        let asks: Asks<'_> = condition.asks(table);
        let equal = asks.columns.iter().filter(|asked| asked.part.kind.has_key());
        let equal = equal.filter_map(|asked| Some((&asked.part, asked.equal.as_ref()?)));
        match equal.min_by_key(|(_, values)| values.len()) {
            Some((part, values)) if values.len() <= VALUES_MAX => Self::Cell {
                place: part.place,
                values: values.iter().map(|value| bytes(part, *value)).collect(),
            },
            _ => Self::None,
        }
    }
}

/// What a row has at a place that a mark names, as the mark has it.
pub fn cell(table: &Table, place: usize, row: &str) -> Vec<u8> {
    let part = Part::of(table, place);
    let mut reader = Reader::of_first(table, place + 1);
    bytes(&part, Value::read(&part.kind, reader.open(row).get(place)).as_ref())
}

fn bytes(part: &Part, value: Option<&Value<'_>>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16);
    push_value(&part.kind, value, &mut bytes);
    bytes
}
