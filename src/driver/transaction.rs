//! A transaction: several writes of several tables, durable together or not at all.
//!
//! All are prepared over the same visible rows and leave as one request, which the fold takes whole or not at all. It is
//! the device's promise: the server judges each mutation for itself, in one push where they fit. A transaction works on what this device holds; nothing
//! of it goes to the network.

use super::desk::{Desk, Route, failure, unsupported};
use super::platform::Platform;
use super::seeded::Ids;
use crate::engine::{State, View};
use crate::protocol::{Decision, Fault, PgError, Text};
use crate::query::{Answer, HttpRequest, Parsed, Prepared, Unprepared, WritePlan};
use crate::remote::Remote;
use crate::store::Store;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Why nothing was written.
#[derive(Debug, PartialEq)]
pub struct Aborted {
    /// Which request could not be carried out; none if it is not one of them alone.
    pub request: Option<usize>,
    pub answer: Answer,
}

impl<S: Store + 'static, P: Platform, R: Remote> Desk<S, P, R> {
    /// Carries out all requests, each an insert, update or delete, or none. No two may be about the same row.
    pub async fn transact(
        &self,
        requests: &[HttpRequest<'_>],
        user: Option<&Text>,
    ) -> Result<Vec<Answer>, Aborted> {
        let mut plans = Vec::with_capacity(requests.len());
        for (n, request) in requests.iter().enumerate() {
            plans.push(self.plan(request).await.map_err(|answer| Aborted { request: Some(n), answer })?);
        }
        let run = |state: &State, view: &View| self.prepare_all(&plans, user, state, view);
        let mut prepared = self.replica().query(run).await.map_err(|fault| failed(&fault))??;
        let sizes: Vec<usize> = prepared.iter().map(|part| part.mutations.len()).collect();
        let mutations: Vec<_> = prepared.iter_mut().flat_map(|part| part.mutations.drain(..)).collect();
        let decision = if mutations.is_empty() {
            Decision::Done(Vec::new())
        } else {
            self.replica()
                .write(self.request(mutations, user, &Ids::new(None)))
                .await
                .map_err(|fault| failed(&fault))?
        };
        let parts = parts_of(decision, &sizes)?;
        let run = |state: &State, view: &View| {
            let answered = prepared.iter().zip(&parts);
            answered.map(|(prepared, part)| prepared.answer(&state.schema, view, part)).collect()
        };
        self.replica().query(run).await.map_err(|fault| failed(&fault))
    }

    /// Reads a request; its rows are on the device then.
    async fn plan(&self, request: &HttpRequest<'_>) -> Result<Rc<WritePlan>, Answer> {
        let elsewhere = |what: &str| {
            let mut error = unsupported(what);
            error.message = format!("a transaction is carried out on the device, which cannot do: {what}");
            error.hint = Some("Take this request out of the transaction.".into());
            Answer::refused(&error)
        };
        match self.parse(request) {
            Parsed::Refused(error) => Err(Answer::refused(&error)),
            Parsed::Unsupported(feature) => Err(elsewhere(&feature)),
            Parsed::Read(_) => Err(elsewhere("a read")),
            Parsed::Write(plan) if request.method == "POST" => Ok(plan),
            Parsed::Write(plan) => match self.reach(&plan).await {
                None => Ok(plan),
                Some(Route::Answer(answer)) => Err(answer),
                Some(Route::Network) => Err(elsewhere("a change of rows that it does not hold")),
            },
        }
    }

    fn prepare_all(
        &self,
        plans: &[Rc<WritePlan>],
        user: Option<&Text>,
        state: &State,
        view: &View,
    ) -> Result<Vec<Prepared>, Aborted> {
        let mut rows = BTreeSet::new();
        let prepare = |(request, plan): (usize, &Rc<WritePlan>)| {
            let aborted =
                |error: PgError| Aborted { request: Some(request), answer: Answer::refused(&error) };
            let prepared =
                self.prepare(plan, user, &Ids::new(None), state, view).map_err(|error| match error {
                    Unprepared::Refused(error) => aborted(error),
                    Unprepared::Unsupported(feature) => aborted(unsupported(&feature)),
                })?;
            let again =
                prepared.mutations.iter().find(|one| !rows.insert((one.table.clone(), one.key.clone())));
            match again {
                Some(mutation) => Err(aborted(touched_twice(&mutation.table))),
                None => Ok(prepared),
            }
        };
        plans.iter().enumerate().map(prepare).collect()
    }
}

/// The decision about each request.
fn parts_of(decision: Decision, sizes: &[usize]) -> Result<Vec<Decision>, Aborted> {
    let flags = match decision {
        Decision::Done(flags) => flags,
        Decision::Refused(error) => return Err(Aborted { request: None, answer: Answer::refused(&error) }),
    };
    let mut flags = flags.into_iter();
    Ok(sizes.iter().map(|size| Decision::Done(flags.by_ref().take(*size).collect())).collect())
}

fn touched_twice(table: &str) -> PgError {
    let message = format!("two requests of a transaction are about the same row of \"{table}\"");
    PgError::new(400, "21000", message).with_hint("Make one request of them.")
}

fn failed(fault: &Fault) -> Aborted {
    Aborted { request: None, answer: failure(fault) }
}
