//! The browser's realm: time, randomness, Web Locks, BroadcastChannel. Window and workers alike.

use crate::driver::Platform;
use crate::protocol::Fault;
use crate::store::{Incarnation, Seq};
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use js_sys::{Array, Function, Object, Promise, Reflect};
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{BroadcastChannel, MessageChannel, console};

/// A lease is stolen from a context that has not moved (a frozen tab) for this time.
const STEAL_AFTER_MS: u64 = 30_000;
/// The least time between two announcements: one costs as much as a transaction.
const ANNOUNCE_MS: u64 = 20;
/// Random bytes fetched at a time: a call to the browser costs more than the bytes.
const RANDOM_BYTES: usize = 4096;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: f64) -> JsValue;

    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_random(bytes: &mut [u8]);

    type LockManager;
    #[wasm_bindgen(method, structural)]
    fn request(this: &LockManager, name: &str, options: &Object, callback: &JsValue) -> Promise;
    #[wasm_bindgen(method, structural)]
    fn query(this: &LockManager) -> Promise;
}

pub struct Browser {
    channel: BroadcastChannel,
    online: Rc<Cell<bool>>,
    announcing: Rc<Announcing>,
}

/// What is announced next, and whether the time since the last announcement still runs.
#[derive(Default)]
struct Announcing {
    next: RefCell<Option<String>>,
    pausing: Cell<bool>,
}

/// A Web Lock, released when dropped.
pub struct Lock(Function);

impl Drop for Lock {
    fn drop(&mut self) {
        // Resolving a promise cannot throw.
        let _ = self.0.call0(&JsValue::NULL);
    }
}

impl Browser {
    /// `channel` carries announcements between the contexts of one database.
    pub fn new(channel: BroadcastChannel, online: bool) -> Rc<Self> {
        Rc::new(Self { channel, online: Rc::new(Cell::new(online)), announcing: Rc::default() })
    }

    /// Whether that is news.
    pub fn set_online(&self, online: bool) -> bool {
        self.online.replace(online) != online
    }

    pub fn channel(&self) -> &BroadcastChannel {
        &self.channel
    }

    /// Announces what is left to announce, and hears and says nothing any more.
    pub fn leave(&self) {
        self.announcing.tell(&self.channel);
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}

impl Platform for Browser {
    type Lease = Option<Lock>;

    fn now_ms(&self) -> u64 {
        js_sys::Date::now() as u64
    }

    fn random(&self) -> [u8; 16] {
        random()
    }

    fn is_online(&self) -> bool {
        self.online.get()
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        spawn_local(task);
    }

    async fn sleep(&self, ms: u64) {
        sleep(ms).await;
    }

    async fn others(&self) {
        turn().await;
    }

    async fn lease(&self, name: &str, sign: impl Fn() -> u64) -> Self::Lease {
        lease_unless_moving(name, sign).await
    }

    async fn try_lease(&self, name: &str) -> Option<Self::Lease> {
        match locks() {
            None => Some(None),
            Some(locks) => {
                request(&locks, name, &[("ifAvailable", true.into())]).await.ok().flatten().map(Some)
            }
        }
    }

    async fn attend(&self, name: &str, version: u8) -> Self::Lease {
        let shared = [("mode", "shared".into())];
        request(&locks()?, &attendance(name, version), &shared).await.ok().flatten()
    }

    async fn oldest(&self, name: &str) -> Option<u8> {
        let found = JsFuture::from(locks()?.query()).await.ok()?;
        let held = Array::from(&Reflect::get(&found, &"held".into()).ok()?);
        let names = held.iter().filter_map(|lock| Reflect::get(&lock, &"name".into()).ok()?.as_string());
        let prefix = attendance(name, "");
        names.filter_map(|lock| lock.strip_prefix(&prefix)?.parse().ok()).min()
    }

    fn report(&self, fault: &Fault) {
        console::warn_1(&format!("thermocline: {fault}").into());
    }

    /// At once, then at most one in a while: only the latest one says anything.
    fn announce(&self, incarnation: Incarnation, seq: Seq) {
        let incarnation = uuid::Uuid::from_bytes(incarnation);
        *self.announcing.next.borrow_mut() = Some(format!("{incarnation}/{seq}"));
        if self.announcing.pausing.replace(true) {
            return;
        }
        let (channel, announcing) = (self.channel.clone(), Rc::clone(&self.announcing));
        spawn_local(async move {
            while announcing.tell(&channel) {
                sleep(ANNOUNCE_MS).await;
            }
            announcing.pausing.set(false);
        });
    }
}

impl Announcing {
    /// False if there is no news.
    fn tell(&self, channel: &BroadcastChannel) -> bool {
        let Some(news) = self.next.take() else { return false };
        // A closed channel only means that nobody is told: they look when they wake.
        let _ = channel.post_message(&news.into());
        true
    }
}

/// The lock by which an engine is known to be at work.
pub fn attendance(name: &str, version: impl Display) -> String {
    format!("{name}/engine/{version}")
}

/// Sixteen random bytes, each given once.
pub fn random() -> [u8; 16] {
    thread_local! {
        static RANDOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    RANDOM.with_borrow_mut(|pool| {
        if pool.len() < 16 {
            pool.resize(RANDOM_BYTES, 0);
            fill_random(pool);
        }
        let mut given = [0; 16];
        given.copy_from_slice(&pool[pool.len() - 16..]);
        pool.truncate(pool.len() - 16);
        given
    })
}

pub async fn sleep(ms: u64) {
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, ms.min(i32::MAX as u64) as f64);
    });
    // A timer's promise cannot reject.
    let _ = JsFuture::from(promise).await;
}

/// The next turn of the event loop: a message, since timers of a hidden page wait for a second or more.
async fn turn() {
    let Ok(channel) = MessageChannel::new() else { return sleep(0).await };
    let (here, there) = (channel.port1(), channel.port2());
    let promise = Promise::new(&mut |resolve, _| here.set_onmessage(Some(&resolve)));
    if there.post_message(&JsValue::NULL).is_ok() {
        let _ = JsFuture::from(promise).await;
    }
    here.close();
}

/// Waits for a Web Lock; steals it from who holds it for long. `None` where there are no locks.
pub async fn lease(name: &str) -> Option<Lock> {
    lease_unless_moving(name, || 0).await
}

/// The same, of a lock whose holder may take its time while its work shows new signs.
async fn lease_unless_moving(name: &str, sign: impl Fn() -> u64) -> Option<Lock> {
    let locks = locks()?;
    let (sender, receiver) = oneshot::channel();
    let granted = Cell::new(Some(sender));
    ask(&locks, name, &[], move |lock| {
        let sender = granted.take()?;
        sender.send(lock).err().flatten()
    });
    let mut waiting = receiver;
    let mut seen = sign();
    loop {
        match select(waiting, Box::pin(sleep(STEAL_AFTER_MS))).await {
            Either::Left((lock, _)) => return lock.ok().flatten(),
            Either::Right((_, still)) => waiting = still,
        }
        if std::mem::replace(&mut seen, sign()) == seen {
            drop(waiting);
            return request(&locks, name, &[("steal", true.into())]).await.ok().flatten();
        }
    }
}

async fn request(
    locks: &LockManager,
    name: &str,
    options: &[(&str, JsValue)],
) -> Result<Option<Lock>, oneshot::Canceled> {
    let (sender, receiver) = oneshot::channel();
    let sender = Cell::new(Some(sender));
    ask(locks, name, options, move |lock| {
        let sender = sender.take()?;
        sender.send(lock).err().flatten()
    });
    receiver.await
}

/// Requests a lock and hands it over; what comes back from `take` is released at once.
fn ask(
    locks: &LockManager,
    name: &str,
    options: &[(&str, JsValue)],
    take: impl Fn(Option<Lock>) -> Option<Lock> + 'static,
) {
    let given = Object::new();
    for (option, value) in options {
        // A plain object takes any property.
        let _ = Reflect::set(&given, &(*option).into(), value);
    }
    let callback = Closure::once_into_js(move |lock: JsValue| -> JsValue {
        if lock.is_null() || lock.is_undefined() {
            take(None);
            return JsValue::UNDEFINED;
        }
        let mut release = None;
        let held = Promise::new(&mut |resolve, _| release = Some(resolve));
        drop(release.map(|resolve| take(Some(Lock(resolve)))));
        held.into()
    });
    let asked = locks.request(name, &given, &callback);
    // A lock that is stolen rejects its request: its holder goes on, double work is harmless.
    spawn_local(async move { drop(JsFuture::from(asked).await) });
}

fn locks() -> Option<LockManager> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).ok()?;
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    locks.is_object().then(|| locks.unchecked_into())
}
