//! What a live query is interested in: the changes that can change its answer, and no others.
//!
//! A change of a row matters if the row was among the query's matches, or is now, and looks different. Where
//! that would cost more than running the query, any change of the table counts.

use crate::engine::{Before, Changed, Changes};
use crate::protocol::{Schema, Table, Text};
use crate::query::{Collate, HttpRequest, Parsed, ReadPlan, parse};

/// More changed rows than this at once are not looked at one by one.
const ROWS_MAX: usize = 64;

pub struct Interest {
    table: Text,
    /// None: the request is no read that is answered here, and only another definition can make it one.
    plan: Option<ReadPlan>,
}

impl Interest {
    pub fn of(schema: &Schema, request: &HttpRequest<'_>) -> Self {
        let plan = match parse(schema, request) {
            Parsed::Read(plan) => Some(plan),
            Parsed::Write(_) | Parsed::Unsupported(_) | Parsed::Refused(_) => None,
        };
        Self { table: request.table.into(), plan }
    }

    pub fn is_touched(&self, schema: &Schema, changes: &Changes, collate: &dyn Collate) -> bool {
        if changes.tables.contains(&self.table) {
            return true;
        }
        let (Some(plan), Some(table)) = (&self.plan, schema.tables.get(&self.table)) else { return false };
        let mut rows = changes.rows.iter().filter(|changed| changed.row.0 == self.table).peekable();
        if rows.peek().is_some() && changes.rows.len() > ROWS_MAX {
            return true;
        }
        rows.any(|changed| matters(plan, table, changed, collate))
    }
}

fn matters(plan: &ReadPlan, table: &Table, changed: &Changed, collate: &dyn Collate) -> bool {
    if plan.keys().is_some_and(|keys| !keys.contains(&changed.row.1)) {
        return false;
    }
    let Before::Row(before) = &changed.before else { return true };
    if *before == changed.after {
        return false;
    }
    let rows = [before, &changed.after].into_iter().flatten();
    rows.into_iter().any(|row| plan.matches(table, row.as_str(), collate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::schema::tests::entries;
    use crate::protocol::{Key, Row};
    use std::cmp::Ordering;

    struct Bytes;

    impl Collate for Bytes {
        fn compare(&self, _: &str, a: &str, b: &str) -> Ordering {
            a.cmp(b)
        }
    }

    fn touched(query: &str, before: Before, after: Option<&str>) -> bool {
        let schema = Schema { tables: [("entries".into(), entries())].into() };
        let request = HttpRequest { method: "GET", table: "entries", query, headers: &[], body: "" };
        let changed = Changed {
            row: ("entries".into(), Key::from_values(["\"a\""])),
            before,
            after: after.map(|json| Row::from_json(&entries(), json).expect("a row")),
        };
        let changes = Changes { rows: vec![changed], ..Changes::default() };
        Interest::of(&schema, &request).is_touched(&schema, &changes, &Bytes)
    }

    fn row(json: &str) -> Before {
        Before::Row(Some(Row::from_json(&entries(), json).expect("a row")))
    }

    #[test]
    fn a_query_is_touched_by_rows_that_match_before_or_after() {
        let (one, two) = (r#"{"id":"a","n":1}"#, r#"{"id":"a","n":2}"#);
        assert!(touched("n=eq.1", row(one), Some(two)), "it leaves");
        assert!(touched("n=eq.2", row(one), Some(two)), "it enters");
        assert!(touched("n=eq.1", row(one), None), "it is removed");
        assert!(!touched("n=eq.3", row(one), Some(two)), "it never was, nor is");
        assert!(!touched("n=eq.1", row(one), Some(one)), "it looks the same");
        assert!(touched("n=eq.1", Before::Unknown, Some(two)), "nobody knows what it was");
        assert!(!touched("n=eq.1", Before::Row(None), Some(two)));
    }

    #[test]
    fn a_query_by_key_is_touched_by_that_key_alone() {
        let two = Some(r#"{"id":"a","n":2}"#);
        assert!(touched("id=eq.a", Before::Unknown, two));
        assert!(!touched("id=eq.b", Before::Unknown, two));
    }

    #[test]
    fn a_table_that_changed_as_a_whole_touches_all_its_queries() {
        let schema = Schema { tables: [("entries".into(), entries())].into() };
        let request =
            HttpRequest { method: "GET", table: "entries", query: "n=eq.1", headers: &[], body: "" };
        let changes = |table: &str| Changes { tables: vec![table.into()], ..Changes::default() };
        let interest = Interest::of(&schema, &request);
        assert!(interest.is_touched(&schema, &changes("entries"), &Bytes));
        assert!(!interest.is_touched(&schema, &changes("projects"), &Bytes));
    }
}
