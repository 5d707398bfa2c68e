//! A tab in which a person mends what the server did not take: the real driver over a client's store.
//!
//! It follows the log only when it is asked to, so it may show what another tab has settled already.

use crate::dice::Dice;
use futures_executor::{LocalPool, LocalSpawner};
use futures_util::future::poll_fn;
use futures_util::task::LocalSpawnExt;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Poll;
use thermocline::driver::{Platform, Replica};
use thermocline::engine::Picture;
use thermocline::protocol::{Fault, MutationId, Table, Text};
use thermocline::store::memory::MemoryStore;
use thermocline::store::{Durability, Incarnation, Seq};

pub struct Tab {
    pool: LocalPool,
    realm: Rc<Realm>,
    replica: Rc<Replica<MemoryStore, Realm>>,
}

/// A dead letter or a conflict as the tab shows it.
pub struct Letter {
    pub mutation: MutationId,
    /// With their types, the key left out.
    pub columns: Vec<(Text, Text)>,
}

/// What a person says to it.
#[derive(Clone, Debug)]
pub enum Wish {
    Discard,
    Retry(Option<String>),
}

impl Tab {
    pub fn open(store: &MemoryStore) -> Self {
        let mut pool = LocalPool::new();
        let realm = Rc::new(Realm {
            spawner: pool.spawner(),
            now_ms: Cell::new(0),
            drawn: RefCell::new(Dice::new(0)),
        });
        let replica = Replica::open(store.clone(), Rc::clone(&realm), "simulated", Durability::Strict);
        let replica = pool.run_until(replica).expect("a memory store opens");
        Self { pool, realm, replica }
    }

    pub fn catch_up(&mut self) {
        // A write that a crash has undone is one that this tab must not have seen: the world has closed it then.
        self.pool.run_until(self.replica.catch_up()).expect("a memory store reads");
    }

    /// What is to be mended, oldest first.
    pub fn letters(&self) -> Vec<Letter> {
        let state = self.replica.state();
        let columns = |table: &Table| {
            let free = table.columns.iter().filter(|column| !table.is_key(&column.name));
            free.map(|column| (column.name.clone(), column.type_name.clone())).collect()
        };
        let letters = state.outbox.iter().filter(|(_, pending)| pending.needs_decision());
        letters
            .map(|(_, pending)| Letter {
                mutation: pending.id,
                columns: columns(&state.schema.tables[&pending.row.0]),
            })
            .collect()
    }

    /// The id of the new try, if there is one.
    pub fn mend(
        &mut self,
        mutation: MutationId,
        wish: &Wish,
        now_ms: u64,
        dice: &mut Dice,
    ) -> Result<Option<MutationId>, Fault> {
        self.realm.now_ms.set(now_ms);
        self.realm.drawn.replace(Dice::new(dice.next()));
        match wish {
            Wish::Discard => self.pool.run_until(self.replica.discard(mutation)).map(|()| None),
            Wish::Retry(values) => {
                self.pool.run_until(self.replica.retry(mutation, values.as_deref())).map(Some)
            }
        }
    }

    /// What it agrees on with all contexts that have folded as much.
    pub fn picture(&mut self) -> Picture {
        self.pool.run_until(self.replica.query(|_, view| view.picture())).expect("a memory store reads")
    }
}

/// A realm in which every wait is over at once.
pub struct Realm {
    spawner: LocalSpawner,
    now_ms: Cell<u64>,
    drawn: RefCell<Dice>,
}

impl Platform for Realm {
    type Lease = ();

    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    fn random(&self) -> [u8; 16] {
        let mut drawn = self.drawn.borrow_mut();
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&drawn.next().to_be_bytes());
        bytes[8..].copy_from_slice(&drawn.next().to_be_bytes());
        bytes
    }

    fn is_online(&self) -> bool {
        true
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.spawner.spawn_local(task).expect("the pool lives as long as the tab");
    }

    async fn sleep(&self, _ms: u64) {}

    async fn others(&self) {
        let mut had_it = false;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut had_it, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    async fn lease(&self, _name: &str, _sign: impl Fn() -> u64) -> Self::Lease {}

    async fn try_lease(&self, _name: &str) -> Option<Self::Lease> {
        Some(())
    }

    async fn attend(&self, _name: &str, _version: u8) -> Self::Lease {}

    async fn oldest(&self, _name: &str) -> Option<u8> {
        None
    }

    fn report(&self, _fault: &Fault) {}

    fn announce(&self, _incarnation: Incarnation, _seq: Seq) {}
}
