//! Folding a `Pushed`: each outcome settles its mutation and moves its row's base.
//!
//! A second answer to a mutation is dropped. When an earlier mutation of a row is answered, its rev
//! becomes the base of those that follow, and its values their old values where they saw them.

use super::changes::Changes;
use super::frame::Pushed;
use super::outbox::{Pending, Place, Standing};
use super::rekeyed;
use super::rows::{Base, RowId, Source};
use super::settled::keep_whole;
use super::state::State;
use crate::protocol::push::Outcome;
use crate::protocol::{Op, Rev, Row, Seq, Table, Text};
use std::borrow::Cow;
use std::collections::BTreeSet;

pub fn fold(state: &mut State, seq: Seq, pushed: Pushed, changes: &mut Changes) {
    let mut complete = true;
    let (mut tables, mut rekeyings) = (BTreeSet::new(), Vec::new());
    for (id, outcome) in pushed.outcomes {
        if let Some(batch) = &mut state.batch {
            batch.mutations.retain(|other| *other != id);
        }
        let unanswered = state.outbox.get(id).filter(|pending| pending.is_waiting());
        let (Some(row), Some(place)) =
            (unanswered.map(|pending| pending.row.clone()), state.outbox.place(id))
        else {
            complete = false; // whoever folded the first answer decided about its row
            continue;
        };
        if let Some(met) = rekeyed::met(state, place, &outcome) {
            rekeyings.push((place, met));
            continue;
        }
        let before = state.seen(&row);
        tables.insert(row.0.clone());
        if let Outcome::Applied { rev: Some(rev), .. } | Outcome::Merged { rev, .. } = &outcome {
            state.own.note(*rev);
        }
        complete &= settle(state, seq, place, &row, outcome);
        if state.outbox.place(id).is_none() {
            state.imports.pending.remove(&id);
        }
        let after = state.rebase(&row);
        changes.note(row, before, after);
    }
    if state.batch.as_ref().is_some_and(|batch| batch.mutations.is_empty()) {
        state.batch = None;
    }
    for rekeying in rekeyings {
        rekeyed::fold(state, (seq, pushed.time_ms), rekeying, changes);
    }
    rekeyed::follow(state, changes);
    rekeyed::forget(state, pushed.time_ms);
    state.last_push_ms = Some(pushed.time_ms);
    if let Some(xid) = pushed.xid {
        // What could not be built here must come back by a pull.
        if complete {
            state.own.complete(xid, tables.iter());
        } else {
            state.own.distrust(xid);
        }
    }
}

/// Settles one mutation; false if the row it made could not be built from what is here.
fn settle(state: &mut State, seq: Seq, place: Place, id: &RowId, outcome: Outcome) -> bool {
    match outcome {
        Outcome::Applied { rev, set } => match state.outbox.remove(place) {
            Some(pending) => applied(state, seq, &pending, rev, &set),
            None => true,
        },
        Outcome::Merged { rev, row } => replaced(state, seq, place, Some(rev), Some(&row)),
        Outcome::Superseded { rev, row } => replaced(state, seq, place, rev, row.as_deref()),
        Outcome::Conflict { rev, row } => {
            if let (Some(rev), Some(row)) = (rev, &row) {
                store_row(state, seq, id, rev, row);
            }
            if row.is_none() {
                keep_whole(state, id);
            }
            state.outbox.edit(place, |pending| pending.standing = Standing::Conflict { row });
            true
        }
        Outcome::Hidden => {
            let message = "the row is gone, or row-level security hides it from you";
            refuse(state, place, "hidden".into(), message.into())
        }
        Outcome::Rejected { code, message, .. } => refuse(state, place, code, message),
        // It stays sealed: the server may still meet an old copy of it.
        Outcome::Blocked => true,
    }
}

/// Of a table that is not pulled no older page can come, and no round ends that would let the answer come to rest.
pub(super) fn source(state: &State, table: &str) -> Source {
    let is_pulled = state.schema.tables.get(table).is_none_or(Table::is_pulled);
    if is_pulled { Source::Answer } else { Source::Pull }
}

fn refuse(state: &mut State, place: Place, code: Text, message: Text) -> bool {
    state.outbox.edit(place, |pending| pending.standing = Standing::Refused { code, message });
    true
}

/// The server stores what was sent, but for the columns in `set`. An update is laid over the version that
/// it met; where that is not here (a pull was quicker), no row is made up.
fn applied(state: &mut State, seq: Seq, pending: &Pending, rev: Option<Rev>, set: &[(Text, Text)]) -> bool {
    let (table, key) = &pending.row;
    let (Some(rev), Some(definition)) = (rev, state.schema.tables.get(table)) else {
        // A delete of a row that the server does not show us. A version that the delete did not see may be
        // younger than this answer; should it be gone too, a pull says so.
        if state.rows.get(table, key).is_some_and(|base| Some(base.rev) <= pending.base) {
            state.rows.forget(table, key, seq);
        }
        return pending.op == Op::Delete;
    };
    let shown = pending.made().iter().map(|(column, value)| (column.as_ref(), value.as_ref()));
    let cells = pending.cells.iter().map(|cell| (cell.column.as_ref(), cell.value.as_ref()));
    let set = set.iter().map(|(column, value)| (column.as_ref(), value.as_ref()));
    let told: Vec<_> = cells.chain(set).collect();
    let stored: Vec<_> = shown.chain(told.iter().copied()).collect();
    let row = match pending.op {
        Op::Delete => {
            state.rows.bury(table, key, rev, seq, source(state, table));
            return true;
        }
        // It may have been applied in another form.
        _ if state.imports.pending.contains(&pending.id) => None,
        Op::Update => match state.rows.get(table, key) {
            Some(base) if base.rev == rev => Some(base.row.clone()),
            Some(base) if Some(base.rev) == pending.base => {
                Some(base.row.with(definition, stored.iter().copied()))
            }
            _ => None,
        },
        // Where it met the row that it saw, it was an update of that; a row made anew is told whole.
        Op::Insert | Op::InsertIgnore | Op::Upsert => match state.rows.get(table, key) {
            Some(base) if Some(base.rev) == pending.base => {
                Some(base.row.with(definition, told.iter().copied()))
            }
            _ => {
                let fields: Vec<_> =
                    stored.iter().map(|(column, value)| (Cow::Borrowed(*column), *value)).collect();
                Some(Row::from_fields(definition, &fields))
            }
        },
    };
    let is_known = row.is_some();
    if let Some(row) = row {
        let met = if pending.op == Op::Update { pending.base } else { Some(Rev(0)) };
        let source = source(state, table);
        state.rows.put(table, key, Base { rev, row, made_from: met }, seq, source);
    }
    move_followers(state, pending, rev, |column| {
        stored.iter().rev().find(|(name, _)| *name == column).map(|(_, value)| Text::from(*value))
    });
    is_known
}

/// The server tells the whole row as it is now.
fn replaced(state: &mut State, seq: Seq, place: Place, rev: Option<Rev>, row: Option<&str>) -> bool {
    let Some(pending) = state.outbox.remove(place) else { return true };
    let (Some(rev), Some(row)) = (rev, row) else { return false };
    match store_row(state, seq, &pending.row, rev, row) {
        Some(row) => {
            move_followers(state, &pending, rev, |column| row.value(column).map(Text::from));
            true
        }
        None => false,
    }
}

fn store_row(state: &mut State, seq: Seq, id: &RowId, rev: Rev, json: &str) -> Option<Row> {
    let definition = state.schema.tables.get(&id.0)?;
    let row = Row::from_json(definition, json).ok()?;
    let base = Base { rev, row: row.clone(), made_from: None };
    state.rows.put(&id.0, &id.1, base, seq, source(state, &id.0));
    Some(row)
}

/// The answered mutation's rev becomes the base of those that follow, and what the server made of its
/// values their old values, as far as they saw them: a column that a follower changes hides the older value
/// from the next one, and an insert saw nothing.
fn move_followers(state: &mut State, answered: &Pending, rev: Rev, value: impl Fn(&str) -> Option<Text>) {
    let cells = answered.cells.iter().map(|cell| &cell.column);
    let mut seen: Vec<Text> =
        cells.chain(answered.made().iter().map(|(column, _)| column)).cloned().collect();
    let places: Vec<Place> = state.outbox.of_row(&answered.row).map(|(place, _)| place).collect();
    for place in places {
        let mut goes_on = false;
        state.outbox.edit(place, |follower| {
            // Made over a version that came later, it saw that one.
            let is_newer = follower.base > Some(rev);
            if is_newer || !matches!(follower.op, Op::Update | Op::Delete) {
                return;
            }
            follower.base = Some(rev);
            for cell in follower.cells.iter_mut().filter(|cell| seen.contains(&cell.column)) {
                cell.old = value(&cell.column).or(cell.old.take());
            }
            seen.retain(|column| !follower.cells.iter().any(|cell| cell.column == *column));
            goes_on = follower.op == Op::Update;
        });
        if !goes_on {
            break;
        }
    }
}
