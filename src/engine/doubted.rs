//! Doubts: rows that this client wrote, when the server was restored to an earlier state.
//!
//! A pull from nothing would sweep what the restored server no longer has. So before it, each row that a push of
//! ours made is put aside as a pending mutation that waits for the round to tell. What comes back as it was is
//! forgotten; what is missing, or is another, becomes a conflict `lost_by_restore`: mine, theirs, or a given row.

use super::changes::Changes;
use super::frame::Doubted;
use super::outbox::{Cell, Pending, Place, Standing};
use super::rows::RowId;
use super::state::State;
use crate::protocol::{MutationId, Op, Text};

pub fn fold(state: &mut State, doubted: Doubted, changes: &mut Changes) {
    for (id, mutation) in &doubted.rows {
        let Some(pending) = doubt(state, id, *mutation, &doubted) else { continue };
        let before = state.seen(id);
        state.outbox.push(pending);
        let after = state.rebase(id);
        changes.note(id.clone(), before, after);
    }
}

/// The whole row as it is shown, with the values that the server told of it.
fn doubt(state: &State, id: &RowId, mutation: MutationId, doubted: &Doubted) -> Option<Pending> {
    let table = state.schema.tables.get(&id.0)?;
    let base = state.rows.get(&id.0, &id.1).filter(|base| state.own.made(base.rev))?;
    let shown = state.visible(&id.0, &id.1)?;
    // The server does not tell of rows so old.
    if state.rows.table(&id.0)?.is_cold(&base.row) {
        return None;
    }
    let is_doubted = |pending: &Pending| pending.standing == Standing::Doubted;
    if state.outbox.of_row(id).any(|(_, pending)| is_doubted(pending)) {
        return None;
    }
    let stamp = state.stamp;
    let sent = table.columns.iter().filter(|column| !column.generated);
    let cell = |column: &Text| {
        let value = shown.value(column)?.into();
        Some(Cell { column: column.clone(), value, old: base.row.value(column).map(Text::from), stamp })
    };
    Some(Pending {
        id: mutation,
        user: doubted.user.clone(),
        row: id.clone(),
        op: Op::Upsert,
        cells: sent.filter_map(|column| cell(&column.name)).collect(),
        shown: Vec::new(),
        base: None,
        made_ms: doubted.time_ms,
        stamp,
        sealed: false,
        standing: Standing::Doubted,
    })
}

/// A round from nothing over the table has ended: what it brought of the rows in doubt decides.
pub(super) fn decide(state: &mut State, table: &Text, changes: &mut Changes) {
    let doubts = state.outbox.iter().filter(|(_, pending)| pending.standing == Standing::Doubted);
    let places: Vec<(Place, RowId)> = doubts
        .filter(|(_, pending)| pending.row.0 == *table)
        .map(|(place, pending)| (place, pending.row.clone()))
        .collect();
    for (place, id) in places {
        let before = state.seen(&id);
        match verdict(state, place, &id) {
            Some(lost) => state.outbox.edit(place, |pending| pending.standing = lost),
            None => drop(state.outbox.remove(place)),
        }
        let after = state.rebase(&id);
        changes.note(id, before, after);
    }
}

/// None: the server has it as it was.
fn verdict(state: &State, place: Place, id: &RowId) -> Option<Standing> {
    let pending = state.outbox.at(place)?;
    let told = state.rows.get(&id.0, &id.1).map(|base| &base.row);
    let is_told = |cell: &Cell| told.is_some_and(|row| row.value(&cell.column) == cell.old.as_deref());
    let lost = Standing::Lost { row: told.map(|row| row.as_str().into()) };
    (!pending.cells.iter().all(is_told)).then_some(lost)
}
