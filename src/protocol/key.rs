//! A row's primary key as ordered text: the compact JSON array of its values, in key order.
//!
//! `["0190c2…"]` for a single uuid, `["u1","health"]` for a compound key. Values are canonical
//! JSON text (uuids lower case, numbers as Postgres prints them), so equal keys are equal text.

use super::row::Field;
use super::{Row, Table, Text, json};
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Text")]
pub struct Key(Text);

/// A key that comes back from where it was kept.
impl TryFrom<Text> for Key {
    type Error = &'static str;

    fn try_from(text: Text) -> Result<Self, Self::Error> {
        if json::is_array(&text) { Ok(Self(text)) } else { Err("a key is a JSON array") }
    }
}

impl Key {
    /// From raw JSON values, already canonical.
    pub fn from_values<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut text = String::with_capacity(48);
        text.push('[');
        for (n, value) in values.into_iter().enumerate() {
            if n > 0 {
                text.push(',');
            }
            text.push_str(value);
        }
        text.push(']');
        Self(text.into())
    }

    /// From the text of a key.
    pub fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// A key before all others.
    pub fn least() -> Self {
        Self("".into())
    }

    /// The key of a row, or `None` where a key column is missing or null.
    pub fn of(table: &Table, row: &Row) -> Option<Self> {
        Self::of_fields(table, &row.fields())
    }

    /// The key of a row with these fields, the last of equal names.
    pub fn of_fields(table: &Table, given: &[Field<'_>]) -> Option<Self> {
        let mut values = Vec::with_capacity(table.key.len());
        for column in &table.key {
            let found = given.iter().rev().find(|(name, _)| *name == column.as_ref());
            values.push(found.map(|(_, value)| *value).filter(|value| *value != "null")?);
        }
        Some(Self::from_values(values))
    }

    /// The raw JSON values, in key order. A text that is no array (in a segment, behind a right checksum) has none.
    pub fn values(&self) -> Vec<&str> {
        let raw: Vec<&serde_json::value::RawValue> = serde_json::from_str(&self.0).unwrap_or_default();
        raw.into_iter().map(|v| v.get()).collect()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keys order as their text does.
impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compound_key_gives_its_values_back() {
        let key = Key::from_values(["\"a,\\\"b\"", "12"]);
        assert_eq!(key.as_str(), "[\"a,\\\"b\",12]");
        assert_eq!(key.values(), ["\"a,\\\"b\"", "12"]);
    }
}
