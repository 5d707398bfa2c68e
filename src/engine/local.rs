//! Tables of direction `local-only`: what is written is the row, at once. Nothing waits, and nothing is sent.

use super::outbox::Pending;
use super::rows::{Base, RowId, Source};
use super::state::State;
use crate::protocol::{Rev, Row, Seq};

/// The visible row then. Its rev counts its versions on this device.
pub fn write(state: &mut State, seq: Seq, id: &RowId, pending: &Pending) -> Option<Row> {
    let (name, key) = id;
    let table = state.schema.tables.get(name)?;
    let known = state.rows.slot(name, key).and_then(|slot| slot.known.rev());
    let rev = Rev(known.map_or(0, |rev| rev.0) + 1);
    let base = state.rows.get(name, key).map(|base| base.row.clone());
    match pending.made_of(table, base) {
        Some(row) => state.rows.put(name, key, Base { rev, row, made_from: None }, seq, Source::Pull),
        None => state.rows.bury(name, key, rev, seq, Source::Pull),
    };
    state.rows.get(name, key).map(|base| base.row.clone())
}
