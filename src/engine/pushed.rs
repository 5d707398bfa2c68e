//! Folding a `Pushed`: each outcome settles its mutation and moves its row's base.
//!
//! A second answer to a mutation is dropped. When an earlier mutation of a row is answered, its rev
//! becomes the base of those that follow, and its values their old values where they saw them.

use super::frame::Pushed;
use super::outbox::{Pending, Place, Standing};
use super::reducer::Changes;
use super::rows::{Base, RowId, Tombstone};
use super::state::State;
use crate::protocol::push::Outcome;
use crate::protocol::{Op, Rev, Row, Seq, Text};
use std::borrow::Cow;

/// Own transactions kept to be named in a pull; the echo of an older one is harmless.
const OWN_XIDS: usize = 1_000;

pub fn fold(state: &mut State, seq: Seq, pushed: Pushed, changes: &mut Changes) {
    let mut complete = true;
    for (id, outcome) in pushed.outcomes {
        let Some(place) = state.outbox.place(id) else { continue };
        let row = state.outbox.get(id).map(|pending| pending.row.clone());
        complete &= settle(state, seq, place, outcome);
        if let Some(row) = row {
            state.rebase(&row);
            changes.rows.push(row);
        }
        if let Some(batch) = &mut state.batch {
            batch.mutations.retain(|other| *other != id);
        }
    }
    if state.batch.as_ref().is_some_and(|batch| batch.mutations.is_empty()) {
        state.batch = None;
    }
    state.last_push_ms = Some(pushed.time_ms);
    // What could not be built here must come back by a pull.
    state.own_xids.extend(pushed.xid.filter(|_| complete));
    while state.own_xids.len() > OWN_XIDS {
        state.own_xids.pop_first();
    }
}

/// Settles one mutation; false if the row it made could not be built from what is here.
fn settle(state: &mut State, seq: Seq, place: Place, outcome: Outcome) -> bool {
    match outcome {
        Outcome::Applied { rev, set } => match state.outbox.remove(place) {
            Some(pending) => applied(state, seq, &pending, rev, &set),
            None => true,
        },
        Outcome::Merged { rev, row } => replaced(state, place, Some(rev), Some(&row)),
        Outcome::Superseded { rev, row } => replaced(state, place, rev, row.as_deref()),
        Outcome::Conflict { rev, row } => {
            let id = state.outbox.iter().find(|(at, _)| *at == place).map(|(_, pending)| pending.row.clone());
            if let (Some(id), Some(rev), Some(row)) = (id, rev, &row) {
                store_row(state, &id, rev, row);
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

fn refuse(state: &mut State, place: Place, code: Text, message: Text) -> bool {
    state.outbox.edit(place, |pending| pending.standing = Standing::Refused { code, message });
    true
}

/// The server stores what was sent, but for the columns in `set`.
fn applied(state: &mut State, seq: Seq, pending: &Pending, rev: Option<Rev>, set: &[(Text, Text)]) -> bool {
    let (table, key) = &pending.row;
    let (Some(rev), Some(definition)) = (rev, state.schema.tables.get(table)) else {
        state.rows.forget(table, key); // a delete of a row that the server does not show us
        return pending.op == Op::Delete;
    };
    let cells = pending.cells.iter().map(|cell| (cell.column.as_ref(), cell.value.as_ref()));
    let set = set.iter().map(|(column, value)| (column.as_ref(), value.as_ref()));
    let row = match pending.op {
        Op::Delete => {
            state.rows.bury(table, key, Tombstone { rev, seq });
            return true;
        }
        Op::Update => match state.rows.get(table, key) {
            Some(base) if base.rev == rev => return true,
            Some(base) if Some(base.rev) == pending.base => base.row.with(definition, cells.chain(set)),
            _ => return false,
        },
        Op::Insert | Op::InsertIgnore | Op::Upsert => {
            let shown = pending.shown.iter().map(|(column, value)| (column.as_ref(), value.as_ref()));
            let fields: Vec<_> = shown.chain(cells).chain(set).map(|(c, v)| (Cow::Borrowed(c), v)).collect();
            Row::from_fields(definition, &fields)
        }
    };
    state.rows.put(table, key, Base { rev, row: row.clone() });
    move_followers(state, pending, rev, &row);
    true
}

/// The server tells the whole row as it is now.
fn replaced(state: &mut State, place: Place, rev: Option<Rev>, row: Option<&str>) -> bool {
    let Some(pending) = state.outbox.remove(place) else { return true };
    let (Some(rev), Some(row)) = (rev, row) else { return false };
    match store_row(state, &pending.row, rev, row) {
        Some(row) => {
            move_followers(state, &pending, rev, &row);
            true
        }
        None => false,
    }
}

fn store_row(state: &mut State, id: &RowId, rev: Rev, json: &str) -> Option<Row> {
    let definition = state.schema.tables.get(&id.0)?;
    let row = Row::from_json(definition, json).ok()?;
    state.rows.put(&id.0, &id.1, Base { rev, row: row.clone() });
    Some(row)
}

fn move_followers(state: &mut State, answered: &Pending, rev: Rev, row: &Row) {
    let places: Vec<Place> = state.outbox.of_row(&answered.row).map(|(place, _)| place).collect();
    for place in places {
        state.outbox.edit(place, |follower| {
            follower.base = Some(rev);
            for cell in &mut follower.cells {
                let saw_it = answered.cells.iter().any(|known| known.column == cell.column);
                if saw_it && cell.old.is_some() {
                    cell.old = row.value(&cell.column).map(Text::from);
                }
            }
        });
    }
}
