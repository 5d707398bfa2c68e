//! Expressions as PostgreSQL prints them, over rows: true, false, null, or left to the server.

use super::*;
use crate::protocol::Row;
use crate::query::cells::Reader;
use proptest::prelude::*;

fn table() -> Table {
    let column = |name: &str, type_name: &str, collation: &str| {
        serde_json::json!({"name": name, "type": type_name, "not_null": false, "default": null,
            "collation": if collation.is_empty() { None } else { Some(collation) }, "generated": false, "identity": false})
    };
    let columns = [
        column("id", "uuid", ""),
        column("title", "text", "en-US"),
        column("code", "character varying(9)", "C"),
        column("kind", "public.kind", ""),
        column("n", "integer", ""),
        column("price", "numeric(12,2)", ""),
        column("ratio", "double precision", ""),
        column("done", "boolean", ""),
        column("day", "date", ""),
        column("at", "timestamp with time zone", ""),
        column("tags", "text[]", "en-US"),
        column("meta", "jsonb", ""),
    ];
    let json = serde_json::json!({"columns": columns, "key": ["id"], "owner": null, "time": null, "policy": "merge", "direction": "both"});
    serde_json::from_value(json).expect("a definition")
}

const ROW: &str = r#"{"id":"00000000-0000-4000-8000-000000000001","title":"Green tea ","code":"b-7","kind":"odd","n":7,"price":-2.50,
    "ratio":0.5,"done":true,"day":"2026-03-09","at":"2026-03-09T23:30:00+00:00","tags":["a","b"],"meta":{"mood": 5, "who": "Ann", "list": [1, null]}}"#;

fn told(expression: &str) -> &'static str {
    let table = table();
    let row = Row::from_json(&table, ROW).expect("a row");
    let mut reader = Reader::new(&table);
    let cells = reader.open(row.as_str());
    match parse::condition(&table, expression).map(|node| node.truth(&|place| Some(cells.get(place)))) {
        Some(Ok(Some(true))) => "true",
        Some(Ok(Some(false))) => "false",
        Some(Ok(None)) => "null",
        Some(Err(Unknown)) => "unknown",
        None => "not read",
    }
}

#[test]
fn conditions_are_decided_as_postgres_decides_them() {
    for (expression, truth) in [
        ("((n >= 1) AND (n <= 5))", "false"),
        ("(n = ANY (ARRAY[1, 7]))", "true"),
        ("((code)::text = ANY ((ARRAY['a'::character varying, 'b-7'::character varying])::text[]))", "true"),
        ("((code)::text <> ALL (ARRAY['a'::text, 'b-7'::text]))", "false"),
        ("(n = ANY (ARRAY[1, NULL::integer]))", "null"),
        ("((n % 2) = 1)", "true"),
        ("((n / '-2'::integer) = '-3'::integer)", "true"),
        ("((- n) = '-7'::integer)", "true"),
        ("(price >= (0)::numeric)", "false"),
        ("(price > '-2.51'::numeric)", "true"),
        ("((price * 2.5) = '-6.25'::numeric)", "true"),
        ("(price < (n)::numeric)", "true"),
        ("((ratio >= (0)::double precision) AND (ratio < (0.5)::double precision))", "false"),
        ("((length(title) >= 1) AND (length(title) <= 500))", "true"),
        ("(btrim(title) <> ''::text)", "true"),
        ("(title = btrim(title))", "false"),
        ("(TRIM(BOTH FROM title) = 'Green tea'::text)", "true"),
        ("(lower((code)::text) = (code)::text)", "true"),
        ("((code)::text >= 'b'::text)", "true"),
        ("(octet_length(title) < 4)", "false"),
        ("((code)::text ~ '^[a-z0-9-]+$'::text)", "true"),
        ("((code)::text !~ '^[a-z]{1,3}-\\d$'::text)", "false"),
        ("(title ~* '^GREEN (tea|milk)\\s?$'::text)", "true"),
        ("(title ~~ 'Green%'::text)", "true"),
        ("(POSITION((' '::text) IN (title)) = 6)", "true"),
        ("(strpos(title, 'x'::text) = 0)", "true"),
        ("starts_with(title, 'Gr'::text)", "true"),
        ("done", "true"),
        ("((done IS TRUE) AND (NOT (n IS NULL)))", "true"),
        ("(done IS NOT TRUE)", "false"),
        ("(EXTRACT(isodow FROM day) = (1)::numeric)", "true"),
        ("(date_part('month'::text, day) = (4)::double precision)", "false"),
        ("(EXTRACT(hour FROM (at AT TIME ZONE 'UTC'::text)) = (23)::numeric)", "true"),
        ("(day >= '2026-03-10'::date)", "false"),
        ("((day + 7) > '2026-03-15'::date)", "true"),
        ("((day - '2026-03-01'::date) = 8)", "true"),
        ("(at < '2026-03-10 00:00:00+00'::timestamp with time zone)", "true"),
        ("(cardinality(tags) <= 200)", "true"),
        ("(array_length(tags, 1) = 3)", "false"),
        ("(tags <@ ARRAY['a'::text, 'b'::text, 'c'::text])", "true"),
        ("(tags @> '{c}'::text[])", "false"),
        ("('a'::text = ANY (tags))", "true"),
        ("(tags = '{}'::text[])", "false"),
        ("(jsonb_typeof(meta) = 'object'::text)", "true"),
        ("(meta ? 'mood'::text)", "true"),
        ("(meta ?& ARRAY['mood'::text, 'none'::text])", "false"),
        ("(((meta ->> 'mood'::text))::integer <= 5)", "true"),
        ("((meta -> 'mood'::text) = '5.0'::jsonb)", "true"),
        ("((meta ->> 'none'::text) = 'x'::text)", "null"),
        ("(((meta -> 'mood'::text) >= '0'::jsonb) AND ((meta -> 'mood'::text) <= '4.9'::jsonb))", "false"),
        ("((meta -> 'who'::text) < '0'::jsonb)", "true"),
        ("((meta -> 'who'::text) < '\"B\"'::jsonb)", "unknown"),
        ("(jsonb_array_length((meta -> 'list'::text)) = 3)", "false"),
        ("(((meta -> 'list'::text) ->> 1) IS NULL)", "true"),
        ("(((meta - 'mood'::text) - 'who'::text) = '{}'::jsonb)", "false"),
        ("(num_nonnulls(title, n, NULL::text) = 2)", "true"),
        ("(COALESCE((meta ->> 'none'::text), title) IS DISTINCT FROM NULL::text)", "true"),
        ("CASE WHEN done THEN (n > 7) ELSE true END", "false"),
        ("CASE (code)::text WHEN 'b-7'::text THEN (n = 7) END", "true"),
        ("((kind = 'odd'::public.kind) AND (n = 6))", "false"),
    ] {
        assert_eq!(told(expression), truth, "{expression}");
    }
}

#[test]
fn what_is_not_known_decides_nothing_unless_the_rest_does() {
    for (expression, truth) in [
        ("(kind = 'plain'::public.kind)", "unknown"),
        ("(title < 'a'::text)", "not read"),
        ("public.is_fine(title)", "not read"),
        ("(public.is_fine(title) AND (n > 7))", "false"),
        ("(public.is_fine(title) OR (n = 7))", "true"),
        ("(public.is_fine(title) AND (n = 7))", "unknown"),
        ("((n / (n - 7)) > 0)", "unknown"),
        ("((title)::integer > 0)", "unknown"),
        ("(at > now())", "not read"),
        ("((at + '1 day'::interval) > at)", "not read"),
        ("(title ~ '[[:punct:]]'::text)", "not read"),
        ("(title ~ '(a)\\1'::text)", "not read"),
        ("(lower(title) <> 'grün'::text)", "true"),
        ("(title OPERATOR(public.=) 'a'::text)", "not read"),
        ("((meta)::text = 'x'::text) extra", "not read"),
        ("(pg_column_size(meta) < 10)", "not read"),
        ("(n > 1", "not read"),
    ] {
        assert_eq!(told(expression), truth, "{expression}");
    }
}

#[test]
fn a_plain_pattern_matches_as_postgres_matches_it() {
    for (pattern, text, matches) in [
        ("^(ab|c)+$", "abcab", true),
        ("^(ab|c)+$", "abca", false),
        ("a|b|c", "xxc", true),
        ("^a{2,3}$", "aaaa", false),
        ("^a{2}$", "aa", true),
        ("^$", "", true),
        ("^[^a-c]*$", "dé\n", true),
        ("^[]a-]+$", "]-a", true),
        ("^[\\w.-]+@[\\w-]+\\.[a-z]{2,}$", "a.b@c-d.io", true),
        ("x?y*$", "", true),
        ("(a*)*b", "aaac", false),
        ("[[:space:][:cntrl:]\\[\\\\\\]‐-―A-Z]|^[-#]|-$|--", "a-b", false),
        ("[[:space:][:cntrl:]\\[\\\\\\]‐-―A-Z]|^[-#]|-$|--", "a]b", true),
    ] {
        assert_eq!(
            pattern::Pattern::new(pattern, false).and_then(|it| it.matches(text)),
            Some(matches),
            "{pattern} {text}"
        );
    }
    for unread in ["a**", "(?i)a", "[[:punct:]]", "\\y", "a{2", "*", "[b-a]", "a+?", "(a", "a)"] {
        assert!(pattern::Pattern::new(unread, false).is_none(), "{unread}");
    }
}

/// Invariant 9 for constraints: what PostgreSQL has decided (tests/differential/checks.test.mjs) is decided alike, or left to it.
#[test]
fn conditions_are_decided_as_the_server_has_decided_them_or_left_to_it() {
    let (definition, rows) =
        include_str!("../../../tests/fixtures/checks.txt").split_once('\n').expect("lines");
    let table: Table = serde_json::from_str(definition).expect("a definition");
    let nodes: Vec<Option<Node>> =
        table.checks.iter().map(|check| parse::condition(&table, &check.expression)).collect();
    let (mut left, mut decided, mut differing) = (0, 0, Vec::new());
    for line in rows.lines() {
        let (verdicts, row) = line.split_once(' ').expect("letters and a row");
        let row = Row::from_json(&table, row).expect("a row");
        let mut reader = Reader::new(&table);
        let cells = reader.open(row.as_str());
        for ((verdict, check), node) in verdicts.chars().zip(&table.checks).zip(&nodes) {
            let told = node.as_ref().map(|node| node.truth(&|place| Some(cells.get(place))));
            let told = match told {
                Some(Ok(truth)) => truth.map_or('n', |truth| if truth { 't' } else { 'f' }),
                _ => '?',
            };
            match told {
                '?' => left += 1,
                told if told == verdict => decided += 1,
                told => {
                    differing.push(format!("{}: {told}, not {verdict}: {}", check.expression, row.as_str()))
                }
            }
        }
    }
    assert!(
        differing.is_empty(),
        "{} differ:\n{}",
        differing.len(),
        differing[..differing.len().min(20)].join("\n")
    );
    let unread: Vec<&str> = table
        .checks
        .iter()
        .zip(&nodes)
        .filter(|(_, node)| node.is_none())
        .map(|(check, _)| &*check.expression)
        .collect();
    println!("{decided} decided, {left} left; not read: {unread:#?}");
    assert!(
        unread.len() <= table.checks.len() / 8,
        "{} of {} not read: {unread:#?}",
        unread.len(),
        table.checks.len()
    );
}

proptest! {
    /// Whatever a server sends as an expression is read or not, and decided or not.
    #[test]
    fn no_expression_makes_it_panic(words in proptest::collection::vec(prop_oneof![
        proptest::sample::select(vec!["(", ")", "[", "]", ",", "'a'", "'", "::", "text", "integer", "n", "title", "price", "tags", "meta", "day", "AND", "OR",
            "NOT", "IS", "NULL", "=", "ANY", "ARRAY[", "<", "+", "-", "/", "~", "->", "5", "2.5", "CASE", "WHEN", "THEN", "END", "EXTRACT(", "FROM", "length(", "."]).prop_map(str::to_string),
        "\\PC{0,6}",
    ], 0..30)) {
        told(&words.join(" "));
    }

    #[test]
    fn no_pattern_makes_it_panic_or_wait(pattern in "[a-c()|*+?{}0-9,^$\\[\\]\\\\.-]{0,20}", text in "[a-c]{0,40}") {
        if let Some(pattern) = pattern::Pattern::new(&pattern, false) {
            pattern.matches(&text);
        }
    }
}
