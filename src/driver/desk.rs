//! The desk: answers an app's request from the device, or says that the network must.
//!
//! What the coverage holds is answered here ([`super::coverage`]). Past it the rows are read through
//! ([`super::through`]), or the request goes to the network while that is exact: online, and nothing of the table
//! pending. Otherwise the answer is marked partial, or refused by name; never silently partial.

use super::interest::{Interest, Interests};
use super::platform::Platform;
use super::replica::Replica;
use super::retention::Keeps;
use super::seeded::{Ids, Seed};
use crate::engine::retention::Keep;
use crate::engine::{Changes, State, View};
use crate::protocol::{Decision, ErrorCode, Fault, Mutation, PgError, Request, Table, Text};
use crate::query::{
    Answer, Checks, Collate, HttpRequest, NOBODY, NoRows, Parsed, Prepared, Rows, Unprepared, WriteContext,
    WritePlan, mutation_id, parse,
};
use crate::remote::Remote;
use crate::store::Store;
use std::borrow::Cow;
use std::rc::Rc;

/// Says that a local answer may lack rows.
pub const COVERAGE: &str = "thermocline-coverage";
/// Says that a local answer is older than it should be.
pub const STALE: &str = "thermocline-stale";

#[derive(Debug, PartialEq)]
pub enum Route {
    Answer(Answer),
    /// Let the server answer it, as it is.
    Network,
}

pub struct Desk<S: Store, P: Platform, R> {
    replica: Rc<Replica<S, P>>,
    remote: R,
    tables: Keeps,
    collate: Rc<dyn Collate>,
    checks: Checks,
}

impl<S: Store + 'static, P: Platform, R: Remote> Desk<S, P, R> {
    pub fn new(replica: Rc<Replica<S, P>>, remote: R, tables: Keeps, collate: Rc<dyn Collate>) -> Self {
        Self { replica, remote, tables, collate, checks: Checks::default() }
    }

    /// What is kept of a table.
    pub(super) fn kept(&self, table: &str) -> Keep {
        self.tables.get(table).copied().unwrap_or_default()
    }

    pub(super) fn replica(&self) -> &Rc<Replica<S, P>> {
        &self.replica
    }

    pub(super) fn remote(&self) -> &R {
        &self.remote
    }

    pub(super) fn collate(&self) -> &dyn Collate {
        self.collate.as_ref()
    }

    /// Whether requests to this table are ours to answer.
    pub fn serves(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// What a live query of this request is interested in, by the present definitions.
    pub fn interest(&self, request: &HttpRequest<'_>) -> Interest {
        let query = self.redirected(request);
        Interest::of(&self.replica.state().schema, &HttpRequest { query: &query, ..request.clone() })
    }

    /// Reads a request; former keys mean those of now.
    pub(super) fn parse(&self, request: &HttpRequest<'_>) -> Parsed {
        let query = self.redirected(request);
        parse(&self.replica.state().schema, &HttpRequest { query: &query, ..request.clone() })
    }

    fn redirected<'q>(&self, request: &HttpRequest<'q>) -> Cow<'q, str> {
        let state = self.replica.state();
        state.rekeyed.query(&state.schema, request.table, request.query)
    }

    /// The live queries that changes may matter to, in order.
    pub fn touched(&self, interests: &Interests, changes: &Changes) -> Vec<u32> {
        interests.touched(&self.replica.state().schema, changes, self.collate.as_ref())
    }

    /// Answers a request to a table that the desk serves.
    pub async fn ask(&self, request: &HttpRequest<'_>, user: Option<&Text>) -> Route {
        self.ask_once(request, user, None).await
    }

    /// The same; asked again with the same seed, an insert that was carried out is only answered again.
    pub async fn ask_once(
        &self,
        request: &HttpRequest<'_>,
        user: Option<&Text>,
        seed: Option<Seed>,
    ) -> Route {
        let table = request.table;
        let parsed = {
            let state = self.replica.state();
            if !state.schema.tables.contains_key(table) {
                return self
                    .elsewhere(&format!("table \"{table}\" before its definition has been read once"));
            }
            drop(state);
            self.parse(request)
        };
        match parsed {
            Parsed::Refused(error) => Route::Answer(Answer::refused(&error)),
            Parsed::Unsupported(feature) => self.elsewhere(&feature),
            Parsed::Read(plan) => self.read(&plan, takes_stale(request)).await,
            Parsed::Write(plan) => {
                if request.method != "POST"
                    && !self.is_all_here(request.table, user)
                    && let Some(route) = self.reach(&plan).await
                {
                    return route;
                }
                self.write(&plan, user, Ids::new(seed)).await
            }
        }
    }

    /// Before any sign-in an owned table has no rows of nobody's elsewhere, once there are some here.
    fn is_all_here(&self, table: &str, user: Option<&Text>) -> bool {
        let has_owner = |table: &Table| table.owner.is_some();
        let is_owned = self.replica.state().schema.tables.get(table).is_some_and(has_owner);
        user.is_none() && is_owned && (!self.is_online() || self.pending(table) > 0)
    }

    /// The answer to a read, if all it needs is in memory: then nobody waits.
    pub fn answer_now(&self, request: &HttpRequest<'_>) -> Option<Answer> {
        let parsed = self.parse(request);
        match parsed {
            Parsed::Read(plan) => self.read_now(&plan, takes_stale(request)),
            _ => None,
        }
    }

    /// Runs a read on what is here, whether or not it is everything.
    pub async fn read_local(&self, request: &HttpRequest<'_>) -> Answer {
        let parsed = self.parse(request);
        match parsed {
            Parsed::Read(plan) => self.read_here(&plan).await,
            Parsed::Refused(error) => Answer::refused(&error),
            Parsed::Unsupported(feature) => Answer::refused(&unsupported(&feature)),
            Parsed::Write(_) => Answer::refused(&unsupported("a write as a live query")),
        }
    }

    async fn write(&self, plan: &Rc<WritePlan>, user: Option<&Text>, ids: Ids) -> Route {
        let prepared = self.replica.query(|state, view| self.prepare(plan, user, &ids, state, view)).await;
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(fault) => return Route::Answer(failure(&fault)),
        };
        let mut prepared = match prepared {
            Ok(prepared) => prepared,
            Err(Unprepared::Refused(error)) => return Route::Answer(Answer::refused(&error)),
            Err(Unprepared::Unsupported(feature)) => return self.elsewhere(&feature),
        };
        let decision = if prepared.mutations.is_empty() {
            Decision::Done(Vec::new())
        } else {
            let mutations = std::mem::take(&mut prepared.mutations); // the answer needs none of them
            match self.replica.write(self.request(mutations, user, &ids)).await {
                Ok(decision) => decision,
                Err(fault) => return Route::Answer(failure(&fault)),
            }
        };
        let run = |state: &State, view: &View| prepared.answer(&state.schema, view, &decision);
        Route::Answer(self.replica.query(run).await.unwrap_or_else(|fault| failure(&fault)))
    }

    pub(super) fn request(&self, mutations: Vec<Mutation>, user: Option<&Text>, ids: &Ids) -> Request {
        let platform = self.replica.platform();
        Request {
            id: ids.request().unwrap_or_else(|| mutation_id(platform.now_ms(), platform.random())),
            user: user.cloned(),
            time_ms: platform.now_ms(),
            mutations,
        }
    }

    pub(super) fn prepare(
        &self,
        plan: &Rc<WritePlan>,
        user: Option<&Text>,
        ids: &Ids,
        state: &State,
        view: &View,
    ) -> Result<Prepared, Unprepared> {
        let platform = self.replica.platform();
        let mut drawn = ids.drawn();
        let mut context = WriteContext {
            user: Some(user.map_or(NOBODY, AsRef::as_ref)),
            now_ms: platform.now_ms(),
            random: &mut || drawn.next().unwrap_or_else(|| platform.random()),
            checks: &self.checks,
        };
        // The rows that it has made itself are not in its way.
        let is_repeat = ids.request().is_some_and(|id| state.answers.get(id).is_some());
        let rows: &dyn Rows = if is_repeat && plan.only_inserts() { &NoRows } else { view };
        plan.prepare(&state.schema, rows, self.collate.as_ref(), &mut context)
    }

    fn elsewhere(&self, what: &str) -> Route {
        if self.replica.platform().is_online() {
            return Route::Network;
        }
        Route::Answer(Answer::refused(&unsupported(what)))
    }
}

/// `Prefer: thermocline=stale`: an answer at once, however old.
fn takes_stale(request: &HttpRequest<'_>) -> bool {
    let prefer = request.headers.iter().filter(|(name, _)| name == "prefer");
    prefer.flat_map(|(_, value)| value.split(',')).any(|preference| preference.trim() == "thermocline=stale")
}

pub(super) fn unsupported(what: &str) -> PgError {
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
