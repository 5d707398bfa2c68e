//! Who carries it out: one context's loop over engine, store and remote.
//!
//! ```text
//! app ─▶ desk (answers requests) ─▶ replica (appends, folds, catches up, rests) ─▶ store
//!                                      ▲
//!                    courier (carries out the sync machine's effects) ─▶ remote
//! ```
//!
//! A context is one JavaScript realm with the engine in it. Nothing here decides what the engine can
//! decide; nothing here touches the browser but through [`Platform`].

mod adopting;
mod audit;
mod cache;
mod checkpoint;
mod courier;
mod coverage;
mod desk;
mod export;
mod interest;
mod live;
mod mending;
mod platform;
mod quota;
mod replica;
mod restored;
mod retention;
mod seeded;
mod tail;
mod through;
mod transaction;
mod turn;

pub use adopting::unadopted;
pub use courier::Courier;
pub use desk::{COVERAGE, Desk, Route, STALE};
pub use export::Taken;
pub use interest::{Interest, Interests};
pub use live::{Reach, Reached, Run};
pub use platform::Platform;
pub use replica::{QUARANTINE, Quarantined, Replica};
pub use retention::Keeps;
pub use seeded::Seed;
pub use transaction::Aborted;
