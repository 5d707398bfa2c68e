//! A realm for tests: tasks on this thread, a clock that is set, leases that are free, no network.

use futures_executor::{LocalPool, LocalSpawner};
use futures_util::future::poll_fn;
use futures_util::task::LocalSpawnExt;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Poll;
use thermocline::driver::{Platform, Replica};
use thermocline::engine::{Frame, Picture};
use thermocline::protocol::{Change, Fault, Key, Mutation, MutationId, Op, Request, Schema};
use thermocline::store::memory::MemoryStore;
use thermocline::store::{Durability, Incarnation, Seq};

pub type Tab = Rc<Replica<MemoryStore, Realm>>;

pub struct Realm {
    spawner: LocalSpawner,
    random: Cell<u64>,
    pub online: Cell<bool>,
    /// Every wait is over at once.
    pub hurries: Cell<bool>,
    pub now_ms: Cell<u64>,
    /// The oldest engine at work.
    pub oldest: Cell<Option<u8>>,
    pub announced: RefCell<Vec<Seq>>,
    pub reported: RefCell<Vec<Fault>>,
}

thread_local! {
    /// Realms so far in this test: no two of them draw the same numbers.
    static REALMS: Cell<u64> = const { Cell::new(0) };
}

impl Realm {
    pub fn new(pool: &LocalPool) -> Rc<Self> {
        let spawner = pool.spawner();
        Rc::new(Self {
            spawner,
            random: Cell::new(REALMS.replace(REALMS.get() + 1) << 32),
            online: Cell::new(false),
            hurries: Cell::new(false),
            now_ms: Cell::new(1_000),
            oldest: Cell::new(None),
            announced: RefCell::default(),
            reported: RefCell::default(),
        })
    }
}

impl Platform for Realm {
    type Lease = ();

    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    fn random(&self) -> [u8; 16] {
        self.random.set(self.random.get() + 1);
        let mut bytes = [self.random.get() as u8; 16];
        bytes[..8].copy_from_slice(&self.random.get().to_be_bytes());
        bytes
    }

    fn is_online(&self) -> bool {
        self.online.get()
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.spawner.spawn_local(task).expect("the pool outlives the test");
    }

    /// Time stands still: only what is due at once comes.
    async fn sleep(&self, ms: u64) {
        if ms > 0 && !self.hurries.get() {
            std::future::pending().await
        }
    }

    async fn others(&self) {
        others().await;
    }

    async fn lease(&self, _name: &str, _sign: impl Fn() -> u64) -> Self::Lease {}

    async fn try_lease(&self, _name: &str) -> Option<Self::Lease> {
        Some(())
    }

    async fn attend(&self, _name: &str, _version: u8) -> Self::Lease {}

    async fn oldest(&self, _name: &str) -> Option<u8> {
        self.oldest.get()
    }

    fn report(&self, fault: &Fault) {
        self.reported.borrow_mut().push(fault.clone());
    }

    fn announce(&self, _incarnation: Incarnation, seq: Seq) {
        self.announced.borrow_mut().push(seq);
    }
}

/// Lets the others have their turn.
pub async fn others() {
    let mut had_it = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut had_it, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// `entries (id text primary key, title text)`.
fn schema() -> Schema {
    let column = |name: &str| {
        format!(
            r#"{{"name":"{name}","type":"text","not_null":false,"default":null,"collation":"C","generated":false,"identity":false}}"#
        )
    };
    let json = format!(
        r#"{{"tables":{{"entries":{{"columns":[{},{}],"key":["id"],"owner":null,"time":null,"policy":"merge","direction":"both"}}}}}}"#,
        column("id"),
        column("title")
    );
    serde_json::from_str(&json).expect("a schema")
}

pub fn open(pool: &mut LocalPool, store: &MemoryStore) -> (Tab, Rc<Realm>) {
    let realm = Realm::new(pool);
    let tab = Replica::open(store.clone(), Rc::clone(&realm), "test", Durability::Strict);
    (pool.run_until(tab).expect("opens"), realm)
}

/// A first tab, with the definitions in the log.
pub fn found(pool: &mut LocalPool) -> (Tab, MemoryStore) {
    let store = MemoryStore::new([1; 16], [2; 16]);
    let (tab, _) = open(pool, &store);
    pool.run_until(tab.append(Frame::Schema(schema()))).expect("stores");
    (tab, store)
}

pub fn key(id: u16) -> Key {
    Key::from_values([format!("\"{id}\"").as_str()])
}

/// Inserts the entry `id`.
pub fn insert(id: u16) -> Request {
    write(id, Op::Insert, &[("id", format!("\"{id}\"")), ("title", format!("\"entry {id}\""))])
}

/// Changes the title of the entry `id`.
pub fn update(id: u16) -> Request {
    write(id, Op::Update, &[("title", format!("\"entry {id}, changed\""))])
}

fn write(id: u16, op: Op, cells: &[(&str, String)]) -> Request {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&id.to_be_bytes());
    bytes[2] = 1 + op as u8;
    let change = |(column, value): &(&str, String)| Change {
        column: (*column).into(),
        value: value.as_str().into(),
        old: None,
    };
    let mutation = Mutation {
        id: MutationId(bytes),
        table: "entries".into(),
        key: key(id),
        op,
        changes: cells.iter().map(change).collect(),
        shown: Vec::new(),
        base: None,
    };
    Request { id: MutationId(bytes), user: Some("u".into()), time_ms: 1_000, mutations: vec![mutation] }
}

/// What a tab agrees on with all others that have folded as much.
pub fn picture(pool: &mut LocalPool, tab: &Tab) -> Picture {
    pool.run_until(tab.query(|_, view| view.picture())).expect("reads")
}
