//! Folding a `Settled`: what a person decided about a dead letter or a conflict.
//!
//! The server remembers its answer for life, so a change that is tried again is a new mutation, in the place of the
//! old one. What was edited behind it on the same row goes with it: someone who mends a refused row edits it
//! and tries again. A second decision, of another tab, finds nothing to decide about.

use super::changes::Changes;
use super::frame::{Choice, Settled};
use super::outbox::{Cell, Pending, Place, Standing};
use super::rows::{Base, RowId};
use super::state::State;
use super::write::{may_change, merge, refers_past};
use crate::protocol::{MutationId, Op, Stamp, Text};

pub fn fold(state: &mut State, settled: Settled, changes: &mut Changes) {
    let pending = state.outbox.get(settled.mutation).filter(|pending| pending.needs_decision()).cloned();
    let (Some(pending), Some(place)) = (pending, state.outbox.place(settled.mutation)) else {
        changes.dropped = true;
        return;
    };
    let row = pending.row.clone();
    let before = state.seen(&row);
    state.imports.pending.remove(&pending.id);
    match settled.choice {
        Choice::Discard => discard(state, place, &row),
        Choice::Retry { id, values } => {
            let stamp = settled.time_ms.saturating_mul(1_000).max(state.stamp.saturating_add(1));
            state.stamp = stamp;
            retry(state, place, pending, Again { id, values, stamp });
        }
    }
    let after = state.rebase(&row);
    changes.note(row, before, after);
}

/// The row falls back to its base. Where it has none, what was made over it has nothing to stand on.
fn discard(state: &mut State, place: Place, row: &RowId) {
    state.outbox.remove(place);
    if state.rows.get(&row.0, &row.1).is_some() {
        return;
    }
    let behind: Vec<Place> =
        state.outbox.of_row(row).map(|(other, _)| other).filter(|at| *at > place).collect();
    behind.into_iter().for_each(|place| drop(state.outbox.remove(place)));
}

/// A new try: its id, values that replace those it had, and its time.
struct Again {
    id: MutationId,
    values: Vec<(Text, Text)>,
    stamp: Stamp,
}

fn retry(state: &mut State, place: Place, pending: Pending, again: Again) {
    let base = state.rows.get(&pending.row.0, &pending.row.1).cloned();
    let is_conflict = matches!(pending.standing, Standing::Conflict { .. } | Standing::Lost { .. });
    let mut fresh = Pending { id: again.id, sealed: false, standing: Standing::Waiting, ..pending };
    let stays = fresh.op == Op::Delete && !again.values.is_empty();
    if stays {
        fresh.op = Op::Update; // after all, changed
    }
    for (column, value) in again.values {
        fresh.shown.retain(|(shown, _)| *shown != column);
        let old = base.as_ref().filter(|_| fresh.op == Op::Update).and_then(|base| base.row.value(&column));
        let cell = Cell { value, old: old.map(Text::from), stamp: again.stamp, column };
        match fresh.cells.iter_mut().find(|known| known.column == cell.column) {
            Some(known) => *known = Cell { old: known.old.take(), ..cell },
            None => fresh.cells.push(cell),
        }
    }
    if is_conflict {
        fresh.stamp = again.stamp;
        fresh.cells.iter_mut().for_each(|cell| cell.stamp = again.stamp);
        meet(state, &mut fresh, base);
    }
    state.outbox.replace(place, fresh);
    if stays {
        change_instead(state, place);
    }
    take_along(state, place);
}

/// It was decided in sight of the server's row: made over that, or of the row that is no longer there.
fn meet(state: &State, fresh: &mut Pending, base: Option<Base>) {
    let Some(table) = state.schema.tables.get(&fresh.row.0) else { return };
    match base {
        Some(base) => {
            if matches!(fresh.op, Op::Insert | Op::InsertIgnore | Op::Upsert) {
                fresh.op = Op::Update;
                fresh.cells.retain(|cell| !table.is_key(&cell.column));
                fresh.shown.clear();
            }
            for cell in &mut fresh.cells {
                cell.old = base.row.value(&cell.column).map(Text::from);
            }
            fresh.base = Some(base.rev);
        }
        None if fresh.op == Op::Update => {
            let is_sent = |column: &Text| {
                !table.is_key(column) && table.column(column).is_some_and(|column| !column.generated)
            };
            let key = table.key.iter().zip(fresh.row.1.values());
            let key = key.map(|(column, value)| (column.clone(), Text::from(value)));
            let others = std::mem::take(&mut fresh.shown).into_iter();
            let others = others.filter(|(column, _)| is_sent(column));
            let stamp = fresh.stamp;
            let cell = |(column, value): (Text, Text)| Cell { column, value, old: None, stamp };
            let mut cells: Vec<Cell> = key.chain(others).map(cell).collect();
            cells.extend(std::mem::take(&mut fresh.cells).into_iter().map(|cell| Cell { old: None, ..cell }));
            (fresh.op, fresh.cells, fresh.base) = (Op::Upsert, cells, None);
        }
        None => fresh.base = None,
    }
}

/// The row is about to go, with edits over it that a person may want to keep: the other columns stay with the first of
/// them, as they were.
pub(super) fn keep_whole(state: &mut State, id: &RowId) {
    let first = state.outbox.of_row(id).find(|(_, pending)| pending.op == Op::Update);
    let Some((place, pending)) = first.filter(|(_, pending)| pending.shown.is_empty()) else { return };
    let Some(base) = state.rows.get(&id.0, &id.1) else { return };
    let is_own = |column: &str| pending.cells.iter().any(|cell| &*cell.column == column);
    let fields = base.row.fields();
    let others = fields.into_iter().filter(|(column, _)| !is_own(column));
    let shown: Vec<(Text, Text)> = others.map(|(column, value)| (column.into(), value.into())).collect();
    state.outbox.edit(place, |pending| pending.shown = shown);
}

/// The row stays: what was to be made anew behind its deletion changes it.
fn change_instead(state: &mut State, place: Place) {
    let Some((row, user)) = state.outbox.at(place).map(|p| (p.row.clone(), p.user.clone())) else { return };
    let Some(table) = state.schema.tables.get(&row.0).cloned() else { return };
    let next = state.outbox.of_row(&row).find(|(at, _)| *at > place);
    let is_made = |later: &Pending| matches!(later.op, Op::Insert | Op::InsertIgnore | Op::Upsert);
    let next = next.filter(|(_, later)| is_made(later) && may_change(state, later, &user));
    let Some((at, _)) = next else { return };
    let base = state.rows.get(&row.0, &row.1).map(|base| base.row.clone());
    let old = |column: &str| base.as_ref().and_then(|base| base.value(column)).map(Text::from);
    state.outbox.edit(at, |later| {
        later.op = Op::Update;
        later.cells.retain(|cell| !table.is_key(&cell.column));
        later.cells.iter_mut().for_each(|cell| cell.old = old(&cell.column));
        later.shown.clear();
    });
}

/// Later edits of the row become part of it, as they would have been before it was sent.
fn take_along(state: &mut State, place: Place) {
    let Some((row, user, op)) = state.outbox.at(place).map(|p| (p.row.clone(), p.user.clone(), p.op)) else {
        return;
    };
    if op == Op::Delete {
        return;
    }
    loop {
        let next = state.outbox.of_row(&row).find(|(at, _)| *at > place);
        let fits = |later: &Pending| {
            later.op == Op::Update && may_change(state, later, &user) && !refers_past(state, later, place)
        };
        let Some((at, _)) = next.filter(|(_, later)| fits(later)) else { return };
        if let Some(later) = state.outbox.remove(at) {
            state.outbox.edit(place, |first| merge(first, later));
        }
    }
}
