//! Walks over slots and segments together: in every index, both directions and any bounds they yield what a
//! sorted list of the visible rows would, and what they miss is what they need.

use crate::device::{Device, rev, schema};
use proptest::prelude::*;
use std::ops::{Bound, ControlFlow};
use thermocline::engine::{Frame, View};
use thermocline::protocol::{Key, Op, Schema, Table};
use thermocline::query::index::{Index, Indexer, indexes};
use thermocline::query::{Rows, Walk};

/// Reads that a walk may need: the ends of its range, its entries, their rows, and one more.
const READS_MAX: usize = 4;
const KEYS: u8 = 80;

/// What a row may say: `n`, and the beginning of its title.
type Said = (Option<i8>, Option<u8>);

#[derive(Clone, Debug)]
enum Act {
    /// A page of a pull: rows and removals.
    Page(Vec<(u8, Option<Said>)>),
    /// A change of the user's that waits.
    Write(u8, Option<Said>),
    Checkpoint,
}

/// One walk; bounds are values of the first one or two columns of the index, or a key.
#[derive(Clone, Debug)]
struct Question {
    index: usize,
    from: Bound<(u8, Said, bool)>,
    to: Bound<(u8, Said, bool)>,
    descending: bool,
    limit: Option<usize>,
}

fn said() -> impl Strategy<Value = Said> {
    (prop::option::weighted(0.8, -3i8..4), prop::option::weighted(0.8, 0u8..6))
}

fn act() -> impl Strategy<Value = Act> {
    let told = (0..KEYS, prop::option::weighted(0.9, said()));
    prop_oneof![
        4 => prop::collection::vec(told, 1..40).prop_map(Act::Page),
        2 => (0..KEYS, prop::option::weighted(0.7, said())).prop_map(|(key, said)| Act::Write(key, said)),
        3 => Just(Act::Checkpoint),
    ]
}

fn question() -> impl Strategy<Value = Question> {
    let bound = || {
        prop_oneof![
            Just(Bound::Unbounded),
            (0..KEYS, said(), any::<bool>()).prop_map(Bound::Included),
            (0..KEYS, said(), any::<bool>()).prop_map(Bound::Excluded),
        ]
    };
    (0usize..4, bound(), bound(), any::<bool>(), prop::option::of(0usize..30))
        .prop_map(|(index, from, to, descending, limit)| Question { index, from, to, descending, limit })
}

/// `entries` with the time column `n` and the indexes (title, n) and (project, title).
fn definitions() -> Schema {
    let mut schema = schema();
    let entries = schema.tables.get_mut("entries").expect("entries");
    entries.columns[2].type_name = "integer".into();
    entries.time = Some("n".into());
    entries.foreign_keys.clear();
    entries.indexes = vec![vec!["title".into(), "n".into()], vec!["project".into(), "title".into()]];
    schema
}

/// Long titles fill several blocks of rows and of lists.
fn title(said: Said, long: bool) -> String {
    let filling = if long { "x".repeat(2_000) } else { String::new() };
    said.1.map_or("null".into(), |n| format!("\"{n}{filling}\""))
}

fn row(key: u8, said: Said, long: bool) -> String {
    let n = said.0.map_or("null".into(), |n| n.to_string());
    let project = if key.is_multiple_of(3) { "null".into() } else { format!("\"p{}\"", key % 4) };
    format!(r#"{{"id":"{key:02}","title":{},"n":{n},"project":{project}}}"#, title(said, long))
}

fn take(device: &mut Device, round: usize, act: &Act, long: bool, with_checkpoints: bool) {
    match act {
        Act::Page(told) => {
            let cursors = [("projects", format!("c{round}")), ("entries", format!("c{round}"))];
            let cursors = cursors.each_ref().map(|(table, cursor)| (*table, Some(cursor.as_str())));
            let at = rev(round as u64 + 2);
            let rows = told.iter().filter_map(|(key, said)| Some(row(*key, (*said)?, long)));
            let rows: Vec<String> = rows.collect();
            let gone = told.iter().filter(|(_, said)| said.is_none());
            let gone: Vec<String> = gone.map(|(key, _)| format!(r#"{{"id":"{key:02}"}}"#)).collect();
            let revs = |list: &'_ [String]| list.iter().map(|_| at).collect::<Vec<_>>();
            let (row_revs, gone_revs) = (revs(&rows), revs(&gone));
            let rows: Vec<_> = row_revs.into_iter().zip(rows.iter().map(String::as_str)).collect();
            let gone: Vec<_> = gone_revs.into_iter().zip(gone.iter().map(String::as_str)).collect();
            device.pull_last(&cursors, &format!("c{}", round + 1), &rows, &gone);
        }
        Act::Write(key, said) => {
            let id = format!("{key:02}");
            let Some(said) = *said else { return drop(device.delete(&id)) };
            let (title, n) = (title(said, long), said.0.map_or("null".into(), |n| n.to_string()));
            device.write(Op::Upsert, "entries", &id, &[("title", &title), ("n", &n)]);
        }
        Act::Checkpoint if with_checkpoints => drop(device.room.checkpoint(&mut device.state)),
        Act::Checkpoint => {}
    }
}

fn device(acts: &[Act], long: bool, with_checkpoints: bool) -> Device {
    let mut device = Device::new();
    device.fold(Frame::Schema(definitions()));
    device.pull_last(&[("projects", None), ("entries", None)], "c0", &[], &[]);
    let mut round = 0;
    for act in acts {
        take(&mut device, round, act, long, with_checkpoints);
        round += usize::from(matches!(act, Act::Page(_)));
    }
    device
}

/// A bound's bytes: a key, or the index key of the first column or of all.
fn bytes(
    table: &Table,
    index: Option<&Index>,
    (key, said, is_prefix): (u8, Said, bool),
    long: bool,
) -> Vec<u8> {
    let Some(index) = index else {
        return Key::from_values([format!("\"{key:02}\"").as_str()]).as_str().into();
    };
    let columns = if is_prefix { index.columns[..1].to_vec() } else { index.columns.clone() };
    Indexer::new(table, &[Index { columns }]).keys(&row(key, said, long)).remove(0)
}

/// What a walk should yield: every visible row's index key and key, sorted, within the bounds.
fn expected(
    rows: &[(String, String)],
    table: &Table,
    index: Option<&Index>,
    walk: &Walk,
) -> Vec<(Vec<u8>, String)> {
    let key_of = |key: &String, row: &String| match index {
        None => key.clone().into_bytes(),
        Some(index) => Indexer::new(table, std::slice::from_ref(index)).keys(row).remove(0),
    };
    let mut entries: Vec<_> = rows.iter().map(|(key, row)| (key_of(key, row), key.clone())).collect();
    entries.retain(|(bytes, _)| {
        let is_behind = |bound: &Vec<u8>| bytes > bound && !bytes.starts_with(bound);
        let from = match &walk.from {
            Bound::Included(bound) => bytes >= bound,
            Bound::Excluded(bound) => is_behind(bound),
            Bound::Unbounded => true,
        };
        let to = match &walk.to {
            Bound::Included(bound) => !is_behind(bound),
            Bound::Excluded(bound) => bytes < bound,
            Bound::Unbounded => true,
        };
        from && to
    });
    entries.sort();
    if walk.descending {
        entries.reverse();
    }
    entries.truncate(walk.limit.unwrap_or(usize::MAX));
    entries
}

fn answer(view: &View, walk: &Walk) -> Vec<(Vec<u8>, String)> {
    let mut entries = Vec::new();
    let limit = walk.limit.unwrap_or(usize::MAX);
    if limit > 0 {
        view.walk("entries", walk, &mut |entry| {
            entries.push((entry.index_key.to_vec(), entry.key.to_owned()));
            if entries.len() == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
    entries
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_walk_yields_what_a_sorted_list_would_and_misses_what_it_needs(
        acts in prop::collection::vec(act(), 1..14),
        questions in prop::collection::vec(question(), 1..8),
        long in prop::bool::weighted(0.3),
    ) {
        let plain = device(&acts, long, false).picture();
        let rows: Vec<(String, String)> = plain.tables["entries"].visible.clone().into_iter().collect();
        let mut tiered = device(&acts, long, true);
        let table = &definitions().tables["entries"];
        let indexes = indexes(table);
        prop_assert_eq!(indexes.len(), 3);
        for question in questions {
            let index = question.index.checked_sub(1);
            let of = |value| bytes(table, index.map(|index| &indexes[index]), value, long);
            let Question { from, to, descending, limit, .. } = question.clone();
            let walk = Walk { index, from: from.map(of), to: to.map(of), descending, limit };
            tiered.room.shelf.clear();
            let before = tiered.room.reads;
            let yielded = tiered.room.ask(&tiered.state, |view| answer(view, &walk));
            let expected = expected(&rows, table, index.map(|index| &indexes[index]), &walk);
            prop_assert_eq!(yielded, expected, "{:?}", question);
            let reads = tiered.room.reads - before;
            prop_assert!(reads <= READS_MAX, "{} reads for {:?}", reads, question);
        }
    }
}

/// Six segments, one after the other in time, with nothing of them in memory.
fn six_days() -> Device {
    let page = |day: u8| Act::Page((0..10).map(|n| (day * 10 + n, Some((Some(day as i8), None)))).collect());
    let acts: Vec<Act> = (0..6).flat_map(|day| [page(day), Act::Checkpoint]).collect();
    let mut device = device(&acts, false, true);
    device.room.shelf.clear();
    device.room.reads = 0;
    device
}

fn by_time(limit: Option<usize>) -> Walk {
    Walk { index: Some(0), descending: true, limit, ..Walk::whole() }
}

#[test]
fn in_the_order_of_time_a_segment_is_not_read_before_its_time() {
    let mut device = six_days();
    let newest = device.room.ask(&device.state, |view| answer(view, &by_time(Some(5))));
    assert_eq!(newest.len(), 5);
    assert!(device.room.shelf.segments_at_hand() <= 2, "of six");
    let day = Walk { from: Bound::Included(newest[0].0.clone()), ..by_time(None) };
    device.room.shelf.clear();
    assert_eq!(device.room.ask(&device.state, |view| answer(view, &day)).len(), 10);
    assert_eq!(device.room.shelf.segments_at_hand(), 1, "the others end before it");
}

#[test]
fn segments_that_a_walk_will_reach_are_read_at_once() {
    let mut device = six_days();
    assert_eq!(device.room.ask(&device.state, |view| answer(view, &by_time(None))).len(), 60);
    assert!(device.room.reads <= READS_MAX, "{} reads", device.room.reads);
}
