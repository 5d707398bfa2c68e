//! The engine, asked from outside: frames in, state out; events in, effects out.
//!
//! Each file holds the promises of one part. Numbers in names and comments are those of the invariants
//! in SPEC.md.

#![cfg(not(target_arch = "wasm32"))]

mod audits;
mod batches;
mod bench;
mod cascades;
mod coalescing;
mod device;
mod directions;
mod golden_format;
mod golden_segment;
mod long_outbox;
mod merges;
mod outcomes;
mod properties;
mod pulled_pages;
mod rekeying;
mod restores;
mod rounds;
mod schema_changes;
mod segment_damage;
mod segment_speed;
mod segments;
mod settled;
mod shelf;
mod snapshots;
mod sync_events;
mod sync_traces;
mod sync_triggers;
mod walks;
