//! Live queries: a request that is run again when a change can change its answer, and tells only what is new.
//!
//! Changes mark queries as touched; one task runs the touched ones after the turn that changed them, so
//! that no callback runs while the engine's state is borrowed and a burst of frames costs one run.

use super::room::Room;
use crate::driver::Interest;
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

struct Query {
    asked: Rc<Asked>,
    callback: Function,
    /// Body and coverage as last told.
    told: Option<(String, bool)>,
    touched: bool,
    /// By the definitions of its last run; none before the first.
    interest: Option<Interest>,
}

#[derive(Default)]
pub struct LiveQueries {
    next: Cell<u32>,
    queries: RefCell<BTreeMap<u32, Query>>,
    scheduled: Cell<bool>,
}

impl LiveQueries {
    pub fn add(&self, table: &str, query: &str, headers: Vec<(String, String)>, callback: Function) -> u32 {
        let id = self.next.get();
        self.next.set(id + 1);
        let asked = Rc::new(Asked { table: table.into(), query: query.into(), headers });
        let query = Query { asked, callback, told: None, touched: true, interest: None };
        self.queries.borrow_mut().insert(id, query);
        id
    }

    pub fn remove(&self, id: u32) {
        self.queries.borrow_mut().remove(&id);
    }

    pub fn is_empty(&self) -> bool {
        self.queries.borrow().is_empty()
    }

    pub fn touch(&self, changes: &Changes, room: &Room) {
        for query in self.queries.borrow_mut().values_mut().filter(|query| !query.touched) {
            query.touched = match &query.interest {
                Some(interest) => room.desk.is_touched(interest, changes),
                None => true,
            };
        }
    }

    pub fn touch_all(&self) {
        self.queries.borrow_mut().values_mut().for_each(|query| query.touched = true);
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

    async fn run(&self, room: &Room) {
        let touched: Vec<u32> = {
            let mut queries = self.queries.borrow_mut();
            let touched = queries
                .iter_mut()
                .filter_map(|(id, query)| std::mem::take(&mut query.touched).then_some(*id));
            touched.collect()
        };
        for id in touched {
            let Some(asked) = self.asked(id) else { continue };
            let Asked { table, query, headers } = &*asked;
            let request = HttpRequest { method: "GET", table, query, headers, body: "" };
            // Taken before it runs: what changes meanwhile touches it again.
            let interest = room.desk.interest(&request);
            if let Some(query) = self.queries.borrow_mut().get_mut(&id) {
                query.interest = Some(interest);
            }
            let answer = room.desk.read_local(&request).await;
            self.tell(id, answer);
        }
    }

    fn asked(&self, id: u32) -> Option<Rc<Asked>> {
        self.queries.borrow().get(&id).map(|query| Rc::clone(&query.asked))
    }

    /// Calls back if the answer is news. What a callback throws is the app's affair; the others are still told.
    fn tell(&self, id: u32, answer: Answer) {
        let partial = answer.headers.iter().any(|(name, _)| name == crate::driver::COVERAGE);
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
