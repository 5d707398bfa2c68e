//! What JavaScript sees: the only module with exported items.
//!
//! It owns the shape of the boundary and the browser's parts (locks, channels, session, collation), and
//! decides nothing that the layers below can decide: arguments are parsed here, once, and handed on.
//! A panic is a bug of ours and never a way to report an error.

mod adopting;
mod client;
mod collate;
mod crypto;
mod encryption;
mod engine;
mod export;
mod keys;
mod leaving;
mod live;
mod losses;
mod options;
mod platform;
mod recipes;
mod report;
mod room;
mod session;
mod signing;
mod sync_choice;
mod table_options;
mod transaction;
mod triggers;
mod vault;

pub use engine::Engine;
// For the tests in a browser: what seals a store there.
pub use crypto::{CryptoKey, passphrase_key};
pub use keys::{Keys, Spend};
pub use options::Encrypt;

use wasm_bindgen::prelude::wasm_bindgen;

/// The version of this package, as in its `package.json`.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
