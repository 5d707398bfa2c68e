//! The engine as JavaScript holds it: requests in, answers out, everything else by name.
//!
//! Rows and bodies cross as text, settings and status as plain objects, errors as `{code, message,
//! retryable}`. One engine a context; it follows the session from one user's room to the next.

use super::live::LiveQueries;
use super::options::Options;
use super::report::{self, Status};
use super::room::Room;
use super::session::Sessions;
use super::vault::Vault;
use crate::driver::Route;
use crate::engine::interface::Event;
use crate::protocol::{ErrorCode, Fault, Text, limits};
use crate::query::HttpRequest;
use crate::remote::supabase::Tokens;
use js_sys::{Array, Function};
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

/// Plain objects, null where there is nothing.
const PLAIN: serde_wasm_bindgen::Serializer = serde_wasm_bindgen::Serializer::json_compatible();
const OPTIONS: &str = "options";
const SYNC: &str = "sync";
/// Longest that opening waits for table definitions it does not have.
const DEFINE_MS: u64 = 4_000;

#[wasm_bindgen]
pub struct Engine(Rc<Inner>);

struct Inner {
    options: Options,
    sessions: Rc<Sessions>,
    room: RefCell<Rc<Room>>,
    live: Rc<LiveQueries>,
    online: Cell<bool>,
    on_status: RefCell<Option<Function>>,
    told: RefCell<Option<Status>>,
    fault: RefCell<Option<Fault>>,
    /// Tells the origin's other contexts that the session has changed.
    channel: BroadcastChannel,
    closed: Cell<bool>,
}

#[wasm_bindgen]
impl Engine {
    /// Opens the database of whoever is signed in.
    pub async fn open(options: JsValue) -> Result<Engine, JsValue> {
        console_error_panic_hook::set_once();
        let options: Options = serde_wasm_bindgen::from_value(options)
            .map_err(|error| thrown(&Fault::new(ErrorCode::InvalidRequest, format!("options: {error}"))))?;
        let options = options.check().map_err(|fault| thrown(&fault))?;
        Inner::open(options).await.map(Engine).map_err(|fault| thrown(&fault))
    }

    /// The options of every project this origin has opened, for a worker that starts without a page.
    pub async fn projects() -> Array {
        let projects = Array::new();
        for name in Vault::names().await {
            let Ok(vault) = Vault::open(&name).await else { continue };
            if let Ok(Some(options)) = vault.get(OPTIONS).await {
                projects.push(&options.into());
            }
        }
        projects
    }

    /// `[status, [name, value, …], body]`, or undefined: the network must answer.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: Vec<String>,
        body: &str,
    ) -> Result<JsValue, JsValue> {
        let (table, query) = path.split_once('?').unwrap_or((path, ""));
        let room = self.0.room();
        if !room.desk.serves(table) {
            return Ok(JsValue::UNDEFINED);
        }
        if path.len() > limits::URL_BYTES {
            let message = format!(
                "a request of {} bytes exceeds {}; shorten its filter",
                path.len(),
                limits::URL_BYTES
            );
            return Err(thrown(&Fault::new(ErrorCode::InvalidRequest, message)));
        }
        let headers = pairs(headers);
        let request = HttpRequest { method, table, query, headers: &headers, body };
        Ok(match room.desk.ask(&request, room.user.as_ref()).await {
            Route::Network => JsValue::UNDEFINED,
            Route::Answer(answer) => {
                let headers = answer.headers.iter().flat_map(|(name, value)| [name.into(), value.into()]);
                let headers: Array = headers.collect::<Vec<JsValue>>().into_iter().collect();
                Array::of3(&answer.status.into(), &headers, &answer.body.into()).into()
            }
        })
    }

    /// `callback(status, body, partial)`: now, and whenever the answer has changed.
    pub fn live(&self, path: &str, headers: Vec<String>, callback: Function) -> u32 {
        let (table, query) = path.split_once('?').unwrap_or((path, ""));
        let id = self.0.live.add(table, query, pairs(headers), callback);
        self.0.live.schedule(&self.0.room());
        id
    }

    #[wasm_bindgen(js_name = stopLive)]
    pub fn stop_live(&self, id: u32) {
        self.0.live.remove(id);
    }

    #[wasm_bindgen(js_name = hasLive)]
    pub fn has_live(&self) -> bool {
        !self.0.live.is_empty()
    }

    pub fn status(&self) -> Result<JsValue, JsValue> {
        Ok(self.0.status().serialize(&PLAIN)?)
    }

    #[wasm_bindgen(js_name = onStatus)]
    pub fn on_status(&self, callback: Function) {
        *self.0.on_status.borrow_mut() = Some(callback);
    }

    /// Turns sync on for these tables; it stays on until stopped.
    #[wasm_bindgen(js_name = startSync)]
    pub async fn start_sync(&self, tables: Vec<String>) -> Result<(), JsValue> {
        let unknown = tables.iter().find(|table| !self.0.options.tables.contains(table));
        if let Some(table) = unknown {
            let message =
                format!("sync.start: {table:?} is not among the tables this client was opened with");
            return Err(thrown(&Fault::new(ErrorCode::UnknownTable, message)));
        }
        let json = serde_json::to_string(&tables).unwrap_or_else(|_| "[]".into());
        self.0.sessions.vault().put(SYNC, Some(&json)).await.map_err(|fault| thrown(&fault))?;
        self.0.room().courier.start(tables.into_iter().map(Into::into).collect());
        Ok(())
    }

    #[wasm_bindgen(js_name = stopSync)]
    pub async fn stop_sync(&self) -> Result<(), JsValue> {
        self.0.sessions.vault().put(SYNC, None).await.map_err(|fault| thrown(&fault))?;
        self.0.room().courier.feed(Event::Stop);
        Ok(())
    }

    #[wasm_bindgen(js_name = syncNow)]
    pub async fn sync_now(&self) -> Result<(), JsValue> {
        self.0.room().courier.round().await.map_err(|fault| thrown(&fault))
    }

    pub async fn flushed(&self) -> Result<(), JsValue> {
        self.0.room().courier.flushed().await.map_err(|fault| thrown(&fault))
    }

    /// JSON text, oldest first.
    pub fn outbox(&self) -> String {
        report::outbox(&self.0.room().replica.state())
    }

    /// Rows and bytes a table, as JSON text.
    pub fn tables(&self) -> String {
        report::tables(&self.0.room().replica.state())
    }

    /// The realm's view of the network has changed.
    pub fn network(&self, online: bool) {
        self.0.online.set(online);
        let room = self.0.room();
        room.platform.set_online(online);
        room.courier.feed(Event::Network(online));
        if online {
            self.0.define_later(room);
        }
    }

    /// The page is in front again: look at what happened meanwhile, then sync.
    pub async fn foreground(&self) -> Result<(), JsValue> {
        self.catch_up().await?;
        self.0.room().courier.feed(Event::Now);
        Ok(())
    }

    #[wasm_bindgen(js_name = catchUp)]
    pub async fn catch_up(&self) -> Result<(), JsValue> {
        self.0.room().replica.catch_up().await.map_err(|fault| self.0.fail(fault))
    }

    /// Turns the log so far into a checkpoint. False if another context was at it.
    pub async fn checkpoint(&self) -> Result<bool, JsValue> {
        self.0.room().replica.checkpoint().await.map_err(|fault| thrown(&fault))
    }

    /// An auth answer with a session went by.
    #[wasm_bindgen(js_name = signedIn)]
    pub async fn signed_in(&self, answer: &str) -> Result<(), JsValue> {
        let changed = self.0.sessions.learn(answer).await.map_err(|fault| thrown(&fault))?;
        self.0.after_session(changed).await.map_err(|fault| thrown(&fault))
    }

    /// A request carried this authorization; where no session is stored, it tells whose database this is.
    #[wasm_bindgen(js_name = carried)]
    pub async fn carried(&self, authorization: &str) -> Result<(), JsValue> {
        let changed = self.0.sessions.adopt(authorization).await.map_err(|fault| thrown(&fault))?;
        if changed { self.0.after_session(true).await.map_err(|fault| thrown(&fault)) } else { Ok(()) }
    }

    #[wasm_bindgen(js_name = isSignedIn)]
    pub fn is_signed_in(&self) -> bool {
        self.0.sessions.user().is_some()
    }

    /// The access token for a request of our own: the user's, else the publishable key.
    pub async fn token(&self) -> String {
        self.0.sessions.access().await.unwrap_or_else(|_| self.0.options.key.clone())
    }

    /// supabase-js wants to refresh: `[status, body]`.
    pub async fn refresh(&self, body: &str) -> Result<Array, JsValue> {
        let (status, answer) = self.0.sessions.refresh_for_app(body).await.map_err(|fault| thrown(&fault))?;
        self.0.after_session(false).await.map_err(|fault| thrown(&fault))?;
        Ok(Array::of2(&status.into(), &answer.into()))
    }

    /// The user signed out. Their database is emptied, unless it holds changes that were never sent.
    #[wasm_bindgen(js_name = signedOut)]
    pub async fn signed_out(&self) -> Result<(), JsValue> {
        let room = self.0.room();
        self.0.sessions.forget().await.map_err(|fault| thrown(&fault))?;
        room.courier.feed(Event::Stop);
        room.empty().await.map_err(|fault| thrown(&fault))?;
        self.0.after_session(true).await.map_err(|fault| thrown(&fault))
    }

    pub fn close(&self) {
        self.0.closed.set(true);
        self.0.channel.close();
        self.0.room().leave();
    }
}

impl Inner {
    async fn open(options: Options) -> Result<Rc<Self>, Fault> {
        let sessions = Sessions::open(&options.name, &options.url, &options.key).await?;
        let stored = serde_json::to_string(&options).unwrap_or_default();
        sessions.vault().put(OPTIONS, Some(&stored)).await?;
        let room = Room::open(&options, &sessions, options.online).await?;
        let channel = BroadcastChannel::new(&format!("thermocline/{}", options.name))
            .map_err(|_| Fault::new(ErrorCode::StorageBlocked, "this browser has no BroadcastChannel"))?;
        let inner = Rc::new(Self {
            online: Cell::new(options.online),
            options,
            sessions,
            room: RefCell::new(Rc::clone(&room)),
            live: Rc::default(),
            on_status: RefCell::new(None),
            told: RefCell::new(None),
            fault: RefCell::new(None),
            channel,
            closed: Cell::new(false),
        });
        inner.listen();
        inner.furnish(&room).await?;
        let defined = Box::pin(room.define());
        let limit = Box::pin(super::platform::sleep(DEFINE_MS));
        // Without definitions requests go to the network; the next return online reads them.
        if let futures_util::future::Either::Left((Err(fault), _)) =
            futures_util::future::select(defined, limit).await
        {
            *inner.fault.borrow_mut() = Some(fault);
        }
        Ok(inner)
    }

    fn room(&self) -> Rc<Room> {
        Rc::clone(&self.room.borrow())
    }

    /// Ties a room to live queries and status, and turns sync on if it is.
    async fn furnish(self: &Rc<Self>, room: &Rc<Room>) -> Result<(), Fault> {
        let weak = Rc::downgrade(self);
        room.replica.watch(move |changes| {
            let Some(inner) = weak.upgrade() else { return };
            inner.live.touch(changes);
            inner.live.schedule(&inner.room());
            inner.tell_status();
        });
        let weak = Rc::downgrade(self);
        room.courier.watch(move || {
            let Some(inner) = weak.upgrade() else { return };
            if inner.room().courier.machine().is_content() {
                *inner.fault.borrow_mut() = None; // an earlier trouble is over
            }
            inner.tell_status();
        });
        if let Some(json) = self.sessions.vault().get(SYNC).await? {
            let tables: Vec<Text> = serde_json::from_str(&json).unwrap_or_default();
            room.courier.start(tables);
        }
        Ok(())
    }

    /// Enters the room of whoever is signed in now, if it is another, and tells the other contexts.
    async fn after_session(self: &Rc<Self>, tell: bool) -> Result<(), Fault> {
        if tell {
            // A closed channel only means that nobody is told: they read the session when they wake.
            let _ = self.channel.post_message(&"session".into());
        }
        let user: Option<Text> = self.sessions.user().map(Into::into);
        if self.room().user == user {
            self.room().courier.feed(Event::Session(user));
            return Ok(());
        }
        let room = Room::open(&self.options, &self.sessions, self.online.get()).await?;
        let left = self.room.replace(Rc::clone(&room));
        left.leave();
        self.furnish(&room).await?;
        self.live.touch_all();
        self.live.schedule(&room);
        if let Err(fault) = room.define().await {
            *self.fault.borrow_mut() = Some(fault);
        }
        self.tell_status();
        Ok(())
    }

    fn define_later(self: &Rc<Self>, room: Rc<Room>) {
        let inner = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            *inner.fault.borrow_mut() = room.define().await.err();
            inner.tell_status();
        });
    }

    fn listen(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let listener: Closure<dyn FnMut(MessageEvent)> = Closure::new(move |_: MessageEvent| {
            let Some(inner) = weak.upgrade().filter(|inner| !inner.closed.get()) else { return };
            wasm_bindgen_futures::spawn_local(async move {
                let entered = match inner.sessions.reload().await {
                    Ok(()) => inner.after_session(false).await,
                    Err(fault) => Err(fault),
                };
                if let Err(fault) = entered {
                    *inner.fault.borrow_mut() = Some(fault);
                }
            });
        });
        self.channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        listener.forget(); // lives as long as the channel
    }

    fn status(&self) -> Status {
        Status::of(&self.room(), self.fault.borrow().as_ref())
    }

    /// Tells the app, after this turn, if the status has changed.
    fn tell_status(self: &Rc<Self>) {
        let inner = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            let now = inner.status();
            let callback = inner.on_status.borrow().clone();
            let (Some(callback), true) = (callback, inner.told.borrow().as_ref() != Some(&now)) else {
                return;
            };
            let value = now.serialize(&PLAIN);
            *inner.told.borrow_mut() = Some(now);
            if let Ok(value) = value {
                // What a callback throws is the app's affair.
                let _ = callback.call1(&JsValue::NULL, &value);
            }
        });
    }

    fn fail(self: &Rc<Self>, fault: Fault) -> JsValue {
        let value = thrown(&fault);
        *self.fault.borrow_mut() = Some(fault);
        self.tell_status();
        value
    }
}

/// Alternating names and values; names in lower case.
fn pairs(flat: Vec<String>) -> Vec<(String, String)> {
    let mut flat = flat.into_iter();
    std::iter::from_fn(|| Some((flat.next()?.to_ascii_lowercase(), flat.next()?))).collect()
}

/// A fault as JavaScript catches it; `ts/errors.ts` makes it a `ThermoclineError`.
fn thrown(fault: &Fault) -> JsValue {
    let value = serde_json::json!({
        "code": fault.code.as_str(), "message": fault.message, "retryable": fault.code.retryable(),
    });
    value.to_string().into()
}
