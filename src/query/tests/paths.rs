//! Whatever path a plan takes, its answer is that of a whole walk and a sort.

use super::indexed::Indexed;
use super::*;
use proptest::prelude::*;
use proptest::sample::select;

/// Columns of every kind that an index treats in its own way: name, type, collation, some cells.
const COLUMNS: [(&str, &str, Option<&str>, &[&str]); 11] = [
    ("id", "uuid", None, &[]),
    ("k", "bigint", None, &[]),
    (
        "u",
        "uuid",
        None,
        &[
            "00000000-0000-4000-8000-000000000001",
            "00000000-0000-4000-8000-0000000000ff",
            "ffffffff-0000-4000-8000-000000000001",
        ],
    ),
    ("s", "text", Some("C"), &["", "a", "a b", "ab", "B", "é"]),
    ("l", "text", Some("en-US"), &["a", "A", "b", "B", "aB"]),
    ("n", "integer", None, &["-2", "-1", "0", "1", "2"]),
    ("p", "numeric", None, &["-1.5", "0", "0.0", "1.5", "1.50", "12345678901234567890.1"]),
    ("f", "double precision", None, &["-1.5", "0", "-0", "1e+300"]),
    ("b", "boolean", None, &["true", "false"]),
    (
        "t",
        "timestamp with time zone",
        None,
        &[
            "2026-01-01T00:00:00+00:00",
            "2026-01-02T00:00:00+00:00",
            "2026-01-02T00:00:00.5+00:00",
            "2026-02-01T00:00:00+00:00",
        ],
    ),
    ("e", "mood", None, &["sad", "ok", "happy"]),
];
const KEYS: [&[&str]; 4] = [&["id"], &["k"], &["u", "k"], &["k", "u"]];

#[derive(Clone, Debug)]
struct Definition {
    key: &'static [&'static str],
    time: Option<&'static str>,
    indexes: Vec<Vec<&'static str>>,
}

fn name() -> impl Strategy<Value = &'static str> {
    (0..COLUMNS.len()).prop_map(|n| COLUMNS[n].0)
}

fn definition() -> impl Strategy<Value = Definition> {
    let indexes = proptest::collection::vec(proptest::collection::vec(name(), 1..4), 0..6);
    (select(KEYS.as_slice()), select([None, Some("t"), Some("n")].as_slice()), indexes)
        .prop_map(|(key, time, indexes)| Definition { key, time, indexes })
}

impl Definition {
    fn schema(&self) -> Schema {
        let column = |(name, type_name, collation, _): &(&str, &str, Option<&str>, &[&str])| {
            serde_json::json!({"name": name, "type": type_name, "collation": collation, "not_null": false,
                "default": null, "generated": false, "identity": false})
        };
        let columns: Vec<_> = COLUMNS.iter().map(column).collect();
        let table = serde_json::json!({"columns": columns, "key": self.key, "time": self.time, "owner": null,
            "indexes": self.indexes, "policy": "merge", "direction": "both"});
        serde_json::from_value(serde_json::json!({"tables": {"rows": table}})).expect("a schema")
    }
}

/// For each column that is not a key: which of its cells, or null.
fn cells() -> impl Strategy<Value = Vec<Option<usize>>> {
    proptest::collection::vec(proptest::option::weighted(0.85, 0usize..60), COLUMNS.len())
}

fn json(n: usize, cells: &[Option<usize>]) -> String {
    let fields = COLUMNS.iter().zip(cells).map(|((name, type_name, _, some), cell)| {
        let of_key = ["id", "u"].contains(name);
        let value = match (*name, cell.or(of_key.then_some(n))) {
            ("id", _) => format!("\"{}\"", id(n as u8)),
            // Text of keys and their order differ: 10 is before 9.
            ("k", _) => (n * 3 % 41).to_string(),
            (_, None) => "null".into(),
            (_, Some(cell)) => {
                let text = some[cell % some.len()];
                let bare = ["integer", "numeric", "double precision", "boolean"].contains(type_name);
                if bare { text.to_string() } else { format!("\"{text}\"") }
            }
        };
        format!("\"{name}\":{value}")
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// A filter as a parameter of the query string.
fn filter() -> impl Strategy<Value = String> {
    let of_column = (0..COLUMNS.len()).prop_flat_map(|at| {
        let (name, type_name, _, some) = COLUMNS[at];
        let own = move |n: usize| match name {
            "id" => id(n as u8),
            "k" => n.to_string(),
            _ => some[n % some.len()].replace('+', "%2B").replace(' ', "%20"),
        };
        let comparisons: &[&str] = if type_name == "mood" {
            &["eq", "neq"]
        } else {
            &["eq", "eq", "eq", "gt", "gte", "lt", "lte", "neq"]
        };
        let compare = (select(comparisons), 0usize..40, any::<bool>()).prop_map(move |(op, n, not)| {
            format!("{}{op}.{}", if not && n % 4 == 0 { "not." } else { "" }, own(n))
        });
        let list = proptest::collection::vec(0usize..40, 0..4).prop_map(move |list| {
            format!("in.({})", list.into_iter().map(own).collect::<Vec<_>>().join(","))
        });
        let null = select(["is.null", "not.is.null", "is.not_null"].as_slice()).prop_map(String::from);
        prop_oneof![6 => compare, 2 => list, 1 => null].prop_map(move |test| (name, test))
    });
    let leaf = || of_column.clone();
    prop_oneof![
        6 => leaf().prop_map(|(name, test)| format!("{name}={test}")),
        1 => (leaf(), leaf(), any::<bool>()).prop_map(|((a, x), (b, y), any)| {
            format!("{}=({a}.{x},{b}.{y})", if any { "or" } else { "and" })
        }),
    ]
}

fn order() -> impl Strategy<Value = String> {
    let sortable = name().prop_filter("an enum has no order here", |name| *name != "e");
    let nulls = select(["", "", "", ".nullsfirst", ".nullslast"].as_slice());
    let term = (sortable, any::<bool>(), nulls).prop_map(|(name, descending, nulls)| {
        format!("{name}{}{nulls}", if descending { ".desc" } else { "" })
    });
    proptest::collection::vec(term, 0..4).prop_map(|terms| terms.join(","))
}

fn plan(schema: &Schema, query: &str, count: bool) -> ReadPlan {
    let headers = headers(if count { &[("prefer", "count=exact")] } else { &[] });
    let request = HttpRequest { method: "GET", table: "rows", query, headers: &headers, body: "" };
    match parse(schema, &request) {
        Parsed::Read(plan) => plan,
        other => panic!("{query}: {other:?}"),
    }
}

fn rows(schema: &Schema, cells: &[Vec<Option<usize>>]) -> (Memory, Indexed) {
    let table = &schema.tables["rows"];
    let rows: Vec<Row> = cells
        .iter()
        .enumerate()
        .map(|(n, cells)| Row::from_json(table, &json(n, cells)).expect("a row"))
        .collect();
    let mut memory = Memory::default();
    for row in &rows {
        memory.rows.insert(("rows".into(), Key::of(table, row).expect("a key")), row.clone());
    }
    (memory, Indexed::new(table, &rows))
}

proptest! {
    #[test]
    fn a_planned_answer_is_that_of_a_whole_walk_and_a_sort(
        definition in definition(),
        cells in proptest::collection::vec(cells(), 0..41),
        filters in proptest::collection::vec(filter(), 0..4),
        order in order(),
        limit in proptest::option::of(1usize..12),
        offset in prop_oneof![3 => Just(0usize), 1 => 0usize..6],
        count in any::<bool>(),
    ) {
        let schema = definition.schema();
        let (memory, indexed) = rows(&schema, &cells);
        let mut query = filters.join("&");
        if !order.is_empty() {
            query.push_str(&format!("&order={order}"));
        }
        limit.iter().for_each(|limit| query.push_str(&format!("&limit={limit}")));
        query.push_str(&format!("&offset={offset}"));
        let plan = plan(&schema, &query, count);
        let expected = plan.run(&schema, &memory, &Caseless);
        prop_assert_eq!(plan.run(&schema, &indexed, &Caseless), expected, "{} of {:?}", query, definition);
        let table = &schema.tables["rows"];
        let all = super::paths::plan(&schema, &filters.join("&"), false).run(&schema, &memory, &Caseless).body;
        for row in memory.rows.values() {
            prop_assert_eq!(plan.matches(table, row.as_str(), &Caseless), all.contains(row.as_str()));
        }
    }
}

/// A table of `n` rows whose t is in 2026, whose n has ten values, whose s is seldom "rare".
fn large(indexes: &[&[&'static str]]) -> (Schema, Indexed) {
    let indexes = indexes.iter().map(|columns| columns.to_vec()).collect();
    let schema = Definition { key: &["id"], time: Some("t"), indexes }.schema();
    let table = &schema.tables["rows"];
    let row = |n: usize| {
        let json = format!(
            r#"{{"id":"00000000-0000-4000-8000-{n:012x}","k":{n},"n":{},"s":"{}","t":"2026-{:02}-{:02}T{:02}:00:00+00:00"}}"#,
            n % 10,
            if n.is_multiple_of(250) { "rare" } else { "often" },
            n / 28 / 24 % 12 + 1,
            n / 24 % 28 + 1,
            n % 24,
        );
        Row::from_json(table, &json).expect("a row")
    };
    let rows: Vec<Row> = (0..2_000).map(row).collect();
    let indexed = Indexed::new(table, &rows);
    (schema, indexed)
}

/// How many rows a query looks at.
fn looked_at(indexes: &[&[&'static str]], query: &str, count: bool) -> usize {
    let (schema, indexed) = large(indexes);
    let answer = plan(&schema, query, count).run(&schema, &indexed, &Caseless);
    assert!(answer.status < 300, "{query}: {}", answer.body);
    indexed.visited.get()
}

#[test]
fn a_plan_looks_at_no_more_rows_than_it_must() {
    let by_n: &[&[&str]] = &[&["n"]];
    for (indexes, query, least, most) in [
        // The newest fifty, and the group after them that ends them.
        (by_n, "order=t.desc&limit=50", 50, 52),
        (by_n, "order=t.desc.nullslast&limit=50&offset=100", 150, 152),
        (by_n, "limit=50", 50, 50),
        (by_n, "order=id.desc&limit=5", 5, 5),
        (by_n, "id=gt.00000000-0000-4000-8000-000000000100&order=id&limit=5", 5, 5),
        // A range of the time column.
        (by_n, "t=gte.2026-02-01&t=lt.2026-02-02&order=t", 24, 25),
        // One value of ten.
        (by_n, "n=eq.3", 200, 200),
        (by_n, "n=in.(3,4)&s=eq.rare", 400, 400),
        // Of the newest, every tenth.
        (by_n, "n=eq.3&order=t.desc&limit=5", 5, 60),
        (&[&["n", "t"]], "n=eq.3&order=t.desc&limit=5", 5, 7),
        (&[&["n", "t"]], "n=eq.3&t=gte.2026-02-01&order=n,t&limit=5", 5, 6),
        // So rare that the order does not pay.
        (&[&["s"]], "s=eq.rare&order=t.desc&limit=50", 8, 8),
        // Nothing matches: another list knows.
        (&[&["s"], &["n"]], "n=eq.77&order=t.desc&limit=50", 0, 0),
        (&[&["s"], &["n"]], "s=in.()&order=t.desc", 0, 0),
        (by_n, "t=gt.2026-02-02&t=lt.2026-02-01", 0, 0),
        (by_n, "", 2_000, 2_000),
    ] {
        let looked_at = looked_at(indexes, query, false);
        assert!((least..=most).contains(&looked_at), "{query}: looked at {looked_at}");
    }
}

#[test]
fn a_count_looks_at_the_whole_range() {
    assert_eq!(looked_at(&[&["n"]], "n=eq.3&limit=5&order=t.desc&offset=0", true), 200);
}

#[test]
fn a_plan_says_what_coverage_must_know() {
    let schema = Definition { key: &["id"], time: Some("t"), indexes: Vec::new() }.schema();
    let table = &schema.tables["rows"];
    let january = index::time_key(table, 1_767_225_600_000);
    let plan = |query: &str| plan(&schema, query, false);
    for query in [
        "t=gte.2026-01-01",
        "t=gt.2026-01-01",
        "t=gt.2025-01-01&t=gte.2026-01-01",
        "and=(n.eq.1,t.gte.2026-01-01)",
        "t=eq.2026-01-01",
        "t=in.(2027-01-01,2026-01-01)",
    ] {
        assert_eq!(plan(query).time_bound(&schema), january, "{query}");
    }
    for query in
        ["n=gt.1", "t=lt.2026-01-01", "or=(t.gte.2026-01-01,n.eq.1)", "t=is.null", "t=not.gt.2026-01-01"]
    {
        assert_eq!(plan(query).time_bound(&schema), None, "{query}");
    }
    for (query, newest) in [
        ("order=t.desc&limit=50", Some(50)),
        ("order=t.desc.nullslast,n&limit=50&offset=7", Some(57)),
        ("order=t&limit=50", None),
        ("order=n.desc&limit=50", None),
        ("order=t.desc", None),
    ] {
        assert_eq!(plan(query).newest_first(&schema), newest, "{query}");
    }
    let query =
        "select=id,t&t=gte.2026-01-01T00%3A00%3A00%2B00%3A00&flag&or=(n.eq.1,n.is.null)&order=t.desc&limit=5";
    assert_eq!(plan(query).filter_query(), "t=gte.2026-01-01T00%3A00%3A00%2B00%3A00&or=(n.eq.1,n.is.null)");
}
