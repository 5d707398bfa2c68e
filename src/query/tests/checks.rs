//! Writes against CHECK constraints: the row as it will be decides, and what only the server knows decides nothing.

use super::*;

fn checked(checks: &[(&str, &str)]) -> Schema {
    let mut schema = schema();
    let entries = schema.tables.get_mut("entries").expect("entries");
    let check = |(name, expression): &(&str, &str)| crate::protocol::schema::Check {
        name: (*name).into(),
        expression: (*expression).into(),
        local: !name.ends_with("elsewhere"),
    };
    entries.checks = checks.iter().map(check).collect();
    schema
}

/// The code and message of what was refused.
fn refused(schema: &Schema, method: &str, url: &str, prefer: &str, body: &str) -> Option<(u16, String)> {
    let row = format!(r#"{{"id":"{}","title":"one","status":"open","n":1,"price":null,"length":3}}"#, id(1));
    let mut memory = Memory::of(schema, "entries", &[&row]);
    let (answer, mutations) =
        ask_as((schema, USER), &mut memory, (method, url), &[("prefer", prefer)], body).expect("supported");
    if answer.status < 300 {
        return None;
    }
    assert!(mutations.is_empty(), "a refused request writes nothing");
    let json: serde_json::Value = serde_json::from_str(&answer.body).expect("an error");
    assert_eq!((answer.status, &json["code"]), (400, &"23514".into()), "{json}");
    Some((answer.status, json["message"].as_str().unwrap_or_default().to_string()))
}

fn violates(name: &str) -> Option<(u16, String)> {
    Some((400, format!("new row for relation \"entries\" violates check constraint \"{name}\"")))
}

#[test]
fn the_row_as_it_will_be_is_checked_with_its_defaults() {
    let schema =
        checked(&[("a_n", "(n > 0)"), ("b_title", "(title <> 'no'::text)"), ("c_elsewhere", "(n > 100)")]);
    let post = |body: &str| refused(&schema, "POST", "entries", "", body);
    assert_eq!(post(r#"{"title":"x","n":1}"#), None);
    assert_eq!(post(r#"{"title":"x","n":null}"#), None);
    assert_eq!(post(r#"{"title":"x"}"#), violates("a_n"));
    assert_eq!(post(r#"{"title":"no","n":0}"#), violates("a_n"));
    assert_eq!(post(r#"[{"title":"x","n":1},{"title":"no","n":1}]"#), violates("b_title"));
}

#[test]
fn an_update_is_checked_whole_and_whatever_it_names() {
    let schema = checked(&[("n_and_title", "((n < 5) OR (title = 'one'::text))")]);
    let patch = |body: &str| refused(&schema, "PATCH", "entries?n=gt.0", "", body);
    assert_eq!(patch(r#"{"n":9}"#), None);
    assert_eq!(patch(r#"{"title":"two"}"#), None);
    assert_eq!(patch(r#"{"n":9,"title":"two"}"#), violates("n_and_title"));
    let schema = checked(&[("stood_before", "(n > 1)")]);
    assert_eq!(
        refused(&schema, "PATCH", "entries?n=gt.0", "", r#"{"title":"two"}"#),
        violates("stood_before")
    );
}

#[test]
fn an_upsert_is_checked_as_a_new_row_and_as_the_changed_one() {
    let schema =
        checked(&[("n_and_title", "((n < 5) OR (title = 'one'::text))"), ("price", "(price IS NOT NULL)")]);
    let upsert = |body: String| refused(&schema, "POST", "entries", "resolution=merge-duplicates", &body);
    let given = |rest: &str| format!(r#"{{"id":"{}",{rest}}}"#, id(1));
    assert_eq!(upsert(given(r#""title":"one","n":9,"price":1"#)), None);
    assert_eq!(upsert(given(r#""title":"one","n":9"#)), violates("price"));
    assert_eq!(upsert(given(r#""title":"two","n":9,"price":1"#)), violates("n_and_title"));
}

/// A generated column is made anew; a null may be one that the server has filled in since.
#[test]
fn what_only_the_server_knows_is_not_checked() {
    let schema = checked(&[
        ("length", "(length > 9)"),
        ("meta", "(meta IS NOT NULL)"),
        ("user", "(user_id IS NOT NULL)"),
    ]);
    assert_eq!(refused(&schema, "POST", "entries", "", r#"{"title":"x"}"#), None);
    assert_eq!(refused(&schema, "PATCH", "entries?n=gt.0", "", r#"{"title":"two"}"#), None);
    assert_eq!(refused(&schema, "PATCH", "entries?n=gt.0", "", r#"{"meta":null}"#), violates("meta"));
}

#[test]
fn constraints_are_read_anew_where_a_definition_has_changed() {
    let (checks, name): (Checks, Text) = (Checks::default(), "entries".into());
    let count = |schema: &Schema| {
        let table = &schema.tables[&name];
        let cell = |place: usize| Some(if table.columns[place].name.as_ref() == "n" { "5" } else { "null" });
        checks.of(&name, table).check(&cell).is_err()
    };
    assert!(!count(&checked(&[("n", "(n = 5)")])));
    assert!(count(&checked(&[("n", "(n = 6)")])));
    assert!(!count(&checked(&[])));
}
