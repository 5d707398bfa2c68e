//! Reads: what PostgREST would answer.

use super::*;
use std::ops::ControlFlow;

fn memory() -> Memory {
    Memory::with(&[
        &format!(
            r#"{{"id":"{}","title":"beta","status":"open","n":2,"price":10.50,"done":false,"meta":{{"a": {{"b": [1, "x"]}}, "k": "v"}},"labels":["red","blue"],"created_at":"2026-01-02T00:00:00+00:00"}}"#,
            id(1)
        ),
        &format!(
            r#"{{"id":"{}","title":"Alpha","status":"done","n":10,"price":9.75,"done":true,"meta":{{"k": null}},"labels":[],"created_at":"2026-01-01T00:00:00.5+00:00"}}"#,
            id(2)
        ),
        &format!(
            r#"{{"id":"{}","title":"50% off, \"now\"","status":"Open","n":null,"price":null,"done":null,"meta":null,"labels":null,"created_at":"2026-01-03T00:00:00+00:00"}}"#,
            id(3)
        ),
    ])
}

/// The last digits of the ids that a query string answers, in order.
fn ids(query: &str) -> String {
    let answer = get(&memory(), &format!("entries?select=id&{query}"));
    assert!(answer.status < 300, "{query}: {}", answer.body);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&answer.body).expect("rows");
    rows.iter().map(|row| row["id"].as_str().expect("an id").chars().last().expect("a digit")).collect()
}

fn refused(query: &str) -> (u16, String, String) {
    let answer = get(&memory(), &format!("entries?{query}"));
    let body: serde_json::Value = serde_json::from_str(&answer.body).expect("an error");
    (answer.status, body["code"].as_str().unwrap_or("").into(), body["message"].as_str().unwrap_or("").into())
}

fn unsupported(query: &str) -> String {
    ask(&mut memory(), "GET", &format!("entries?{query}"), &[], "").expect_err(query)
}

#[test]
fn a_filter_compares_values_and_not_text() {
    for (query, expected) in [
        ("n=gt.9", "2"),
        ("n=eq.%2B2", "1"),
        ("price=eq.10.5", "1"),
        ("price=lt.10", "2"),
        ("price=eq.10.505", ""),
        ("done=eq.t", "2"),
        ("id=eq.00000000000040008000000000000001", "1"),
        ("created_at=gte.2026-01-02T01:00:00%2B01:00", "13"),
        ("created_at=lt.2026-01-01T00:00:01Z", "2"),
        ("title=gt.ALPHA", "12"),
        ("status=gt.Open", "12"),
        ("title=eq.ALPHA", ""),
        ("title=eq.50%25%20off,%20%22now%22", "3"),
    ] {
        assert_eq!(ids(query), expected, "{query}");
    }
}

#[test]
fn null_is_neither_equal_nor_unequal() {
    for (query, expected) in [
        ("n=neq.2", "2"),
        ("n=not.eq.2", "2"),
        ("n=in.(2,10)", "12"),
        ("n=not.in.(2)", "2"),
        ("n=in.()", ""),
        ("n=not.in.()", "123"),
        ("n=is.null", "3"),
        ("n=not.is.null", "12"),
        ("n=is.not_null", "12"),
        ("done=is.unknown", "3"),
        ("done=is.true", "2"),
        ("done=not.is.true", "13"),
        ("done=is.FALSE", "1"),
        ("n=isdistinct.2", "23"),
        ("or=(n.eq.2,n.is.null)", "13"),
        ("or=(n.gt.5,n.lt.5)", "12"),
        ("not.and=(n.eq.2,done.eq.false)", "2"),
        ("not.or=(n.eq.2,title.eq.zzz)", "2"),
        ("and=(n.gte.2,or(status.eq.done,not.and(n.gt.1,price.gt.1)))", "2"),
    ] {
        assert_eq!(ids(query), expected, "{query}");
    }
}

#[test]
fn like_takes_stars_percents_and_escapes() {
    for (query, expected) in [
        ("title=like.*lph*", "2"),
        ("title=like.al*", ""),
        ("title=ilike.AL*", "2"),
        ("title=like.%25eta", "1"),
        ("title=like.50%5C%25*", "3"),
        ("title=not.like.b*", "23"),
        ("or=(title.like.b*,title.ilike.\"a*\")", "12"),
        ("title=in.(\"50%25 off, \\\"now\\\"\",beta)", "13"),
    ] {
        assert_eq!(ids(query), expected, "{query}");
    }
}

#[test]
fn json_paths_arrays_and_containment_are_filtered() {
    for (query, expected) in [
        ("meta->>k=eq.v", "1"),
        ("meta->>k=is.null", "23"),
        ("meta->k=is.null", "3"),
        ("meta->a->b->>1=eq.x", "1"),
        ("meta->a->b->-2=eq.1.0", "1"),
        ("meta=cs.{\"a\":{\"b\":[1]}}", "1"),
        ("meta=eq.{\"k\":null}", "2"),
        ("labels=cs.{red}", "1"),
        ("labels=cd.{red,blue,green}", "12"),
        ("labels=ov.{green,blue}", "1"),
        ("labels=eq.{red,blue}", "1"),
        ("order=meta->>k.asc.nullsfirst,n", "231"),
        ("or=(labels.cs.{red,blue},n.eq.10)", "12"),
    ] {
        assert_eq!(ids(query), expected, "{query}");
    }
}

#[test]
fn order_has_postgres_nulls_and_the_columns_collation() {
    for (query, expected) in [
        ("order=n", "123"),
        ("order=n.desc", "321"),
        ("order=n.desc.nullslast", "213"),
        ("order=n.nullsfirst", "312"),
        ("order=title", "321"),
        ("order=status", "321"),
        ("order=created_at.desc", "312"),
        ("order=price.asc", "213"),
        ("order=done.desc.nullslast,n", "213"),
        ("order=n&limit=1&offset=1", "2"),
        ("order=n.desc&limit=2", "32"),
        ("offset=2", "3"),
    ] {
        assert_eq!(ids(query), expected, "{query}");
    }
}

#[test]
fn a_json_text_orders_by_the_tables_collation() {
    let rows = |text: &str, n: u8| format!(r#"{{"id":"{}","title":"","meta":{{"k": "{text}"}}}}"#, id(n));
    let memory = Memory::with(&[&rows("b", 1), &rows("A", 2), &rows("C", 3)]);
    let body = get(&memory, "entries?select=meta->>k&order=meta->>k").body;
    assert_eq!(body, r#"[{"k":"A"},{"k":"b"},{"k":"C"}]"#);
}

#[test]
fn select_names_aliases_paths_and_casts() {
    let body = |select: &str| get(&memory(), &format!("entries?id=eq.{}&select={select}", id(1))).body;
    assert_eq!(body("title,n"), r#"[{"title":"beta","n":2}]"#);
    assert_eq!(body("name:title,price"), r#"[{"name":"beta","price":10.50}]"#);
    assert_eq!(body("meta->a->b,x:meta->a->b->0,meta->a->b->>0"), r#"[{"b":[1, "x"],"x":1,"b":"1"}]"#);
    assert_eq!(body("n::text,done::text,title::text"), r#"[{"n":"2","done":"false","title":"beta"}]"#);
    assert!(body("*").starts_with(r#"[{"id":"00000000-0000-4000-8000-000000000001","user_id":null,"#));
    assert_eq!(get(&memory(), "entries?id=eq.00000000-0000-4000-8000-0000000000ff").body, "[]");
}

#[test]
fn count_range_and_status_are_postgrests() {
    let ask = |url: &str, pairs: &[(&str, &str)]| {
        let answer = ask(&mut memory(), "GET", url, pairs, "").expect("supported").0;
        (answer.status, answer.header("content-range").unwrap_or("").to_string())
    };
    let count = ("prefer", "count=exact");
    assert_eq!(ask("entries", &[]), (200, "0-2/*".into()));
    assert_eq!(ask("entries", &[count]), (200, "0-2/3".into()));
    assert_eq!(ask("entries?limit=2", &[count]), (206, "0-1/3".into()));
    assert_eq!(ask("entries?limit=2&offset=1", &[count]), (206, "1-2/3".into()));
    assert_eq!(ask("entries?n=eq.99", &[count]), (200, "*/0".into()));
    assert_eq!(ask("entries?offset=9", &[]), (200, "*/*".into()));
    assert_eq!(ask("entries?offset=9", &[count]), (416, "*/3".into()));
    assert_eq!(ask("entries?limit=0", &[count]), (206, "*/3".into()));
    assert_eq!(ask("entries", &[("range", "1-1"), ("range-unit", "items"), count]), (206, "1-1/3".into()));
    let details = r#""details":"An offset of 9 was requested, but there are only 3 rows.""#;
    let answer = super::ask(&mut memory(), "GET", "entries?offset=9", &[count], "").expect("supported").0;
    assert!(answer.body.contains(details) && answer.body.contains("PGRST103"), "{}", answer.body);
}

#[test]
fn head_has_the_headers_and_no_body() {
    let answer =
        ask(&mut memory(), "HEAD", "entries", &[("prefer", "count=exact")], "").expect("supported").0;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("content-range"), Some("0-2/3"));
    assert_eq!(answer.header("preference-applied"), Some("count=exact"));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
}

#[test]
fn a_single_object_is_one_row_or_an_error() {
    let single = |url: &str| {
        let accept = ("accept", "application/vnd.pgrst.object+json");
        ask(&mut memory(), "GET", url, &[accept], "").expect("supported").0
    };
    let one = single("entries?n=eq.2&select=n");
    assert_eq!((one.status, one.body.as_str()), (200, r#"{"n":2}"#));
    assert_eq!(one.header("content-type"), Some("application/vnd.pgrst.object+json; charset=utf-8"));
    let many = single("entries");
    assert_eq!(many.status, 406);
    assert_eq!(
        many.body,
        r#"{"code":"PGRST116","details":"The result contains 3 rows","hint":null,"message":"Cannot coerce the result to a single JSON object"}"#
    );
}

#[test]
fn a_malformed_request_is_refused_in_postgrests_words() {
    for (query, status, code, message) in [
        ("n=2", 400, "PGRST100", "\"failed to parse filter (2)\" (line 1, column 1)"),
        ("n=foo.2", 400, "PGRST100", "\"failed to parse filter (foo.2)\" (line 1, column 1)"),
        ("n=not.foo.2", 400, "PGRST100", "\"failed to parse filter (not.foo.2)\" (line 1, column 5)"),
        ("n=in.2", 400, "PGRST100", "\"failed to parse filter (in.2)\" (line 1, column 4)"),
        ("n=is.2", 400, "PGRST100", "\"failed to parse filter (is.2)\" (line 1, column 4)"),
        ("or=(n.eq.1", 400, "PGRST100", "\"failed to parse logic tree ((n.eq.1)\" (line 1, column 10)"),
        ("order=n.up", 400, "PGRST100", "\"failed to parse order (n.up)\" (line 1, column 3)"),
        ("nope=eq.1", 400, "42703", "column entries.nope does not exist"),
        ("select=nope", 400, "42703", "column entries.nope does not exist"),
        ("order=nope", 400, "42703", "column entries.nope does not exist"),
        ("n=eq.x", 400, "22P02", "invalid input syntax for type bigint: \"x\""),
        ("n=in.(1,)", 400, "22P02", "invalid input syntax for type bigint: \"\""),
        ("id=eq.1", 400, "22P02", "invalid input syntax for type uuid: \"1\""),
        (
            "created_at=gt.soon",
            400,
            "22007",
            "invalid input syntax for type timestamp with time zone: \"soon\"",
        ),
        (
            "n=eq.99999999999999999999",
            400,
            "22003",
            "value \"99999999999999999999\" is out of range for type bigint",
        ),
        ("n=like.1*", 404, "42883", "operator does not exist: bigint ~~ unknown"),
        ("title=is.true", 400, "42804", "argument of IS TRUE must be type boolean, not type text"),
        ("labels=in.(\"{a}\")", 400, "42704", "could not find array type for data type text[]"),
        ("limit=-1", 416, "PGRST103", "Requested range not satisfiable"),
    ] {
        assert_eq!(refused(query), (status, code.into(), message.into()), "{query}");
    }
}

/// PostgREST's parser of logic trees does not ask for the end of its input.
#[test]
fn what_follows_a_logic_tree_is_ignored() {
    let answer = |query: &str| get(&memory(), &format!("entries?{query}")).body;
    assert_eq!(answer("or=(n.eq.1,n.eq.2))x"), answer("or=(n.eq.1,n.eq.2)"));
}

#[test]
fn what_is_not_supported_is_named() {
    for (query, feature) in [
        ("select=*,projects(*)", "embedded tables (projects)"),
        ("select=n.sum()", "aggregate functions"),
        ("title=fts.cat", "full-text search (fts)"),
        ("title=wfts(english).cat", "full-text search (wfts)"),
        ("title=like.a\\", "a pattern that ends with its escape character"),
        ("title=match.^a", "regular expressions (match)"),
        ("n=eq(any).{1,2}", "quantified operators (eq(any))"),
        ("projects.name=eq.x", "filters on embedded tables (projects.name)"),
        ("order=meta", "ordering by a column of type jsonb"),
        ("created_at=gt.now", "the timestamp with time zone \"now\" in this form"),
    ] {
        assert_eq!(unsupported(query), feature, "{query}");
    }
    let csv = ask(&mut memory(), "GET", "entries", &[("accept", "text/csv")], "");
    assert_eq!(csv.expect_err("csv"), "the media type text/csv");
}

#[test]
fn a_query_by_key_looks_at_no_other_row() {
    struct ByKey(Memory);
    impl Rows for ByKey {
        fn row<'a>(&'a self, table: &str, key: &Key) -> Option<&'a str> {
            self.0.row(table, key)
        }
        fn base(&self, _: &str, _: &Key) -> Option<Rev> {
            None
        }
        fn walk<'a>(&'a self, _: &str, _: &Walk, _: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>) {
            panic!("a walk");
        }
        fn estimate(&self, _: &str, _: &Walk) -> usize {
            panic!("a plan");
        }
    }
    let (schema, none) = (schema(), []);
    let query = format!("id=in.({},{})&done=is.true", id(2), id(1));
    let request = HttpRequest { method: "GET", table: "entries", query: &query, headers: &none, body: "" };
    let Parsed::Read(plan) = parse(&schema, &request) else { panic!("a read") };
    assert_eq!(plan.keys().map(<[_]>::len), Some(2));
    let answer = plan.run(&schema, &ByKey(memory()), &Caseless);
    assert_eq!(answer.header("content-range"), Some("0-0/*"));
}
