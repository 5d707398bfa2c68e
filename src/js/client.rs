//! A client in one context: it follows the session from one user's room to the next.
//!
//! Ties rooms to live queries, status and the origin's other contexts. A room whose database was lost is
//! left for a new one; what JavaScript calls is in `engine`.

use super::crypto::{self, CryptoKey};
use super::keys::{Keys, Spend};
use super::live::LiveQueries;
use super::losses::Losses;
use super::options::Options;
use super::report::Status;
use super::room::Room;
use super::session::Sessions;
use crate::engine::interface::Event;
use crate::protocol::{ErrorCode, Fault};
use crate::store::sealed::Cipher;
use js_sys::Function;
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

/// Plain objects, null where there is nothing.
pub const PLAIN: serde_wasm_bindgen::Serializer = serde_wasm_bindgen::Serializer::json_compatible();
/// Names in the vault.
pub const OPTIONS: &str = "options";
/// Longest that opening waits for table definitions it does not have.
const DEFINE_MS: u64 = 4_000;

pub struct Client {
    pub options: Options,
    pub sessions: Rc<Sessions>,
    /// Of whoever is signed in.
    pub keys: RefCell<Rc<Keys>>,
    /// None while its keys are locked.
    room: RefCell<Option<Rc<Room>>>,
    /// What the app gave last, to open the next user's database with.
    pub passphrase: RefCell<Option<CryptoKey>>,
    pub opening: Cell<bool>,
    pub(super) losses: Losses,
    pub live: Rc<LiveQueries>,
    pub online: Cell<bool>,
    pub metered: Cell<bool>,
    pub visible: Cell<bool>,
    pub on_status: RefCell<Option<Function>>,
    told: RefCell<Option<Status>>,
    telling: Cell<bool>,
    pub fault: RefCell<Option<Fault>>,
    /// Tells the origin's other contexts that the session has changed, or sync was turned on or off.
    pub channel: BroadcastChannel,
    pub closed: Cell<bool>,
    /// Changes from before the sign-in, as they were counted last.
    pub(super) unadopted: Cell<usize>,
}

impl Client {
    /// # Errors
    /// `locked` if the passphrase is wrong. Without one a locked database opens as a client without a room.
    pub async fn open(mut options: Options) -> Result<Rc<Self>, Fault> {
        let sessions = Sessions::open(&options.name, &options.url, &options.key).await?;
        sessions.vault().put(OPTIONS, Some(&options.stored())).await?;
        let passphrase = match options.passphrase.take() {
            Some(given) => Some(crypto::passphrase_key(&given).await?),
            None => None,
        };
        let keys = Keys::open(&options.name, sessions.user().as_deref(), Spend::default()).await?;
        keys.prepare(options.encrypt, passphrase.as_ref()).await?;
        let channel = BroadcastChannel::new(&format!("thermocline/{}", options.name))
            .map_err(|_| Fault::new(ErrorCode::StorageBlocked, "this browser has no BroadcastChannel"))?;
        let inner = Rc::new(Self {
            online: Cell::new(options.online),
            metered: Cell::new(options.metered),
            visible: Cell::new(true),
            options,
            sessions,
            keys: RefCell::new(Rc::clone(&keys)),
            room: RefCell::new(None),
            passphrase: RefCell::new(passphrase),
            opening: Cell::new(false),
            losses: Losses::default(),
            live: Rc::default(),
            on_status: RefCell::new(None),
            told: RefCell::new(None),
            telling: Cell::new(false),
            fault: RefCell::new(None),
            channel,
            closed: Cell::new(false),
            unadopted: Cell::new(0),
        });
        inner.listen();
        inner.watch(&keys);
        inner.open_room().await?;
        inner.delete_emptied_later();
        let Ok(room) = inner.room() else { return Ok(inner) };
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

    /// The open room, or why there is none.
    pub fn room(&self) -> Result<Rc<Room>, Fault> {
        self.room.borrow().clone().ok_or_else(|| match &*self.fault.borrow() {
            Some(fault) if fault.code == ErrorCode::Locked => fault.clone(),
            _ => Fault::new(ErrorCode::Locked, "the local database is being opened; try again"),
        })
    }

    pub fn keys(&self) -> Rc<Keys> {
        Rc::clone(&self.keys.borrow())
    }

    /// Ties a room to live queries and status, and turns sync on if it is.
    async fn furnish(self: &Rc<Self>, room: &Rc<Room>) -> Result<(), Fault> {
        let (weak, watched) = (Rc::downgrade(self), Rc::downgrade(room));
        room.replica.watch(move |changes| {
            let (Some(inner), Some(room)) = (weak.upgrade(), watched.upgrade()) else { return };
            inner.live.touch(changes, &room);
            inner.run_live();
            inner.tell_status();
        });
        self.watch_loss(room);
        room.courier.feed(Event::Metered(self.metered.get()));
        room.courier.feed(Event::Visible(self.visible.get()));
        let weak = Rc::downgrade(self);
        room.courier.watch(move || {
            let Some(inner) = weak.upgrade() else { return };
            if let Ok(room) = inner.room() {
                inner.follow_machine(room);
            }
            inner.tell_status();
        });
        self.follow_sync(room).await
    }

    /// What the machine has found out of the server is so for the whole room.
    fn follow_machine(self: &Rc<Self>, room: Rc<Room>) {
        let (online, is_content) = {
            let machine = room.courier.machine();
            (machine.is_online(), machine.is_content())
        };
        if is_content {
            *self.fault.borrow_mut() = None; // an earlier trouble is over
        }
        if room.platform.set_online(online) {
            self.live.reconnect();
            self.run_live();
            if online {
                self.define_later(room);
            }
        }
    }

    /// Enters the room of whoever is signed in now, if it is another, and tells the other contexts.
    pub async fn after_session(self: &Rc<Self>, tell: bool) -> Result<(), Fault> {
        if tell {
            // A closed channel only means that nobody is told: they read the session when they wake.
            let _ = self.channel.post_message(&"session".into());
        }
        let user = self.sessions.user();
        if self.keys().user() != user.as_deref() {
            return self.enter().await;
        }
        if let Ok(room) = self.room() {
            room.courier.feed(Event::Session(user.map(Into::into)));
        }
        Ok(())
    }

    /// Opens the database of whoever is signed in, in place of the one that is open.
    pub async fn enter(self: &Rc<Self>) -> Result<(), Fault> {
        let user = self.sessions.user();
        let keys = Keys::open(&self.options.name, user.as_deref(), Spend::default()).await?;
        let passphrase = self.passphrase.borrow().clone();
        match keys.prepare(self.options.encrypt, passphrase.as_ref()).await {
            // Another passphrase than the former user's: the app asks for it.
            Err(fault) if fault.code == ErrorCode::Locked => {}
            prepared => prepared?,
        }
        self.watch(&keys);
        let former = self.keys.replace(keys);
        // A room that does not open is tried again: until then the former user's keys stay with their room.
        self.open_room().await.inspect_err(|_| drop(self.keys.replace(former)))?;
        let Ok(room) = self.room() else { return Ok(()) };
        if let Err(fault) = room.define().await {
            *self.fault.borrow_mut() = Some(fault);
        }
        self.run_live(); // what waited for the definitions
        self.tell_status();
        Ok(())
    }

    /// Opens the room that the keys open, and leaves the former one. While they are locked there is none.
    pub async fn open_room(self: &Rc<Self>) -> Result<(), Fault> {
        let keys = self.keys();
        if keys.user().is_none() {
            self.look_again().await?;
        }
        let opened =
            match Room::open(&self.options, &self.sessions, Rc::clone(&keys), self.online.get()).await {
                // Locked while it opened, perhaps.
                Ok(room) => keys.sealing().map(|_| room.clone()).inspect_err(|_| room.leave()),
                refused => refused,
            };
        let room = match opened {
            Ok(room) => room,
            Err(fault) if fault.code == ErrorCode::Locked => {
                self.leave_room(fault);
                return Ok(());
            }
            Err(fault) => return Err(fault),
        };
        self.rescue(&room).await.inspect_err(|_| room.leave())?;
        if let Some(left) = self.room.replace(Some(Rc::clone(&room))) {
            left.leave();
            if left.user.is_none() {
                self.look_again().await?;
            }
        }
        self.fault.borrow_mut().take_if(|fault| fault.code == ErrorCode::Locked);
        self.furnish(&room).await?;
        self.seal_up_later(&room);
        self.count_unadopted_later();
        self.live.begin();
        self.run_live();
        self.tell_status();
        Ok(())
    }

    pub(super) fn leave_room(self: &Rc<Self>, fault: Fault) {
        if let Some(room) = self.room.take() {
            room.leave();
        }
        self.live.leave();
        *self.fault.borrow_mut() = Some(fault);
        self.tell_status();
    }

    pub fn run_live(&self) {
        if let Ok(room) = self.room() {
            self.live.schedule(&room);
        }
    }

    /// Folds what other contexts have appended; a database that is gone is opened anew.
    pub async fn catch_up(self: &Rc<Self>) -> Result<(), Fault> {
        match self.room()?.replica.catch_up().await {
            Err(fault) if fault.code == ErrorCode::StorageLost => self.recover().await,
            other => other,
        }
    }

    pub fn define_later(self: &Rc<Self>, room: Rc<Room>) {
        let inner = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            *inner.fault.borrow_mut() = room.define().await.err();
            inner.run_live(); // what waited for the definitions
            inner.tell_status();
        });
    }

    /// Another context has changed the session, or turned sync on or off.
    async fn follow(self: &Rc<Self>) -> Result<(), Fault> {
        self.count_unadopted_later();
        self.refill_vault().await?;
        self.sessions.reload().await?;
        self.after_session(false).await?;
        match self.room() {
            Ok(room) => self.follow_sync(&room).await,
            Err(_) => Ok(()),
        }
    }

    fn listen(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let listener: Closure<dyn FnMut(MessageEvent)> = Closure::new(move |_: MessageEvent| {
            let Some(inner) = weak.upgrade().filter(|inner| !inner.closed.get()) else { return };
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(fault) = inner.follow().await {
                    *inner.fault.borrow_mut() = Some(fault);
                }
            });
        });
        self.channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        listener.forget(); // lives as long as the channel
    }

    pub fn status(&self) -> Status {
        let fault = self.fault.borrow();
        match self.room() {
            Ok(room) => Status::of(&room, fault.as_ref(), self.unadopted()),
            Err(locked) => Status::locked(self.keys().user(), &locked),
        }
    }

    /// Tells the app, once after this turn, if the status has changed.
    pub fn tell_status(self: &Rc<Self>) {
        if self.telling.replace(true) {
            return;
        }
        let inner = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            inner.telling.set(false);
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
}
