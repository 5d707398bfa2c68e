//! The contract of a store, held by IndexedDB in a window.
#![cfg(target_arch = "wasm32")]

#[macro_use]
mod contract;

use contract::browser::{self, Browser};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn this_is_the_context_it_says() {
    assert_eq!(browser::context(), "Window");
}

macro_rules! test {
    ($case:ident) => {
        #[wasm_bindgen_test]
        async fn $case() {
            contract::$case(&Browser::new()).await;
        }
    };
}

contract_tests!(test);

macro_rules! test_in_browser {
    ($case:ident) => {
        #[wasm_bindgen_test]
        async fn $case() {
            browser::$case().await;
        }
    };
}

browser_tests!(test_in_browser);
