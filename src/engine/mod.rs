//! What to do next: one log, one reducer, one sync machine. No clock, no randomness, no I/O.
//!
//! ```text
//! frame ─▶ needs(state, frame) ─▶ keys ─(driver reads them)─▶ apply(state, found, seq, frame) ─▶ changes
//! event ─▶ sync::Machine::step(state, event, now) ─▶ effects ─(driver carries them out)─▶ event
//! ```
//!
//! Everything that ever changes local state is a [`Frame`]. The state is rebuilt from the store at
//! any time; every context that has applied the log up to a seq is in the same state (invariant 7).

mod adopted;
mod answers;
pub mod audited;
pub mod backoff;
pub mod batch;
mod cascade;
mod changes;
mod doubted;
pub mod frame;
mod horizon;
mod imported;
pub mod interface;
mod local;
mod outbox;
mod own;
mod picture;
pub mod priority;
mod pulled;
mod pushed;
mod reducer;
mod references;
mod rekeyed;
pub mod rest;
pub mod retention;
pub mod rows;
pub mod segment;
mod settled;
pub mod snapshot;
mod state;
pub mod sync;
mod write;

pub use adopted::Adoption;
pub use audited::Audit;
pub use changes::{Before, Changed, Changes};
pub use frame::{Damage, Frame};
pub use horizon::{Horizon, Paged};
pub use imported::Imports;
pub use outbox::{Cell, Outbox, Pending, Place, Standing};
pub use own::OwnPushes;
pub use picture::{Picture, TablePicture};
pub use reducer::{Found, apply, needs, needs_more};
pub use rekeyed::Rekeyed;
pub use rows::{Base, Known, RowId, Rows, View};
pub use state::{Batch, Round, State};
