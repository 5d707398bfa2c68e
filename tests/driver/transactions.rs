//! Transactions (invariants 3 and 7): several writes of several tables happen together, or not at all.

use crate::coverage::{ByBytes, Server, ids};
use crate::horizons::{note, pulled, request, schema};
use crate::realm::{Realm, Tab, open};
use futures_executor::LocalPool;
use std::rc::Rc;
use thermocline::driver::{Aborted, Desk, Keeps, Route};
use thermocline::engine::Frame;
use thermocline::engine::retention::Keep;
use thermocline::protocol::Text;
use thermocline::query::{Answer, HttpRequest};
use thermocline::store::{MemoryStore, Store};

struct World {
    pool: LocalPool,
    tab: Tab,
    store: MemoryStore,
    realm: Rc<Realm>,
    desk: Desk<MemoryStore, Realm, Server>,
}

type Asked<'a> = (&'a str, &'a str, &'a str, &'a str);

/// `notes` and `tags`, of the same shape; notes 10 to 12 are held.
fn world() -> World {
    let mut pool = LocalPool::new();
    let store = MemoryStore::new([1; 16], [2; 16]);
    let (tab, realm) = open(&mut pool, &store);
    let mut both = schema();
    let notes = both.tables["notes"].clone();
    both.tables.insert("tags".into(), notes);
    pool.run_until(tab.append(Frame::Schema(both))).expect("stores");
    let rows: Vec<Text> = (10..=12).map(|day| note(day, day, u64::from(day))).collect();
    pool.run_until(tab.append(pulled(request(&tab), 5, &rows, &[], true))).expect("stores");
    let tables = Keeps::from([("notes".into(), Keep::default()), ("tags".into(), Keep::default())]);
    let desk = Desk::new(Rc::clone(&tab), Server::default(), tables, Rc::new(ByBytes));
    World { pool, tab, store, realm, desk }
}

impl World {
    fn transact(&mut self, asked: &[Asked<'_>]) -> Result<Vec<Answer>, Aborted> {
        let headers = [("content-type".into(), "application/json".into())];
        let request =
            |&(method, table, query, body)| HttpRequest { method, table, query, headers: &headers, body };
        let requests: Vec<HttpRequest<'_>> = asked.iter().map(request).collect();
        self.pool.run_until(self.desk.transact(&requests, Some(&"u".into())))
    }

    fn ids(&mut self, table: &str) -> Vec<String> {
        let request = HttpRequest { method: "GET", table, query: "order=id", headers: &[], body: "" };
        match self.pool.run_until(self.desk.ask(&request, Some(&"u".into()))) {
            Route::Answer(answer) => ids(&answer),
            Route::Network => panic!("{table} went to the network"),
        }
    }

    fn frames(&mut self) -> usize {
        self.pool.run_until(self.store.tail(0)).expect("reads").frames.len()
    }
}

#[test]
fn writes_of_several_tables_leave_as_one_frame_and_are_answered_one_by_one() {
    let mut world = world();
    let before = world.frames();
    let answers = world.transact(&[
        ("POST", "notes", "", r#"{"id":"13","n":1}"#),
        ("POST", "tags", "", r#"[{"id":"a"},{"id":"b"}]"#),
        ("PATCH", "notes", "id=eq.10", r#"{"n":99}"#),
        ("DELETE", "notes", "id=eq.11", ""),
    ]);
    let statuses: Vec<u16> = answers.expect("done").iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [201, 201, 204, 204]);
    assert_eq!(world.frames(), before + 1);
    assert_eq!(
        (world.ids("notes"), world.ids("tags")),
        (vec!["10".into(), "12".into(), "13".into()], vec!["a".into(), "b".into()])
    );
    assert_eq!(world.tab.state().outbox.len(), 5);
}

#[test]
fn a_request_that_is_refused_takes_all_with_it_and_is_named() {
    let cases: [(Asked<'_>, Option<usize>, &str); 7] = [
        (("POST", "notes", "", r#"{"id":"10"}"#), Some(1), "23505"),
        (("POST", "notes", "", r#"{"id":"13","colour":"red"}"#), Some(1), "PGRST204"),
        (("PATCH", "notes", "id=eq.12&n=quite", r#"{"n":1}"#), Some(1), "PGRST100"),
        (("PATCH", "notes", "id=eq.12", r#"{"n":"many"}"#), Some(1), "22P02"),
        (("PATCH", "notes", "id=eq.99", r#"{"n":2}"#), None, ""), // no such row: nothing to change
        (("POST", "tags", "", r#"{"id":"a"}"#), Some(1), "21000"),
        (("GET", "notes", "", ""), Some(1), "unsupported_offline"),
    ];
    for (case, named, code) in cases {
        let mut world = world();
        let before = world.frames();
        let result = world.transact(&[("POST", "tags", "", r#"{"id":"a"}"#), case]);
        if code.is_empty() {
            assert_eq!(result.expect("done").len(), 2);
            continue;
        }
        let aborted = result.expect_err("refused");
        assert_eq!(aborted.request, named, "{case:?}");
        assert!(aborted.answer.body.contains(&format!("\"{code}\"")), "{case:?}: {}", aborted.answer.body);
        assert!(world.ids("tags").is_empty() && world.tab.state().outbox.is_empty(), "{case:?}");
        assert!(world.frames() <= before + 1, "{case:?}");
    }
}

#[test]
fn rows_that_the_device_does_not_hold_are_not_changed_blindly() {
    let mut world = world();
    world.realm.online.set(true);
    let aborted =
        world.transact(&[("POST", "notes", "", r#"{"id":"13"}"#), ("PATCH", "tags", "n=gt.1", r#"{"n":2}"#)]);
    let aborted = aborted.expect_err("tags was never read");
    assert_eq!(aborted.request, Some(1));
    assert!(
        aborted.answer.body.contains("Take this request out of the transaction"),
        "{}",
        aborted.answer.body
    );
}

#[test]
fn nothing_to_change_is_no_frame() {
    let mut world = world();
    let before = world.frames();
    assert_eq!(world.transact(&[]), Ok(Vec::new()));
    world.transact(&[("DELETE", "notes", "id=eq.99", "")]).expect("done");
    assert_eq!(world.frames(), before);
}
