//! Rows in memory: plain ones, in the order of their keys only, and the same with every index of their table.

use super::*;
use crate::query::index::{Indexer, indexes};
use std::cell::Cell;
use std::ops::ControlFlow;

impl Rows for Memory {
    fn row<'a>(&'a self, table: &str, key: &Key) -> Option<&'a str> {
        self.rows.get(&(table.to_string(), key.clone())).map(Row::as_str)
    }

    fn base(&self, _: &str, _: &Key) -> Option<Rev> {
        Some(Rev(7))
    }

    fn walk<'a>(&'a self, table: &str, walk: &Walk, visit: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>) {
        assert_eq!(walk.index, None);
        let rows = self.rows.iter().filter(|((name, _), _)| name == table);
        let entries = rows.map(|((_, key), row)| Entry {
            index_key: key.as_str().as_bytes(),
            key: key.as_str(),
            row: row.as_str(),
        });
        let mut entries: Vec<Entry<'a>> = entries.filter(|entry| walk.holds(entry.index_key)).collect();
        if walk.descending {
            entries.reverse();
        }
        let _ = entries.into_iter().try_for_each(visit);
    }

    fn estimate(&self, _: &str, _: &Walk) -> usize {
        self.rows.len()
    }

    fn has_index(&self, _: &str, _: usize) -> bool {
        false
    }
}

/// One table's rows, with all its lists.
pub(super) struct Indexed {
    /// Keys and rows, in the order of keys.
    rows: Vec<(String, String)>,
    /// Of each index: keys with the place of their row.
    lists: Vec<Vec<(Vec<u8>, usize)>>,
    /// How many entries walks have visited.
    pub visited: Cell<usize>,
}

impl Indexed {
    pub fn new(table: &Table, rows: &[Row]) -> Self {
        let key = |row: &Row| Key::of(table, row).expect("a key").as_str().to_string();
        let mut rows: Vec<_> = rows.iter().map(|row| (key(row), row.as_str().to_string())).collect();
        rows.sort();
        let indexes = indexes(table);
        let mut indexer = Indexer::new(table, &indexes);
        let mut lists = vec![Vec::new(); indexes.len()];
        for (place, (_, row)) in rows.iter().enumerate() {
            indexer.keys(row).into_iter().zip(&mut lists).for_each(|(key, list)| list.push((key, place)));
        }
        lists.iter_mut().for_each(|list| list.sort());
        Self { rows, lists, visited: Cell::new(0) }
    }

    fn entries(&self, walk: &Walk) -> Vec<Entry<'_>> {
        let all: Vec<Entry<'_>> = match walk.index {
            None => {
                self.rows.iter().map(|(key, row)| Entry { index_key: key.as_bytes(), key, row }).collect()
            }
            Some(n) => self.lists[n]
                .iter()
                .map(|(index_key, place)| Entry {
                    index_key,
                    key: &self.rows[*place].0,
                    row: &self.rows[*place].1,
                })
                .collect(),
        };
        all.into_iter().filter(|entry| walk.holds(entry.index_key)).collect()
    }
}

impl Rows for Indexed {
    fn row<'a>(&'a self, _: &str, key: &Key) -> Option<&'a str> {
        let place = self.rows.binary_search_by(|(held, _)| held.as_str().cmp(key.as_str())).ok()?;
        Some(&self.rows[place].1)
    }

    fn base(&self, _: &str, _: &Key) -> Option<Rev> {
        None
    }

    fn walk<'a>(&'a self, _: &str, walk: &Walk, visit: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>) {
        // Panics as that of a real list may.
        let _ = BTreeMap::<Vec<u8>, ()>::new().range((walk.from.clone(), walk.to.clone()));
        let mut entries = self.entries(walk);
        if walk.descending {
            entries.reverse();
        }
        for entry in entries {
            self.visited.set(self.visited.get() + 1);
            if visit(entry).is_break() {
                return;
            }
        }
    }

    fn estimate(&self, _: &str, walk: &Walk) -> usize {
        self.entries(walk).len()
    }
}
