//! Segments: what was built into one is found in it, in every order, and nothing else is.

use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use thermocline::engine::segment::{Block, Blocks, Directory, Packed, Place, SegmentId, build};
use thermocline::protocol::{Key, Rev, Row, Table, limits};
use thermocline::query::index::{Indexer, column_ends, indexes, past, signature};

pub const ID: SegmentId = SegmentId([7; 16]);

/// Bytes that a store may add to a block.
const STORE_BYTES: usize = 200;

/// A segment whose blocks are all at hand, but for those taken away.
pub struct Shelf {
    pub directory: Directory,
    pub blocks: BTreeMap<u32, Block>,
    pub misses: RefCell<BTreeSet<u32>>,
}

impl Blocks for Shelf {
    fn block(&self, segment: SegmentId, n: u32) -> Option<&Block> {
        assert_eq!(segment, ID);
        let block = self.blocks.get(&n);
        if block.is_none() {
            self.misses.borrow_mut().insert(n);
        }
        block
    }
}

impl Shelf {
    pub fn of(sealed: &[Vec<u8>]) -> Self {
        let directory = Directory::read(&sealed[0]).expect("our own directory");
        assert_eq!(directory.blocks() as usize, sealed.len());
        let admit = |n: u32| (n, directory.admit(n, &sealed[n as usize]).expect("our own block"));
        let blocks = (1..directory.blocks()).map(admit).collect();
        Self { directory, blocks, misses: RefCell::default() }
    }

    fn find(&self, key: &str) -> Place {
        self.directory.find(ID, key, self)
    }

    /// A list from beginning to end: index keys, and keys of the rows.
    fn list(&self, list: usize) -> Vec<(Vec<u8>, String)> {
        let entry = |position| {
            let (index_key, row) = self.directory.at(ID, list, position, self).expect("a position");
            let row = self.directory.row(ID, row, self).expect("a row");
            (index_key.to_vec(), row.key.to_owned())
        };
        (0..self.directory.rows).map(entry).collect()
    }
}

/// `visits (id text primary key, at timestamptz, place text, n int)` with a time column and an index (place, n).
pub fn table() -> Table {
    let column = |name: &str, type_name: &str, collation: &str| {
        format!(
            r#"{{"name":"{name}","type":"{type_name}","not_null":false,"default":null,"collation":{collation},"generated":false,"identity":false}}"#
        )
    };
    let columns = [
        column("id", "text", "\"C\""),
        column("at", "timestamp with time zone", "null"),
        column("place", "text", "\"C\""),
        column("n", "integer", "null"),
        column("note", "text", "\"C\""),
    ];
    let text = format!(
        r#"{{"columns":[{}],"key":["id"],"unique":[{{"name":"u","columns":["place","n"]}}],"foreign_keys":[],
            "owner":null,"time":"at","policy":"merge","direction":"both"}}"#,
        columns.join(",")
    );
    serde_json::from_str(&text).expect("a definition")
}

#[derive(Clone, Debug)]
pub struct Visit {
    pub id: String,
    /// Seconds of a day.
    pub at: Option<u32>,
    pub place: Option<String>,
    pub n: i32,
    pub note_bytes: usize,
}

impl Visit {
    pub fn packed(&self) -> Packed {
        let table = table();
        let quoted = |text: &Option<String>| text.as_ref().map_or("null".into(), |text| format!("{text:?}"));
        let at = self
            .at
            .map(|at| format!("2026-11-21T{:02}:{:02}:{:02}+00:00", at / 3_600, at / 60 % 60, at % 60));
        let json = format!(
            r#"{{"id":{:?},"at":{},"place":{},"n":{},"note":"{}"}}"#,
            self.id,
            quoted(&at),
            quoted(&self.place),
            self.n,
            noise(self.n as u32 as u64, self.note_bytes)
        );
        let row = Row::from_json(&table, &json).expect("an object");
        Packed { key: Key::of(&table, &row).expect("it has one"), rev: Rev(self.n as u32 as u64), row }
    }
}

/// Text that does not pack.
pub fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[(state >> 40) as usize % 64]
    };
    (0..bytes).map(|_| byte() as char).collect()
}

pub fn visit(n: i32, note_bytes: usize) -> Visit {
    let place = Some(format!("place {:02}", n % 17));
    Visit {
        id: format!("{:08x}", (n as u32).wrapping_mul(0x9e37_79b1)),
        at: Some(n as u32),
        place,
        n,
        note_bytes,
    }
}

pub fn packed(visits: &[Visit]) -> Vec<Packed> {
    visits.iter().map(Visit::packed).collect()
}

/// What the lists must be: of the primary key and of each index, in order.
fn model(rows: &[Packed]) -> Vec<Vec<(Vec<u8>, String)>> {
    let table = table();
    let indexes = indexes(&table);
    let mut indexer = Indexer::new(&table, &indexes);
    let mut lists = vec![BTreeSet::new(); indexes.len() + 1];
    for row in rows {
        let key = row.key.as_str();
        lists[0].insert((key.as_bytes().to_vec(), key.to_owned()));
        for (list, index_key) in lists[1..].iter_mut().zip(indexer.keys(row.row.as_str())) {
            list.insert((index_key, key.to_owned()));
        }
    }
    lists.into_iter().map(|list| list.into_iter().collect()).collect()
}

fn some_visits() -> impl Strategy<Value = Vec<Visit>> {
    let place = prop_oneof![Just(None), "[a-c]{0,3}".prop_map(Some), "p{60,90}[ab]".prop_map(Some)];
    let note = prop_oneof![8 => 0usize..40, 3 => 2_000usize..9_000, 1 => 60_000usize..90_000];
    let visit = (prop::option::weighted(0.9, 0u32..50), place, note);
    let ids = prop_oneof!["[a-d]{1,4}", "[é-ë]{1,3}", "k{70}[a-z]{1,2}"];
    prop::collection::btree_map(ids, visit, 1..120).prop_map(|visits| {
        let visit =
            |(n, (id, (at, place, note_bytes))): (i32, (String, _))| Visit { id, at, place, n, note_bytes };
        (0..).zip(visits).map(visit).collect()
    })
}

/// Bounds at, before, behind and within what is there.
fn bounds_of(list: &[(Vec<u8>, String)]) -> Vec<Vec<u8>> {
    let mut bounds = vec![Vec::new(), vec![0xff; 9]];
    for (key, _) in list {
        bounds.extend([key.clone(), key[..key.len() / 2].to_vec(), [&key[..], &[0]].concat()]);
        bounds.push([&key[..key.len() - 1], &[key[key.len() - 1].wrapping_add(1)]].concat());
    }
    bounds
}

fn position_of(list: &[(Vec<u8>, String)], bound: &[u8], after: bool) -> usize {
    list.iter().filter(|(key, _)| is_before(key, bound, after)).count()
}

fn is_before(key: &[u8], bound: &[u8], after: bool) -> bool {
    key < bound || (after && key.starts_with(bound))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_built_is_found_and_nothing_else(visits in some_visits(), absent in prop::collection::vec("[a-e]{1,5}", 40)) {
        let rows = packed(&visits);
        let shelf = Shelf::of(&build("visits", &table(), 3, rows.clone()));
        for row in &rows {
            let Place::Row(n) = shelf.find(row.key.as_str()) else { panic!("{:?} is not found", row.key) };
            let found = shelf.directory.row(ID, n, &shelf).expect("its block is there");
            prop_assert_eq!((found.key, found.rev, found.text), (row.key.as_str(), row.rev, row.row.as_str()));
        }
        let keys: BTreeSet<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        for key in absent.iter().map(|id| format!("[{id:?}]")).filter(|key| !keys.contains(key.as_str())) {
            prop_assert_eq!(shelf.find(&key), Place::Absent);
        }
    }

    #[test]
    fn lists_are_in_order_and_every_bound_is_found(visits in some_visits()) {
        let rows = packed(&visits);
        let shelf = Shelf::of(&build("visits", &table(), 3, rows.clone()));
        for (list, expected) in model(&rows).iter().enumerate() {
            prop_assert_eq!(&shelf.list(list), expected);
            for (bound, after) in bounds_of(expected).iter().flat_map(|bound| [(bound, false), (bound, true)]) {
                let position = shelf.directory.seek(ID, list, bound, after, &shelf);
                prop_assert_eq!(position, Some(position_of(expected, bound, after) as u32));
            }
        }
    }

    /// Half a block off at either end.
    #[test]
    fn an_estimate_is_off_by_a_block_at_most(visits in some_visits(), at in any::<[prop::sample::Index; 2]>()) {
        let rows = packed(&visits);
        let shelf = Shelf::of(&build("visits", &table(), 3, rows.clone()));
        for (list, expected) in model(&rows).iter().enumerate() {
            let largest = shelf.directory.list_blocks(list).map(|n| shelf.blocks[&n].entries()).max();
            let [low, high] = at.map(|at| &expected[at.index(expected.len())].0);
            let (low, high) = (low.min(high), low.max(high));
            let count = position_of(expected, high, true) - position_of(expected, low, false);
            let estimate = shelf.directory.estimate(list, Bound::Included(low), Bound::Included(high));
            prop_assert!(estimate.abs_diff(count) <= largest.unwrap_or(0) + 1, "{estimate} for {count}");
            prop_assert_eq!(shelf.directory.estimate(list, Bound::Unbounded, Bound::Unbounded), rows.len());
        }
    }

    /// A value of the first column, or of all: its rows are as many as a value has on average, whatever the blocks.
    #[test]
    fn the_rows_of_one_value_are_estimated_by_how_many_values_there_are(visits in some_visits(), at in any::<prop::sample::Index>()) {
        let rows = packed(&visits);
        let shelf = Shelf::of(&build("visits", &table(), 3, rows.clone()));
        for (list, expected) in model(&rows).iter().enumerate().skip(1) {
            let signature = signature(&table(), &indexes(&table())[list - 1]);
            let ends = |key: &[u8]| column_ends(&signature, key);
            let key = &expected[at.index(expected.len())].0;
            for (column, end) in ends(key).into_iter().enumerate() {
                let distinct: BTreeSet<&[u8]> = expected.iter().map(|(key, _)| &key[..ends(key)[column]]).collect();
                let prefix = &key[..end];
                let to = past(prefix);
                let to = to.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
                let estimate = shelf.directory.estimate(list, Bound::Included(prefix), to);
                if shelf.directory.list_blocks(list).len() == 1 {
                    prop_assert_eq!(estimate, rows.len().div_ceil(distinct.len()));
                }
            }
        }
    }

    #[test]
    fn the_order_in_which_rows_come_does_not_matter(visits in some_visits(), seed in any::<u64>()) {
        let rows = packed(&visits);
        let mut shuffled = rows.clone();
        shuffled.sort_by_key(|row| row.rev.0.wrapping_mul(seed | 1));
        prop_assert_eq!(build("visits", &table(), 3, rows), build("visits", &table(), 3, shuffled));
    }

    /// What a query cannot read it must not take for absent: each block that is missing is noted.
    #[test]
    fn a_missing_block_is_noted_and_nothing_is_made_up(visits in some_visits(), gone in any::<prop::sample::Index>()) {
        let rows = packed(&visits);
        let mut shelf = Shelf::of(&build("visits", &table(), 3, rows.clone()));
        let gone = 1 + gone.index(shelf.blocks.len()) as u32;
        shelf.blocks.remove(&gone);
        for row in &rows {
            match shelf.find(row.key.as_str()) {
                Place::Row(n) => {
                    let found = shelf.directory.row(ID, n, &shelf);
                    prop_assert_eq!(found.is_none(), shelf.directory.block_of(n) == gone);
                }
                place => prop_assert_eq!(place, Place::Unread),
            }
        }
        for (list, expected) in model(&rows).iter().enumerate() {
            for (position, entry) in expected.iter().enumerate() {
                let found = shelf.directory.at(ID, list, position as u32, &shelf);
                prop_assert!(found.is_none_or(|(key, _)| key == entry.0));
                let sought = shelf.directory.seek(ID, list, &entry.0, false, &shelf);
                prop_assert!(sought.is_none_or(|at| at as usize == position_of(expected, &entry.0, false)));
            }
        }
        prop_assert_eq!(shelf.misses.take(), BTreeSet::from([gone]));
    }
}

#[test]
fn a_full_segment_has_a_small_directory_and_blocks_that_fit_a_record() {
    let visits: Vec<Visit> = (0..limits::SEGMENT_ROWS as i32).map(|n| visit(n, 100)).collect();
    let sealed = build("visits", &table(), 1, packed(&visits));
    assert!(sealed[0].len() < 9_000, "{} bytes", sealed[0].len());
    assert!(sealed.iter().all(|block| block.len() <= limits::RECORD_BYTES - STORE_BYTES));
    let shelf = Shelf::of(&sealed);
    for visit in &visits {
        assert!(matches!(shelf.find(&format!("[{:?}]", visit.id)), Place::Row(n) if i32::from(n) == visit.n));
    }
    let absent = (0..50_000).filter(|n| shelf.directory.may_hold(&format!("[\"{n}\"]"))).count();
    assert!(absent < 300, "{absent} of 50,000 absent keys pass");
}

#[test]
fn rows_are_in_the_order_of_time_and_those_without_one_come_last() {
    let at = |id: &str, at| Visit { id: id.into(), at, place: None, n: 0, note_bytes: 0 };
    let visits = [at("a", None), at("c", Some(5)), at("b", Some(5)), at("d", Some(1))];
    let shelf = Shelf::of(&build("visits", &table(), 1, packed(&visits)));
    let row = |n| shelf.directory.row(ID, n, &shelf).expect("a row").key;
    assert_eq!([row(0), row(1), row(2), row(3)], ["[\"d\"]", "[\"b\"]", "[\"c\"]", "[\"a\"]"]);
    let time_list = shelf.list(1);
    assert_eq!(shelf.directory.oldest.as_ref(), Some(&time_list[0].0));
    assert_eq!(shelf.directory.newest.as_ref(), Some(&time_list[3].0));
    assert_eq!(shelf.directory.row(ID, 4, &shelf), None);
    assert_eq!(shelf.directory.at(ID, 0, 4, &shelf), None);
}

#[test]
fn a_row_above_a_record_is_a_block_of_its_own() {
    let sizes = [100, limits::ROW_BYTES - 200, 100, 70_000, 100, limits::ROW_BYTES - 200];
    let visits: Vec<Visit> = (0..).zip(sizes).map(|(n, bytes)| visit(n, bytes)).collect();
    let sealed = build("visits", &table(), 1, packed(&visits));
    let shelf = Shelf::of(&sealed);
    for n in shelf.directory.row_blocks() {
        let fits = sealed[n as usize].len() <= limits::RECORD_BYTES - STORE_BYTES;
        assert!(fits || shelf.blocks[&n].entries() == 1);
    }
    for (n, row) in (0..).zip(packed(&visits)) {
        assert_eq!(shelf.directory.row(ID, n, &shelf).expect("a row").text, row.row.as_str());
    }
}

#[test]
fn a_list_is_known_by_the_signature_it_was_built_under() {
    let mut table = table();
    let shelf = Shelf::of(&build("visits", &table, 1, packed(&[visit(1, 0)])));
    let signatures: Vec<_> = indexes(&table).iter().map(|index| signature(&table, index)).collect();
    let lists: Vec<_> = signatures.iter().map(|signature| shelf.directory.list(signature)).collect();
    assert_eq!(lists, [Some(1), Some(2)]);
    table.columns[2].collation = None;
    assert_eq!(shelf.directory.list(&signature(&table, &indexes(&table)[1])), None);
}

/// Keys so alike that fences cannot hold what tells one block from the next.
#[test]
fn keys_that_begin_alike_are_told_apart_all_the_same() {
    let alike = |n: i32| Visit {
        id: format!("{}{n:05}", "k".repeat(300)),
        place: Some(format!("{}{:05}", "p".repeat(300), n / 3)),
        ..visit(n, 0)
    };
    let visits: Vec<Visit> = (0..1_000).map(alike).collect();
    let rows: Vec<Packed> = packed(&visits);
    let shelf = Shelf::of(&build("visits", &table(), 1, rows.clone()));
    let expected = model(&rows);
    for (list, expected) in expected.iter().enumerate().step_by(2) {
        assert!(shelf.directory.list_blocks(list).len() > 2);
        for (n, row) in rows.iter().enumerate() {
            assert_eq!(shelf.find(row.key.as_str()), Place::Row(n as u16));
            let bound = &expected[n].0;
            for after in [false, true] {
                let position = expected.partition_point(|(key, _)| is_before(key, bound, after)) as u32;
                assert_eq!(shelf.directory.seek(ID, list, bound, after, &shelf), Some(position));
            }
        }
    }
}

/// Its lists are missed: each of them costs a scan, but nothing is lost.
#[test]
fn an_index_with_a_key_of_many_kilobytes_gets_no_list() {
    let long = Visit { place: Some("p".repeat(5_000)), ..visit(1, 0) };
    let shelf = Shelf::of(&build("visits", &table(), 1, packed(&[long, visit(2, 0)])));
    let lists = indexes(&table()).into_iter().map(|index| shelf.directory.list(&signature(&table(), &index)));
    assert_eq!(lists.collect::<Vec<_>>(), [Some(1), None]);
}
