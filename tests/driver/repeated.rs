//! A request that a browser hands to one worker after the other: carried out once, answered alike (invariants 1 and 2).

use crate::coverage::{ByBytes, Server};
use crate::realm::{Tab, open};
use futures_executor::LocalPool;
use std::rc::Rc;
use thermocline::driver::{Desk, Keeps, Route, Seed};
use thermocline::engine::Frame;
use thermocline::protocol::Schema;
use thermocline::query::{Answer, HttpRequest};
use thermocline::store::memory::MemoryStore;

/// Notes of nobody's in particular: `id` is made where it is not given, and `token`, too.
fn schema() -> Schema {
    let column = |name: &str, type_name: &str, default: &str| {
        format!(
            r#"{{"name":"{name}","type":"{type_name}","not_null":false,"default":{default},"collation":null,"generated":false,"identity":false}}"#
        )
    };
    let uuid = r#""gen_random_uuid()""#;
    let columns =
        [column("id", "uuid", uuid), column("text", "text", "null"), column("token", "uuid", uuid)].join(",");
    let table = format!(
        r#"{{"columns":[{columns}],"key":["id"],"owner":null,"time":null,"policy":"merge","direction":"both"}}"#
    );
    serde_json::from_str(&format!(r#"{{"tables":{{"notes":{table}}}}}"#)).expect("a schema")
}

/// A worker that has just started.
fn worker(pool: &mut LocalPool, store: &MemoryStore) -> Tab {
    let (tab, _) = open(pool, store);
    if tab.state().schema == Schema::default() {
        pool.run_until(tab.append(Frame::Schema(schema()))).expect("stores");
    }
    tab
}

fn insert(pool: &mut LocalPool, tab: &Tab, prefer: &str, body: &str, seed: Option<Seed>) -> Answer {
    let keeps: Keeps = [("notes".into(), Default::default())].into();
    let desk = Desk::new(Rc::clone(tab), Server::default(), keeps, Rc::new(ByBytes));
    let headers = [("prefer".to_owned(), prefer.to_owned())];
    let request = HttpRequest { method: "POST", table: "notes", query: "", headers: &headers, body };
    match pool.run_until(desk.ask_once(&request, None, seed)) {
        Route::Answer(answer) => answer,
        Route::Network => panic!("it went to the network"),
    }
}

const SHOWN: &str = "return=representation";

#[test]
fn the_worker_that_is_asked_again_answers_as_the_one_before_and_writes_nothing() {
    let mut pool = LocalPool::new();
    let store = MemoryStore::new([7; 16], [8; 16]);
    for (seed, body) in [(1, r#"{"text":"one"}"#), (2, r#"[{"text":"two"},{"text":"three"}]"#)] {
        let one = worker(&mut pool, &store);
        let first = insert(&mut pool, &one, SHOWN, body, Some([seed; 16]));
        assert_eq!(first.status, 201);
        drop(one);
        let other = worker(&mut pool, &store);
        let before = other.state().outbox.len();
        assert_eq!(insert(&mut pool, &other, SHOWN, body, Some([seed; 16])), first);
        assert_eq!(other.state().outbox.len(), before);
    }
    assert_eq!(worker(&mut pool, &store).state().outbox.len(), 3);
}

#[test]
fn an_insert_with_an_id_is_no_duplicate_of_itself_and_still_one_of_another() {
    let mut pool = LocalPool::new();
    let store = MemoryStore::new([7; 16], [8; 16]);
    let body = r#"{"id":"11111111-1111-4111-8111-111111111111","text":"one"}"#;
    let status = |pool: &mut LocalPool, seed: u8| {
        let tab = worker(pool, &store);
        insert(pool, &tab, "return=minimal", body, Some([seed; 16])).status
    };
    assert_eq!([status(&mut pool, 1), status(&mut pool, 1), status(&mut pool, 2)], [201, 201, 409]);
}

#[test]
fn upserts_that_come_again_change_nothing_more() {
    let mut pool = LocalPool::new();
    let store = MemoryStore::new([7; 16], [8; 16]);
    for resolution in ["merge-duplicates", "ignore-duplicates"] {
        let prefer = format!("resolution={resolution}");
        let seed = Some([resolution.len() as u8; 16]);
        for _ in 0..3 {
            let tab = worker(&mut pool, &store);
            assert!(insert(&mut pool, &tab, &prefer, r#"{"text":"one"}"#, seed).status < 300);
        }
    }
    assert_eq!(worker(&mut pool, &store).state().outbox.len(), 2);
}

#[test]
fn requests_that_are_alike_and_both_meant_have_seeds_of_their_own() {
    let mut pool = LocalPool::new();
    let store = MemoryStore::new([7; 16], [8; 16]);
    let tab = worker(&mut pool, &store);
    for seed in [Some([1; 16]), Some([2; 16]), None, None] {
        assert_eq!(insert(&mut pool, &tab, SHOWN, r#"{"text":"alike"}"#, seed).status, 201);
    }
    assert_eq!(tab.state().outbox.len(), 4);
}
