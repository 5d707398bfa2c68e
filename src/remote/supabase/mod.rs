//! Supabase over HTTP: a few functions of the user's own project, called with the user's own token.
//!
//! A message becomes one POST; what comes back is read once, here, into a typed answer or failure.
//! Nothing is decided by an error's text. The anonymous key never carries a mutation: without a token
//! there is no request (PITFALLS 20).

mod failure;
mod gzip;

use super::Remote;
use super::detour::{Detour, Gzip};
use crate::engine::interface::{Failure, Message, Reply};
use crate::protocol::audit::{read_audit, read_buckets};
use crate::protocol::pull::{read_pull, read_schema, schema_body};
use crate::protocol::push::{push_body, read_push};
use crate::protocol::{ErrorCode, Fault, Text, limits};
use gloo_net::http::{Request, Response};
use serde_json::value::RawValue;
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use web_sys::AbortSignal;

/// Longest a request may take before it counts as lost.
const TIMEOUT_MS: u32 = 60_000;
/// What requests of our own bear that look like an app's: a service worker that answers for us lets them pass.
pub const CLIENT: &str = "thermocline";
const JSON: &str = "application/json";
const GZIP: &str = "application/gzip";
const PUSH: &str = "thermocline_push";
/// On an answer of the Edge Function that is the rpc's own.
const ANSWER: &str = "thermocline-answer";

fn rpc(function: &str) -> String {
    format!("rest/v1/rpc/{function}")
}

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
    detour: RefCell<Detour>,
}

impl<T: Tokens> Supabase<T> {
    /// `url` without a trailing slash.
    pub fn new(url: &str, key: &str, gzip: Gzip, tokens: T) -> Self {
        let detour = RefCell::new(Detour::new(gzip));
        Self { url: url.trim_end_matches('/').into(), key: key.into(), tokens, detour }
    }

    /// Definitions may be read before anyone signs in.
    async fn schema(&self, body: String) -> Result<String, Failure> {
        let (path, body) = (rpc("thermocline_schema"), body.into());
        let Ok(token) = self.tokens.access().await else {
            let response = self.post(&path, &self.key, JSON, &body).await?;
            return self.read("thermocline_schema", response).await;
        };
        let mut response = self.post(&path, &token, JSON, &body).await?;
        if response.status() == 401 {
            let token = self.tokens.renew(&token).await.unwrap_or_else(|_| self.key.clone());
            response = self.post(&path, &token, JSON, &body).await?;
        }
        self.read("thermocline_schema", response).await
    }

    /// Calls a function as the user; a token that has just expired is renewed once.
    async fn call(&self, function: &str, body: String) -> Result<String, Failure> {
        let body = JsValue::from(body);
        let token = self.tokens.access().await.map_err(Failure::from)?;
        let response = self.post(&rpc(function), &token, JSON, &body).await?;
        if response.status() != 401 {
            return self.read(function, response).await;
        }
        let token = self.tokens.renew(&token).await.map_err(Failure::from)?;
        let response = self.post(&rpc(function), &token, JSON, &body).await?;
        self.read(function, response).await
    }

    /// The detour where it pays; straight where it does not, and at once where it gives no answer of the rpc's.
    async fn push(&self, body: String) -> Result<String, Failure> {
        let (bytes, began_ms) = (body.len(), gzip::now_ms());
        let pays = self.detour.borrow().pays(bytes, gzip::is_dear(), began_ms);
        if pays && let Some(answer) = self.push_compressed(&body).await? {
            return Ok(answer);
        }
        let (answer, now_ms) = (self.call(PUSH, body).await, gzip::now_ms());
        if answer.is_ok() {
            let mut detour = self.detour.borrow_mut();
            if pays { detour.missing() } else { detour.measured(bytes, now_ms - began_ms, now_ms) }
        }
        answer
    }

    /// None: not the rpc's answer, or a token that the rpc refuses.
    async fn push_compressed(&self, body: &str) -> Result<Option<String>, Failure> {
        let Some(bytes) = gzip::compressed(body).await else { return Ok(None) };
        let token = self.tokens.access().await.map_err(Failure::from)?;
        let response = match self.post("functions/v1/apply_deltas", &token, GZIP, &bytes).await {
            Ok(response) if response.headers().has(ANSWER) && response.status() != 401 => response,
            Err(failure) if failure.fault.code == ErrorCode::Timeout => return self.lost(failure),
            _ => return Ok(None),
        };
        match self.read(PUSH, response).await {
            Err(failure) if matches!(failure.fault.code, ErrorCode::Offline | ErrorCode::Timeout) => {
                self.lost(failure)
            }
            answer => {
                self.detour.borrow_mut().served();
                answer.map(Some)
            }
        }
    }

    /// Nobody knows whether it took effect: the same batch is sent again.
    fn lost(&self, failure: Failure) -> Result<Option<String>, Failure> {
        self.detour.borrow_mut().lost();
        Err(failure)
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

    async fn post(&self, path: &str, token: &str, kind: &str, body: &JsValue) -> Result<Response, Failure> {
        let request = Request::post(&format!("{}/{path}", self.url))
            .header("apikey", &self.key)
            .header("authorization", &format!("Bearer {token}"))
            .header("content-type", kind)
            .abort_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MS)))
            .body(body)
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
                let answer = self.push(push_body(client, groups)).await?;
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
