//! Adoption: what was written before any sign-in becomes a user's, each change once, wherever it is interrupted (DESIGN 9;
//! invariants 1 and 2).

use crate::coverage::{ByBytes, Server};
use crate::realm::{Tab, open};
use futures_executor::LocalPool;
use std::rc::Rc;
use thermocline::driver::{Desk, Keeps, Route, unadopted};
use thermocline::engine::{Frame, Pending};
use thermocline::protocol::{ErrorCode, Schema, Text};
use thermocline::query::HttpRequest;
use thermocline::store::Store;
use thermocline::store::memory::{Failure as Broken, MemoryStore};

const NOBODY: &str = "00000000-0000-0000-0000-000000000000";
const USER: &str = "11111111-1111-4111-8111-111111111111";

/// Topics with a natural key (user, name), cards that refer to them, and drafts that stay on the device.
fn schema() -> Schema {
    let column = |name: &str, type_name: &str, default: &str| {
        format!(
            r#"{{"name":"{name}","type":"{type_name}","not_null":{},"default":{default},"collation":null,"generated":false,"identity":false}}"#,
            name == "id" || name == "user_id"
        )
    };
    let (id, user) =
        (column("id", "uuid", r#""gen_random_uuid()""#), column("user_id", "uuid", r#""auth.uid()""#));
    let table = |columns: &str, more: &str| {
        format!(
            r#"{{"columns":[{id},{user},{columns}],"key":["id"],"owner":"user_id","time":null,"policy":"merge",{more}}}"#
        )
    };
    let topics =
        table(&column("name", "text", "null"), r#""direction":"both","natural_key":["user_id","name"]"#);
    let cards = table(
        &format!("{},{}", column("topic", "uuid", "null"), column("text", "text", "null")),
        r#""direction":"both","foreign_keys":[{"name":"f","columns":["topic","user_id"],"table":"topics","references":["id","user_id"],"on_delete":"cascade"}]"#,
    );
    let drafts = table(&column("name", "text", "null"), r#""direction":"local-only""#);
    serde_json::from_str(&format!(r#"{{"tables":{{"topics":{topics},"cards":{cards},"drafts":{drafts}}}}}"#))
        .expect("a schema")
}

fn ask(pool: &mut LocalPool, tab: &Tab, user: Option<&Text>, method: &str, path: &str, body: &str) -> String {
    let keeps: Keeps = ["topics", "cards", "drafts"].map(|name| (name.into(), Default::default())).into();
    let desk = Desk::new(Rc::clone(tab), Server::default(), keeps, Rc::new(ByBytes));
    let (table, query) = path.split_once('?').unwrap_or((path, ""));
    let headers = [("prefer".to_owned(), "return=representation".to_owned())];
    let request = HttpRequest { method, table, query, headers: &headers, body };
    match pool.run_until(desk.ask(&request, user)) {
        Route::Answer(answer) => {
            assert!(answer.status < 300, "{method} {path}: {}", answer.body);
            answer.body
        }
        Route::Network => panic!("{method} {path} went to the network"),
    }
}

fn id_of(answer: &str) -> String {
    let rows: serde_json::Value = serde_json::from_str(answer).expect("rows");
    rows[0]["id"].as_str().expect("an id").to_owned()
}

/// Nobody's database with a topic, two cards of it (one of them changed by filter), and a draft.
fn nobodys(pool: &mut LocalPool) -> (Tab, MemoryStore, String) {
    let store = MemoryStore::new([7; 16], [8; 16]);
    let (tab, _) = open(pool, &store);
    pool.run_until(tab.append(Frame::Schema(schema()))).expect("stores");
    let topic = id_of(&ask(pool, &tab, None, "POST", "topics", r#"{"name":"sea"}"#));
    for text in ["deep", "blue"] {
        let body = format!(r#"{{"topic":"{topic}","text":"{text}"}}"#);
        ask(pool, &tab, None, "POST", "cards", &body);
    }
    ask(pool, &tab, None, "PATCH", "cards?text=eq.blue", r#"{"text":"blue, changed"}"#);
    ask(pool, &tab, None, "POST", "drafts", r#"{"name":"a draft"}"#);
    (tab, store, topic)
}

fn users(pool: &mut LocalPool) -> (Tab, MemoryStore) {
    let store = MemoryStore::new([3; 16], [4; 16]);
    (open(pool, &store).0, store)
}

fn pending(tab: &Tab) -> Vec<Pending> {
    tab.state().outbox.iter().map(|(_, pending)| pending.clone()).collect()
}

/// The rows that the user sees, without the columns that a test cannot foretell.
fn shown(pool: &mut LocalPool, tab: &Tab) -> [String; 3] {
    let user: Text = USER.into();
    [
        "topics?select=id,user_id,name",
        "cards?select=topic,user_id,text&order=text",
        "drafts?select=user_id,name",
    ]
    .map(|path| ask(pool, tab, Some(&user), "GET", path, ""))
}

fn adopted(topic: &str) -> [String; 3] {
    [
        format!(r#"[{{"id":"{topic}","user_id":"{USER}","name":"sea"}}]"#),
        format!(
            r#"[{{"topic":"{topic}","user_id":"{USER}","text":"blue, changed"}},{{"topic":"{topic}","user_id":"{USER}","text":"deep"}}]"#
        ),
        format!(r#"[{{"user_id":"{USER}","name":"a draft"}}]"#),
    ]
}

fn compact(answers: [String; 3]) -> [serde_json::Value; 3] {
    answers.map(|answer| serde_json::from_str(&answer).expect("JSON"))
}

#[test]
fn changes_of_nobodys_become_the_users_own_with_derived_keys_and_what_refers_to_them() {
    let mut pool = LocalPool::new();
    let (local, store, was) = nobodys(&mut pool);
    assert!(ask(&mut pool, &local, None, "GET", "topics?select=user_id", "").contains(NOBODY));
    assert_eq!(unadopted(&local.state()), 4);
    let before = pending(&local);
    let (tab, _) = users(&mut pool);
    assert_eq!(pool.run_until(tab.adopt(&local, &USER.into())), Ok(4));

    // The id that the user's other devices derive from the same natural key.
    let (other, _) = users(&mut pool);
    pool.run_until(other.append(Frame::Schema(schema()))).expect("stores");
    let user: Text = USER.into();
    let topic = id_of(&ask(&mut pool, &other, Some(&user), "POST", "topics", r#"{"name":"sea"}"#));
    assert_ne!(topic, was);
    assert_eq!(compact(shown(&mut pool, &tab)), compact(adopted(&topic)));
    for (now, before) in pending(&tab).iter().zip(&before) {
        assert_eq!((now.id, now.user.as_deref()), (before.id.after_adoption(USER), Some(USER)));
        assert!(!format!("{now:?}").contains(NOBODY));
    }
    let left = pool.run_until(store.load()).expect("reads");
    assert!(left.tail.frames.is_empty() && left.state.is_none(), "nobody's database is empty");
}

#[test]
fn an_adoption_that_is_interrupted_anywhere_and_begun_again_has_effect_once() {
    let broken = [Broken::Aborted, Broken::AnswerLost];
    for (at, how) in (0..6).flat_map(|at| broken.map(|how| (at, how))) {
        let mut pool = LocalPool::new();
        let (local, locals, _) = nobodys(&mut pool);
        let (tab, store) = users(&mut pool);
        // Writes into the user's database, then the emptying of nobody's.
        let script: Vec<_> = (0..at).map(|_| None).chain([Some(how)]).collect();
        if at < 5 {
            store.script(script)
        } else {
            locals.fail_next(how)
        }
        let first = pool.run_until(tab.adopt(&local, &USER.into()));
        let deep = |pending: &Pending| pending.cells.iter().any(|cell| &*cell.value == "\"deep\"");
        let edited = first.is_err() && pending(&tab).iter().any(deep);
        drop((tab, local));
        store.script([]);
        let (tab, _) = open(&mut pool, &store);
        let user: Text = USER.into();
        if edited {
            // What was adopted is edited before it is adopted once more: the edit stays.
            let card = id_of(&ask(&mut pool, &tab, Some(&user), "GET", "cards?text=eq.deep", ""));
            ask(
                &mut pool,
                &tab,
                Some(&user),
                "PATCH",
                &format!("cards?id=eq.{card}"),
                r#"{"text":"deeper"}"#,
            );
        }
        let (local, _) = open(&mut pool, &locals);
        pool.run_until(tab.adopt(&local, &user)).expect("nothing stands in the way");
        let [topics, cards, drafts] = compact(shown(&mut pool, &tab));
        let count = |rows: &serde_json::Value| rows.as_array().expect("rows").len();
        assert_eq!([count(&topics), count(&cards), count(&drafts)], [1, 2, 1], "{how:?} at {at}");
        assert_eq!(cards.to_string().contains("deeper"), edited, "{how:?} at {at}: {cards}");
        assert_eq!(tab.state().outbox.len(), 3 + usize::from(edited));
        assert_eq!(unadopted(&open(&mut pool, &locals).0.state()), 0, "nobody's database is empty");
    }
}

/// Invariant 11.
#[test]
fn what_one_user_has_begun_to_adopt_is_no_other_users() {
    const OTHER: &str = "22222222-2222-4222-8222-222222222222";
    for at in 0..6 {
        let mut pool = LocalPool::new();
        let (local, locals, _) = nobodys(&mut pool);
        let (tab, store) = users(&mut pool);
        if at < 5 {
            store.script((0..at).map(|_| None).chain([Some(Broken::Aborted)]).collect::<Vec<_>>());
        } else {
            locals.script([None, Some(Broken::Aborted)]); // the claim is made, the emptying fails
        }
        let first = pool.run_until(tab.adopt(&local, &USER.into()));
        store.script([]);
        locals.script([]);
        if first.is_ok() {
            continue; // fewer writes than that
        }
        let (others, _) = users(&mut pool);
        let refused = pool.run_until(others.adopt(&local, &OTHER.into())).expect_err("it is another's");
        assert_eq!(refused.code, ErrorCode::Unauthorized, "at {at}");
        assert!(others.state().outbox.is_empty(), "at {at}");
        pool.run_until(tab.adopt(&local, &USER.into())).expect("nothing stands in the way");
        let [topics, cards, drafts] = compact(shown(&mut pool, &tab));
        let count = |rows: &serde_json::Value| rows.as_array().expect("rows").len();
        assert_eq!([count(&topics), count(&cards), count(&drafts)], [1, 2, 1], "at {at}");
        // What is written there later is anyone's again.
        pool.run_until(local.catch_up()).expect_err("it was emptied");
        let (local, _) = open(&mut pool, &locals);
        pool.run_until(others.adopt(&local, &OTHER.into())).expect("nothing of anyone's");
    }
}

/// Invariant 1.
#[test]
fn what_another_tab_writes_meanwhile_is_adopted_too() {
    let mut pool = LocalPool::new();
    let (local, store, _) = nobodys(&mut pool);
    let (behind, _) = open(&mut pool, &store);
    ask(&mut pool, &behind, None, "POST", "cards", r#"{"text":"of another tab"}"#);
    let (tab, _) = users(&mut pool);
    assert_eq!(pool.run_until(tab.adopt(&local, &USER.into())), Ok(5));
    assert_eq!(tab.state().outbox.len(), 4);
}
