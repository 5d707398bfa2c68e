//! What a filter, an order term or a selected item refers to: a column, or a place in its JSON.
//!
//! Resolved against the definition once, so that running a plan looks nothing up by name.

use super::cells::{Cells, elements, plain, quote};
use super::kind::Kind;
use super::refusal::unknown_column;
use super::syntax::{Path, Step};
use super::value::{Collation, Value};
use crate::protocol::row::fields;
use crate::protocol::{PgError, Table, Text};
use std::borrow::Cow;

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub column: usize,
    steps: Vec<Step>,
    as_text: bool,
    /// The column is `json`, whose arrows differ from `jsonb`'s.
    plain_json: bool,
    /// Of the value that the field yields: a JSON path yields text (`->>`) or `jsonb` (`->`).
    pub kind: Kind,
    pub type_name: Text,
    pub collation: Collation,
}

impl Field {
    pub(super) fn resolve(name: &str, table: &Table, path: &Path<'_>) -> Result<Self, PgError> {
        let at = table.columns.iter().position(|column| column.name.as_ref() == path.column);
        let column = at.ok_or_else(|| unknown_column(name, &path.column))?;
        let (kind, type_name, collation) = match (path.steps.is_empty(), path.as_text) {
            (true, _) => {
                let defined = &table.columns[column];
                (Kind::of(&defined.type_name), defined.type_name.clone(), defined.collation.as_ref())
            }
            (false, true) => (Kind::Text(None), "text".into(), default_collation(table)),
            (false, false) => (Kind::Jsonb, "jsonb".into(), None),
        };
        let collation = Collation::of(&kind, collation);
        let plain_json = table.columns[column].type_name.as_ref() == "json";
        Ok(Self {
            column,
            steps: path.steps.clone(),
            as_text: path.as_text,
            plain_json,
            kind,
            type_name,
            collation,
        })
    }

    /// A whole column, not a place inside it.
    pub(super) fn is_column(&self) -> bool {
        self.steps.is_empty()
    }

    /// The field's JSON text in a row.
    pub(super) fn json<'a>(&self, cells: &Cells<'a, '_>) -> Cow<'a, str> {
        let cell = cells.get(self.column);
        if self.steps.is_empty() {
            return Cow::Borrowed(cell);
        }
        match walk(cell, &self.steps, self.plain_json) {
            Some("null") | None => Cow::Borrowed("null"),
            Some(found) if self.as_text && !found.starts_with('"') => Cow::Owned(quote(found)),
            Some(found) => Cow::Borrowed(found),
        }
    }

    /// The field's value in a row; `None` is SQL's null.
    pub(super) fn value<'a>(&self, cells: &Cells<'a, '_>) -> Option<Value<'a>> {
        let cell = cells.get(self.column);
        if self.steps.is_empty() {
            return Value::read(&self.kind, cell);
        }
        match (walk(cell, &self.steps, self.plain_json)?, self.as_text) {
            ("null", true) => None,
            (found, true) => Some(Value::Text(plain(found))),
            // `->` finds JSON's null, which is not SQL's.
            (found, false) => Some(Value::Json(Cow::Borrowed(found))),
        }
    }
}

/// What `->>` yields orders by the database's default, which the definition does not name: most
/// likely that of a column which does not order by bytes, as `C` is chosen column by column.
fn default_collation(table: &Table) -> Option<&Text> {
    let mut named = table.columns.iter().filter_map(|column| column.collation.as_ref());
    let first = named.clone().next();
    named.find(|name| Collation::of(&Kind::Text(None), Some(name)) != Collation::Bytes).or(first)
}

/// Follows a path into JSON text, as Postgres's `->` does. A `jsonb` scalar is an array of itself.
fn walk<'a>(json: &'a str, steps: &[Step], plain_json: bool) -> Option<&'a str> {
    // A null cell is SQL's null.
    let mut here = Some(json).filter(|cell| *cell != "null")?;
    for step in steps {
        here = match step {
            Step::Key(key) if here.starts_with('{') => {
                fields(here).ok()?.into_iter().rev().find(|(name, _)| name == key)?.1
            }
            Step::Index(index) if here.starts_with('[') => {
                let items = elements(here)?;
                let at = if *index < 0 { items.len() as i64 + index } else { *index };
                items.get(usize::try_from(at).ok()?).copied()?
            }
            Step::Index(0 | -1) if !plain_json && !here.starts_with('{') => here,
            _ => return None,
        };
    }
    Some(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_walks_objects_and_arrays_and_finds_nothing_elsewhere() {
        let json = r#"{"a": [1, {"b": null}], "c": "x"}"#;
        let key = |k: &str| Step::Key(k.into());
        assert_eq!(walk(json, &[key("a"), Step::Index(-1), key("b")], false), Some("null"));
        assert_eq!(walk(json, &[key("a"), Step::Index(0)], false), Some("1"));
        assert_eq!(walk(json, &[key("a"), Step::Index(2)], false), None);
        assert_eq!(walk(json, &[key("c"), key("d")], false), None);
        assert_eq!(walk("null", &[key("c")], false), None);
        assert_eq!(walk("1", &[Step::Index(0)], false), Some("1"), "jsonb");
        assert_eq!(walk("1", &[Step::Index(0)], true), None, "json");
    }
}
