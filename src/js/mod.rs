//! What JavaScript sees: the only module with `#[wasm_bindgen]` items.
//!
//! It owns the shape of the boundary and refuses to hold any logic: arguments are parsed here, once,
//! and handed on. A panic is a bug of ours and never a way to report an error.

use wasm_bindgen::prelude::wasm_bindgen;

/// The version of this package, as in its `package.json`.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
