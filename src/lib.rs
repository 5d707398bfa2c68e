//! Thermocline: a PostgREST-compatible engine in the page, with an outbox and a sync protocol.
//!
//! | module | what it is | purity |
//! |---|---|---|
//! | [`protocol`] | what is said: rows, keys, revs, mutations, push and pull, limits | pure |
//! | [`query`] | how rows are asked: a PostgREST request becomes a plan, a plan an answer | pure |
//! | [`engine`] | what to do next: frames, reducer, outbox, sync machine, back-off | pure |
//! | [`recipes`] | the domain logic of five kinds of app, each behind a feature of its name | pure |
//! | [`store`] | where frames and rows rest: memory, IndexedDB | async |
//! | [`remote`] | who we sync with: Supabase | async |
//! | [`driver`] | who carries it out: one context's loop over engine, store and remote | async |
//! | `js` | what JavaScript sees | wasm only |
//!
//! Imports go downwards only: protocol ← query, engine ← store, remote ← driver ← js
//! (`tests/architecture.rs` enforces it).

pub mod driver;
pub mod engine;
pub mod protocol;
pub mod query;
pub mod recipes;
pub mod remote;
pub mod store;

#[cfg(target_arch = "wasm32")]
pub mod js;
