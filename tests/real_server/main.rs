//! The engine natively against the real server: the same replica, courier and machine as in the browser, over
//! the memory store and plain HTTP (invariants 2, 4 and 10).

#![cfg(not(target_arch = "wasm32"))]

#[path = "../simulation/dice.rs"]
mod dice;
mod oracle;
#[path = "../driver/realm.rs"]
#[allow(dead_code)] // shared with the driver's tests, which use more of it
mod realm;
mod server;

use futures_executor::LocalPool;
use realm::{Realm, Tab, open};
use server::{Server, Session};
use std::rc::Rc;
use thermocline::driver::Courier;
use thermocline::engine::Standing;
use thermocline::engine::interface::Event;
use thermocline::protocol::{Change, Key, Mutation, MutationId, Op, Request, Text};
use thermocline::store::memory::MemoryStore;

type Post = Rc<Courier<MemoryStore, Session, Realm>>;

/// A device of a user, synced once.
fn device(pool: &mut LocalPool, session: Session, number: u8) -> (Tab, Post) {
    let (tab, _) = open(pool, &MemoryStore::new([number; 16], [number; 16]));
    let user: Text = session.user.as_str().into();
    let courier = Courier::new(Rc::clone(&tab), session, vec!["entries".into()]);
    courier.feed(Event::Session(Some(user)));
    courier.start(vec!["entries".into()]);
    pool.run_until(courier.round(Event::Asked { audit: false })).expect("the first round");
    (tab, courier)
}

fn id_of(number: u16) -> String {
    format!("00000000-0000-7000-8000-{number:012}")
}

fn key_of(number: u16) -> Key {
    Key::from_values([format!("\"{}\"", id_of(number)).as_str()])
}

fn change(column: &str, value: String, old: Option<&str>) -> Change {
    Change { column: column.into(), value: value.into(), old: old.map(Into::into) }
}

fn write(pool: &mut LocalPool, tab: &Tab, user: &str, op: Op, number: u16, changes: Vec<Change>) {
    let place = u8::try_from(tab.state().seq).expect("a short test");
    let id = MutationId::new(1_000 + u64::from(number), [op as u8, place, 1, 1, 1, 1, 1, 1, 1, 1]);
    let base = tab.state().rows.get("entries", &key_of(number)).map(|base| base.rev);
    let mutation =
        Mutation { id, table: "entries".into(), key: key_of(number), op, changes, shown: Vec::new(), base };
    let request = Request { id, user: Some(user.into()), time_ms: 1_000, mutations: vec![mutation] };
    pool.run_until(tab.write(request)).expect("stores");
}

fn insert(pool: &mut LocalPool, tab: &Tab, user: &str, number: u16, title: &str) {
    let id = change("id", format!("\"{}\"", id_of(number)), None);
    write(pool, tab, user, Op::Insert, number, vec![id, change("title", format!("\"{title}\""), None)]);
}

fn visible(pool: &mut LocalPool, tab: &Tab) -> Vec<String> {
    let picture = pool.run_until(tab.query(|_, view| view.picture())).expect("reads");
    picture.tables["entries"].visible.values().cloned().collect()
}

#[test]
fn two_devices_that_push_and_pull_show_the_same_rows_and_a_refused_one_stays_behind() {
    let server = Server::start();
    let mut pool = LocalPool::new();
    let session = server.sign_up("native@example.org");
    let user = session.user.clone();
    let (one, post_one) = device(&mut pool, session.again(), 1);
    let (two, post_two) = device(&mut pool, session, 2);

    for number in 0..20 {
        insert(&mut pool, &one, &user, number, "first");
    }
    insert(&mut pool, &one, &user, 99, &"too long ".repeat(100)); // the server allows 500 characters
    pool.run_until(post_one.flushed()).expect("answered");
    let refused = one.state().outbox.iter().map(|(_, pending)| pending.standing.clone()).collect::<Vec<_>>();
    assert!(
        matches!(&refused[..], [Standing::Refused { code, .. }] if code.as_ref() == "23514"),
        "{refused:?}"
    );

    pool.run_until(post_two.round(Event::Asked { audit: false })).expect("pulls");
    assert_eq!(two.state().rows.size("entries").rows, 20);
    let changed = vec![change("title", "\"second\"".into(), Some("\"first\""))];
    write(&mut pool, &two, &user, Op::Update, 3, changed);
    write(&mut pool, &two, &user, Op::Delete, 4, Vec::new());
    pool.run_until(post_two.flushed()).expect("answered");
    assert!(two.state().outbox.is_empty());

    pool.run_until(post_one.round(Event::Asked { audit: false })).expect("pulls");
    pool.run_until(post_two.round(Event::Asked { audit: false })).expect("pulls");
    let shown: Vec<String> =
        visible(&mut pool, &one).into_iter().filter(|row| !row.contains("too long")).collect();
    assert_eq!(shown, visible(&mut pool, &two), "both show the server's rows");
    assert_eq!(shown.len(), 19);
    assert!(shown.iter().any(|row| row.contains("\"second\"")));
}
