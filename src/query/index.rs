//! Declared indexes of a table, and the keys under which they hold rows.
//!
//! A key is bytes whose order is that of the columns' values: compound keys are their columns' bytes one
//! after the other, each self-delimiting, so a prefix of columns is a prefix of bytes; a null sorts last.
//! Text under a collation other than `C`, and types whose order we do not know, have keys that serve
//! equality only. `json`, `jsonb`, arrays and types that are never compared have none.

mod bytes;
#[cfg(test)]
mod tests;

use super::cells::Reader;
use super::kind::Kind;
use super::moment::Moment;
use super::value::{Collation, Value};
use crate::protocol::{Table, Text, limits};
use std::borrow::Cow;

pub(super) use bytes::{NULL, push_value, value_end};

/// A list of rows by some of their columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Places in [`Table::columns`].
    pub columns: Vec<usize>,
}

/// What an index's keys depend on: of each column its name, type and collation. A list that was built
/// under another signature is not used.
pub type IndexSignature = Vec<(Text, Text, Option<Text>)>;

/// The declared indexes: the time column's, which is the first where there is one, then those of the
/// server, of natural keys and of foreign keys. One that is the beginning of another is left out.
pub fn indexes(table: &Table) -> Vec<Index> {
    let time = table.time.iter().map(std::slice::from_ref);
    let unique = table.unique.iter().map(|unique| unique.columns.as_slice());
    let foreign = table.foreign_keys.iter().map(|key| key.columns.as_slice());
    let declared: Vec<Vec<usize>> = time
        .chain(table.indexes.iter().map(Vec::as_slice))
        .chain(unique)
        .chain(foreign)
        .map(|names| keyed_places(table, names))
        .collect();
    let has_time = table.time.is_some() && declared.first().is_some_and(|columns| !columns.is_empty());
    let kept = declared.iter().enumerate().filter(|(n, columns)| {
        let covered = |(m, other): (usize, &Vec<usize>)| {
            m != *n && other.starts_with(columns) && (other.len() > columns.len() || m < *n)
        };
        !columns.is_empty() && ((has_time && *n == 0) || !declared.iter().enumerate().any(covered))
    });
    kept.take(limits::INDEXES).map(|(_, columns)| Index { columns: columns.clone() }).collect()
}

/// The places of these columns, up to the first that has no key.
fn keyed_places(table: &Table, names: &[Text]) -> Vec<usize> {
    let place = |name: &Text| {
        let place = table.columns.iter().position(|column| column.name == *name)?;
        Kind::of(&table.columns[place].type_name).has_key().then_some(place)
    };
    names.iter().map_while(place).collect()
}

pub fn signature(table: &Table, index: &Index) -> IndexSignature {
    let column = |place: &usize| {
        let column = &table.columns[*place];
        (column.name.clone(), column.type_name.clone(), column.collation.clone())
    };
    index.columns.iter().map(column).collect()
}

/// Where each column's value ends, in a key, or the beginning of one, of an index with this signature.
pub fn column_ends(signature: &IndexSignature, key: &[u8]) -> Vec<usize> {
    let mut at = 0;
    let ends = signature.iter().map_while(|(_, type_name, _)| {
        let is_there = at < key.len();
        at = value_end(&Kind::of(type_name), key, at);
        is_there.then_some(at)
    });
    ends.collect()
}

/// The least bytes behind every key that begins with these; `None` if nothing lies behind them.
pub fn past(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut bytes = prefix[..=last].to_vec();
    bytes[last] += 1;
    Some(bytes)
}

/// The key that a row of this moment has in the index of the time column, which is `indexes[0]`.
pub fn time_key(table: &Table, time_ms: u64) -> Option<Vec<u8>> {
    let name = table.time.as_ref()?;
    let kind = Kind::of(&table.column(name)?.type_name);
    let moment = match kind {
        Kind::Date => Moment::Date,
        Kind::Timestamp(_) => Moment::Timestamp,
        Kind::TimestampTz(_) => Moment::TimestampTz,
        _ => return None,
    };
    let micros = i64::try_from(time_ms).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000);
    let mut key = Vec::with_capacity(9);
    push_value(&kind, Some(&Value::Moment(moment.on_scale(micros))), &mut key);
    Some(key)
}

/// A column as an index sees it.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub place: usize,
    pub kind: Kind,
    /// Whether the bytes' order is that of the values.
    pub ordered: bool,
}

impl Part {
    pub(super) fn of(table: &Table, place: usize) -> Self {
        let column = &table.columns[place];
        let kind = Kind::of(&column.type_name);
        let by_bytes = Collation::of(&kind, column.collation.as_ref()) == Collation::Bytes;
        let ordered = by_bytes && kind.has_key() && kind != Kind::Named;
        Self { place, kind, ordered }
    }
}

/// What the keys of indexes are made of, worked out once.
#[derive(Clone, Debug)]
pub struct KeyParts(Vec<Vec<Part>>);

impl KeyParts {
    pub fn of(table: &Table, indexes: &[Index]) -> Self {
        let parts = |index: &Index| index.columns.iter().map(|place| Part::of(table, *place)).collect();
        Self(indexes.iter().map(parts).collect())
    }
}

/// Makes the keys of rows, one row after the other.
pub struct Indexer<'t> {
    reader: Reader<'t>,
    indexes: Cow<'t, [Vec<Part>]>,
}

impl<'t> Indexer<'t> {
    pub fn new(table: &'t Table, indexes: &[Index]) -> Self {
        Self { reader: Reader::new(table), indexes: Cow::Owned(KeyParts::of(table, indexes).0) }
    }

    /// With the parts of the table's indexes, or of the first of them.
    pub fn with(table: &'t Table, parts: &'t KeyParts, first: usize) -> Self {
        let indexes = &parts.0[..first.min(parts.0.len())];
        Self { reader: Reader::new(table), indexes: Cow::Borrowed(indexes) }
    }

    /// The row's key in each index, in the order in which they were given.
    pub fn keys(&mut self, row: &str) -> Vec<Vec<u8>> {
        let cells = self.reader.open(row);
        let key = |parts: &Vec<Part>| {
            let mut key = Vec::with_capacity(16 * parts.len());
            for part in parts {
                push_value(&part.kind, Value::read(&part.kind, cells.get(part.place)).as_ref(), &mut key);
            }
            key
        };
        self.indexes.iter().map(key).collect()
    }
}
