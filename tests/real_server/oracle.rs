//! The oracle: devices of two users against the real PostgreSQL, and somebody else who writes to it in transactions that take
//! their time; requests and answers are cut, statements cancelled. In the end each device shows what `select` says under its
//! own token (invariants 2, 4, 5, 10 and 11). `ORACLE_SEED=7 ORACLES=1 cargo test --test real_server oracle` replays a
//! history.

use crate::dice::Dice;
use crate::realm::{Realm, Tab, open};
use crate::server::{Server, Session};
use futures_executor::LocalPool;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;
use thermocline::driver::{Courier, Desk, Keeps, Route};
use thermocline::engine::interface::{Event, Failure, Message, Reply};
use thermocline::engine::retention::Keep;
use thermocline::protocol::{ErrorCode, Fault, Text};
use thermocline::query::{Collate, HttpRequest};
use thermocline::remote::Remote;
use thermocline::store::MemoryStore;

const STEPS: usize = 150;
const IDS: usize = 15;
const STATEMENTS: usize = 12;
/// What a request takes by the devices' clocks, which stand at a day long past when they begin.
const STEP_MS: u64 = 1_500;
/// Rounds that a device may need once everything is calm.
const CALM_ROUNDS: usize = 30;

/// A session whose requests and answers get lost.
struct Shaky {
    session: Session,
    dice: RefCell<Dice>,
    calm: Rc<Cell<bool>>,
}

impl Shaky {
    fn lost(&self, per_mille: u32) -> Result<(), Failure> {
        if !self.calm.get() && self.dice.borrow_mut().chance(per_mille) {
            return Err(Failure::from(Fault::new(ErrorCode::Timeout, "cut")));
        }
        Ok(())
    }
}

impl Remote for Shaky {
    async fn send(&self, message: &Message, client: &str) -> Result<Reply, Failure> {
        self.lost(150)?;
        let answer = self.session.send(message, client).await?;
        self.lost(250)?;
        Ok(answer)
    }

    async fn rows(&self, table: &str, query: &str) -> Result<Vec<Text>, Failure> {
        self.session.rows(table, query).await
    }
}

struct ByBytes;

impl Collate for ByBytes {
    fn compare(&self, _: &str, a: &str, b: &str) -> Ordering {
        a.cmp(b)
    }
}

struct Device {
    user: Text,
    tab: Tab,
    realm: Rc<Realm>,
    desk: Desk<MemoryStore, Realm, Session>,
    courier: Rc<Courier<MemoryStore, Shaky, Realm>>,
    session: Session,
}

impl Device {
    fn new(pool: &mut LocalPool, session: Session, number: u8, seed: u64, calm: &Rc<Cell<bool>>) -> Self {
        let (tab, realm) = open(pool, &MemoryStore::new([number; 16], [number; 16]));
        let dice = RefCell::new(Dice::new(seed + u64::from(number)));
        let shaky = Shaky { session: session.again(), dice, calm: Rc::clone(calm) };
        let courier = Courier::new(Rc::clone(&tab), shaky, vec!["entries".into()]);
        let keeps = Keeps::from([("entries".into(), Keep::default())]);
        let desk = Desk::new(Rc::clone(&tab), session.again(), keeps, Rc::new(ByBytes));
        let user: Text = session.user.as_str().into();
        courier.feed(Event::Session(Some(user.clone())));
        courier.start(vec!["entries".into()]);
        Self { user, tab, realm, desk, courier, session }
    }

    /// What comes of a request that fails is the app's affair: the history goes on.
    fn ask(&self, pool: &mut LocalPool, method: &str, query: &str, body: &Value) {
        self.realm.now_ms.set(self.realm.now_ms.get() + STEP_MS);
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        let body = body.to_string();
        let request = HttpRequest { method, table: "entries", query, headers: &headers, body: &body };
        let route = pool.run_until(self.desk.ask(&request, Some(&self.user)));
        assert_ne!(route, Route::Network, "{method} {query} {body}");
    }

    fn round(&self, pool: &mut LocalPool) -> Result<(), Fault> {
        self.realm.now_ms.set(self.realm.now_ms.get() + STEP_MS);
        pool.run_until(self.courier.round(Event::Asked { audit: false }))
    }

    /// How many buckets of rows are not as the server has them.
    fn differing(&self, pool: &mut LocalPool) -> Option<u32> {
        pool.run_until(self.courier.round(Event::Asked { audit: true })).expect("an audit");
        self.tab.state().audits.get("entries").map(|audit| audit.differing)
    }

    /// Every row by its id, but those that a dead letter keeps from what the server has.
    fn shown(&self, pool: &mut LocalPool) -> BTreeMap<String, Value> {
        let picture = pool.run_until(self.tab.query(|_, view| view.picture())).expect("reads");
        let rows = picture.tables["entries"].visible.values();
        let stuck = self.stuck();
        by_id(rows.map(|row| serde_json::from_str(row).expect("JSON")), &stuck)
    }

    fn stuck(&self) -> BTreeSet<String> {
        let state = self.tab.state();
        let dead = state.outbox.iter().filter(|(_, pending)| !pending.is_waiting());
        dead.map(|(_, pending)| pending.row.1.values()[0].trim_matches('"').to_owned()).collect()
    }

    /// The same as PostgreSQL says under the device's own token.
    fn oracle(&self, pool: &mut LocalPool) -> BTreeMap<String, Value> {
        let rows = pool.run_until(self.session.rows("entries", "select=*")).expect("the server answers");
        let rows = rows.iter().map(|row| {
            let mut row: Value = serde_json::from_str(row).expect("JSON");
            let fields = row.as_object_mut().expect("a row");
            fields.retain(|name, _| !name.starts_with('_'));
            row
        });
        by_id(rows, &self.stuck())
    }
}

fn by_id(rows: impl Iterator<Item = Value>, but: &BTreeSet<String>) -> BTreeMap<String, Value> {
    let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    rows.map(|row| (id(&row), row)).filter(|(id, _)| !but.contains(id)).collect()
}

fn id_of(user: &Text, users: [&Text; 2], n: usize) -> String {
    let place = users.iter().position(|other| *other == user).unwrap_or_default();
    format!("00000000-0000-7000-8000-{:012}", 1_000 * place + n)
}

/// Who writes beside us.
struct Others(Child);

impl Others {
    fn start(database: &str) -> Self {
        let folder = env!("CARGO_MANIFEST_DIR");
        let mut node = Command::new("node");
        node.args(["tests/real_server/others.mjs", database]).current_dir(folder).stdin(Stdio::piped());
        Self(node.spawn().expect("node is there"))
    }

    fn transact(&mut self, sql: &[String], hold: usize, commit: bool) {
        let line = json!({"sql": sql, "hold": hold, "commit": commit});
        writeln!(self.0.stdin.as_mut().expect("it listens"), "{line}").expect("it listens");
    }

    /// Waits until all is over.
    fn end(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().expect("it ends").success());
    }
}

/// A statement of somebody who sees every row; some move a row from one user to the other.
fn statement(dice: &mut Dice, users: [&Text; 2], n: usize) -> String {
    let (owner, user) = (*dice.pick(&users), *dice.pick(&users));
    let id = id_of(owner, users, dice.below(IDS));
    match dice.below(STATEMENTS) {
        0..4 => {
            format!("insert into public.entries (id, user_id, title) values ('{id}', '{owner}', 'other {n}')")
        }
        4 => format!("delete from public.entries where id = '{id}'"),
        5 => format!("update public.entries set user_id = '{user}' where id = '{id}'"),
        6 => format!("update public.entries set mood = {} where user_id = '{user}'", 1 + n % 5),
        _ => format!("update public.entries set title = 'other {n}', mood = null where id = '{id}'"),
    }
}

/// Its transaction is rolled back, and the caller hears of an error. (Were the backend itself ended, Supabase's lite server
/// would end with it: its driver does not survive that.)
const CANCEL: &str = "select pg_cancel_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and \
                    datname = current_database() and query like '%thermocline_%' limit 2";

fn run(server: &Server, seed: u64) {
    let (mut pool, mut dice) = (LocalPool::new(), Dice::new(seed));
    let calm = Rc::new(Cell::new(false));
    let mut others = Others::start(&server.database);
    let mut devices = Vec::new();
    for user in 0..2 {
        let session = server.sign_up(&format!("oracle-{seed}-{user}@example.org"));
        for _ in 0..2 {
            let number = devices.len() as u8 + 1;
            let device = Device::new(&mut pool, session.again(), number, seed, &calm);
            // The definitions come with the first round, which may be cut.
            while device.tab.state().schema.tables.is_empty() {
                let _ = device.round(&mut pool);
            }
            devices.push(device);
        }
    }
    for n in 0..STEPS {
        step(&mut pool, &mut dice, &devices, &mut others, n);
    }
    others.end();
    calm.set(true);
    for device in &devices {
        settle(&mut pool, device, seed);
    }
    let mut rows = 0;
    for (number, device) in devices.iter().enumerate() {
        device.round(&mut pool).expect("a last look");
        let (shown, told) = (device.shown(&mut pool), device.oracle(&mut pool));
        rows += told.len();
        assert_eq!(shown, told, "invariants 4 and 5: device {number}, ORACLE_SEED={seed}");
        assert_eq!(device.differing(&mut pool), Some(0), "the audit says so too: ORACLE_SEED={seed}");
    }
    assert!(rows > 0, "a history that leaves nothing shows nothing");
    eprintln!("oracle {seed}: {rows} rows");
}

fn step(pool: &mut LocalPool, dice: &mut Dice, devices: &[Device], others: &mut Others, n: usize) {
    let users = [&devices[0].user, &devices[2].user];
    let device = &devices[dice.below(devices.len())];
    // Now and then the id of a row that may be the other user's.
    let whose = if dice.chance(50) { dice.pick(&users) } else { &&device.user };
    let id = id_of(whose, users, dice.below(IDS));
    let mood = if dice.chance(30) { 9 } else { 1 + n % 5 };
    let changed = json!({"title": format!("changed {n}")});
    match dice.below(20) {
        0..5 => device.ask(pool, "POST", "", &json!({"id": id, "title": format!("made {n}"), "mood": mood})),
        5..9 => device.ask(pool, "PATCH", &format!("id=eq.{id}"), &changed),
        9 => device.ask(pool, "PATCH", "mood=gte.3", &json!({"mood": mood, "pinned": n.is_multiple_of(2)})),
        10 => device.ask(pool, "DELETE", &format!("id=eq.{id}"), &Value::Null),
        11..15 => drop(device.round(pool)),
        15 if dice.chance(500) => others.transact(&[CANCEL.to_owned()], 0, true),
        _ => {
            let sql: Vec<String> = (0..1 + dice.below(3)).map(|_| statement(dice, users, n)).collect();
            others.transact(&sql, dice.below(300), dice.chance(800));
        }
    }
}

/// Sends and fetches until nothing waits.
fn settle(pool: &mut LocalPool, device: &Device, seed: u64) {
    for _ in 0..CALM_ROUNDS {
        let ended = device.round(pool);
        let state = device.tab.state();
        let waiting = state.outbox.iter().filter(|(_, pending)| pending.is_waiting()).count();
        if ended.is_ok() && (waiting == 0 || state.outbox.refused() > 0 && state.batch.is_none()) {
            return;
        }
        drop(state);
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("invariant 10: something waits for nothing, ORACLE_SEED={seed}");
}

#[test]
fn oracle_each_device_shows_what_select_says_under_its_own_token() {
    let server = Server::start();
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("ORACLE_SEED").unwrap_or(1);
    for seed in first..first + number("ORACLES").unwrap_or(4) {
        run(&server, seed);
    }
}
