//! A row: the JSON object PostgREST would return, kept as text.
//!
//! Canonical form: the table's columns in their defined order, no space between fields, each value's
//! text as it came (so `numeric` and `bigint` keep every digit). Columns that the definition does
//! not know yet follow at the end. Equal rows under one definition are equal text.

use super::{Table, Text, json};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Text")]
pub struct Row(Text);

/// A row that comes back from where it was kept.
impl TryFrom<Text> for Row {
    type Error = &'static str;

    fn try_from(text: Text) -> Result<Self, Self::Error> {
        if json::is_object(&text) { Ok(Self(text)) } else { Err("a row is a JSON object") }
    }
}

/// One field of a JSON object: its name and its value's raw text.
pub type Field<'a> = (Cow<'a, str>, &'a str);

impl Row {
    /// Reads any JSON object text and brings it into canonical form.
    pub fn from_json(table: &Table, json: &str) -> Result<Self, serde_json::Error> {
        Ok(Self::from_fields(table, &fields(json)?))
    }

    /// From text that a row once was.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// Canonical text from fields in any order; a defined column that is not given is null.
    pub fn from_fields(table: &Table, given: &[Field<'_>]) -> Self {
        let size: usize = given.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let mut text = String::with_capacity(size + 2);
        if is_canonical(table, given) {
            given.iter().for_each(|(name, value)| push_field(&mut text, name, value));
        } else {
            push_in_order(&mut text, table, given);
        }
        if text.is_empty() {
            text.push('{');
        }
        text.push('}');
        Self(text.into())
    }

    /// This row with some columns replaced.
    pub fn with<'a>(&self, table: &Table, changes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut given: Vec<Field<'_>> = self.fields();
        given.extend(changes.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)));
        Self::from_fields(table, &given)
    }

    /// This row under another definition, without these columns.
    pub fn reshaped(&self, table: &Table, gone: &[Text]) -> Self {
        let mut kept = self.fields();
        kept.retain(|(name, _)| gone.iter().all(|gone| **gone != *name));
        Self::from_fields(table, &kept)
    }

    /// The fields in order. Rows of segments are not parsed when they are read: a text that is no object,
    /// behind a right checksum, has none.
    pub fn fields(&self) -> Vec<Field<'_>> {
        fields(&self.0).unwrap_or_default()
    }

    /// The raw JSON text of one column.
    pub fn value(&self, column: &str) -> Option<&str> {
        self.fields().into_iter().find(|(name, _)| name == column).map(|(_, value)| value)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether fields are the table's columns in their order.
fn is_canonical(table: &Table, given: &[Field<'_>]) -> bool {
    let columns = table.columns.iter().map(|column| column.name.as_ref());
    given.len() == table.columns.len() && given.iter().zip(columns).all(|((name, _), column)| name == column)
}

fn push_in_order(text: &mut String, table: &Table, given: &[Field<'_>]) {
    for column in &table.columns {
        let value = given.iter().rev().find(|(name, _)| *name == column.name.as_ref());
        push_field(text, &column.name, value.map_or("null", |(_, value)| value));
    }
    for (name, value) in given.iter().filter(|(name, _)| table.column(name).is_none()) {
        push_field(text, name, value);
    }
}

fn push_field(text: &mut String, name: &str, value: &str) {
    text.push(if text.is_empty() { '{' } else { ',' });
    let is_plain = name.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\');
    if is_plain {
        text.push('"');
        text.push_str(name);
        text.push('"');
    } else {
        text.push_str(&serde_json::Value::from(name).to_string());
    }
    text.push(':');
    text.push_str(value);
}

/// The top-level fields of a JSON object as they come, values as raw text.
#[derive(Debug)]
pub struct Fields<'a>(pub Vec<Field<'a>>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some((name, value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    fields.push((name.0, value.get()));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The top-level fields of a JSON object, values as raw text.
pub fn fields(json: &str) -> Result<Vec<Field<'_>>, serde_json::Error> {
    serde_json::from_str(json).map(|fields: Fields<'_>| fields.0)
}

/// A field name: borrowed where it has no escape.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::schema::tests::entries;

    #[test]
    fn a_row_is_the_tables_columns_in_order_with_their_text_as_it_came() {
        let row = Row::from_json(&entries(), r#"{ "n" : 1.50, "title":"é\n", "id":"a", "extra":[1, 2] }"#)
            .expect("an object");
        assert_eq!(row.as_str(), r#"{"id":"a","title":"é\n","n":1.50,"extra":[1, 2]}"#);
        assert_eq!(row.value("n"), Some("1.50"));
    }

    #[test]
    fn a_change_keeps_every_other_column() {
        let row = Row::from_json(&entries(), r#"{"id":"a","title":"x","n":12345678901234567890}"#)
            .expect("an object");
        let changed = row.with(&entries(), [("title", "\"y\"")]);
        assert_eq!(changed.as_str(), r#"{"id":"a","title":"y","n":12345678901234567890}"#);
    }
}
