//! Bytes across the boundary: always a copy, in a buffer of its own.
//!
//! A view over wasm memory would make IndexedDB clone the whole memory (MEASURED.md, lesson 4).

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

pub fn to_js(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).buffer().into()
}

/// What is not an ArrayBuffer was not written by us and reads as empty, which no decoder accepts.
pub fn from_js(value: &JsValue) -> Vec<u8> {
    match value.dyn_ref::<ArrayBuffer>() {
        Some(buffer) => Uint8Array::new(buffer).to_vec(),
        None => Vec::new(),
    }
}
