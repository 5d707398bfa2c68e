//! Horizons (DESIGN 4): what leaves the device and what stays, over memory, segments and checkpoints.

use crate::realm::{Tab, open, picture};
use futures_executor::LocalPool;
use proptest::prelude::*;
use thermocline::engine::Frame;
use thermocline::engine::frame::{Evicted, Fetched, Pulled};
use thermocline::protocol::pull::{Page, PullRequest, told};
use thermocline::protocol::{Change, Decision, Key, Mutation, MutationId, Op, Request, Rev, Schema, Text};
use thermocline::store::MemoryStore;

/// `notes (id text primary key, at timestamptz, n integer)`; `at` tells a row's age.
pub fn schema() -> Schema {
    let column = |name: &str, type_name: &str| {
        format!(
            r#"{{"name":"{name}","type":"{type_name}","not_null":false,"default":null,"collation":"C","generated":false,"identity":false}}"#
        )
    };
    let columns = [column("id", "text"), column("at", "timestamp with time zone"), column("n", "integer")];
    let json = format!(
        r#"{{"tables":{{"notes":{{"columns":[{}],"key":["id"],"owner":null,"time":"at","policy":"merge","direction":"both"}}}}}}"#,
        columns.join(",")
    );
    serde_json::from_str(&json).expect("a schema")
}

/// The same without a column that tells a row's age.
pub fn ageless() -> Schema {
    let mut schema = schema();
    schema.tables.values_mut().for_each(|table| table.time = None);
    schema
}

/// The row `id` as of a day of January.
pub fn note(id: u8, day: u8, n: u64) -> Text {
    format!(r#"{{"id":"{id}","at":"2026-01-{day:02}T00:00:00+00:00","n":{n}}}"#).into()
}

pub fn horizon(day: u8) -> Text {
    format!("2026-01-{day:02}T00:00:00Z").into()
}

fn key(id: u8) -> Key {
    Key::from_values([format!("\"{id}\"").as_str()])
}

struct World {
    pool: LocalPool,
    store: MemoryStore,
    tab: Tab,
    revs: u64,
}

impl World {
    fn new() -> Self {
        let mut pool = LocalPool::new();
        let store = MemoryStore::new([1; 16], [2; 16]);
        let (tab, _) = open(&mut pool, &store);
        pool.run_until(tab.append(Frame::Schema(schema()))).expect("stores");
        Self { pool, store, tab, revs: 1 }
    }

    /// A table with a row of each of these days, named by its day, and everything at rest.
    fn with_days(days: impl IntoIterator<Item = u8>) -> Self {
        let mut world = Self::new();
        let rows: Vec<Text> = days.into_iter().map(|day| note(day, day, 0)).collect();
        world.page(&rows, &[], true);
        world.checkpoint();
        world
    }

    fn append(&mut self, frame: Frame) {
        self.pool.run_until(self.tab.append(frame)).expect("stores");
    }

    fn checkpoint(&mut self) {
        assert_eq!(self.pool.run_until(self.tab.checkpoint()), Ok(true));
    }

    fn evict(&mut self, day: Option<u8>) {
        self.append(Frame::Evicted(Evicted {
            table: "notes".into(),
            horizon: day.map(horizon),
            asked: false,
        }));
    }

    fn request(&self) -> PullRequest {
        request(&self.tab)
    }

    fn page(&mut self, rows: &[Text], cold: &[u8], is_last: bool) {
        let request = self.request();
        self.answer(request, rows, cold, is_last);
    }

    fn answer(&mut self, request: PullRequest, rows: &[Text], cold: &[u8], is_last: bool) {
        self.revs += 1;
        let frame = pulled(request, self.revs, rows, cold, is_last);
        self.append(frame);
    }

    fn fetched(&mut self, rows: &[Text]) {
        self.revs += 1;
        let rows = rows.iter().map(|row| (rev(self.revs), row.clone())).collect();
        let as_of = self.tab.state().seq;
        self.append(Frame::Fetched(Fetched { table: "notes".into(), rows, as_of, time_ms: self.revs }));
    }

    fn update(&mut self, id: u8, n: u64) -> Decision {
        self.revs += 1;
        self.pool.run_until(self.tab.write(update(id, n, self.revs))).expect("stores")
    }

    /// The ids of the visible rows.
    fn shown(&mut self) -> Vec<u8> {
        let picture = picture(&mut self.pool, &self.tab);
        let ids =
            picture.tables["notes"].visible.keys().map(|key| key.trim_matches(['[', ']', '"']).to_owned());
        let mut ids: Vec<u8> = ids.map(|id| id.parse().expect("a number")).collect();
        ids.sort_unstable();
        ids
    }

    /// Whatever this tab shows, one that opens now shows too, and so it is after a checkpoint.
    fn agrees(&mut self) {
        let before = picture(&mut self.pool, &self.tab);
        let (fresh, _) = open(&mut self.pool, &self.store);
        assert_eq!(picture(&mut self.pool, &fresh), before);
        self.checkpoint();
        assert_eq!(picture(&mut self.pool, &self.tab), before);
        let (fresh, _) = open(&mut self.pool, &self.store);
        assert_eq!(picture(&mut self.pool, &fresh), before);
    }
}

fn rev(n: u64) -> Rev {
    Rev(n << 22)
}

pub fn request(tab: &Tab) -> PullRequest {
    let state = tab.state();
    match &state.round {
        Some(round) => PullRequest {
            tables: round.tables.clone(),
            round: Some(round.token.clone()),
            own_xids: Vec::new(),
        },
        None => PullRequest {
            tables: vec![("notes".into(), state.cursors.get("notes").cloned())],
            ..PullRequest::default()
        },
    }
}

pub fn pulled(request: PullRequest, n: u64, rows: &[Text], cold: &[u8], is_last: bool) -> Frame {
    let page = Page {
        table: "notes".into(),
        rows: rows.iter().map(|row| (rev(n), row.clone())).collect(),
        gone: Vec::new(),
        cold: cold.iter().map(|id| (rev(n), format!(r#"{{"id":"{id}"}}"#).into())).collect(),
    };
    let token = Some(Text::from(format!("t{n}")));
    let (round, cursor) = if is_last { (None, token) } else { (token, None) };
    Frame::Pulled(Pulled { request, pages: vec![page], round, cursor, time_ms: n })
}

pub fn update(id: u8, n: u64, number: u64) -> Request {
    let mut bytes = [9; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    let id_of_mutation = MutationId(bytes);
    let changes = vec![Change { column: "n".into(), value: n.to_string().into(), old: Some("0".into()) }];
    let mutation = Mutation {
        id: id_of_mutation,
        table: "notes".into(),
        key: key(id),
        op: Op::Update,
        changes,
        shown: Vec::new(),
        base: None,
    };
    Request { id: id_of_mutation, user: Some("u".into()), time_ms: number, mutations: vec![mutation] }
}

#[test]
fn rows_before_the_horizon_leave_memory_and_segments() {
    let mut world = World::with_days(1..=20);
    world.page(&[note(21, 3, 0)], &[], true);
    world.evict(Some(10));
    assert_eq!(world.shown(), (10..=20).collect::<Vec<_>>());
    world.agrees();
    let size = world.tab.state().rows.size("notes");
    assert_eq!((size.rows, size.hot_rows, size.warm_rows), (11, 0, 11));
}

#[test]
fn a_segment_that_lies_before_the_horizon_leaves_at_once() {
    let mut world = World::with_days(1..=9);
    world.page(&(10..=20).map(|day| note(day, day, 0)).collect::<Vec<_>>(), &[], true);
    world.checkpoint();
    assert_eq!(world.tab.state().rows.table("notes").expect("a table").segments().len(), 2);
    world.evict(Some(10));
    assert_eq!(world.tab.state().rows.table("notes").expect("a table").segments().len(), 1);
    world.agrees();
    assert_eq!(world.shown(), (10..=20).collect::<Vec<_>>());
}

/// Invariant 8: nothing that the server does not have yet is evicted, and nothing is sent for it.
#[test]
fn a_row_with_a_pending_change_stays_until_it_is_answered_and_a_round_has_ended() {
    let mut world = World::with_days(1..=5);
    assert_eq!(world.update(2, 7), Decision::Done(vec![true]));
    world.evict(Some(4));
    assert_eq!(world.shown(), [2, 4, 5]);
    assert_eq!(world.tab.state().outbox.len(), 1);
    world.agrees();
    assert_eq!(world.shown(), [2, 4, 5]);
}

#[test]
fn an_update_of_an_evicted_row_finds_none_whether_or_not_its_segment_is_still_there() {
    for is_merged in [false, true] {
        let mut world = World::with_days(1..=5);
        world.evict(Some(4));
        if is_merged {
            world.checkpoint();
        }
        assert_eq!(world.update(2, 7), Decision::Done(vec![false]), "{is_merged}");
    }
}

#[test]
fn a_horizon_that_moves_forward_keeps_the_cursor_and_back_pulls_the_gap_from_nothing() {
    let mut world = World::with_days(1..=20);
    world.evict(Some(10));
    assert!(told(world.request().tables[0].1.as_ref()).is_some());
    let covered =
        |world: &World| world.tab.state().horizons.get("notes").map(|horizon| horizon.covered.clone());
    world.evict(Some(5));
    assert_eq!(told(world.request().tables[0].1.as_ref()), None);
    assert_eq!(covered(&world), Some(Some(horizon(10))), "no wider until the round has ended");
    assert_eq!(world.shown(), (10..=20).collect::<Vec<_>>());
    world.page(&(5..=20).map(|day| note(day, day, 0)).collect::<Vec<_>>(), &[], true);
    assert_eq!(covered(&world), Some(Some(horizon(5))));
    assert_eq!(world.shown(), (5..=20).collect::<Vec<_>>());
    world.evict(None);
    world.page(&(1..=20).map(|day| note(day, day, 0)).collect::<Vec<_>>(), &[], true);
    assert_eq!(covered(&world), None, "held whole again");
    assert_eq!(world.shown(), (1..=20).collect::<Vec<_>>());
    world.agrees();
}

/// Invariant 5: it says nothing of the rows that the horizon left out, or would bring back what has left.
#[test]
fn a_page_that_was_asked_under_another_horizon_is_dropped() {
    for (from, to) in [(None, Some(10)), (Some(10), Some(5)), (Some(10), None), (Some(5), Some(10))] {
        for is_first in [true, false] {
            let mut world = if is_first { World::new() } else { World::with_days(1..=20) };
            if from.is_some() {
                world.evict(from);
            }
            let asked = world.request();
            world.evict(to);
            let before = picture(&mut world.pool, &world.tab).cursors;
            world.answer(asked, &[note(30, 8, 0)], &[], true);
            assert!(!world.shown().contains(&30), "{from:?} {to:?}");
            assert_eq!(world.tab.state().cursors, before);
        }
    }
}

#[test]
fn a_moved_horizon_ends_a_round_so_that_its_token_is_not_sent_with_another_since() {
    let mut world = World::with_days(1..=5);
    world.page(&[note(6, 6, 0)], &[], false);
    assert!(world.tab.state().round.is_some());
    world.evict(Some(3));
    assert!(world.tab.state().round.is_none());
    let since = world.tab.state().since([Text::from("notes")].iter());
    assert_eq!(since["notes"], horizon(3));
}

#[test]
fn what_was_read_through_stays_until_the_server_tells_of_a_change_and_is_no_part_of_a_segment() {
    let mut world = World::with_days(1..=20);
    world.evict(Some(10));
    world.fetched(&[note(3, 3, 1), note(4, 4, 1), note(12, 12, 9)]);
    assert_eq!(world.shown(), [vec![3, 4], (10..=20).collect()].concat());
    world.agrees();
    world.page(&[note(21, 21, 0)], &[3], true);
    assert_eq!(world.shown(), [vec![4], (10..=21).collect()].concat(), "cold keys drop a copy");
    world.agrees();
    world.page(&[], &[], true);
    world.agrees();
    assert_eq!(
        world.tab.state().rows.size("notes").warm_rows,
        12,
        "held rows rest after two rounds, with the others"
    );
    world.fetched(&[note(5, 5, 1)]);
    world.evict(Some(10));
    assert_eq!(
        world.shown(),
        (10..=21).collect::<Vec<_>>(),
        "the same horizon again clears what was read through"
    );
    world.agrees();
}

#[test]
fn an_answer_that_a_page_has_overtaken_is_dropped() {
    let mut world = World::with_days(1..=5);
    world.evict(Some(4));
    let as_of = world.tab.state().seq;
    world.page(&[], &[2], true);
    let rows = vec![(rev(1), note(2, 2, 0))];
    world.append(Frame::Fetched(Fetched { table: "notes".into(), rows, as_of, time_ms: 1 }));
    assert_eq!(world.shown(), [4, 5]);
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Update { id: u8 },
    Page { id: u8, day: u8, is_last: bool },
    Cold { id: u8 },
    Evict { day: Option<u8> },
    Fetch { id: u8, day: u8 },
    CatchUp,
    Checkpoint,
}

fn act() -> impl Strategy<Value = Act> {
    let (id, day) = (1..12u8, 1..12u8);
    prop_oneof![
        2 => id.clone().prop_map(|id| Act::Update { id }),
        4 => (id.clone(), day.clone(), any::<bool>()).prop_map(|(id, day, is_last)| Act::Page { id, day, is_last }),
        1 => id.clone().prop_map(|id| Act::Cold { id }),
        3 => prop::option::of(day.clone()).prop_map(|day| Act::Evict { day }),
        2 => (id, day).prop_map(|(id, day)| Act::Fetch { id, day }),
        2 => Just(Act::CatchUp),
        3 => Just(Act::Checkpoint),
    ]
}

impl World {
    fn take(&mut self, act: Act) {
        match act {
            Act::Update { id } => drop(self.update(id, 5)),
            Act::Page { id, day, is_last } => {
                let since = self.tab.state().horizons.get("notes").and_then(|horizon| horizon.since.clone());
                let is_cold = since.is_some_and(|since| horizon(day) < since);
                let (rows, cold) =
                    if is_cold { (vec![], vec![id]) } else { (vec![note(id, day, 1)], vec![]) };
                self.page(&rows, &cold, is_last);
            }
            Act::Cold { id } => self.page(&[], &[id], true),
            Act::Evict { day } => self.evict(day),
            Act::Fetch { id, day } => self.fetched(&[note(id, day, 2)]),
            Act::CatchUp => self.pool.run_until(self.tab.catch_up()).expect("reads"),
            Act::Checkpoint => drop(self.pool.run_until(self.tab.checkpoint())),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Invariants 7 and 8: which rows are seen depends on the frames, not on who has checkpointed when.
    #[test]
    fn contexts_that_evict_and_checkpoint_in_turns_are_in_the_same_state(acts in prop::collection::vec((any::<bool>(), act()), 1..60)) {
        let mut world = World::with_days(1..=8);
        let (mut other, _) = open(&mut world.pool, &world.store);
        for (swap, act) in acts {
            if swap {
                std::mem::swap(&mut world.tab, &mut other);
            }
            world.pool.run_until(world.tab.catch_up()).expect("reads");
            world.take(act);
        }
        world.pool.run_until(world.tab.catch_up()).expect("reads");
        world.pool.run_until(other.catch_up()).expect("reads");
        let seen = picture(&mut world.pool, &world.tab);
        prop_assert_eq!(picture(&mut world.pool, &other), seen.clone());
        world.agrees();
    }
}
