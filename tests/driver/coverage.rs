//! Coverage and read-through (DESIGN 4): what is answered from the device, what is asked of the server, and
//! what an answer says of itself where neither can tell everything.

use crate::horizons::{ageless, horizon, note, pulled, request, schema};
use crate::realm::{Realm, Tab, open};
use futures_executor::LocalPool;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;
use thermocline::driver::{Desk, Keeps, Route};
use thermocline::engine::Frame;
use thermocline::engine::frame::Evicted;
use thermocline::engine::interface::{Failure, Message, Reply};
use thermocline::engine::retention::Keep;
use thermocline::protocol::{ErrorCode, Fault, Text};
use thermocline::query::{Answer, Collate, HttpRequest};
use thermocline::remote::Remote;
use thermocline::store::MemoryStore;

/// A server that answers reads with what it was given, and remembers them.
#[derive(Clone, Default)]
pub struct Server(pub Rc<RefCell<Told>>);

#[derive(Default)]
pub struct Told {
    pub queries: Vec<String>,
    pub rows: Vec<Text>,
    pub fails: bool,
}

impl Remote for Server {
    async fn send(&self, _message: &Message, _client: &str) -> Result<Reply, Failure> {
        Err(Failure::from(Fault::new(ErrorCode::Offline, "no rounds here")))
    }

    async fn rows(&self, _table: &str, query: &str) -> Result<Vec<Text>, Failure> {
        let mut told = self.0.borrow_mut();
        told.queries.push(query.into());
        if told.fails {
            return Err(Failure::from(Fault::new(ErrorCode::Offline, "gone")));
        }
        Ok(if query.ends_with("offset=0") { told.rows.clone() } else { Vec::new() })
    }
}

pub struct ByBytes;

impl Collate for ByBytes {
    fn compare(&self, _locale: &str, a: &str, b: &str) -> Ordering {
        a.cmp(b)
    }
}

pub struct World {
    pub pool: LocalPool,
    pub tab: Tab,
    pub realm: Rc<Realm>,
    pub server: Server,
    pub desk: Desk<MemoryStore, Realm, Server>,
}

/// The notes of 10–20 January are held, those before are not; online.
pub fn world() -> World {
    let mut pool = LocalPool::new();
    let store = MemoryStore::new([1; 16], [2; 16]);
    let (tab, realm) = open(&mut pool, &store);
    realm.online.set(true);
    let evicted = Evicted { table: "notes".into(), horizon: Some(horizon(10)), asked: false };
    pool.run_until(tab.append(Frame::Schema(schema()))).expect("stores");
    pool.run_until(tab.append(Frame::Evicted(evicted))).expect("stores");
    let rows: Vec<Text> = (10..=20).map(|day| note(day, day, u64::from(day))).collect();
    pool.run_until(tab.append(pulled(request(&tab), 5, &rows, &[], true))).expect("stores");
    pool.run_until(tab.checkpoint()).expect("writes");
    let server = Server::default();
    let tables = Keeps::from([("notes".into(), Keep::default())]);
    let desk = Desk::new(Rc::clone(&tab), server.clone(), tables, Rc::new(ByBytes));
    World { pool, tab, realm, server, desk }
}

impl World {
    pub fn ask(&mut self, method: &str, query: &str, headers: &[(&str, &str)], body: &str) -> Route {
        let mut headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        headers.push(("content-type".into(), "application/json".into()));
        let request = HttpRequest { method, table: "notes", query, headers: &headers, body };
        self.pool.run_until(self.desk.ask(&request, Some(&"u".into())))
    }

    pub fn get(&mut self, query: &str) -> Answer {
        match self.ask("GET", query, &[], "") {
            Route::Answer(answer) => answer,
            Route::Network => panic!("{query} went to the network"),
        }
    }

    /// Days as the server has them, each row with its rev.
    pub fn serve(&mut self, days: &[u8]) {
        let row = |day: &u8| {
            let text = note(*day, *day, 7);
            Text::from(format!("{},\"_rev\":{}}}", &text[..text.len() - 1], 3u64 << 22))
        };
        self.server.0.borrow_mut().rows = days.iter().map(row).collect();
    }

    pub fn queries(&self) -> Vec<String> {
        std::mem::take(&mut self.server.0.borrow_mut().queries)
    }
}

pub fn is_partial(answer: &Answer) -> bool {
    answer.headers.iter().any(|(name, value)| name == "thermocline-coverage" && value == "partial")
}

pub fn ids(answer: &Answer) -> Vec<String> {
    let rows: Vec<serde_json::Value> = serde_json::from_str(&answer.body).expect("rows");
    rows.iter().map(|row| row["id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_asks_for_nothing_before_the_horizon_is_answered_from_the_device() {
    let mut world = world();
    for query in [
        "at=gte.2026-01-10T00:00:00Z",
        "at=gt.2026-01-15&n=eq.16",
        "order=at.desc&limit=11",
        "order=at.desc&limit=1&n=lt.12",
        "id=eq.12",
        "id=in.(12,13)",
    ] {
        let answer = world.get(query);
        assert!(!is_partial(&answer) && answer.status == 200, "{query}: {answer:?}");
    }
    assert!(world.queries().is_empty());
}

/// Without a wait, and so without a promise.
#[test]
fn what_is_held_and_in_memory_is_answered_at_once() {
    let mut world = world();
    let (cold, realm) = open(&mut world.pool, world.tab.store());
    realm.online.set(true);
    let tables = Keeps::from([("notes".into(), Keep::default())]);
    world.desk = Desk::new(cold, world.server.clone(), tables, Rc::new(ByBytes));
    let now = |world: &World, query| {
        let request = HttpRequest { method: "GET", table: "notes", query, headers: &[], body: "" };
        world.desk.answer_now(&request)
    };
    assert_eq!(now(&world, "id=eq.12"), None, "its block is not in memory");
    let answer = world.get("id=eq.12");
    assert_eq!(now(&world, "id=eq.12"), Some(answer));
    assert_eq!(now(&world, "id=eq.3"), None, "the server has it");
    assert_eq!(now(&world, "id=frob.3"), None, "what is refused is nobody's hurry");
    realm.online.set(false);
    assert!(now(&world, "id=eq.3").is_some_and(|answer| is_partial(&answer)), "the server is out of reach");
}

#[test]
fn what_reaches_past_it_is_read_through_and_then_held_by_key() {
    let mut world = world();
    world.serve(&[3]);
    assert_eq!(ids(&world.get("id=eq.3")), ["3"]);
    assert_eq!(world.queries(), ["select=*&id=eq.3&order=id&limit=1&offset=0"]);
    assert_eq!(ids(&world.get("id=eq.3&select=id")), ["3"]);
    assert!(world.queries().is_empty(), "it is held now");
    world.realm.online.set(false);
    let answer = world.get("id=eq.3");
    assert!(!is_partial(&answer) && !answer.body.contains("_rev"), "{answer:?}");
}

#[test]
fn what_was_read_through_is_asked_for_again_after_its_time() {
    let mut world = world();
    world.serve(&[3]);
    world.get("id=eq.3");
    world.queries();
    world.realm.now_ms.set(world.realm.now_ms.get() + 1_000_000);
    world.get("id=eq.3");
    assert!(!world.queries().is_empty());
}

/// Never silently partial.
#[test]
fn offline_the_local_rows_are_marked_and_their_number_is_not_told() {
    let mut world = world();
    world.realm.online.set(false);
    for query in ["", "order=at.desc&limit=12", "at=gte.2026-01-09", "n=eq.12", "id=eq.3", "order=at&limit=1"]
    {
        assert!(is_partial(&world.get(query)), "{query}");
    }
    let Route::Answer(answer) = world.ask("GET", "", &[("prefer", "count=exact")], "") else {
        panic!("local")
    };
    let range =
        answer.headers.iter().find(|(name, _)| name == "content-range").map(|(_, value)| value.as_ref());
    assert_eq!(range, Some("0-10/*"));
    assert!(is_partial(&answer));
}

#[test]
fn a_server_that_does_not_answer_is_as_being_offline() {
    let mut world = world();
    world.server.0.borrow_mut().fails = true;
    assert!(is_partial(&world.get("order=at.desc&limit=12")));
}

#[test]
fn what_cannot_be_read_through_goes_to_the_network_while_nothing_is_pending() {
    let mut world = world();
    assert_eq!(world.ask("GET", "", &[("prefer", "count=exact")], ""), Route::Network);
    assert_eq!(world.ask("GET", "n=eq.3", &[], ""), Route::Network);
    assert!(world.queries().is_empty());
}

#[test]
fn pending_changes_are_laid_over_what_is_read_through() {
    let mut world = world();
    world.serve(&[3, 4]);
    world.ask("PATCH", "id=in.(3,4)", &[], r#"{"n":99}"#);
    world.ask("DELETE", "id=eq.4", &[], "");
    world.ask("POST", "", &[], r#"{"id":"1","at":"2026-01-01T00:00:00Z","n":99}"#);
    world.queries();
    let answer = world.get("at=lt.2026-01-09&order=at");
    assert_eq!(ids(&answer), ["1", "3"]);
    assert!(answer.body.contains("99") && !is_partial(&answer));
    assert_eq!(world.queries()[0], "select=*&at=lt.2026-01-09&order=at,id&limit=1000&offset=0");
    assert_eq!(ids(&world.get("at=lt.2026-01-09&order=at&limit=1")), ["1"]);
    assert!(world.queries()[0].ends_with("limit=4&offset=0"), "as many more as changes wait");
}

#[test]
fn a_change_past_the_coverage_reads_its_rows_first_and_is_refused_offline() {
    let mut world = world();
    world.serve(&[3]);
    let Route::Answer(answer) = world.ask("PATCH", "at=lt.2026-01-05", &[], r#"{"n":9}"#) else {
        panic!("local")
    };
    assert_eq!((answer.status, world.queries().len()), (204, 2));
    assert_eq!(world.tab.state().outbox.len(), 1);
    world.realm.online.set(false);
    for query in ["at=lt.2026-01-05", "id=eq.5", "n=eq.5"] {
        let Route::Answer(answer) = world.ask("PATCH", query, &[], r#"{"n":9}"#) else { panic!("local") };
        assert!(answer.body.contains("unsupported_offline"), "{query}: {answer:?}");
    }
    for query in ["at=gte.2026-01-12", "id=eq.12", "id=eq.3"] {
        let Route::Answer(answer) = world.ask("PATCH", query, &[], r#"{"n":9}"#) else { panic!("local") };
        assert_eq!(answer.status, 204, "{query}: {answer:?}");
    }
}

fn is_stale(answer: &Answer) -> bool {
    answer.headers.iter().any(|(name, value)| name == "thermocline-stale" && value == "true")
}

fn caching(world: World) -> World {
    let keep = Keep { ttl_ms: Some(60_000), ..Keep::default() };
    let keeps = Keeps::from([("notes".into(), keep)]);
    let desk = Desk::new(Rc::clone(&world.tab), world.server.clone(), keeps, Rc::new(ByBytes));
    World { desk, ..world }
}

#[test]
fn a_cached_table_answers_while_its_last_round_is_fresh() {
    let mut world = caching(world());
    let newest = "order=at.desc&limit=3";
    assert_eq!(ids(&world.get(newest)), ["20", "19", "18"]);
    assert!(world.queries().is_empty());
    world.realm.now_ms.set(100_000);
    world.serve(&[20, 19, 18]);
    let answer = world.get(newest);
    assert!(answer.body.contains("\"n\":7") && !is_stale(&answer), "{answer:?}");
    assert_eq!(world.queries().len(), 1);
    world.get("id=eq.19");
    assert!(world.queries().is_empty(), "the fetch made it fresh");
}

#[test]
fn a_cache_whose_rows_have_no_age_is_fresh_as_long_as_its_last_round_or_fetch() {
    let mut world = caching(world());
    world.pool.run_until(world.tab.append(Frame::Schema(ageless()))).expect("stores");
    let rows: Vec<Text> = (10..=20).map(|day| note(day, day, u64::from(day))).collect();
    let round = pulled(request(&world.tab), 50, &rows, &[], true);
    world.pool.run_until(world.tab.append(round)).expect("stores");
    assert_eq!(ids(&world.get("n=eq.12")), ["12"]);
    world.realm.now_ms.set(100_000);
    assert_eq!(world.ask("GET", "n=eq.12", &[], ""), Route::Network);
    world.serve(&[12]);
    assert_eq!(ids(&world.get("id=eq.12")), ["12"]);
    assert_eq!(world.queries().len(), 1, "it was asked for again");
    world.realm.online.set(false);
    assert!(!is_stale(&world.get("id=eq.12")));
    assert!(is_stale(&world.get("id=eq.13")));
}

#[test]
fn stale_rows_are_returned_offline_or_on_request_and_are_marked() {
    let mut world = caching(world());
    world.realm.now_ms.set(100_000);
    let prefer = [("prefer", "thermocline=stale")];
    let Route::Answer(answer) = world.ask("GET", "at=gte.2026-01-19", &prefer, "") else { panic!("local") };
    assert!(is_stale(&answer) && !is_partial(&answer), "{answer:?}");
    world.realm.online.set(false);
    for query in ["at=gte.2026-01-19", "id=eq.12"] {
        let answer = world.get(query);
        assert!(is_stale(&answer) && !is_partial(&answer), "{query}: {answer:?}");
    }
    assert!(is_partial(&world.get("at=gte.2026-01-01")));
}

#[test]
fn a_time_that_lies_ahead_of_the_clock_says_nothing_of_freshness() {
    let mut world = caching(world());
    world.realm.now_ms.set(100_000);
    world.serve(&[20]);
    world.get("id=eq.20");
    world.realm.online.set(false);
    assert!(!is_stale(&world.get("id=eq.20")));
    world.realm.now_ms.set(0);
    assert!(!is_stale(&world.get("id=eq.20")), "a little ahead");
    world.realm.online.set(true);
    world.realm.now_ms.set(1_000_000);
    world.get("id=eq.20");
    world.realm.online.set(false);
    world.realm.now_ms.set(500_000);
    assert!(is_stale(&world.get("id=eq.20")));
}

/// The world's table, now of another direction, and online.
fn directed(direction: &str) -> World {
    let mut world = world();
    let mut schema = schema();
    schema.tables.values_mut().for_each(|table| table.direction = direction.into());
    world.pool.run_until(world.tab.append(Frame::Schema(schema))).expect("stores");
    world
}

#[test]
fn a_local_table_is_answered_and_written_here_whatever_is_asked() {
    let mut world = directed("local-only");
    for query in ["n=gte.0", "order=n", "at=lt.2026-01-05T00:00:00Z", "id=eq.99"] {
        assert!(!is_partial(&world.get(query)), "{query}");
    }
    let write = world.ask("PATCH", "n=lt.12", &[("prefer", "return=representation")], r#"{"n":99}"#);
    let Route::Answer(answer) = write else { panic!("local") };
    assert_eq!(ids(&answer), ["10", "11"]);
    assert!(world.tab.state().outbox.is_empty(), "nothing waits to be sent");
    assert_eq!(ids(&world.get("n=eq.99")), ["10", "11"]);
    assert!(world.queries().is_empty(), "nobody is asked");
}

#[test]
fn a_pull_only_table_is_read_and_not_written() {
    let mut world = directed("pull-only");
    assert_eq!(ids(&world.get("id=eq.12")), ["12"]);
    for (method, query, body) in
        [("POST", "", r#"{"id":"1"}"#), ("PATCH", "id=eq.12", r#"{"n":1}"#), ("DELETE", "id=eq.12", "")]
    {
        let Route::Answer(answer) = world.ask(method, query, &[], body) else { panic!("local") };
        assert_eq!(answer.status, 403, "{method}");
        assert!(answer.body.contains("42501") && answer.body.contains("pull-only"), "{}", answer.body);
    }
    assert!(world.tab.state().outbox.is_empty());
}
