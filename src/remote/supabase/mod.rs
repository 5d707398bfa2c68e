//! Supabase over HTTP: a few functions of the user's own project, called with the user's own token.
//!
//! A message becomes one POST; what comes back is read once, here, into a typed answer or failure.
//! Nothing is decided by an error's text. The anonymous key never carries a mutation: without a token
//! there is no request (PITFALLS 20).

mod failure;

use super::Remote;
use crate::engine::interface::{Failure, Message, Reply};
use crate::protocol::audit::{read_audit, read_buckets};
use crate::protocol::pull::{read_pull, read_schema, schema_body};
use crate::protocol::push::{push_body, read_push};
use crate::protocol::{ErrorCode, Fault, Text, limits};
use gloo_net::http::{Request, Response};
use serde_json::value::RawValue;
use web_sys::AbortSignal;

/// Longest a request may take before it counts as lost.
const TIMEOUT_MS: u32 = 60_000;
/// What requests of our own bear that look like an app's: a service worker that answers for us lets them pass.
pub const CLIENT: &str = "thermocline";

/// Who is signed in, as far as a request needs to know.
#[allow(async_fn_in_trait)] // one thread in every realm: no Send bound is wanted
pub trait Tokens {
    /// A user's access token that has not expired; refreshed if need be.
    async fn access(&self) -> Result<String, Fault>;
    /// A token other than `spent`, which the server has refused.
    async fn renew(&self, spent: &str) -> Result<String, Fault>;
}

pub struct Supabase<T> {
    url: String,
    key: String,
    tokens: T,
}

impl<T: Tokens> Supabase<T> {
    /// `url` without a trailing slash.
    pub fn new(url: &str, key: &str, tokens: T) -> Self {
        Self { url: url.trim_end_matches('/').into(), key: key.into(), tokens }
    }

    /// Definitions may be read before anyone signs in.
    async fn schema(&self, body: String) -> Result<String, Failure> {
        let token = self.tokens.access().await.unwrap_or_else(|_| self.key.clone());
        let response = self.post("thermocline_schema", &token, &body).await?;
        self.read("thermocline_schema", response).await
    }

    /// Calls a function as the user; a token that has just expired is renewed once.
    async fn call(&self, function: &str, body: String) -> Result<String, Failure> {
        let token = self.tokens.access().await.map_err(Failure::from)?;
        let response = self.post(function, &token, &body).await?;
        if response.status() != 401 {
            return self.read(function, response).await;
        }
        let token = self.tokens.renew(&token).await.map_err(Failure::from)?;
        let response = self.post(function, &token, &body).await?;
        self.read(function, response).await
    }

    /// Reads as the user; a token that has just expired is renewed once.
    async fn get(&self, table: &str, query: &str) -> Result<String, Failure> {
        let token = self.tokens.access().await.map_err(Failure::from)?;
        let response = self.get_as(table, query, &token).await?;
        if response.status() != 401 {
            return self.read(table, response).await;
        }
        let token = self.tokens.renew(&token).await.map_err(Failure::from)?;
        let response = self.get_as(table, query, &token).await?;
        self.read(table, response).await
    }

    async fn get_as(&self, table: &str, query: &str, token: &str) -> Result<Response, Failure> {
        let request = Request::get(&format!("{}/rest/v1/{table}?{query}", self.url))
            .header("apikey", &self.key)
            .header("authorization", &format!("Bearer {token}"))
            .header("accept", "application/json")
            .header("x-client-info", CLIENT)
            .abort_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MS)));
        request.send().await.map_err(|error| failure::unreachable(&self.url, &error))
    }

    async fn post(&self, function: &str, token: &str, body: &str) -> Result<Response, Failure> {
        let request = Request::post(&format!("{}/rest/v1/rpc/{function}", self.url))
            .header("apikey", &self.key)
            .header("authorization", &format!("Bearer {token}"))
            .header("content-type", "application/json")
            .abort_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MS)))
            .body(body.to_owned())
            .map_err(|error| failure::unreachable(&self.url, &error))?;
        request.send().await.map_err(|error| failure::unreachable(&self.url, &error))
    }

    async fn read(&self, function: &str, response: Response) -> Result<String, Failure> {
        let (status, retry_after) = (response.status(), response.headers().get("retry-after"));
        let body = response.text().await.map_err(|error| failure::unreachable(&self.url, &error))?;
        if (200..300).contains(&status) {
            return Ok(body);
        }
        Err(failure::of_status(function, status, &body, retry_after.as_deref()))
    }
}

impl<T: Tokens> Remote for Supabase<T> {
    async fn send(&self, message: &Message, client: &str) -> Result<Reply, Failure> {
        let unreadable = |what: String| Failure::from(Fault::new(ErrorCode::IncompatibleServer, what));
        match message {
            Message::Schema(tables) => {
                let answer = self.schema(schema_body(tables)).await?;
                read_schema(&answer).map(Reply::Schema).map_err(unreadable)
            }
            Message::Push(groups) => {
                let answer = self.call("thermocline_push", push_body(client, groups)).await?;
                read_push(&answer, groups).map(Reply::Push).map_err(unreadable)
            }
            Message::Pull(request, since) => {
                let body = request.body(client, limits::PULL_ROWS, since);
                let answer = self.call("thermocline_pull", body).await?;
                read_pull(&answer).map(Reply::Pull).map_err(unreadable)
            }
            Message::Audit(request) => {
                let answer = self.call("thermocline_audit", request.body(client)).await?;
                read_audit(&answer, request).map(Reply::Audit).map_err(unreadable)
            }
            Message::Buckets(request) => {
                let answer = self.call("thermocline_bucket", request.body(client)).await?;
                read_buckets(&answer, request).map(Reply::Buckets).map_err(unreadable)
            }
        }
    }

    async fn rows(&self, table: &str, query: &str) -> Result<Vec<Text>, Failure> {
        let answer = self.get(table, query).await?;
        let rows: Vec<&RawValue> = serde_json::from_str(&answer).map_err(|error| {
            let message = format!("rows of {table:?} were not answered as JSON: {error}");
            Failure::from(Fault::new(ErrorCode::IncompatibleServer, message))
        })?;
        Ok(rows.into_iter().map(|row| row.get().into()).collect())
    }
}
