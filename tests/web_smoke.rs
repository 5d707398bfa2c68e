//! The first thing that must work in a browser: the module loads and answers.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn the_module_runs_in_a_browser_and_knows_its_version() {
    assert_eq!(thermocline::js::version(), env!("CARGO_PKG_VERSION"));
}
