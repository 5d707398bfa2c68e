//! Random filters, orders and pages against a model that does it the plain way.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Entry {
    title: String,
    n: Option<i64>,
    /// Hundredths.
    price: Option<i64>,
    done: Option<bool>,
}

#[derive(Clone, Debug)]
enum Condition {
    N(&'static str, i64),
    Price(&'static str, i64),
    Title(&'static str, String),
    Done(&'static str),
    NIn(Vec<i64>),
    Not(Box<Condition>),
    Group(bool, Vec<Condition>),
}

const COMPARISONS: [&str; 6] = ["eq", "neq", "gt", "gte", "lt", "lte"];

fn price(hundredths: i64) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", hundredths.abs() / 100, hundredths.abs() % 100)
}

fn entry() -> impl Strategy<Value = Entry> {
    let optional = |range: std::ops::Range<i64>| proptest::option::weighted(0.8, range);
    ("[abAB]{0,3}", optional(-3..4), optional(-150..150), proptest::option::weighted(0.7, any::<bool>()))
        .prop_map(|(title, n, price, done)| Entry { title, n, price, done })
}

fn condition() -> impl Strategy<Value = Condition> {
    let comparison = || proptest::sample::select(COMPARISONS.as_slice());
    let leaf = prop_oneof![
        (comparison(), -4i64..5).prop_map(|(op, n)| Condition::N(op, n)),
        (comparison(), -160i64..160).prop_map(|(op, n)| Condition::Price(op, n)),
        (comparison(), "[abAB]{1,2}").prop_map(|(op, text)| Condition::Title(op, text)),
        proptest::sample::select(["null", "true", "false"].as_slice()).prop_map(Condition::Done),
        proptest::collection::vec(-4i64..5, 1..4).prop_map(Condition::NIn),
    ];
    let not = leaf.prop_flat_map(|leaf| {
        any::<bool>()
            .prop_map(move |not| if not { Condition::Not(Box::new(leaf.clone())) } else { leaf.clone() })
    });
    not.prop_recursive(3, 12, 3, |inner| {
        (any::<bool>(), any::<bool>(), proptest::collection::vec(inner, 1..4)).prop_map(
            |(not, any, parts)| {
                let group = Condition::Group(any, parts);
                if not { Condition::Not(Box::new(group)) } else { group }
            },
        )
    })
}

impl Condition {
    /// Inside `and=(…)`.
    fn text(&self) -> String {
        match self {
            Self::N(op, n) => format!("n.{op}.{n}"),
            Self::Price(op, n) => format!("price.{op}.{}", price(*n)),
            Self::Title(op, text) => format!("title.{op}.{text}"),
            Self::Done(word) => format!("done.is.{word}"),
            Self::NIn(list) => {
                format!("n.in.({})", list.iter().map(i64::to_string).collect::<Vec<_>>().join(","))
            }
            Self::Not(inner) => match inner.as_ref() {
                Self::Group(..) => format!("not.{}", inner.text()),
                leaf => leaf.text().replacen('.', ".not.", 1),
            },
            Self::Group(any, parts) => {
                let parts: Vec<String> = parts.iter().map(Self::text).collect();
                format!("{}({})", if *any { "or" } else { "and" }, parts.join(","))
            }
        }
    }

    /// -1 false, 0 unknown, 1 true: `and` is the least, `or` the greatest, `not` the sign.
    fn holds(&self, entry: &Entry) -> i8 {
        let truth = |b: bool| if b { 1 } else { -1 };
        let compare = |op: &str, ordering: Option<Ordering>| {
            ordering.map_or(0, |ordering| {
                truth(match op {
                    "eq" => ordering.is_eq(),
                    "neq" => ordering.is_ne(),
                    "gt" => ordering.is_gt(),
                    "gte" => ordering.is_ge(),
                    "lt" => ordering.is_lt(),
                    _ => ordering.is_le(),
                })
            })
        };
        match self {
            Self::N(op, n) => compare(op, entry.n.map(|value| value.cmp(n))),
            Self::Price(op, n) => compare(op, entry.price.map(|value| value.cmp(n))),
            Self::Title(op, text) => compare(op, Some(collate(&entry.title, text))),
            Self::Done(word) => truth(match *word {
                "null" => entry.done.is_none(),
                word => entry.done == Some(word == "true"),
            }),
            Self::NIn(list) => entry.n.map_or(0, |n| truth(list.contains(&n))),
            Self::Not(inner) => -inner.holds(entry),
            Self::Group(any, parts) => {
                let all = parts.iter().map(|part| part.holds(entry));
                if *any { all.max() } else { all.min() }.expect("a part")
            }
        }
    }
}

fn collate(a: &str, b: &str) -> Ordering {
    Caseless.compare("", a, b).then_with(|| a.cmp(b))
}

type Term = (&'static str, bool, Option<bool>);

fn order() -> impl Strategy<Value = Vec<Term>> {
    let column = proptest::sample::select(["title", "n", "price", "done"].as_slice());
    proptest::collection::vec((column, any::<bool>(), any::<Option<bool>>()), 0..4)
}

fn order_text(terms: &[Term]) -> String {
    let term = |(column, descending, nulls): &Term| {
        let nulls = nulls.map_or("", |first| if first { ".nullsfirst" } else { ".nullslast" });
        format!("{column}{}{nulls}", if *descending { ".desc" } else { "" })
    };
    terms.iter().map(term).collect::<Vec<_>>().join(",")
}

fn by_terms(terms: &[Term], a: &Entry, b: &Entry) -> Ordering {
    for (column, descending, nulls) in terms {
        let first = nulls.unwrap_or(*descending);
        let direct = |o: Ordering| if *descending { o.reverse() } else { o };
        let nullable = |a: Option<i64>, b: Option<i64>| match (a, b) {
            (Some(a), Some(b)) => direct(a.cmp(&b)),
            (None, None) => Ordering::Equal,
            (a, _) => {
                if a.is_none() == first {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        };
        let ordering = match *column {
            "title" => direct(collate(&a.title, &b.title)),
            "n" => nullable(a.n, b.n),
            "price" => nullable(a.price, b.price),
            _ => nullable(a.done.map(i64::from), b.done.map(i64::from)),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

fn json(n: usize, entry: &Entry) -> String {
    let price = entry.price.map_or("null".to_string(), price);
    let optional = |value: Option<String>| value.unwrap_or_else(|| "null".into());
    format!(
        r#"{{"id":"{}","title":"{}","n":{},"price":{price},"done":{}}}"#,
        id(n as u8),
        entry.title,
        optional(entry.n.map(|n| n.to_string())),
        optional(entry.done.map(|b| b.to_string()))
    )
}

proptest! {
    #[test]
    fn any_filter_order_and_page_agree_with_the_model(
        entries in proptest::collection::vec(entry(), 0..24),
        conditions in proptest::collection::vec(condition(), 0..3),
        terms in order(),
        limit in proptest::option::of(1usize..10),
        offset in 0usize..4,
    ) {
        let rows: Vec<String> = entries.iter().enumerate().map(|(n, entry)| json(n, entry)).collect();
        let memory = Memory::with(&rows.iter().map(String::as_str).collect::<Vec<_>>());
        let mut expected: Vec<(usize, &Entry)> =
            entries.iter().enumerate().filter(|(_, entry)| conditions.iter().all(|c| c.holds(entry) == 1)).collect();
        expected.sort_by(|(_, a), (_, b)| by_terms(&terms, a, b));
        let total = expected.len();
        let page: Vec<String> =
            expected.iter().skip(offset).take(limit.unwrap_or(usize::MAX)).map(|(n, _)| format!(r#"{{"id":"{}"}}"#, id(*n as u8))).collect();

        let mut url = format!("entries?select=id&offset={offset}");
        conditions.iter().for_each(|condition| url.push_str(&format!("&and=({})", condition.text())));
        if !terms.is_empty() {
            url.push_str(&format!("&order={}", order_text(&terms)));
        }
        limit.iter().for_each(|limit| url.push_str(&format!("&limit={limit}")));
        let answer = ask(&mut memory.clone(), "GET", &url, &[("prefer", "count=exact")], "").expect("supported").0;
        if offset > total {
            prop_assert_eq!(answer.status, 416);
        } else {
            prop_assert_eq!(&answer.body, &format!("[{}]", page.join(",")), "{}", url);
            prop_assert_eq!(answer.status, if page.len() < total { 206 } else { 200 });
        }
    }
}
