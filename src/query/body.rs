//! A write's body: JSON objects whose values are checked and made canonical, column by column.
//!
//! What PostgREST refuses before it asks Postgres (`PGRST102`, `PGRST204`) and what Postgres refuses
//! in a value (`22P02` and its kin) is refused here. `_rev` and `_at` are ours and are ignored.

use super::cells::{depth, elements};
use super::kind::Kind;
use super::literal::from_json;
use super::refusal::*;
use crate::protocol::row::fields;
use crate::protocol::{PgError, Table, limits};

/// Columns of the server's own, stripped from answers and ignored in bodies.
const RESERVED: &[&str] = &["_rev", "_at"];

/// One object: the columns it gives, by place, with their canonical JSON text.
pub(super) type Given = Vec<(usize, String)>;

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
    let objects = objects(body, columns.is_some())?;
    let names: Vec<String> = match (columns, objects.first()) {
        (Some(columns), _) => columns.to_vec(),
        (None, Some(first)) => first.iter().map(|(name, _)| name.clone()).collect(),
        (None, None) => Vec::new(),
    };
    let mut places = Vec::with_capacity(names.len());
    for column in names.iter().filter(|name| !RESERVED.contains(&name.as_str())) {
        let place = table.columns.iter().position(|defined| defined.name.as_ref() == column);
        let place = place.ok_or_else(|| unknown_body_column(name, column))?;
        places.push((place, Kind::of(&table.columns[place].type_name)));
    }
    places.sort_by_key(|(place, _)| *place);
    places.dedup_by_key(|(place, _)| *place);
    objects.iter().map(|object| given(table, &places, object)).collect()
}

type Object<'a> = Vec<(String, &'a str)>;

/// The objects' fields, the last of equal names; all with the same names unless `mixed`.
fn objects(body: &str, mixed: bool) -> Result<Vec<Object<'_>>, PgError> {
    let invalid = || invalid_body("Empty or invalid json");
    let raw: &serde_json::value::RawValue = serde_json::from_str(body).map_err(|_| invalid())?;
    let items = match raw.get().as_bytes().first() {
        Some(b'[') => elements(raw.get()).ok_or_else(invalid)?,
        Some(b'{') => vec![raw.get()],
        _ => Vec::new(),
    };
    let mut objects: Vec<Object<'_>> = Vec::with_capacity(items.len());
    for item in items {
        let mismatch = || invalid_body("All object keys must match");
        let mut object: Object<'_> = fields(item)
            .map_err(|_| mismatch())?
            .into_iter()
            .rev()
            .map(|(k, v)| (k.into_owned(), v))
            .collect();
        object.sort_by(|(a, _), (b, _)| a.cmp(b));
        object.dedup_by(|(earlier, _), (kept, _)| earlier == kept);
        let same = |first: &Object<'_>| {
            first.len() == object.len() && first.iter().zip(&object).all(|(a, b)| a.0 == b.0)
        };
        if !mixed && !objects.first().is_none_or(same) {
            return Err(mismatch());
        }
        objects.push(object);
    }
    Ok(objects)
}

fn given(table: &Table, places: &[(usize, Kind)], object: &Object<'_>) -> Result<Given, Unprepared> {
    let mut given = Vec::with_capacity(places.len());
    for (place, kind) in places {
        let column = &table.columns[*place];
        let found = object.binary_search_by(|(name, _)| name.as_str().cmp(&column.name)).ok();
        if let Some(at) = found {
            given.push((*place, from_json(kind, &column.type_name, object[at].1)?));
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
