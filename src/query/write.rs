//! A write: parsed once, its values already canonical; preparing it makes mutations of single rows.
//!
//! `POST`, `PATCH` and `DELETE`. Nothing is written here: [`WritePlan::prepare`] reads the visible rows
//! and says which mutations the request means, [`super::Prepared::answer`] what the app gets back once the
//! fold has decided. A singular answer that cannot be given is refused before anything is written.

use super::body::{Given, read_body};
use super::condition::{Condition, filter_query, whole_rows};
use super::natural::NaturalKey;
use super::refusal::{Unprepared, read_only, unsupported};
use super::request::{Headers, Missing, Range, Resolution, Shape, first, parameters};
use super::select::{Select, parse_select};
use super::syntax::Cursor;
use super::{Collate, HttpRequest, Prepared, Rows, WriteContext};
use crate::protocol::{Key, PgError, Schema, Table, Text};
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct WritePlan {
    pub(super) table: Text,
    pub(super) verb: Verb,
    pub(super) shape: Shape,
    pub(super) select: Select,
    /// As it came.
    query: String,
}

/// What becomes of an insert whose key is taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conflict {
    pub resolution: Option<Resolution>,
    /// The key is the natural key.
    pub is_natural: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Verb {
    Insert {
        rows: Vec<Given>,
        conflict: Conflict,
        /// Columns that are meant though a row may lack them: null there.
        null_columns: Vec<usize>,
    },
    Update {
        values: Given,
        condition: Condition,
    },
    Delete {
        condition: Condition,
    },
}

impl WritePlan {
    pub(super) fn parse(name: &Text, table: &Table, request: &HttpRequest<'_>) -> Result<Self, Unprepared> {
        let (given, headers) = (parameters(request.query), Headers::of(request));
        let first = |name: &str| first(&given, name);
        let shape = Shape::read(&headers)?;
        if request.method != "DELETE" {
            require_json(headers.content_type, request.body)?;
        }
        if first("order").is_some() || !Range::read(&headers, &given)?.is_all() {
            return unsupported("order and limit on a write");
        }
        let select = parse_select(name, table, first("select").unwrap_or("*"))?;
        let columns = first("columns").map(|text| names("columns parameter", text)).transpose()?;
        let body = |columns| read_body(name, table, request.body, columns);
        let condition = Condition::parse(name, table, &given)?;
        let verb = match request.method {
            "POST" if !condition.is_empty() => return unsupported("filters on an insert"),
            "POST" => Verb::Insert {
                conflict: conflict(table, &shape, first("on_conflict"))?,
                null_columns: match &columns {
                    Some(columns) if shape.prefer.missing != Some(Missing::Default) => places(table, columns),
                    _ => Vec::new(),
                },
                rows: body(columns.as_deref())?,
            },
            "PATCH" => Verb::Update { values: update_values(body(columns.as_deref())?), condition },
            _ => Verb::Delete { condition },
        };
        Ok(Self { table: name.clone(), verb, shape, select, query: request.query.to_string() })
    }

    pub fn table(&self) -> &str {
        &self.table
    }

    /// Whether it is an insert whose rows must not be there yet.
    pub fn only_inserts(&self) -> bool {
        matches!(&self.verb, Verb::Insert { conflict: Conflict { resolution: None, .. }, .. })
    }

    /// The keys that an update's or delete's filters name, if no other row can match.
    pub fn keys(&self) -> Option<&[Key]> {
        match &self.verb {
            Verb::Insert { .. } => None,
            Verb::Update { condition, .. } | Verb::Delete { condition } => condition.keys(),
        }
    }

    /// Whether a row is among those that an update's or delete's filters match.
    pub fn matches(&self, table: &Table, row: &str, collate: &dyn Collate) -> bool {
        match &self.verb {
            Verb::Insert { .. } => false,
            Verb::Update { condition, .. } | Verb::Delete { condition } => {
                condition.matches(table, row, collate)
            }
        }
    }

    /// An update's or delete's filters as they came, as in [`super::ReadPlan::filter_query`].
    pub fn filter_query(&self) -> String {
        filter_query(&self.query)
    }

    /// The query string that asks for the rows that an update or delete is about, whole.
    pub fn whole_rows(&self, table: &Table) -> String {
        whole_rows(table, &self.query)
    }

    /// The inclusive lower bound that an update's or delete's filters put on the table's time column, as in
    /// [`super::ReadPlan::time_bound`].
    pub fn time_bound(&self, schema: &Schema) -> Option<Vec<u8>> {
        let (Verb::Update { condition, .. } | Verb::Delete { condition }) = &self.verb else { return None };
        condition.time_bound(schema.tables.get(&self.table)?)
    }

    /// The mutations that this request means over these rows. `schema` is the one it was parsed with.
    pub fn prepare(
        self: &Rc<Self>,
        schema: &Schema,
        rows: &dyn Rows,
        collate: &dyn Collate,
        context: &mut WriteContext<'_>,
    ) -> Result<Prepared, Unprepared> {
        let Some(table) = schema.tables.get(&self.table) else {
            return unsupported(format!("the table {}, which is not synced", self.table));
        };
        if table.is_read_only() {
            return Err(read_only(&self.table).into());
        }
        let mut prepared = Prepared::new(self);
        match &self.verb {
            Verb::Insert { rows: given, conflict, null_columns } => {
                let insert = super::insert::Insert {
                    name: &self.table,
                    table,
                    conflict: *conflict,
                    null_columns,
                    natural: NaturalKey::of(table),
                };
                insert.prepare(given, (rows, collate), context, &mut prepared)?;
            }
            Verb::Update { values, condition } => {
                let change = super::change::Change { name: &self.table, table, condition, rows, collate };
                change.update(values, context, &mut prepared)?;
            }
            Verb::Delete { condition } => {
                let change = super::change::Change { name: &self.table, table, condition, rows, collate };
                change.delete(context, &mut prepared);
            }
        }
        prepared.check_single()?;
        Ok(prepared)
    }
}

fn require_json(content_type: Option<&str>, body: &str) -> Result<(), Unprepared> {
    let media = content_type.unwrap_or("application/json").split(';').next().unwrap_or_default().trim();
    match media.to_ascii_lowercase().as_str() {
        "application/json" | "application/vnd.pgrst.object+json" | "application/vnd.pgrst.array+json" => {
            Ok(())
        }
        // What fetch says of a string that nobody gave a type.
        "text/plain" if body.trim_start().starts_with(['{', '[']) => unsupported("a body of type text/plain"),
        other => unsupported(format!("a body of type {other}")),
    }
}

/// A list of column names: `a,"b c"`.
fn names(what: &'static str, text: &str) -> Result<Vec<String>, PgError> {
    let mut cursor = Cursor::new(what, text);
    let mut names = vec![cursor.name()?.into_owned()];
    while cursor.lexeme(",") {
        names.push(cursor.name()?.into_owned());
    }
    if cursor.done() { Ok(names) } else { Err(cursor.expected("\",\" or end of input")) }
}

fn places(table: &Table, columns: &[String]) -> Vec<usize> {
    let place = |name: &String| table.columns.iter().position(|column| column.name.as_ref() == name);
    columns.iter().filter_map(place).collect()
}

/// `on_conflict` may name the primary key, which is the default, or the natural key; it counts only with a resolution.
fn conflict(table: &Table, shape: &Shape, on_conflict: Option<&str>) -> Result<Conflict, Unprepared> {
    let mut conflict = Conflict { resolution: shape.prefer.resolution, is_natural: false };
    if conflict.resolution.is_none() {
        return Ok(conflict);
    }
    if let Some(text) = on_conflict {
        let mut named = names("on_conflict parameter", text)?;
        named.sort();
        let mut key: Vec<&str> = table.key.iter().map(AsRef::as_ref).collect();
        key.sort_unstable();
        conflict.is_natural = named != key;
        if conflict.is_natural && !NaturalKey::is_named(table, &named) {
            return unsupported(format!(
                "on_conflict={text}, which is neither the primary nor the natural key"
            ));
        }
    }
    Ok(conflict)
}

/// An update takes the first object; an empty array or object updates nothing.
fn update_values(rows: Vec<Given>) -> Given {
    rows.into_iter().next().unwrap_or_default()
}
