//! Noise: whatever is sent is answered, refused or named, and never a panic.

use super::*;
use proptest::prelude::*;

const PIECES: &[&str] = &[
    "id",
    "title",
    "n",
    "meta",
    "labels",
    "created_at",
    "eq",
    "in",
    "is",
    "not",
    "like",
    "cs",
    "or",
    "and",
    "order",
    "select",
    "limit",
    "offset",
    "columns",
    "on_conflict",
    ".",
    ",",
    "(",
    ")",
    "{",
    "}",
    "\"",
    "\\",
    "->",
    "->>",
    "-",
    ":",
    "::",
    "*",
    "%",
    "%25",
    "%2C",
    "+",
    "=",
    "&",
    "1",
    "-1",
    "9999999999999999999",
    "null",
    "true",
    "x",
    "é",
    "\u{1F600}",
    "2026-11-21",
    "T10:00",
    "+99:99",
    "Z",
    "text",
    "[",
    "]",
    " ",
    "desc",
    "nullsfirst",
    "any",
];

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"id\"",
    "\"title\"",
    "\"n\"",
    "\"meta\"",
    "\"labels\"",
    "\"created_at\"",
    "1",
    "-0.0",
    "1e999",
    "null",
    "true",
    "\"{a,\\\"b}\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"2026-02-30\"",
    "\"é",
    "\\",
    " ",
];

fn text(pieces: &'static [&'static str], length: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(pieces), 0..length).prop_map(|pieces| pieces.concat())
}

/// Mostly shaped like a query string, so that the noise gets far.
fn query() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        proptest::sample::select(
            ["id", "title", "n", "meta", "labels", "created_at", "or", "and", "select", "order"].as_slice()
        )
        .prop_map(str::to_string),
        text(PIECES, 4),
    ];
    let value = prop_oneof![
        text(PIECES, 12),
        (
            proptest::sample::select(["eq.", "in.(", "is.", "like.", "cs.", "not.gt.", "("].as_slice()),
            text(PIECES, 8)
        )
            .prop_map(|(operator, rest)| format!("{operator}{rest}")),
    ];
    proptest::collection::vec((key, value), 0..3).prop_map(|pairs| {
        pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
    })
}

fn body() -> impl Strategy<Value = String> {
    let field = (
        proptest::sample::select(["id", "title", "n", "meta", "labels", "created_at", "price"].as_slice()),
        text(JSON, 3),
    );
    prop_oneof![
        text(JSON, 12),
        proptest::collection::vec(field, 0..4).prop_map(|fields| {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", fields.join(","))
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_request_makes_the_engine_panic(
        method in proptest::sample::select(["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT"].as_slice()),
        query in query(),
        body in body(),
        prefer in proptest::sample::select(["", "return=representation", "resolution=merge-duplicates", "count=exact"].as_slice()),
        single in any::<bool>(),
    ) {
        let row = format!(r#"{{"id":"{}","title":"x","n":1,"meta":{{"a":[1]}},"labels":["é"],"created_at":"2026-01-01T00:00:00+00:00"}}"#, id(1));
        let accept = if single { "application/vnd.pgrst.object+json" } else { "*/*" };
        let headers = [("prefer", prefer), ("accept", accept)];
        if let Ok((answer, mutations)) = ask(&mut Memory::with(&[&row]), method, &format!("entries?{query}"), &headers, &body) {
            prop_assert!(answer.status >= 200 && answer.status < 600);
            prop_assert!(answer.body.is_empty() || serde_json::from_str::<&serde_json::value::RawValue>(&answer.body).is_ok(), "{}", answer.body);
            for value in mutations.iter().flat_map(|mutation| &mutation.changes).map(|change| &change.value) {
                prop_assert!(serde_json::from_str::<&serde_json::value::RawValue>(value).is_ok(), "{value}");
            }
        }
    }
}
