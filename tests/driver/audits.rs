//! Audits carried out (DESIGN 6): over segments and memory, within the horizon, by buckets or as a whole.

use crate::horizons::schema;
use crate::realm::{Realm, Tab, open};
use futures_executor::LocalPool;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use thermocline::driver::Courier;
use thermocline::engine::audited::{Audit, Sums, bucket};
use thermocline::engine::frame::Evicted;
use thermocline::engine::interface::{Event, Failure, Message, Reply};
use thermocline::engine::{Frame, Known};
use thermocline::protocol::audit::{AuditAnswer, AuditRequest, BucketAnswer, BucketRequest, BucketSum};
use thermocline::protocol::pull::{Page, PullAnswer, PullRequest, SchemaAnswer, told};
use thermocline::protocol::{ErrorCode, Fault, Key, Rev, Text};
use thermocline::remote::Remote;
use thermocline::store::MemoryStore;

type Shown = BTreeMap<String, (Rev, Text)>;

/// Shows rows without ever saying that one has changed: only pulls from nothing and audits see them.
#[derive(Clone, Default)]
struct Server {
    rows: Rc<RefCell<Shown>>,
    asked: Rc<RefCell<Vec<String>>>,
    fails: Rc<Cell<bool>>,
}

fn key(id: usize) -> String {
    format!("[\"{id}\"]")
}

/// Of January's day `id`, or its last.
fn row(id: usize) -> Text {
    format!(r#"{{"id":"{id}","at":"2026-01-{:02}T00:00:00+00:00","n":{id}}}"#, id.clamp(1, 31)).into()
}

impl Server {
    fn show(&self, ids: impl IntoIterator<Item = usize>) {
        self.rows.borrow_mut().extend(ids.into_iter().map(|id| (key(id), (Rev(1 << 22), row(id)))));
    }

    fn hide(&self, id: usize) {
        self.rows.borrow_mut().remove(&key(id));
    }

    fn pull(&self, request: &PullRequest) -> PullAnswer {
        let is_fresh = request.tables.iter().all(|(_, cursor)| told(cursor.as_ref()).is_none());
        self.asked.borrow_mut().push(if is_fresh { "all".into() } else { "news".into() });
        let rows: Vec<(Rev, Text)> =
            if is_fresh { self.rows.borrow().values().cloned().collect() } else { Vec::new() };
        let page = Page { table: "notes".into(), rows, gone: Vec::new(), cold: Vec::new() };
        PullAnswer::Page { pages: vec![page], round: None, cursor: Some("c".into()) }
    }

    /// Rows of the days since, as the server compares them: by their text here.
    fn since(&self, since: Option<&Text>) -> Shown {
        let is_in =
            |text: &Text| since.is_none_or(|since| *text.split('"').nth(7).unwrap_or("") >= since[..19]);
        let rows = self.rows.borrow();
        rows.iter().filter(|(_, (_, text))| is_in(text)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    fn audit(&self, request: &AuditRequest) -> AuditAnswer {
        self.asked.borrow_mut().push("audit".into());
        let mut sums = Sums::default();
        self.since(request.since.as_ref()).iter().for_each(|(key, (rev, _))| sums.add(key, *rev));
        let told = (0..=u8::MAX).map(|bucket| {
            let of = sums.of(bucket);
            BucketSum { bucket, rows: of.rows, sum: of.sum, changed: false }
        });
        AuditAnswer::Sums(told.filter(|sum| sum.rows > 0).collect())
    }

    /// Two at most, as if they were large.
    fn buckets(&self, request: &BucketRequest) -> BucketAnswer {
        let answered: Vec<u8> = request.buckets.iter().copied().take(2).collect();
        self.asked.borrow_mut().push(format!("{} buckets", answered.len()));
        let rows = self.since(request.since.as_ref()).into_iter();
        let rows = rows.filter(|(key, _)| answered.contains(&bucket(key))).map(|(_, row)| row).collect();
        BucketAnswer::Rows { answered, rows }
    }
}

impl Remote for Server {
    async fn send(&self, message: &Message, _client: &str) -> Result<Reply, Failure> {
        Ok(match message {
            Message::Schema(_) => {
                Reply::Schema(SchemaAnswer::Tables { schema: schema(), unknown: Vec::new() })
            }
            Message::Push(_) => unreachable!("nothing is written here"),
            Message::Pull(request, _) => Reply::Pull(self.pull(request)),
            Message::Audit(_) if self.fails.take() => {
                return Err(Fault::new(ErrorCode::Offline, "cut").into());
            }
            Message::Audit(request) => Reply::Audit(self.audit(request)),
            Message::Buckets(request) => Reply::Buckets(self.buckets(request)),
        })
    }

    async fn rows(&self, _table: &str, _query: &str) -> Result<Vec<Text>, Failure> {
        Ok(Vec::new())
    }
}

struct World {
    pool: LocalPool,
    tab: Tab,
    server: Server,
    courier: Rc<Courier<MemoryStore, Server, Realm>>,
}

/// So many rows were pulled, and rest in segments.
fn world(rows: usize) -> World {
    let mut pool = LocalPool::new();
    let (tab, realm) = open(&mut pool, &MemoryStore::new([1; 16], [2; 16]));
    realm.online.set(true);
    realm.now_ms.set(1_768_953_600_000);
    let server = Server::default();
    server.show(1..=rows);
    let courier = Courier::new(Rc::clone(&tab), server.clone(), vec!["notes".into()]);
    courier.feed(Event::Session(Some("u".into())));
    courier.start(vec!["notes".into()]);
    pool.run_until(courier.round(Event::Now)).expect("the first round");
    pool.run_until(tab.checkpoint()).expect("writes");
    server.asked.take();
    World { pool, tab, server, courier }
}

impl World {
    fn audit(&mut self) -> Result<Audit, Fault> {
        self.pool.run_until(self.courier.round(Event::Asked { audit: true }))?;
        Ok(self.tab.state().audits["notes"])
    }

    fn shown(&mut self) -> usize {
        let picture = self.pool.run_until(self.tab.query(|_, view| view.picture())).expect("reads");
        picture.tables["notes"].visible.len()
    }
}

#[test]
fn rows_at_rest_are_compared_and_what_differs_is_mended_bucket_by_bucket() {
    let mut world = world(2_000);
    let found = world.audit().expect("an audit");
    assert_eq!((found.differing, found.repaired), (0, 0));
    world.server.hide(7);
    world.server.hide(8);
    world.server.show([2_001]);
    world.server.asked.take();
    let found = world.audit().expect("an audit");
    assert_eq!((found.differing, found.repaired), (3, 3));
    assert_eq!(*world.server.asked.borrow(), ["news", "audit", "2 buckets", "1 buckets"]);
    assert_eq!(world.shown(), 1_999);
    assert_eq!(world.audit().map(|found| found.differing), Ok(0));
}

#[test]
fn a_table_of_which_much_differs_is_pulled_from_nothing() {
    let mut world = world(2_000);
    (1..=500).for_each(|id| world.server.hide(id));
    world.audit().expect("an audit");
    assert_eq!(*world.server.asked.borrow(), ["news", "audit", "all"]);
    assert_eq!(world.shown(), 1_500);
}

#[test]
fn only_rows_from_the_horizon_on_are_compared() {
    let mut world = world(31);
    let evicted =
        Evicted { table: "notes".into(), horizon: Some("2026-01-20T00:00:00Z".into()), asked: true };
    world.pool.run_until(world.tab.append(Frame::Evicted(evicted))).expect("stores");
    let found = world.audit().expect("an audit");
    assert_eq!(
        (found.differing, world.shown()),
        (0, 12),
        "the others are only on the server, as they should be"
    );
    world.server.hide(25);
    assert_eq!(world.audit().map(|found| found.repaired), Ok(1));
}

#[test]
fn an_audit_that_is_cut_off_fails_the_run_and_changes_nothing() {
    let mut world = world(10);
    world.server.hide(3);
    world.server.fails.set(true);
    assert_eq!(world.audit().map_err(|fault| fault.code), Err(ErrorCode::Offline));
    assert_eq!(world.shown(), 10);
    assert_eq!(world.audit().map(|found| found.repaired), Ok(1));
}

#[test]
fn rows_in_memory_count_as_those_at_rest_do() {
    let mut world = world(10);
    let frame = thermocline::engine::frame::Fetched {
        table: "notes".into(),
        rows: vec![(Rev(1 << 22), row(4))],
        as_of: world.tab.state().seq,
        time_ms: 1,
    };
    world.pool.run_until(world.tab.append(Frame::Fetched(frame))).expect("stores");
    let slot = world.tab.state().rows.slot("notes", &Key::from_text(&key(4))).cloned();
    assert!(slot.is_some_and(|slot| matches!(slot.known, Known::Row(_))), "it is in memory");
    assert_eq!(world.audit().map(|found| found.differing), Ok(0));
}
