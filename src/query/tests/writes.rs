//! Writes: the mutations they mean and the answers they get.

use super::*;

const FULL: (&str, &str) = ("prefer", "return=representation");

fn memory() -> Memory {
    Memory::with(&[
        &format!(
            r#"{{"id":"{}","title":"one","status":"open","n":1,"created_at":"2026-01-01T00:00:00+00:00"}}"#,
            id(1)
        ),
        &format!(
            r#"{{"id":"{}","title":"two","status":"open","n":2,"created_at":"2026-01-02T00:00:00+00:00"}}"#,
            id(2)
        ),
    ])
}

fn write(method: &str, url: &str, pairs: &[(&str, &str)], body: &str) -> (Answer, Vec<Mutation>) {
    ask(&mut memory(), method, url, pairs, body).unwrap_or_else(|feature| panic!("{method} {url}: {feature}"))
}

fn error(method: &str, url: &str, pairs: &[(&str, &str)], body: &str) -> (u16, String) {
    let (answer, mutations) = write(method, url, pairs, body);
    assert!(mutations.is_empty(), "a refused request writes nothing");
    let json: serde_json::Value = serde_json::from_str(&answer.body).expect("an error");
    (answer.status, json["code"].as_str().unwrap_or("").to_string())
}

fn changes(mutation: &Mutation) -> Vec<(&str, &str)> {
    mutation.changes.iter().map(|change| (change.column.as_ref(), change.value.as_ref())).collect()
}

#[test]
fn an_insert_sends_what_only_this_device_knows_and_shows_what_the_server_fills_in() {
    let (answer, mutations) =
        write("POST", "entries", &[FULL], r#"{"title":"x","price":"1.005","_rev":"9"}"#);
    let [mutation] = mutations.as_slice() else { panic!("one mutation") };
    assert_eq!(mutation.op, Op::Insert);
    let key = mutation.key.values()[0].to_string();
    assert_eq!(&key[15..16], "7", "a key sorts by time: {key}");
    let sent = [
        ("id", key.as_str()),
        ("title", "\"x\""),
        ("price", "1.01"),
        ("created_at", "\"2026-11-21T10:00:00.123+00:00\""),
    ];
    assert_eq!(changes(mutation), sent);
    let shown: Vec<_> = mutation.shown.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
    let user = format!("\"{USER}\"");
    assert_eq!(
        shown,
        [("user_id", user.as_str()), ("status", "\"open\""), ("n", "0"), ("done", "false"), ("meta", "{}")]
    );
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("content-range"), Some("*/*"));
    assert_eq!(answer.header("preference-applied"), Some("return=representation"));
    assert_eq!(answer.header("thermocline-pending"), Some("length"));
    assert_eq!(
        answer.body,
        format!(
            r#"[{{"id":{key},"user_id":{user},"title":"x","status":"open","n":0,"price":1.01,"done":false,"meta":{{}},"labels":null,"created_at":"2026-11-21T10:00:00.123+00:00","length":null}}]"#
        )
    );
}

#[test]
fn a_minimal_insert_answers_no_body_and_headers_only_answers_its_place() {
    let body = format!(r#"[{{"id":"{}","title":"x"}}]"#, id(9));
    let (answer, _) = write("POST", "entries", &[], &body);
    assert_eq!((answer.status, answer.body.as_str(), answer.header("content-type")), (201, "", None));
    let (answer, _) = write("POST", "entries", &[("prefer", "return=headers-only")], &body);
    assert_eq!(answer.header("location"), Some(format!("/entries?id=eq.{}", id(9)).as_str()));
    let (answer, mutations) = write("POST", "entries", &[FULL], "[]");
    assert_eq!((answer.status, answer.body.as_str(), mutations.len()), (201, "[]", 0));
}

#[test]
fn columns_and_missing_decide_between_null_and_default() {
    let body = r#"[{"title":"x","n":5},{"title":"y"}]"#;
    let columns = "entries?columns=title,n";
    let last = |pairs: &[(&str, &str)]| {
        let (_, mutations) = write("POST", columns, pairs, body);
        let n = changes(&mutations[1])
            .into_iter()
            .find(|(name, _)| *name == "n")
            .map(|(_, value)| value.to_string());
        n.or_else(|| {
            mutations[1]
                .shown
                .iter()
                .find(|(name, _)| name.as_ref() == "n")
                .map(|(_, v)| format!("shown {v}"))
        })
    };
    assert_eq!(last(&[]).as_deref(), Some("null"));
    assert_eq!(last(&[("prefer", "missing=default")]).as_deref(), Some("shown 0"));
}

#[test]
fn what_postgres_would_refuse_is_refused_before_anything_is_written() {
    let existing = format!(r#"{{"id":"{}","title":"x"}}"#, id(1));
    let twice = format!(r#"[{{"id":"{0}","title":"x"}},{{"id":"{0}","title":"y"}}]"#, id(9));
    let merge = ("prefer", "resolution=merge-duplicates");
    let huge = format!(r#"{{"title":"{}"}}"#, "x".repeat(1 << 20));
    for (method, url, prefer, body, status, code) in [
        ("POST", "entries", FULL, r#"{"n":1}"#, 400, "23502"),
        ("POST", "entries", FULL, r#"{"title":null}"#, 400, "23502"),
        ("POST", "entries", FULL, r#"{"title":"x","n":"y"}"#, 400, "22P02"),
        ("POST", "entries", FULL, r#"{"title":"x","odd":1}"#, 400, "PGRST204"),
        ("POST", "entries", FULL, r#"{"title":"x","length":1}"#, 400, "428C9"),
        ("POST", "entries", FULL, "", 400, "PGRST102"),
        ("POST", "entries", FULL, &existing, 409, "23505"),
        ("POST", "entries", FULL, &twice, 409, "23505"),
        ("POST", "entries", merge, &twice, 500, "21000"),
        ("POST", "entries", FULL, &huge, 413, "invalid_request"),
        ("PATCH", "entries?n=gt.0", FULL, r#"{"title":null}"#, 400, "23502"),
        ("PATCH", "entries?n=gt.x", FULL, r#"{"title":"x"}"#, 400, "22P02"),
        ("DELETE", "entries?odd=eq.1", FULL, "", 400, "42703"),
    ] {
        assert_eq!(error(method, url, &[prefer], body), (status, code.to_string()), "{method} {url}");
    }
}

/// Postgres shows no row and no key in an error's details where row-level security is on.
#[test]
fn a_refusal_shows_no_value_of_a_row() {
    let null = format!(r#"{{"id":"{}","user_id":"{USER}","n":1}}"#, id(9));
    let taken = format!(r#"{{"id":"{}","title":"x"}}"#, id(1));
    for (body, code, message) in [
        (
            null,
            "23502",
            "null value in column \\\"title\\\" of relation \\\"entries\\\" violates not-null constraint",
        ),
        (taken, "23505", "duplicate key value violates unique constraint \\\"entries_pkey\\\""),
    ] {
        let (answer, _) = write("POST", "entries", &[], &body);
        let expected = format!(r#"{{"code":"{code}","details":null,"hint":null,"message":"{message}"}}"#);
        assert_eq!(answer.body, expected);
    }
}

#[test]
fn an_upsert_of_a_row_that_is_there_changes_only_what_was_given() {
    let merge = [("prefer", "resolution=merge-duplicates,return=representation")];
    let body = format!(r#"[{{"id":"{}","title":"new"}},{{"id":"{}","title":"fresh"}}]"#, id(1), id(9));
    let (answer, mutations) = write("POST", "entries?on_conflict=id&select=title,created_at", &merge, &body);
    assert_eq!(mutations[0].op, Op::Upsert);
    assert_eq!(changes(&mutations[0]).len(), 2);
    assert_eq!(mutations[0].changes[1].old.as_deref(), Some("\"one\""));
    assert!(mutations[0].shown.is_empty());
    assert!(mutations[1].changes[1].old.is_none() && !mutations[1].shown.is_empty());
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.header("preference-applied"),
        Some("resolution=merge-duplicates, return=representation")
    );
    assert_eq!(
        answer.body,
        r#"[{"title":"new","created_at":"2026-01-01T00:00:00+00:00"},{"title":"fresh","created_at":"2026-11-21T10:00:00.123+00:00"}]"#
    );
    let only_old = format!(r#"{{"id":"{}","title":"new"}}"#, id(1));
    assert_eq!(write("POST", "entries", &merge, &only_old).0.status, 200);
}

#[test]
fn an_ignored_duplicate_writes_nothing_and_is_not_answered() {
    let ignore = [("prefer", "resolution=ignore-duplicates,return=representation")];
    let body = format!(
        r#"[{{"id":"{}","title":"no"}},{{"id":"{1}","title":"yes"}},{{"id":"{1}","title":"no"}}]"#,
        id(1),
        id(9)
    );
    let (answer, mutations) = write("POST", "entries?select=title", &ignore, &body);
    assert_eq!(mutations.len(), 1);
    assert_eq!((answer.status, answer.body.as_str()), (201, r#"[{"title":"yes"}]"#));
}

#[test]
fn an_update_names_its_columns_with_what_they_replace() {
    let (answer, mutations) =
        write("PATCH", "entries?n=eq.2&select=n,title", &[FULL], r#"{"title":"two","n":"3"}"#);
    let [mutation] = mutations.as_slice() else { panic!("one mutation") };
    assert_eq!((mutation.op, mutation.base), (Op::Update, Some(Rev(7))));
    let all: Vec<_> =
        mutation.changes.iter().map(|c| (c.column.as_ref(), c.old.as_deref(), c.value.as_ref())).collect();
    assert_eq!(all, [("title", Some("\"two\""), "\"two\""), ("n", Some("2"), "3")]);
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"[{"n":3,"title":"two"}]"#));
    assert_eq!(answer.header("content-range"), Some("0-0/*"));
    let (answer, _) = write("PATCH", "entries?n=gt.0", &[("prefer", "count=exact")], r#"{"n":7}"#);
    assert_eq!((answer.status, answer.header("content-range")), (204, Some("0-1/2")));
    let (answer, mutations) = write("PATCH", "entries?n=eq.99", &[FULL], r#"{"n":7}"#);
    assert_eq!((answer.status, answer.body.as_str(), mutations.len()), (200, "[]", 0));
    assert_eq!(answer.header("content-range"), Some("*/*"));
}

#[test]
fn an_update_that_only_repeats_the_key_matches_and_writes_nothing() {
    let url = format!("entries?id=eq.{}&select=title", id(1));
    let same = format!(r#"{{"id":"{}"}}"#, id(1));
    let (answer, mutations) = write("PATCH", &url, &[FULL], &same);
    assert_eq!((answer.body.as_str(), mutations.len()), (r#"[{"title":"one"}]"#, 0));
    let other = format!(r#"{{"id":"{}"}}"#, id(5));
    let feature = ask(&mut memory(), "PATCH", &url, &[], &other).expect_err("a key change");
    assert_eq!(feature, "changing the primary key (id)");
}

#[test]
fn a_delete_answers_the_rows_as_they_were() {
    let (answer, mutations) = write(
        "DELETE",
        "entries?n=lte.2&select=title",
        &[("prefer", "return=representation,count=exact")],
        "",
    );
    assert_eq!(mutations.iter().map(|m| m.op).collect::<Vec<_>>(), [Op::Delete, Op::Delete]);
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"[{"title":"one"},{"title":"two"}]"#));
    assert_eq!(answer.header("content-range"), Some("*/2"));
    assert_eq!(write("DELETE", "entries?n=eq.1", &[], "").0.status, 204);
}

#[test]
fn a_single_object_is_decided_before_anything_is_written() {
    let accept = ("accept", "application/vnd.pgrst.object+json");
    assert_eq!(error("PATCH", "entries?n=gt.0", &[FULL, accept], r#"{"n":7}"#), (406, "PGRST116".into()));
    assert_eq!(error("DELETE", "entries?n=eq.99", &[accept], ""), (406, "PGRST116".into()));
    let (answer, _) = write("POST", "entries?select=title", &[FULL, accept], r#"{"title":"x"}"#);
    assert_eq!((answer.status, answer.body.as_str()), (201, r#"{"title":"x"}"#));
}

#[test]
fn a_row_that_another_tab_took_away_is_not_answered() {
    let schema = schema();
    let headers = headers(&[FULL]);
    let request = HttpRequest {
        method: "PATCH",
        table: "entries",
        query: "n=gt.0&select=n",
        headers: &headers,
        body: r#"{"n":7}"#,
    };
    let Parsed::Write(plan) = parse(&schema, &request) else { panic!("a write") };
    let mut memory = memory();
    let mut random = || [1; 16];
    let mut context =
        WriteContext { user: None, now_ms: NOW_MS, random: &mut random, checks: &Checks::default() };
    let prepared = plan.prepare(&schema, &memory, &Caseless, &mut context).expect("prepared");
    memory.apply(&schema.tables["entries"], &prepared.mutations[1]);
    let answer = prepared.answer(&schema, &memory, &Decision::Done(vec![false, true]));
    assert_eq!(answer.body, r#"[{"n":7}]"#);
}

#[test]
fn a_refusal_of_the_fold_is_the_answer() {
    let schema = schema();
    let request = HttpRequest { method: "DELETE", table: "entries", query: "n=eq.1", headers: &[], body: "" };
    let Parsed::Write(plan) = parse(&schema, &request) else { panic!("a write") };
    let (memory, mut random) = (memory(), || [1; 16]);
    let mut context =
        WriteContext { user: None, now_ms: NOW_MS, random: &mut random, checks: &Checks::default() };
    let prepared = plan.prepare(&schema, &memory, &Caseless, &mut context).expect("prepared");
    let error = PgError::new(409, "23503", "no");
    assert_eq!(prepared.answer(&schema, &memory, &Decision::Refused(error)).status, 409);
}

#[test]
fn what_the_server_must_do_is_named() {
    for (method, url, pairs, body, feature) in [
        (
            "POST",
            "serials",
            vec![],
            "{}",
            "an insert into serials without its key id, which only the server can make (use a uuid key)",
        ),
        (
            "POST",
            "entries?on_conflict=title",
            vec![("prefer", "resolution=merge-duplicates")],
            r#"{"title":"x"}"#,
            "on_conflict=title, which is neither the primary nor the natural key",
        ),
        ("PUT", "entries?id=eq.1", vec![], "{}", "the method PUT"),
        ("PATCH", "entries?limit=1&order=n", vec![], r#"{"n":1}"#, "order and limit on a write"),
        ("POST", "entries", vec![("prefer", "tx=rollback")], "{}", "Prefer: tx=rollback"),
        ("POST", "entries", vec![("content-type", "text/csv")], "title\nx", "a body of type text/csv"),
        ("POST", "elsewhere", vec![], "{}", "the table elsewhere, which is not synced"),
        ("POST", "entries", vec![("content-profile", "private")], "{}", "the schema private"),
    ] {
        let got = ask(&mut memory(), method, url, &pairs, body).expect_err(url);
        assert_eq!(got, feature, "{method} {url}");
    }
}

#[test]
fn a_compound_key_is_made_of_its_columns_in_key_order() {
    let mut memory = Memory::default();
    let (_, mutations) = ask(&mut memory, "POST", "pairs", &[], r#"{"b":"2","a":"x"}"#).expect("supported");
    assert_eq!(mutations[0].key.as_str(), r#"["x",2]"#);
    assert_eq!(get(&memory, "pairs?a=eq.x&b=eq.2").body, r#"[{"a":"x","b":2}]"#);
    let (answer, _) = ask(&mut memory, "POST", "pairs", &[], r#"{"b":2,"a":"x"}"#).expect("supported");
    assert!(answer.body.contains(r#""code":"23505""#), "{}", answer.body);
}
