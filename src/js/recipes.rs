//! The recipes' pure logic, as JavaScript calls it.

use crate::recipes;
use wasm_bindgen::prelude::*;

/// One call of one recipe: JSON text in, JSON text out. Throws `{code, message, retryable}`.
#[wasm_bindgen]
pub fn recipe(recipe: &str, call: &str, input: &str) -> Result<String, JsValue> {
    Ok(recipes::call(recipe, call, input)?)
}
