//! Transactions, as JavaScript asks for them.

use super::engine::{Engine, locked, pairs, to_js};
use crate::driver::Aborted;
use crate::protocol::{ErrorCode, Fault};
use crate::query::HttpRequest;
use js_sys::Array;
use serde::Deserialize;
use wasm_bindgen::prelude::*;

#[derive(Deserialize)]
struct Asked {
    method: String,
    path: String,
    /// Alternating names and values.
    headers: Vec<String>,
    body: String,
}

#[wasm_bindgen]
impl Engine {
    /// `requests`: JSON text, `[{method, path, headers, body}, …]`. All of them are carried out, or none: `[answers]`, or `[[answer],
    /// request]` with what was wrong, and with which (undefined: not with one of them alone).
    pub async fn transact(&self, requests: &str) -> Result<Array, JsValue> {
        let asked: Vec<Asked> = serde_json::from_str(requests)
            .map_err(|error| Fault::new(ErrorCode::InvalidRequest, format!("transaction: {error}")))?;
        let room = match self.0.room() {
            Ok(room) => room,
            Err(fault) => return Ok(Array::of2(&Array::of1(&to_js(locked(&fault))), &JsValue::UNDEFINED)),
        };
        let mut requests = Vec::with_capacity(asked.len());
        let headers: Vec<_> = asked.iter().map(|asked| pairs(asked.headers.clone())).collect();
        for (Asked { method, path, body, .. }, headers) in asked.iter().zip(&headers) {
            let (table, query) = path.split_once('?').unwrap_or((path, ""));
            if !self.0.options.has_table(table) {
                let message =
                    format!("transaction: {table:?} is not among the tables this client was opened with");
                return Err(Fault::new(ErrorCode::UnknownTable, message).into());
            }
            requests.push(HttpRequest { method, table, query, headers, body });
        }
        Ok(match room.desk.transact(&requests, room.user.as_ref()).await {
            Ok(answers) => Array::of1(&answers.into_iter().map(to_js).collect::<Array>()),
            Err(Aborted { request, answer }) => Array::of2(
                &Array::of1(&to_js(answer)),
                &request.map_or(JsValue::UNDEFINED, |n| (n as u32).into()),
            ),
        })
    }
}
