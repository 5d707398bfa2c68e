//! Live queries: a request that is run again when a change can change its answer, and tells only what is new.
//!
//! Changes mark queries as touched; one task runs the touched ones after the turn that changed them, so
//! that no callback runs while the engine's state is borrowed and a burst of frames costs one run. What lies
//! past the coverage is asked of the server beside that ([`Reach`]): nobody waits for another's answer.

use super::room::Room;
use crate::driver::{COVERAGE, Interests, Platform, Reach, Reached, Run, STALE};
use crate::engine::Changes;
use crate::query::{Answer, HttpRequest};
use js_sys::Function;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::JsValue;

struct Asked {
    table: String,
    query: String,
    headers: Vec<(String, String)>,
}

impl Asked {
    fn request(&self) -> HttpRequest<'_> {
        let Self { table, query, headers } = self;
        HttpRequest { method: "GET", table, query, headers, body: "" }
    }
}

struct Query {
    asked: Rc<Asked>,
    callback: Function,
    /// Body and coverage as last told.
    told: Option<(String, bool)>,
    touched: bool,
    reach: Reach,
}

#[derive(Default)]
pub struct LiveQueries {
    next: Cell<u32>,
    queries: RefCell<BTreeMap<u32, Query>>,
    /// Of all that have run, by the definitions of their last run.
    interests: RefCell<Interests>,
    scheduled: Cell<bool>,
    /// Counts databases: an answer of a former one is not told.
    life: Cell<u32>,
}

impl LiveQueries {
    pub fn add(&self, table: &str, query: &str, headers: Vec<(String, String)>, callback: Function) -> u32 {
        let id = self.next.get();
        self.next.set(id + 1);
        let asked = Rc::new(Asked { table: table.into(), query: query.into(), headers });
        let query = Query { asked, callback, told: None, touched: true, reach: Reach::default() };
        self.queries.borrow_mut().insert(id, query);
        id
    }

    pub fn remove(&self, id: u32) {
        self.queries.borrow_mut().remove(&id);
        self.interests.borrow_mut().remove(id);
    }

    pub fn is_empty(&self) -> bool {
        self.queries.borrow().is_empty()
    }

    pub fn touch(&self, changes: &Changes, room: &Room) {
        let touched = room.desk.touched(&self.interests.borrow(), changes);
        for (id, query) in self.queries.borrow_mut().iter_mut() {
            let is_touched = query.touched || touched.binary_search(id).is_ok();
            let owes = query.reach.note(changes, &query.asked.table, is_touched);
            query.touched = is_touched || owes;
        }
    }

    /// The network is back, or gone: what lies past the coverage is asked again, or marked.
    pub fn reconnect(&self) {
        for query in self.queries.borrow_mut().values_mut() {
            query.touched |= query.reach.reconnect();
        }
    }

    /// Another database was opened, or the same one anew.
    pub fn begin(&self) {
        self.leave();
        for query in self.queries.borrow_mut().values_mut() {
            query.touched = true;
            query.reach.begin();
        }
    }

    /// The database was left: what is still under way in it is not told.
    pub fn leave(&self) {
        self.life.set(self.life.get() + 1);
    }

    /// Runs the touched queries once the current turn is over.
    pub fn schedule(self: &Rc<Self>, room: &Rc<Room>) {
        if self.scheduled.replace(true) {
            return;
        }
        let (queries, room) = (Rc::clone(self), Rc::clone(room));
        wasm_bindgen_futures::spawn_local(async move {
            queries.scheduled.set(false);
            queries.run(&room).await;
        });
    }

    async fn run(self: &Rc<Self>, room: &Rc<Room>) {
        let life = self.life.get();
        let touched: Vec<u32> = {
            let mut queries = self.queries.borrow_mut();
            let touched = queries
                .iter_mut()
                .filter_map(|(id, query)| std::mem::take(&mut query.touched).then_some(*id));
            touched.collect()
        };
        for id in touched {
            let Some(asked) = self.asked(id) else { continue };
            if room.is_defining(&asked.table) {
                self.put_off(id);
                continue;
            }
            let request = asked.request();
            // Taken before it runs: what changes meanwhile touches it again.
            let interest = room.desk.interest(&request);
            self.interests.borrow_mut().set(id, interest);
            let answer = room.desk.read_local(&request).await;
            if self.life.get() == life {
                self.ran(id, answer, room);
            }
        }
    }

    /// Runs it when it is asked to next.
    fn put_off(&self, id: u32) {
        if let Some(query) = self.queries.borrow_mut().get_mut(&id) {
            query.touched = true;
        }
    }

    /// Tells what was found on the device, or asks the server for what is not there.
    fn ran(self: &Rc<Self>, id: u32, mut answer: Answer, room: &Rc<Room>) {
        let is_past = has_header(&answer, COVERAGE) || has_header(&answer, STALE);
        let (run, is_new) = {
            let mut queries = self.queries.borrow_mut();
            let Some(query) = queries.get_mut(&id) else { return };
            (query.reach.ran(is_past, room.platform.is_online()), query.told.is_none())
        };
        if run == Run::TellWhole {
            answer.headers.retain(|(name, _)| name != COVERAGE);
        }
        if run == Run::Ask {
            self.ask(id, room);
        }
        if run != Run::Ask || is_new {
            self.tell(id, answer);
        }
    }

    fn ask(self: &Rc<Self>, id: u32, room: &Rc<Room>) {
        let (queries, room, life) = (Rc::clone(self), Rc::clone(room), self.life.get());
        wasm_bindgen_futures::spawn_local(async move {
            let Some(asked) = queries.asked(id) else { return };
            let reached = room.desk.reach_past(&asked.request()).await;
            if queries.life.get() == life {
                queries.reached(id, reached);
                queries.schedule(&room);
            }
        });
    }

    fn reached(&self, id: u32, reached: Option<Reached>) {
        if let Some(query) = self.queries.borrow_mut().get_mut(&id) {
            // What came meanwhile may want another question; without an answer the device's rows are told.
            query.touched |= query.reach.reached(reached.as_ref());
        }
        if let Some(reached) = reached {
            self.tell(id, reached.answer);
        }
    }

    fn asked(&self, id: u32) -> Option<Rc<Asked>> {
        self.queries.borrow().get(&id).map(|query| Rc::clone(&query.asked))
    }

    /// Calls back if the answer is news. What a callback throws is the app's affair; the others are still told.
    fn tell(&self, id: u32, answer: Answer) {
        let partial = has_header(&answer, COVERAGE);
        let now = (answer.body, partial);
        let callback = {
            let mut queries = self.queries.borrow_mut();
            let Some(query) = queries.get_mut(&id).filter(|query| query.told.as_ref() != Some(&now)) else {
                return;
            };
            query.told = Some(now.clone());
            query.callback.clone()
        };
        let _ = callback.call3(&JsValue::NULL, &answer.status.into(), &now.0.into(), &partial.into());
    }
}

fn has_header(answer: &Answer, name: &str) -> bool {
    answer.headers.iter().any(|(found, _)| found == name)
}
