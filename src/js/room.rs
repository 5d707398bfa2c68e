//! A room: one user's open database in this context, with all that works on it.
//!
//! Each user has a database of their own; before any sign-in it is `…/local`. Changing the user leaves
//! the room and enters another: nothing of one user is ever read or sent in another's (invariant 11).

use super::collate::Collators;
use super::keys::Keys;
use super::options::Options;
use super::platform::Browser;
use super::session::{Sessions, UserTokens};
use super::table_options::{check_ages, keeps};
use crate::driver::{Courier, Desk, Keeps, Platform, Replica};
use crate::engine::Frame;
use crate::engine::interface::{Event, Message, Reply};
use crate::protocol::pull::SchemaAnswer;
use crate::protocol::{ErrorCode, Fault, Text};
use crate::remote::Remote;
use crate::remote::supabase::Supabase;
use crate::store::Store;
use crate::store::indexeddb::IndexedDbStore;
use crate::store::sealed::{Cipher, Sealed};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

pub type AppStore = Sealed<IndexedDbStore, Rc<Keys>>;
pub type Log = Replica<AppStore, Browser>;
pub type Post = Courier<AppStore, Supabase<UserTokens>, Browser>;

/// How often emptying looks again because something was written since it looked.
const LOOKS: usize = 100;

pub struct Room {
    pub user: Option<Text>,
    pub platform: Rc<Browser>,
    pub replica: Rc<Log>,
    pub desk: Desk<AppStore, Browser, Supabase<UserTokens>>,
    pub courier: Rc<Post>,
    remote: Supabase<UserTokens>,
    tables: Vec<Text>,
    pub keeps: Keeps,
    /// Definitions that are missing are being read.
    defining: Cell<bool>,
    _listener: Closure<dyn FnMut(MessageEvent)>,
}

impl Room {
    /// `keys` are those of the user's database; a room whose keys are locked does not open.
    pub async fn open(
        options: &Options,
        sessions: &Rc<Sessions>,
        keys: Rc<Keys>,
        online: bool,
    ) -> Result<Rc<Self>, Fault> {
        keys.sealing()?;
        let user: Option<Text> = keys.user().map(Into::into);
        let name = keys.database().to_owned();
        let channel = BroadcastChannel::new(&name)
            .map_err(|_| Fault::new(ErrorCode::StorageBlocked, "this browser has no BroadcastChannel"))?;
        let platform = Browser::new(channel, online);
        let store = Sealed::new(IndexedDbStore::open(&name).await?, keys);
        let replica = Replica::open(store, Rc::clone(&platform), &name, options.durability()).await?;
        let keeps = keeps(&options.tables);
        let tables: Vec<Text> = keeps.keys().cloned().collect();
        let remote = || {
            let tokens = UserTokens { sessions: Rc::clone(sessions), user: user.clone() };
            Supabase::new(&options.url, &options.key, options.gzip, tokens)
        };
        let courier = Courier::new(Rc::clone(&replica), remote(), tables.clone());
        let collate = Rc::new(Collators::default());
        let desk = Desk::new(Rc::clone(&replica), remote(), keeps.clone(), collate);
        let remote = remote();
        let listener = listen(&platform, &replica, &courier);
        courier.retain(keeps.clone());
        courier.feed(Event::Network(online));
        courier.feed(Event::Session(user.clone()));
        Ok(Rc::new(Self {
            user,
            platform,
            replica,
            desk,
            courier,
            remote,
            tables,
            keeps,
            defining: Cell::new(false),
            _listener: listener,
        }))
    }

    /// Reads the tables' definitions if one is missing, so that requests can be answered offline.
    pub async fn define(&self) -> Result<(), Fault> {
        let _ended = Defining::begin(&self.defining);
        self.read_definitions().await?;
        check_ages(&self.keeps, &self.replica.state().schema)
    }

    /// Whether it will soon be known what a table is.
    pub fn is_defining(&self, table: &str) -> bool {
        self.defining.get() && !self.replica.state().schema.tables.contains_key(table)
    }

    async fn read_definitions(&self) -> Result<(), Fault> {
        let is_known = |table: &Text| self.replica.state().schema.tables.contains_key(table);
        if !self.platform.is_online() || self.tables.iter().all(is_known) {
            return Ok(());
        }
        let client = uuid::Uuid::from_bytes(self.replica.manifest().client).to_string();
        let answer = self.remote.send(&Message::Schema(self.tables.clone()), &client).await;
        match answer.map_err(|failure| failure.fault)? {
            Reply::Schema(SchemaAnswer::Tables { schema, .. }) if !schema.tables.is_empty() => {
                self.replica.append(Frame::Schema(schema)).await
            }
            _ => Ok(()),
        }
    }

    /// Stops what runs here. What is in the outbox stays.
    pub fn leave(&self) {
        self.courier.feed(Event::Stop);
        self.replica.pause(); // no engine is at work here any more
        self.platform.leave();
        self.replica.store().inner().close();
    }

    /// Where the encryption was turned on over data in plain: seals it, unless another context is at it.
    pub async fn seal_up(&self) -> Result<(), Fault> {
        let store = self.replica.store();
        if !store.met_plain() {
            return Ok(());
        }
        let lease = self.platform.try_lease(&format!("{}/seal", self.replica.name())).await;
        if lease.is_none() {
            return Ok(());
        }
        // Log and state record are written anew by a checkpoint. What fails is tried again at the next start.
        let checkpoint = self.replica.checkpoint().await;
        checkpoint.and(store.seal_up().await)
    }

    /// Empties the database, unless it holds changes that were never sent. Whether it did.
    pub async fn empty(&self) -> Result<bool, Fault> {
        for _ in 0..LOOKS {
            self.replica.catch_up().await?;
            let seq = {
                let state = self.replica.state();
                if !state.outbox.is_empty() {
                    return Ok(false);
                }
                state.seq
            };
            let (incarnation, client) = (super::platform::random(), super::platform::random());
            if self.replica.store().wipe_at(seq, incarnation, client).await? {
                return Ok(true);
            }
            // A page or an answer came in between.
        }
        let message =
            "the database is written faster than it can be emptied; close other tabs, then sign out again";
        Err(Fault::new(ErrorCode::StorageBlocked, message))
    }

    /// Empties it with all that was never sent.
    pub async fn discard(&self) -> Result<(), Fault> {
        self.replica.store().wipe(super::platform::random(), super::platform::random()).await
    }
}

/// As long as definitions are read, however that ends.
struct Defining<'a>(&'a Cell<bool>);

impl<'a> Defining<'a> {
    fn begin(flag: &'a Cell<bool>) -> Self {
        flag.set(true);
        Self(flag)
    }
}

impl Drop for Defining<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.platform.channel().set_onmessage(None);
    }
}

/// Catches up when another context announces that the log has grown.
fn listen(platform: &Rc<Browser>, replica: &Rc<Log>, courier: &Rc<Post>) -> Closure<dyn FnMut(MessageEvent)> {
    let (replica, courier) = (Rc::downgrade(replica), Rc::downgrade(courier));
    let listener = Closure::new(move |_: MessageEvent| {
        let (Some(replica), Some(courier)) = (replica.upgrade(), courier.upgrade()) else { return };
        wasm_bindgen_futures::spawn_local(async move {
            // What cannot be read now is tried again at the next wake-up; a lost store says so on use.
            if replica.catch_up().await.is_ok() && !replica.state().outbox.is_empty() {
                courier.feed(Event::Noticed);
            }
        });
    });
    platform.channel().set_onmessage(Some(listener.as_ref().unchecked_ref()));
    listener
}
