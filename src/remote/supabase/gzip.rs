//! What the detour needs of the browser: its compression, its word on the connection, and a clock that never goes back.

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableWritablePair, Response};

/// Connections on which each byte costs time, by what `navigator.connection.effectiveType` calls them.
const SLOW: [&str; 3] = ["slow-2g", "2g", "3g"];

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(extends = ReadableWritablePair)]
    type CompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;
}

pub fn now_ms() -> u64 {
    performance_now() as u64
}

/// None where the browser has no `CompressionStream`.
pub async fn compressed(text: &str) -> Option<Uint8Array> {
    let gzip = CompressionStream::new("gzip").ok()?;
    let blob = Blob::new_with_str_sequence(&Array::of1(&text.into())).ok()?;
    let stream = blob.stream().pipe_through(&gzip);
    let bytes = Response::new_with_opt_readable_stream(Some(&stream)).ok()?.array_buffer().ok()?;
    Some(Uint8Array::new(&JsFuture::from(bytes).await.ok()?))
}

/// Whether the browser knows the connection to be slow or metered, or its user wants to save.
pub fn is_dear() -> bool {
    let get = |from: &JsValue, name: &str| Reflect::get(from, &name.into()).ok();
    let connection = || get(&get(&js_sys::global(), "navigator")?, "connection").filter(JsValue::is_object);
    let Some(connection) = connection() else { return false };
    let text = |name| get(&connection, name).and_then(|value| value.as_string()).unwrap_or_default();
    let saves = get(&connection, "saveData").is_some_and(|value| value.is_truthy());
    saves || text("type") == "cellular" || SLOW.contains(&text("effectiveType").as_str())
}
