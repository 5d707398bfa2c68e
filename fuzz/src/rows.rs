//! A few rows: for requests to run over, in one list, the primary key's; and in a segment.

use crate::definitions::schema;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::OnceLock;
use thermocline::engine::segment::{Packed, build};
use thermocline::protocol::{Key, Rev, Row};
use thermocline::query::{Collate, Entry, Rows, Walk};

#[derive(Clone)]
pub struct Few(BTreeMap<Key, String>);

const ENTRIES: &[&str] = &[
    r#"{"id":"a","title":"x","name":"Ärger","n":1.50,"count":9007199254740993,"mood":1,"ratio":0.5,"done":true,"day":"2026-01-31","at":"2026-01-31T10:00:00+00:00","local":"2026-01-31T10:00:00","clock":"10:00:00","tags":["a","b c"],"meta":{"a":[1,{"b":null}]},"raw":[],"owner":"00000000-0000-4000-8000-000000000000","project":"p"}"#,
    r#"{"id":"b","title":"y","n":-0.0,"ratio":"NaN","done":false,"tags":[],"meta":"text"}"#,
    r#"{"id":"c","title":"","at":"infinity","day":"0001-01-01 BC","meta":null}"#,
];

impl Few {
    pub fn entries() -> Self {
        static FEW: OnceLock<Few> = OnceLock::new();
        FEW.get_or_init(|| Self(rows().map(|(key, row)| (key, row.as_str().to_owned())).collect())).clone()
    }

    /// One row more, whose text may be anything.
    pub fn with(mut self, text: &str) -> Self {
        self.0.insert(Key::from_values(["\"z\""]), text.to_owned());
        self
    }
}

fn rows() -> impl Iterator<Item = (Key, Row)> {
    let table = &schema().tables["entries"];
    let rows = ENTRIES.iter().map(|json| Row::from_json(table, json).expect("an object"));
    rows.map(|row| (Key::of(table, &row).expect("it has a key"), row))
}

/// The blocks of a segment with these rows.
pub fn segment() -> &'static [Vec<u8>] {
    static BLOCKS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    BLOCKS.get_or_init(|| {
        let packed = rows().map(|(key, row)| Packed { key, rev: Rev(5), row }).collect();
        build("entries", &schema().tables["entries"], 0, packed)
    })
}

impl Rows for Few {
    fn row<'a>(&'a self, table: &str, key: &Key) -> Option<&'a str> {
        self.0.get(key).filter(|_| table == "entries").map(String::as_str)
    }

    fn base(&self, _: &str, _: &Key) -> Option<Rev> {
        Some(Rev(5))
    }

    fn walk<'a>(&'a self, table: &str, walk: &Walk, visit: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>) {
        let entry = |(key, row): (&'a Key, &'a String)| Entry {
            index_key: key.as_str().as_bytes(),
            key: key.as_str(),
            row,
        };
        let mut entries: Vec<Entry<'a>> = self
            .0
            .iter()
            .filter(|_| table == "entries")
            .map(entry)
            .filter(|e| walk.holds(e.index_key))
            .collect();
        if walk.descending {
            entries.reverse();
        }
        let _ = entries.into_iter().try_for_each(visit);
    }

    fn estimate(&self, _: &str, _: &Walk) -> usize {
        self.0.len()
    }

    fn has_index(&self, _: &str, _: usize) -> bool {
        false
    }
}

/// Every locale orders by bytes.
pub struct Bytes;

impl Collate for Bytes {
    fn compare(&self, _: &str, a: &str, b: &str) -> Ordering {
        a.cmp(b)
    }
}
