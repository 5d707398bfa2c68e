//! A write's body: JSON objects whose values are checked and made canonical, column by column.
//!
//! What PostgREST refuses before it asks Postgres (`PGRST102`, `PGRST204`) and what Postgres refuses
//! in a value (`22P02` and its kin) is refused here. `_rev` and `_at` are ours and are ignored.

use super::cells::depth;
use super::kind::Kind;
use super::literal::from_json;
use super::refusal::*;
use crate::protocol::row::{Field, Fields};
use crate::protocol::{PgError, Table, Text, limits};
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// Columns of the server's own, stripped from answers and ignored in bodies.
const RESERVED: &[&str] = &["_rev", "_at"];

/// One object: the columns it gives, by place and in their order, with their canonical JSON text.
pub(super) type Given = Vec<(usize, Text)>;

/// The objects of a body. `columns` says which columns are meant, whatever the objects have.
pub(super) fn read_body(
    name: &str,
    table: &Table,
    body: &str,
    columns: Option<&[String]>,
) -> Result<Vec<Given>, Unprepared> {
    if depth(body) > limits::JSON_DEPTH {
        return Err(too_deep(limits::JSON_DEPTH).into());
    }
    let objects = objects(body)?;
    if columns.is_none() && !objects.windows(2).all(|pair| same_names(&pair[0].0, &pair[1].0)) {
        return Err(mismatch().into());
    }
    let columns: Vec<Cow<'_, str>> = match (columns, objects.first()) {
        (Some(columns), _) => columns.iter().map(Cow::from).collect(),
        (None, Some(first)) => first.0.iter().map(|(name, _)| name.clone()).collect(),
        (None, None) => Vec::new(),
    };
    let mut meant = meant(name, table, &columns)?;
    objects.iter().map(|object| given(&mut meant, &object.0)).collect()
}

/// Columns and canonical values of one object, to be changed in a row that is there.
pub fn changed_columns(name: &str, table: &Table, body: &str) -> Result<Vec<(Text, Text)>, Unprepared> {
    let mut objects = read_body(name, table, body, None)?;
    let (Some(given), true) = (objects.pop(), objects.is_empty()) else { return Err(mismatch().into()) };
    let mut values = Vec::with_capacity(given.len());
    for (place, value) in given {
        let column = &table.columns[place];
        if column.generated {
            return Err(generated_update(&column.name).into());
        }
        if table.is_key(&column.name) {
            return unsupported(format!("changing the primary key ({})", column.name));
        }
        if column.not_null && *value == *"null" {
            return Err(null_value(name, &column.name).into());
        }
        values.push((column.name.clone(), value));
    }
    Ok(values)
}

/// The objects' fields as they come.
fn objects(body: &str) -> Result<Vec<Fields<'_>>, PgError> {
    let read = match body.trim_start().as_bytes().first() {
        Some(b'[') => serde_json::from_str(body),
        Some(b'{') => serde_json::from_str(body).map(|object| vec![object]),
        _ => serde_json::from_str::<IgnoredAny>(body).map(|_| Vec::new()),
    };
    read.map_err(|_| match serde_json::from_str::<IgnoredAny>(body) {
        Ok(_) => mismatch(),
        Err(_) => invalid_body("Empty or invalid json"),
    })
}

fn mismatch() -> PgError {
    invalid_body("All object keys must match")
}

/// Whether two objects have the same fields. Most often they come in the same order too.
fn same_names(one: &[Field<'_>], other: &[Field<'_>]) -> bool {
    let in_order = one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.0 == b.0);
    let has = |fields: &[Field<'_>], name: &str| fields.iter().any(|(other, _)| other == name);
    in_order || (one.iter().all(|(name, _)| has(other, name)) && other.iter().all(|(name, _)| has(one, name)))
}

/// A column that is meant, and where the object before this one had it.
struct Meant<'t> {
    place: usize,
    name: &'t str,
    kind: Kind,
    type_name: &'t str,
    at: Option<usize>,
}

fn meant<'t>(name: &str, table: &'t Table, columns: &[Cow<'_, str>]) -> Result<Vec<Meant<'t>>, Unprepared> {
    let mut meant = Vec::with_capacity(columns.len());
    for wanted in columns.iter().filter(|name| !RESERVED.contains(&name.as_ref())) {
        let place = table.columns.iter().position(|defined| defined.name.as_ref() == wanted);
        let place = place.ok_or_else(|| unknown_body_column(name, wanted))?;
        let column = &table.columns[place];
        let (name, type_name) = (column.name.as_ref(), column.type_name.as_ref());
        meant.push(Meant { place, name, kind: Kind::of(type_name), type_name, at: None });
    }
    meant.sort_by_key(|column| column.place);
    meant.dedup_by_key(|column| column.place);
    Ok(meant)
}

/// Of equal names the last counts.
fn given(meant: &mut [Meant<'_>], object: &[Field<'_>]) -> Result<Given, Unprepared> {
    let mut given = Vec::with_capacity(meant.len());
    for column in meant {
        let is_here = |at: usize| object.get(at).is_some_and(|(name, _)| name == column.name);
        let again = |at: usize| object[at + 1..].iter().any(|(name, _)| name == column.name);
        if !column.at.is_some_and(|at| is_here(at) && !again(at)) {
            column.at = object.iter().rposition(|(name, _)| name == column.name);
        }
        if let Some((_, json)) = column.at.and_then(|at| object.get(at)) {
            let text = from_json(&column.kind, column.type_name, json)?;
            given.push((column.place, Text::from(text)));
        }
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::schema::tests::entries;

    fn read(body: &str, columns: Option<&[String]>) -> Result<Vec<Given>, String> {
        read_body("entries", &entries(), body, columns).map_err(|error| match error {
            Unprepared::Refused(error) => error.code + " " + &error.message,
            Unprepared::Unsupported(what) => what,
        })
    }

    #[test]
    fn objects_become_canonical_values_by_column() {
        let rows = read(r#"[{"n":"1.50","id":7,"_rev":"1"},{"id":"b","n":null,"_rev":"2"}]"#, None);
        assert_eq!(
            rows,
            Ok(vec![
                vec![(0, "\"7\"".into()), (2, "1.50".into())],
                vec![(0, "\"b\"".into()), (2, "null".into())]
            ])
        );
        assert_eq!(read("[]", None), Ok(vec![]));
        assert_eq!(read(r#"{"id":"a","id":"b"}"#, None), Ok(vec![vec![(0, "\"b\"".into())]]));
    }

    #[test]
    fn bad_bodies_are_refused_as_postgrest_does() {
        assert_eq!(read("", None), Err("PGRST102 Empty or invalid json".into()));
        assert_eq!(read("{", None), Err("PGRST102 Empty or invalid json".into()));
        assert_eq!(read(r#"[{"id":1},{"n":1}]"#, None), Err("PGRST102 All object keys must match".into()));
        let missing = "PGRST204 Could not find the 'x' column of 'entries' in the schema cache";
        assert_eq!(read(r#"{"x":1}"#, None), Err(missing.into()));
        let deep = format!("{{\"id\":{}{}}}", "[".repeat(64), "]".repeat(64));
        assert!(read(&deep, None).is_err_and(|e| e.starts_with("invalid_request")));
    }

    #[test]
    fn columns_choose_what_counts_and_allow_mixed_objects() {
        let columns = ["id".to_string(), "n".to_string()];
        let rows = read(r#"[{"id":"a","odd":1},{"id":"b","n":2}]"#, Some(&columns));
        assert_eq!(rows, Ok(vec![vec![(0, "\"a\"".into())], vec![(0, "\"b\"".into()), (2, "2".into())]]));
    }
}
