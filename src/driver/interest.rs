//! What live queries are interested in: the changes that can change their answers, and no others.
//!
//! A change of a row matters to a query if the row was among its matches, or is now, and looks different.
//! Queries are filed by the marks of the rows they are about, so that a change is held against the few that it
//! may matter to, however many there are. Where that would cost more than running the query, any change of a
//! row with its mark counts.

use crate::engine::{Before, Changed, Changes};
use crate::protocol::{Schema, Table, Text};
use crate::query::{Collate, HttpRequest, Mark, Parsed, ReadPlan, cell, parse};
use std::collections::{BTreeMap, BTreeSet};

/// More changed rows than this at once are not looked at one by one.
const ROWS_MAX: usize = 64;

pub struct Interest {
    table: Text,
    /// None: the request is no read that is answered here, and only another definition can make it one.
    plan: Option<ReadPlan>,
    mark: Mark,
}

impl Interest {
    pub fn of(schema: &Schema, request: &HttpRequest<'_>) -> Self {
        let plan = match parse(schema, request) {
            Parsed::Read(plan) => Some(plan),
            Parsed::Write(_) | Parsed::Unsupported(_) | Parsed::Refused(_) => None,
        };
        let mark = plan.as_ref().map_or(Mark::None, |plan| plan.mark(schema));
        Self { table: request.table.into(), plan, mark }
    }

    /// Where it is filed.
    fn places(&self, id: u32) -> Vec<Filed> {
        let filed = |drawer, mark: &[u8]| (self.table.clone(), drawer, mark.to_vec(), id);
        match &self.mark {
            Mark::Keys(keys) => keys.iter().map(|key| filed(KEYS, key.as_str().as_bytes())).collect(),
            Mark::Cell { place, values } => {
                values.iter().map(|value| filed(CELLS + *place as u32, value)).collect()
            }
            Mark::None => vec![filed(ANY, &[])],
        }
    }

    fn is_touched(&self, table: &Table, changed: &Changed, collate: &dyn Collate) -> bool {
        let Some(plan) = &self.plan else { return false };
        let Before::Row(before) = &changed.before else { return true };
        if *before == changed.after {
            return false;
        }
        let rows = [before, &changed.after].into_iter().flatten();
        rows.into_iter().any(|row| plan.matches(table, row.as_str(), collate))
    }
}

/// A table, a drawer, a mark in it, and a query that is interested in rows that bear it.
type Filed = (Text, u32, Vec<u8>, u32);

/// Drawers of a table: queries that any row may matter to, those that name keys, and those that hold a column,
/// from here on by its place, to values.
const ANY: u32 = 0;
const KEYS: u32 = 1;
const CELLS: u32 = 2;

/// The interests of many queries.
#[derive(Default)]
pub struct Interests {
    by_query: BTreeMap<u32, Interest>,
    filed: BTreeSet<Filed>,
}

impl Interests {
    pub fn set(&mut self, id: u32, interest: Interest) {
        self.remove(id);
        self.filed.extend(interest.places(id));
        self.by_query.insert(id, interest);
    }

    pub fn remove(&mut self, id: u32) {
        let Some(interest) = self.by_query.remove(&id) else { return };
        for place in interest.places(id) {
            self.filed.remove(&place);
        }
    }

    /// The queries that changes may matter to, in order.
    pub fn touched(&self, schema: &Schema, changes: &Changes, collate: &dyn Collate) -> Vec<u32> {
        let mut touched = BTreeSet::new();
        for table in &changes.tables {
            touched.extend(self.from(table, ANY).map(|filed| filed.3));
        }
        let looks_closer = changes.rows.len() <= ROWS_MAX;
        for changed in &changes.rows {
            let Some(table) = schema.tables.get(&changed.row.0) else { continue };
            for id in self.candidates(table, changed) {
                let matters = |interest: &Interest| {
                    if looks_closer {
                        interest.is_touched(table, changed, collate)
                    } else {
                        interest.plan.is_some()
                    }
                };
                if !touched.contains(&id) && self.by_query.get(&id).is_some_and(matters) {
                    touched.insert(id);
                }
            }
        }
        touched.into_iter().collect()
    }

    /// What is filed under a table, from a drawer on.
    fn from<'s>(&'s self, table: &'s Text, drawer: u32) -> impl Iterator<Item = &'s Filed> {
        self.filed.range((table.clone(), drawer, Vec::new(), 0)..).take_while(move |filed| filed.0 == *table)
    }

    /// The queries with a mark that the row bears, or bore.
    fn candidates(&self, table: &Table, changed: &Changed) -> Vec<u32> {
        let (name, key) = &changed.row;
        let Before::Row(before) = &changed.before else {
            // It may have borne any but another key.
            let is_other = |filed: &&Filed| filed.1 == KEYS && filed.2 != key.as_str().as_bytes();
            return self.from(name, ANY).filter(|filed| !is_other(filed)).map(|filed| filed.3).collect();
        };
        let mut found = Vec::new();
        let mut next = self.from(name, ANY).next();
        while let Some((_, drawer, ..)) = next {
            let mut look = |mark: Vec<u8>| {
                let (from, to) =
                    ((name.clone(), *drawer, mark.clone(), 0), (name.clone(), *drawer, mark, u32::MAX));
                found.extend(self.filed.range(from..=to).map(|filed| filed.3));
            };
            match *drawer {
                ANY => look(Vec::new()),
                KEYS => look(key.as_str().as_bytes().to_vec()),
                cells => {
                    let place = (cells - CELLS) as usize;
                    for row in [before, &changed.after].into_iter().flatten() {
                        look(cell(table, place, row.as_str()));
                    }
                }
            }
            next = self.from(name, drawer + 1).next();
        }
        found
    }
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

    fn schema() -> Schema {
        Schema { tables: [("entries".into(), entries())].into() }
    }

    fn interest(query: &str) -> Interest {
        let request = HttpRequest { method: "GET", table: "entries", query, headers: &[], body: "" };
        Interest::of(&schema(), &request)
    }

    fn changed(before: Before, after: Option<&str>) -> Changed {
        Changed {
            row: ("entries".into(), Key::from_values(["\"a\""])),
            before,
            after: after.map(|json| Row::from_json(&entries(), json).expect("a row")),
        }
    }

    fn touched(query: &str, before: Before, after: Option<&str>) -> bool {
        let mut interests = Interests::default();
        interests.set(7, interest(query));
        let changes = Changes { rows: vec![changed(before, after)], ..Changes::default() };
        !interests.touched(&schema(), &changes, &Bytes).is_empty()
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
        let mut interests = Interests::default();
        interests.set(3, interest("n=eq.1"));
        interests.set(1, interest("id=eq.a"));
        let touched = |table: &str| {
            let changes = Changes { tables: vec![table.into()], ..Changes::default() };
            interests.touched(&schema(), &changes, &Bytes)
        };
        assert_eq!(touched("entries"), [1, 3]);
        assert!(touched("projects").is_empty());
    }

    /// A mark only spares looking: with it the same queries are touched as without.
    #[test]
    fn of_many_queries_those_are_touched_that_are_touched_alone() {
        let queries = [
            "",
            "n=eq.1",
            "n=eq.2",
            "n=in.(2,3)",
            "n=is.null",
            "n=gt.1",
            "or=(n.eq.1,n.eq.2)",
            "id=eq.a",
            "id=in.(a,b)",
            "id=eq.b",
            "n=eq.1&id=eq.a",
            "n=not.eq.1",
            "and=(n.eq.2,n.gt.0)",
        ];
        let rows =
            [r#"{"id":"a","n":1}"#, r#"{"id":"a","n":2}"#, r#"{"id":"a","n":null}"#, r#"{"id":"a","n":3}"#];
        let mut interests = Interests::default();
        for (id, query) in (0..).zip(queries) {
            interests.set(id, interest("n=eq.9"));
            interests.set(id, interest(query));
        }
        let befores = || rows.iter().map(|json| row(json)).chain([Before::Row(None), Before::Unknown]);
        for before in befores() {
            for after in rows.iter().copied().map(Some).chain([None]) {
                let one = changed(before.clone(), after);
                let alone: Vec<u32> = (0..)
                    .zip(queries)
                    .filter(|(_, query)| {
                        let names_another = query.contains("id=eq.b");
                        !names_another && interest(query).is_touched(&entries(), &one, &Bytes)
                    })
                    .map(|(id, _)| id)
                    .collect();
                let changes = Changes { rows: vec![one], ..Changes::default() };
                assert_eq!(interests.touched(&schema(), &changes, &Bytes), alone, "{before:?} to {after:?}");
            }
        }
    }

    #[test]
    fn a_query_that_is_gone_is_not_touched() {
        let mut interests = Interests::default();
        interests.set(1, interest("n=in.(1,2)"));
        interests.remove(1);
        let changes = Changes { tables: vec!["entries".into()], ..Changes::default() };
        assert!(interests.touched(&schema(), &changes, &Bytes).is_empty());
    }

    #[test]
    fn of_very_many_rows_the_marks_alone_are_looked_at() {
        let mut interests = Interests::default();
        for (id, query) in (0..).zip(["n=eq.1&id=neq.a", "n=eq.2", ""]) {
            interests.set(id, interest(query));
        }
        let rows = vec![changed(Before::Row(None), Some(r#"{"id":"a","n":1}"#)); ROWS_MAX + 1];
        let changes = Changes { rows, ..Changes::default() };
        assert_eq!(interests.touched(&schema(), &changes, &Bytes), [0, 2]);
    }
}
