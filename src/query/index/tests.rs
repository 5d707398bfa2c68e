//! Keys order as values do.

use super::*;
use crate::protocol::{Column, ForeignKey};
use crate::query::tests::Caseless;
use crate::query::value::Collation;
use proptest::prelude::*;
use std::cmp::Ordering;

fn table(columns: &[(&str, &str, Option<&str>)]) -> Table {
    let column = |(name, type_name, collation): &(&str, &str, Option<&str>)| Column {
        name: (*name).into(),
        type_name: (*type_name).into(),
        not_null: false,
        default: None,
        collation: collation.map(Into::into),
        generated: false,
        identity: false,
    };
    Table {
        columns: columns.iter().map(column).collect(),
        key: vec!["id".into()],
        unique: Vec::new(),
        foreign_keys: Vec::new(),
        owner: None,
        time: None,
        policy: "merge".into(),
        direction: "both".into(),
        indexes: Vec::new(),
        natural_key: None,
        checks: Vec::new(),
    }
}

/// The key of one cell.
fn key(type_name: &str, json: &str) -> Vec<u8> {
    let table = table(&[("c", type_name, Some("C"))]);
    let index = [Index { columns: vec![0] }];
    Indexer::new(&table, &index).keys(&format!("{{\"c\":{json}}}")).remove(0)
}

/// As a sort puts them, nulls last.
fn compare(type_name: &str, a: &str, b: &str) -> Ordering {
    let kind = Kind::of(type_name);
    match (Value::read(&kind, a), Value::read(&kind, b)) {
        (Some(a), Some(b)) => a.compare(&b, &Collation::Bytes, &Caseless),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

fn integer() -> impl Strategy<Value = String> {
    prop_oneof![any::<i64>(), -300i64..300].prop_map(|n| n.to_string())
}

fn numeric() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?[0-9]{1,3}(\\.[0-9]{1,4})?",
        2 => "-?[1-9][0-9]{0,40}(\\.[0-9]{1,30})?",
        1 => "-?0\\.0{0,20}[0-9]{1,3}",
        1 => "-?[1-9](\\.[0-9]{1,3})?e-?[0-9]{1,4}",
        1 => proptest::sample::select(vec!["\"NaN\"", "\"Infinity\"", "\"-Infinity\""]).prop_map(String::from),
    ]
}

fn float() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<f64>().prop_map(|n| if n.is_finite() { format!("{n:e}") } else { "\"NaN\"".into() }),
        2 => "-?[0-9]{1,2}(\\.[0-9])?",
        1 => proptest::sample::select(vec!["\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "-0", "0"]).prop_map(String::from),
    ]
}

fn date() -> impl Strategy<Value = String> {
    (1u32..6_000_000, 1u32..13, 1u32..29, any::<bool>(), any::<bool>()).prop_map(
        |(year, month, day, small, bc)| {
            let year = if small || bc { year % 4_700 + 1 } else { year % 290_000 + 1 };
            format!("{year:04}-{month:02}-{day:02}{}", if bc { " BC" } else { "" })
        },
    )
}

fn clock() -> impl Strategy<Value = String> {
    (0u32..24, 0u32..60, 0u32..60, "(\\.[0-9]{0,5}[1-9])?")
        .prop_map(|(h, m, s, f)| format!("{h:02}:{m:02}:{s:02}{f}"))
}

fn timestamp(zone: &'static str) -> impl Strategy<Value = String> {
    let special = proptest::sample::select(vec!["\"infinity\"", "\"-infinity\""]).prop_map(String::from);
    let plain = (date(), clock()).prop_map(move |(date, clock)| {
        let (date, era) = date.strip_suffix(" BC").map_or((date.as_str(), ""), |date| (date, " BC"));
        format!("\"{date}T{clock}{zone}{era}\"")
    });
    prop_oneof![8 => plain, 1 => special]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[\u{0}-\u{2}a-c]{0,4}", ".{0,6}"]
        .prop_map(|text: String| serde_json::Value::from(text).to_string())
}

fn uuid() -> impl Strategy<Value = String> {
    proptest::collection::vec(0u8..=255, 16).prop_map(|bytes| {
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        format!("\"{}-{}-{}-{}-{}\"", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    })
}

/// A type, and two cells of it.
fn cells() -> impl Strategy<Value = (&'static str, String, String)> {
    fn pair<S: Strategy<Value = String> + 'static>(
        type_name: &'static str,
        cell: impl Fn() -> S,
    ) -> BoxedStrategy<(&'static str, String, String)> {
        let nullable = || prop_oneof![9 => cell(), 1 => Just("null".to_string())];
        (nullable(), nullable()).prop_map(move |(a, b)| (type_name, a, b)).boxed()
    }
    prop_oneof![
        pair("bigint", integer),
        pair("numeric", numeric),
        pair("double precision", float),
        pair("real", float),
        pair("boolean", || "(true|false)"),
        pair("text", text),
        pair("uuid", uuid),
        pair("date", || date().prop_map(|date| format!("\"{date}\""))),
        pair("time without time zone", || clock().prop_map(|clock| format!("\"{clock}\""))),
        pair("timestamp without time zone", || timestamp("")),
        pair("timestamp with time zone", || timestamp("+00:00")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn keys_order_as_their_values((type_name, a, b) in cells()) {
        prop_assert_eq!(key(type_name, &a).cmp(&key(type_name, &b)), compare(type_name, &a, &b), "{} {} {}", type_name, a, b);
    }

    /// What is not of its type never comes from a server; it orders somewhere, and always the same way.
    #[test]
    fn a_cell_that_is_not_of_its_type_orders_after_those_that_are((type_name, a, _) in cells(), odd in text()) {
        prop_assume!(!matches!(type_name, "text" | "boolean") && a != "null" && Value::read(&Kind::of(type_name), &odd).is_some_and(|v| matches!(v, Value::Text(_))));
        prop_assert!(key(type_name, &a) < key(type_name, &odd));
        prop_assert!(key(type_name, &odd) < key(type_name, "null"));
    }

    /// No value's bytes begin another's: a compound key orders by its first column, then by the next.
    #[test]
    fn a_prefix_of_columns_is_a_prefix_of_bytes((first, a, b) in cells(), (second, c, d) in cells()) {
        let table = table(&[("x", first, Some("C")), ("y", second, Some("C"))]);
        let indexes = [Index { columns: vec![0] }, Index { columns: vec![0, 1] }];
        let mut indexer = Indexer::new(&table, &indexes);
        let one = indexer.keys(&format!("{{\"x\":{a},\"y\":{c}}}"));
        let other = indexer.keys(&format!("{{\"x\":{b},\"y\":{d}}}"));
        prop_assert!(one[1].starts_with(&one[0]));
        prop_assert_eq!(value_end(&Kind::of(first), &one[1], 0), one[0].len());
        prop_assert_eq!(value_end(&Kind::of(second), &one[1], one[0].len()), one[1].len());
        prop_assert_eq!(other[1].starts_with(&one[0]), compare(first, &a, &b).is_eq());
        prop_assert_eq!(one[1].cmp(&other[1]), compare(first, &a, &b).then_with(|| compare(second, &c, &d)));
    }
}

/// In Postgres's order, each once, set apart by ` | `.
const IN_ORDER: [(&str, &str); 5] = [
    (
        "double precision",
        r#""-Infinity" | -1e+300 | -1 | -1e-300 | 0 | 5e-324 | 1 | "Infinity" | "NaN" | null"#,
    ),
    (
        "numeric",
        r#""-Infinity" | -100 | -99.99 | -1.01 | -1 | -0.001 | 0.00 | 0.0001 | 1 | 1.0000000000000000000000000001 | 1.1 | 9 | 10 | 1e40 | "Infinity" | "NaN" | null"#,
    ),
    (
        "timestamp with time zone",
        r#""-infinity" | "4714-11-24T00:00:00+00:00 BC" | "0044-03-15T12:00:00+00:00 BC" | "0001-01-01T00:00:00+00:00" | "2026-11-21T10:00:00+00:00" | "2026-11-21T10:00:00.000001+00:00" | "12026-01-01T00:00:00+00:00" | "294276-12-31T23:59:59.999999+00:00" | "infinity" | null"#,
    ),
    (
        "date",
        r#""-infinity" | "4714-11-24 BC" | "0001-12-31 BC" | "0001-01-01" | "9999-12-31" | "10000-01-01" | "5874897-12-31" | "infinity" | null"#,
    ),
    (
        "text",
        r#""" | "\u0000" | "\u0000a" | "\u0001" | " " | "A" | "a" | "a\u0000" | "a " | "aa" | "\u00e9" | null"#,
    ),
];

#[test]
fn keys_order_as_postgres_orders() {
    for (type_name, cells) in IN_ORDER {
        let cells: Vec<&str> = cells.split(" | ").collect();
        for pair in cells.windows(2) {
            assert!(key(type_name, pair[0]) < key(type_name, pair[1]), "{type_name}: {pair:?}");
        }
    }
}

#[test]
fn equal_values_have_one_key_however_they_are_written() {
    for (type_name, a, b) in [
        ("numeric", "1.50", "1.5"),
        ("numeric", "-0.0", "0"),
        ("double precision", "-0", "0"),
        ("text", "\"é\"", "\"\\u00e9\""),
        ("timestamp with time zone", "\"2026-11-21T10:00:00+00:00\"", "\"2026-11-21T12:00:00+02:00\""),
    ] {
        assert_eq!(key(type_name, a), key(type_name, b), "{type_name}");
    }
    assert_eq!(key("bigint", "null"), [0xff]);
    assert_eq!(key("uuid", "\"00000000-0000-4000-8000-00000000000a\"").len(), 17);
}

fn names(names: &[&str]) -> Vec<Text> {
    names.iter().map(|name| (*name).into()).collect()
}

#[test]
fn the_time_column_comes_first_and_beginnings_of_others_are_left_out() {
    let mut table = table(&[
        ("id", "uuid", None),
        ("user_id", "uuid", None),
        ("slug", "text", Some("en-US")),
        ("created_at", "timestamp with time zone", None),
        ("meta", "jsonb", None),
        ("project_id", "uuid", None),
    ]);
    table.time = Some("created_at".into());
    table.indexes = vec![
        names(&["user_id"]),
        names(&["created_at", "id"]),
        names(&["slug", "meta"]),
        names(&["meta"]),
        names(&["created_at"]),
        names(&["gone"]),
    ];
    table.unique =
        vec![crate::protocol::schema::Unique { name: "u".into(), columns: names(&["user_id", "slug"]) }];
    table.foreign_keys = vec![ForeignKey {
        name: "f".into(),
        columns: names(&["project_id"]),
        table: "projects".into(),
        references: names(&["id"]),
        on_delete: "cascade".into(),
    }];
    let columns: Vec<Vec<usize>> = indexes(&table).into_iter().map(|index| index.columns).collect();
    assert_eq!(columns, [vec![3], vec![3, 0], vec![2], vec![1, 2], vec![5]]);
    let slug = signature(&table, &Index { columns: vec![2] });
    assert_eq!(slug, [("slug".into(), "text".into(), Some("en-US".into()))]);
    table.indexes = (0..20)
        .map(|n| vec![table.columns[n % 6].name.clone(), table.columns[(n + 1 + n / 6) % 6].name.clone()])
        .collect();
    let most = indexes(&table);
    assert_eq!((most.len(), most[0].columns.as_slice()), (limits::INDEXES, [3].as_slice()));
}

#[test]
fn a_moment_of_the_clock_has_the_key_of_a_row_of_that_time() {
    let ms = 1_795_255_200_123;
    for (type_name, json) in [
        ("timestamp with time zone", "\"2026-11-21T10:00:00.123+00:00\""),
        ("timestamp without time zone", "\"2026-11-21T10:00:00.123\""),
        ("date", "\"2026-11-21\""),
    ] {
        let mut table = table(&[("c", type_name, None)]);
        assert_eq!(time_key(&table, ms), None);
        table.time = Some("c".into());
        assert_eq!(time_key(&table, ms), Some(key(type_name, json)));
    }
}
