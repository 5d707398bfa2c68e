//! The desk: answers an app's request from the device, or says that the network must.
//!
//! A table that is held whole is answered here. One that is not yet goes to the network while that is
//! exact: online, and nothing of it pending. Otherwise the answer is marked partial, or refused by name;
//! never silently partial.

use super::platform::Platform;
use super::replica::Replica;
use crate::engine::State;
use crate::protocol::{Decision, ErrorCode, Fault, Key, MutationId, PgError, Request, Rev, Row, Text};
use crate::query::{
    Answer, Collate, Entry, HttpRequest, Parsed, Prepared, ReadPlan, Rows, Unprepared, Walk, WriteContext,
    WritePlan, parse,
};
use crate::store::Store;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::rc::Rc;

/// Says that a local answer may lack rows.
pub const COVERAGE: &str = "thermocline-coverage";

#[derive(Debug, PartialEq)]
pub enum Route {
    Answer(Answer),
    /// Let the server answer it, as it is.
    Network,
}

pub struct Desk<S: Store, P: Platform> {
    replica: Rc<Replica<S, P>>,
    tables: BTreeSet<Text>,
    collate: Rc<dyn Collate>,
}

/// The visible rows of a state.
struct Visible<'a>(&'a State);

/// By the primary key's list alone: no index is kept yet.
impl Rows for Visible<'_> {
    fn row<'a>(&'a self, table: &str, key: &Key) -> Option<&'a str> {
        self.0.visible(table, key).map(Row::as_str)
    }

    fn base(&self, table: &str, key: &Key) -> Option<Rev> {
        self.0.rows.get(table, key).map(|base| base.rev)
    }

    fn walk<'a>(&'a self, table: &str, walk: &Walk, visit: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>) {
        let mut entries = Vec::new();
        self.0.for_each_visible(table, &mut |key, row| {
            let entry = Entry { index_key: key.as_str().as_bytes(), key: key.as_str(), row: row.as_str() };
            entries.extend(walk.holds(entry.index_key).then_some(entry));
        });
        if walk.descending {
            entries.reverse();
        }
        let _ = entries.into_iter().try_for_each(visit);
    }

    fn estimate(&self, table: &str, _: &Walk) -> usize {
        self.0.rows.size(table).0
    }

    fn has_index(&self, _: &str, _: usize) -> bool {
        false
    }
}

impl<S: Store + 'static, P: Platform> Desk<S, P> {
    pub fn new(replica: Rc<Replica<S, P>>, tables: BTreeSet<Text>, collate: Rc<dyn Collate>) -> Self {
        Self { replica, tables, collate }
    }

    /// Whether requests to this table are ours to answer.
    pub fn serves(&self, table: &str) -> bool {
        self.tables.contains(table)
    }

    /// Answers a request to a table that the desk serves.
    pub async fn ask(&self, request: &HttpRequest<'_>, user: Option<&Text>) -> Route {
        let table = request.table;
        let parsed = {
            let state = self.replica.state();
            if !state.schema.tables.contains_key(table) {
                return self
                    .elsewhere(&format!("table \"{table}\" before its definition has been read once"));
            }
            parse(&state.schema, request)
        };
        match parsed {
            Parsed::Refused(error) => Route::Answer(Answer::refused(&error)),
            Parsed::Unsupported(feature) => self.elsewhere(&feature),
            Parsed::Read(plan) => self.read(&plan),
            Parsed::Write(_) if request.method != "POST" && !self.is_exact(table) => {
                if self.is_network_exact(table) {
                    return Route::Network;
                }
                Route::Answer(Answer::refused(&unsupported(&format!(
                    "changing rows of {table:?} before its first sync has ended"
                ))))
            }
            Parsed::Write(plan) => self.write(&plan, user).await,
        }
    }

    /// Runs a read on what is here, whether or not it is everything.
    pub fn read_local(&self, request: &HttpRequest<'_>) -> Answer {
        let state = self.replica.state();
        match parse(&state.schema, request) {
            Parsed::Read(plan) => self.answer_read(&state, &plan),
            Parsed::Refused(error) => Answer::refused(&error),
            Parsed::Unsupported(feature) => Answer::refused(&unsupported(&feature)),
            Parsed::Write(_) => Answer::refused(&unsupported("a write as a live query")),
        }
    }

    fn read(&self, plan: &ReadPlan) -> Route {
        let table = plan.table();
        if !self.is_exact(table) && self.is_network_exact(table) {
            return Route::Network;
        }
        Route::Answer(self.answer_read(&self.replica.state(), plan))
    }

    fn answer_read(&self, state: &State, plan: &ReadPlan) -> Answer {
        let mut answer = plan.run(&state.schema, &Visible(state), self.collate.as_ref());
        if !state.held.contains(plan.table()) {
            answer.headers.push((COVERAGE.into(), "partial".into()));
        }
        answer
    }

    async fn write(&self, plan: &WritePlan, user: Option<&Text>) -> Route {
        let mut prepared = match self.prepare(plan, user) {
            Ok(prepared) => prepared,
            Err(Unprepared::Refused(error)) => return Route::Answer(Answer::refused(&error)),
            Err(Unprepared::Unsupported(feature)) => return self.elsewhere(&feature),
        };
        let decision = if prepared.mutations.is_empty() {
            Decision::Done(Vec::new())
        } else {
            let platform = self.replica.platform();
            let request = Request {
                id: MutationId::new(platform.now_ms(), ten(platform.random())),
                user: user.cloned(),
                time_ms: platform.now_ms(),
                mutations: std::mem::take(&mut prepared.mutations), // the answer needs none of them
            };
            match self.replica.write(request).await {
                Ok(decision) => decision,
                Err(fault) => return Route::Answer(failure(&fault)),
            }
        };
        let state = self.replica.state();
        Route::Answer(prepared.answer(&state.schema, &Visible(&state), decision))
    }

    fn prepare(&self, plan: &WritePlan, user: Option<&Text>) -> Result<Prepared, Unprepared> {
        let platform = self.replica.platform();
        let state = self.replica.state();
        let mut context = WriteContext {
            user: user.map(AsRef::as_ref),
            now_ms: platform.now_ms(),
            random: &mut || platform.random(),
        };
        plan.prepare(&state.schema, &Visible(&state), self.collate.as_ref(), &mut context)
    }

    /// Whether the local rows are all rows.
    fn is_exact(&self, table: &str) -> bool {
        self.replica.state().held.contains(table)
    }

    /// Whether the server's rows are what the app should see.
    fn is_network_exact(&self, table: &str) -> bool {
        self.replica.platform().is_online() && !self.replica.state().outbox.has_table(table)
    }

    fn elsewhere(&self, what: &str) -> Route {
        if self.replica.platform().is_online() {
            return Route::Network;
        }
        Route::Answer(Answer::refused(&unsupported(what)))
    }
}

fn ten(random: [u8; 16]) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&random[..10]);
    bytes
}

fn unsupported(what: &str) -> PgError {
    PgError::new(503, ErrorCode::UnsupportedOffline.as_str(), format!("not possible offline: {what}"))
        .with_hint("Go online and repeat the request; the server answers it then.")
}

/// A failure of ours, in PostgREST's form.
pub fn failure(fault: &Fault) -> Answer {
    let status = match fault.code {
        ErrorCode::QuotaExceeded => 507,
        ErrorCode::InvalidRequest => 400,
        _ => 503,
    };
    Answer::refused(&PgError::new(status, fault.code.as_str(), fault.message.clone()))
}
