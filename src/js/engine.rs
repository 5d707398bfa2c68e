//! The engine as JavaScript holds it: requests in, answers out, everything else by name.
//!
//! Rows and bodies cross as text, settings and status as plain objects, errors as `{code, message,
//! retryable}`. One engine a context; it follows the session from one user's room to the next.

use super::client::{Client, OPTIONS, PLAIN};
use super::options::Options;
use super::report;
use super::vault::Vault;
use crate::driver::{Platform, Route};
use crate::engine::interface::Event;
use crate::protocol::{ErrorCode, Fault, MutationId, PgError, limits};
use crate::query::{Answer, HttpRequest};
use crate::store::Store;
use js_sys::{Array, Function};
use serde::Serialize;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
pub struct Engine(pub(super) Rc<Client>);

#[wasm_bindgen]
impl Engine {
    /// Opens the database of whoever is signed in.
    pub async fn open(options: JsValue) -> Result<Engine, JsValue> {
        console_error_panic_hook::set_once();
        let options: Options = serde_wasm_bindgen::from_value(options)
            .map_err(|error| Fault::new(ErrorCode::InvalidRequest, format!("options: {error}")))?;
        let options = options.check()?;
        Ok(Client::open(options).await.map(Engine)?)
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

    /// The answer to a read, if all it needs is in memory; else undefined: `ask`. What nobody waits for costs
    /// no promise.
    #[wasm_bindgen(js_name = answerNow)]
    pub fn answer_now(&self, path: &str, headers: Vec<String>) -> JsValue {
        let (table, query) = path.split_once('?').unwrap_or((path, ""));
        let is_ours = self.0.options.has_table(table) && path.len() <= limits::URL_BYTES;
        let Some(room) = self.0.room().ok().filter(|_| is_ours) else { return JsValue::UNDEFINED };
        let headers = pairs(headers);
        let request = HttpRequest { method: "GET", table, query, headers: &headers, body: "" };
        room.desk.answer_now(&request).map_or(JsValue::UNDEFINED, to_js)
    }

    /// `[status, head, body]`, or undefined: the network must answer. The head is a header a line, as in HTTP. `seed`: a uuid
    /// of one who may ask the same again.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: Vec<String>,
        body: &str,
        seed: Option<String>,
    ) -> Result<JsValue, JsValue> {
        let (table, query) = path.split_once('?').unwrap_or((path, ""));
        if !self.0.options.has_table(table) {
            return Ok(JsValue::UNDEFINED);
        }
        let room = match self.0.room() {
            Ok(room) => room,
            Err(fault) => return Ok(to_js(locked(&fault))),
        };
        if path.len() > limits::URL_BYTES {
            let message = format!(
                "a request of {} bytes exceeds {}; shorten its filter",
                path.len(),
                limits::URL_BYTES
            );
            return Err(Fault::new(ErrorCode::InvalidRequest, message).into());
        }
        let headers = pairs(headers);
        let request = HttpRequest { method, table, query, headers: &headers, body };
        let seed = seed.map(|text| mutation_id(&text)).transpose()?.map(|MutationId(bytes)| bytes);
        Ok(match room.desk.ask_once(&request, room.user.as_ref(), seed).await {
            Route::Network => JsValue::UNDEFINED,
            Route::Answer(answer) => to_js(answer),
        })
    }

    /// `callback(status, body, partial)`: now, and whenever the answer has changed.
    pub fn live(&self, path: &str, headers: Vec<String>, callback: Function) -> u32 {
        let (table, query) = path.split_once('?').unwrap_or((path, ""));
        let id = self.0.live.add(table, query, pairs(headers), callback);
        self.0.run_live();
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
        let unknown = tables.iter().find(|table| !self.0.options.has_table(table));
        if let Some(table) = unknown {
            let message =
                format!("sync.start: {table:?} is not among the tables this client was opened with");
            return Err(Fault::new(ErrorCode::UnknownTable, message).into());
        }
        Ok(self.0.start_sync(tables).await?)
    }

    /// Turns it off in every context of this client: for some tables, or all.
    #[wasm_bindgen(js_name = stopSync)]
    pub async fn stop_sync(&self, tables: Option<Vec<String>>) -> Result<(), JsValue> {
        Ok(self.0.stop_sync(tables).await?)
    }

    #[wasm_bindgen(js_name = syncNow)]
    pub async fn sync_now(&self) -> Result<(), JsValue> {
        Ok(self.0.room()?.courier.round(Event::Asked { audit: false }).await?)
    }

    /// The same, and compares every table with the server.
    pub async fn audit(&self) -> Result<(), JsValue> {
        Ok(self.0.room()?.courier.round(Event::Asked { audit: true }).await?)
    }

    /// A round that nobody asked for: of what the connection is good for.
    #[wasm_bindgen(js_name = syncInBackground)]
    pub async fn sync_in_background(&self) -> Result<(), JsValue> {
        Ok(self.0.room()?.courier.round(Event::Now).await?)
    }

    pub async fn flushed(&self) -> Result<(), JsValue> {
        Ok(self.0.room()?.courier.flushed().await?)
    }

    /// `[{table, from, to}, …]` as JSON text: keys that rows of ours had before the server's was known.
    pub fn rekeyed(&self) -> String {
        self.0.room().map_or_else(|_| "[]".into(), |room| report::rekeyed(&room.replica.state()))
    }

    /// JSON text, oldest first.
    pub fn outbox(&self) -> Result<String, JsValue> {
        let room = self.0.room()?;
        Ok(report::outbox(&room.replica.state(), room.platform.now_ms()))
    }

    /// A refused change goes, or theirs stands.
    pub async fn discard(&self, mutation: &str) -> Result<(), JsValue> {
        let room = self.0.room()?;
        room.replica.discard(mutation_id(mutation)?).await?;
        room.courier.feed(Event::Wrote);
        Ok(())
    }

    /// A refused change, or mine in a conflict, is tried again; `values`: JSON object of columns to change first. The new id.
    pub async fn retry(&self, mutation: &str, values: Option<String>) -> Result<String, JsValue> {
        let room = self.0.room()?;
        let id = room.replica.retry(mutation_id(mutation)?, values.as_deref()).await?;
        room.courier.feed(Event::Wrote);
        Ok(id.to_string())
    }

    /// Rows and bytes a table, as JSON text.
    pub async fn tables(&self) -> Result<String, JsValue> {
        Ok(self.0.room()?.replica.query(|_, view| report::tables(view)).await?)
    }

    /// Bytes of log, segments, files and outbox, as JSON text.
    pub async fn storage(&self) -> Result<String, JsValue> {
        let room = self.0.room()?;
        let usage = room.replica.store().usage().await?;
        Ok(report::storage(&room.replica.state(), &usage))
    }

    /// Evicts rows older than so many days, of every table whose rows have an age.
    #[wasm_bindgen(js_name = clearOldData)]
    pub async fn clear_old_data(&self, days: f64) -> Result<(), JsValue> {
        if !(days.is_finite() && days >= 0.0) {
            let message = format!("clearOldData: {days} days; give a number of days, 0 or more");
            return Err(Fault::new(ErrorCode::InvalidRequest, message).into());
        }
        Ok(self.0.room()?.replica.clear_older(days).await?)
    }

    /// Drops what was read through, and what is cached.
    #[wasm_bindgen(js_name = clearCache)]
    pub async fn clear_cache(&self) -> Result<(), JsValue> {
        let room = self.0.room()?;
        Ok(room.replica.clear_cache(&room.keeps).await?)
    }

    /// `[{name, bytes}, …]` as JSON text: records that could not be read.
    pub async fn quarantined(&self) -> Result<String, JsValue> {
        Ok(report::quarantined(&self.0.room()?.replica.quarantined().await?))
    }

    /// The bytes of one, as they were found.
    #[wasm_bindgen(js_name = readQuarantined)]
    pub async fn read_quarantined(&self, name: &str) -> Result<Vec<u8>, JsValue> {
        Ok(self.0.room()?.replica.read_quarantined(name).await?)
    }

    #[wasm_bindgen(js_name = clearQuarantine)]
    pub async fn clear_quarantine(&self) -> Result<(), JsValue> {
        Ok(self.0.room()?.replica.clear_quarantine().await?)
    }

    /// Turns the log so far into a checkpoint. False if another context was at it.
    pub async fn checkpoint(&self) -> Result<bool, JsValue> {
        Ok(self.0.room()?.replica.checkpoint().await?)
    }

    pub fn close(&self) {
        self.0.closed.set(true);
        self.0.channel.close();
        if let Ok(room) = self.0.room() {
            room.leave();
        }
    }

    /// `off`, `on`, `locked` or `lost`.
    pub fn encryption(&self) -> String {
        self.0.encryption().into()
    }

    pub async fn unlock(&self, passphrase: &str) -> Result<(), JsValue> {
        Ok(self.0.unlock(passphrase).await?)
    }

    pub fn lock(&self) -> Result<(), JsValue> {
        Ok(self.0.lock()?)
    }

    #[wasm_bindgen(js_name = changePassphrase)]
    pub async fn change_passphrase(&self, from: Option<String>, to: Option<String>) -> Result<(), JsValue> {
        Ok(self.0.change_passphrase(from.as_deref(), to.as_deref()).await?)
    }

    pub async fn shred(&self) -> Result<(), JsValue> {
        Ok(self.0.shred().await?)
    }
}

/// `[status, head, body]`: few strings, since each is decoded by itself.
pub(super) fn to_js(answer: Answer) -> JsValue {
    let mut head = String::with_capacity(64);
    for (name, value) in &answer.headers {
        for text in [name, ": ", value, "\n"] {
            head.push_str(text);
        }
    }
    Array::of3(&answer.status.into(), &head.into(), &answer.body.into()).into()
}

/// In PostgREST's form: neither the device nor, past it, the network answers.
pub(super) fn locked(fault: &Fault) -> Answer {
    Answer::refused(&PgError::new(423, fault.code.as_str(), fault.message.clone()))
}

fn mutation_id(text: &str) -> Result<MutationId, Fault> {
    let message = || format!("{text:?} is no mutation's id; outbox.list() names those that are pending");
    text.parse().map_err(|_| Fault::new(ErrorCode::InvalidRequest, message()))
}

/// Alternating names and values; names in lower case.
pub(super) fn pairs(flat: Vec<String>) -> Vec<(String, String)> {
    let mut flat = flat.into_iter();
    std::iter::from_fn(|| Some((flat.next()?.to_ascii_lowercase(), flat.next()?))).collect()
}

/// As JavaScript catches it: JSON text, of which `ts/errors.ts` makes a `ThermoclineError`.
impl From<Fault> for JsValue {
    fn from(fault: Fault) -> Self {
        let value = serde_json::json!({
            "code": fault.code.as_str(), "message": fault.message, "retryable": fault.code.retryable(),
        });
        value.to_string().into()
    }
}
