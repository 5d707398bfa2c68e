//! Natural keys: which id a row gets, which row a request means, and what stays as it is (RECIPES 1.2).

use super::*;

const FULL: (&str, &str) = ("prefer", "return=representation");
const MERGE: (&str, &str) = ("prefer", "resolution=merge-duplicates,return=representation");
const IGNORE: (&str, &str) = ("prefer", "resolution=ignore-duplicates,return=representation");
/// The id of U1's attunement of 2026-03-10: RECIPES X-1.
const DERIVED: &str = "e725aeef-bc74-58ca-9529-d22096ccf0a2";
const U1: &str = "00000000-0000-4000-8000-000000000001";
const DAY: &str = "daily_attunements?on_conflict=date,user_id";

fn definitions() -> Schema {
    let column = |name: &str, type_name: &str, default: Option<&str>| {
        serde_json::json!({"name": name, "type": type_name, "not_null": name != "note", "default": default,
            "collation": null, "generated": false, "identity": false})
    };
    let table = serde_json::json!({
        "columns": [column("id", "uuid", Some("gen_random_uuid()")), column("user_id", "uuid", Some("auth.uid()")),
            column("date", "date", None), column("note", "text", None)],
        "key": ["id"], "unique": [{"name": "one_a_day", "columns": ["user_id", "date"]}], "owner": "user_id", "time": null,
        "policy": "merge", "direction": "both", "natural_key": ["user_id", "date"]});
    serde_json::from_value(serde_json::json!({"tables": {"daily_attunements": table}})).expect("a schema")
}

fn row(id: &str, date: &str) -> String {
    format!(r#"{{"id":"{id}","user_id":"{U1}","date":"{date}","note":"old"}}"#)
}

fn write(
    rows: &[String],
    method: &str,
    url: &str,
    header: (&str, &str),
    body: &str,
) -> (Answer, Vec<Mutation>) {
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let schema = definitions();
    let mut memory = Memory::of(&schema, "daily_attunements", &rows);
    ask_as((&schema, U1), &mut memory, (method, url), &[header], body)
        .unwrap_or_else(|feature| panic!("{url}: {feature}"))
}

fn code(answer: &Answer) -> String {
    let json: serde_json::Value = serde_json::from_str(&answer.body).expect("an error");
    json["code"].as_str().unwrap_or_default().to_owned()
}

fn keys(mutations: &[Mutation]) -> Vec<(Op, String)> {
    mutations.iter().map(|m| (m.op, m.key.values()[0].trim_matches('"').to_owned())).collect()
}

/// RECIPES X-1.
#[test]
fn an_insert_without_an_id_gets_that_of_its_natural_key_and_one_with_an_id_keeps_it() {
    let (answer, mutations) = write(&[], "POST", "daily_attunements", FULL, r#"{"date":"2026-03-10"}"#);
    assert_eq!((answer.status, keys(&mutations)), (201, vec![(Op::Insert, DERIVED.into())]));
    let given = mutations[0].changes.iter().map(|change| (change.column.as_ref(), change.value.as_ref()));
    assert!(given.clone().any(|cell| cell == ("id", &format!("\"{DERIVED}\""))), "it is sent");
    let (_, mutations) = write(&[], "POST", "daily_attunements", FULL, &row(&id(7), "2026-03-10"));
    assert_eq!(keys(&mutations), [(Op::Insert, id(7))]);
}

#[test]
fn a_natural_key_that_is_visible_is_a_duplicate_whatever_its_id() {
    for (held, body) in [
        (DERIVED.to_owned(), r#"{"date":"2026-03-10"}"#.to_owned()),
        (id(7), r#"{"date":"2026-03-10"}"#.to_owned()),
        (DERIVED.to_owned(), row(&id(7), "2026-03-10")),
    ] {
        let (answer, mutations) =
            write(&[row(&held, "2026-03-10")], "POST", "daily_attunements", FULL, &body);
        assert_eq!((answer.status, code(&answer).as_str(), mutations.len()), (409, "23505", 0), "{body}");
    }
    let twice = r#"[{"date":"2026-03-10"},{"date":"2026-03-10"}]"#;
    let (answer, _) = write(&[], "POST", "daily_attunements", FULL, twice);
    assert_eq!(code(&answer), "23505");
    let (answer, _) = write(&[], "POST", DAY, MERGE, twice);
    assert_eq!(code(&answer), "21000");
}

#[test]
fn on_conflict_on_the_natural_key_means_the_row_that_has_it() {
    let body = r#"{"date":"2026-03-10","note":"new"}"#;
    for held in [DERIVED.to_owned(), id(7)] {
        let rows = [row(&held, "2026-03-10"), row(&id(8), "2026-03-11")];
        let (answer, mutations) = write(&rows, "POST", DAY, MERGE, body);
        assert_eq!((answer.status, keys(&mutations)), (200, vec![(Op::Upsert, held.clone())]));
        assert!(answer.body.contains("\"new\""), "{}", answer.body);
        let (_, mutations) = write(&rows, "POST", DAY, IGNORE, body);
        assert!(mutations.is_empty(), "it gives way");
    }
    let (answer, mutations) = write(&[row(&id(8), "2026-03-11")], "POST", DAY, MERGE, body);
    assert_eq!((answer.status, keys(&mutations)), (201, vec![(Op::Upsert, DERIVED.into())]));
}

#[test]
fn a_natural_key_from_which_an_id_was_derived_is_not_changed() {
    let url = "daily_attunements?user_id=not.is.null";
    let change = |held: &str, body: &str| write(&[row(held, "2026-03-10")], "PATCH", url, FULL, body);
    let (answer, mutations) = change(DERIVED, r#"{"date":"2026-03-11"}"#);
    assert_eq!((answer.status, code(&answer).as_str(), mutations.len()), (400, "23514", 0));
    assert!(answer.body.contains("Delete the row and insert another one"), "{}", answer.body);
    assert_eq!(change(DERIVED, r#"{"date":"2026-03-10","note":"x"}"#).1.len(), 1, "the same is no change");
    assert_eq!(change(&id(7), r#"{"date":"2026-03-11"}"#).1.len(), 1, "its id is another");
    let (answer, _) =
        write(&[row(DERIVED, "2026-03-10")], "POST", "daily_attunements", MERGE, &row(DERIVED, "2026-03-11"));
    assert_eq!(code(&answer), "23514", "by an upsert neither");
}
