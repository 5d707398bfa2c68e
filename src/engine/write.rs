//! Folding a `Write`: what each request does to the outbox.
//!
//! A request is decided against the visible rows at its place in the log, so two tabs that insert the
//! same key agree on who was first. Then its mutations enter the outbox, coalescing with what no `Sent`
//! frame has named:
//!
//! | last pending | new | becomes |
//! |---|---|---|
//! | insert, update | update | one mutation, in the first's place |
//! | insert | delete | nothing, if nothing after it refers to the row |
//! | update | delete | a delete, in the new place |
//!
//! An insert that gives way to a row that is already there coalesces with nothing: a later change must
//! not give way with it.

use super::changes::Changes;
use super::local;
use super::outbox::{Cell, Pending, Place, Standing};
use super::references::{is_parent, parents, writes_reference};
use super::rows::RowId;
use super::state::State;
use crate::protocol::{
    Change, Decision, Key, Mutation, Op, PgError, Request, Rev, Row, Seq, Stamp, Table, Text,
};
use std::collections::BTreeMap;

pub fn fold(state: &mut State, seq: Seq, requests: Vec<Request>, changes: &mut Changes) {
    for mut request in requests {
        // An append whose answer was lost is appended again: the request takes effect once.
        if let Some(decision) = state.answers.get(request.id) {
            changes.decisions.push((request.id, decision.clone()));
            continue;
        }
        if !state.rekeyed.is_empty() {
            request.mutations.iter_mut().for_each(|mutation| state.rekeyed.redirect(&state.schema, mutation));
        }
        let (request_id, decision) = (request.id, decide(state, &request));
        if let Decision::Done(flags) = &decision {
            let stamp = request.time_ms.saturating_mul(1_000).max(state.stamp.saturating_add(1));
            state.stamp = stamp;
            let Request { user, time_ms, mutations, .. } = request;
            let taking_effect = mutations.into_iter().zip(flags).filter(|(_, took_effect)| **took_effect);
            for (mutation, _) in taking_effect {
                let id = (mutation.table.clone(), mutation.key.clone());
                let before = state.seen(&id);
                let after = enqueue(state, &id, Edit { mutation, user: &user, time_ms, stamp });
                changes.note(id, before, after);
            }
        }
        state.answers.insert(seq, request_id, decision.clone());
        changes.decisions.push((request_id, decision));
    }
}

/// Whether each mutation takes effect, or why the request is refused whole.
fn decide(state: &State, request: &Request) -> Decision {
    // Whether a row is there, after the mutations before this one.
    let mut trial: BTreeMap<(&str, &Key), bool> = BTreeMap::new();
    let mut flags = Vec::with_capacity(request.mutations.len());
    for mutation in &request.mutations {
        let Some(table) = state.schema.tables.get(&mutation.table) else {
            return Decision::Refused(unknown_table(&mutation.table));
        };
        let exists = trial
            .entry((&mutation.table, &mutation.key))
            .or_insert_with(|| state.visible_shaded(&mutation.table, &mutation.key).is_some());
        let takes_effect = match mutation.op {
            Op::Insert if *exists => return Decision::Refused(duplicate_key(table, mutation)),
            Op::Insert | Op::Upsert => true,
            Op::InsertIgnore => !*exists,
            Op::Update | Op::Delete => *exists,
        };
        if takes_effect {
            *exists = mutation.op != Op::Delete;
        }
        flags.push(takes_effect);
    }
    Decision::Done(flags)
}

fn unknown_table(table: &str) -> PgError {
    let message = format!("Could not find the table 'public.{table}' in the schema cache");
    PgError::new(404, "PGRST205", message)
}

fn duplicate_key(table: &Table, mutation: &Mutation) -> PgError {
    let name = &mutation.table;
    let message = format!("duplicate key value violates unique constraint \"{name}_pkey\"");
    let values: Vec<String> = mutation.key.values().into_iter().map(plain).collect();
    let details = format!("Key ({})=({}) already exists.", table.key.join(", "), values.join(", "));
    PgError::new(409, "23505", message).with_details(details)
}

/// A JSON scalar as Postgres prints it in a message.
fn plain(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

/// A mutation with whose it is and when it was made.
struct Edit<'a> {
    mutation: Mutation,
    user: &'a Option<Text>,
    time_ms: u64,
    stamp: Stamp,
}

/// The visible row then.
fn enqueue(state: &mut State, id: &RowId, edit: Edit<'_>) -> Option<Row> {
    let user = edit.user;
    let pending = pending(state, id, edit);
    if state.schema.tables.get(&id.0).is_some_and(Table::is_local) {
        return local::write(state, state.seq, id, &pending);
    }
    match open_end(state, id, user) {
        _ if pending.op == Op::Update && pending.cells.is_empty() => {} // it changes nothing
        Some((place, Op::Insert | Op::Upsert | Op::Update)) if pending.op == Op::Update => {
            if refers_past(state, &pending, place) {
                state.outbox.push(pending);
            } else {
                state.outbox.edit(place, |first| merge(first, pending));
            }
        }
        Some((place, Op::Insert)) if pending.op == Op::Delete && !referred_after(state, id, place) => {
            state.outbox.remove(place);
        }
        Some((place, Op::Update)) if pending.op == Op::Delete && !moves_away(state, place) => {
            let base = state.outbox.remove(place).and_then(|update| update.base);
            state.outbox.push(Pending { base: base.or(pending.base), ..pending });
        }
        _ => state.outbox.push(pending),
    }
    state.rebase(id)
}

/// The mutation as a pending one. An upsert of a visible row is an update of it; of one that goes with its parent, where
/// nothing is there any more, it is an insert, and so is an insert that would give way to it.
fn pending(state: &State, id: &RowId, edit: Edit<'_>) -> Pending {
    let Edit { mutation, user, time_ms, stamp } = edit;
    let visible = if mutation.op == Op::Upsert { state.visible_shaded(&id.0, &id.1) } else { None };
    let becomes_update = visible.is_some();
    let is_hidden = !becomes_update && state.is_shaded(&id.0) && state.visible(&id.0, &id.1).is_some();
    let base = base_of(state, &mutation, becomes_update);
    let Mutation { id: mutation_id, op, changes, shown, .. } = mutation;
    let cell = |Change { column, value, old }: Change| {
        let old = match &visible {
            Some(row) => row.value(&column).map(Text::from),
            None => old,
        };
        Cell { column, value, old, stamp }
    };
    let table = state.schema.tables.get(&id.0);
    let keeps =
        |change: &Change| !(becomes_update && table.is_some_and(|table| table.is_key(&change.column)));
    Pending {
        id: mutation_id,
        user: user.clone(),
        row: id.clone(),
        op: match op {
            Op::Upsert if becomes_update => Op::Update,
            Op::Upsert | Op::InsertIgnore if is_hidden => Op::Insert,
            op => op,
        },
        cells: changes.into_iter().filter(keeps).map(cell).collect(),
        shown: if becomes_update { Vec::new() } else { shown },
        base,
        made_ms: time_ms,
        stamp,
        sealed: false,
        standing: Standing::Waiting,
    }
}

/// The base that the edit saw. Where our own push was answered between the edit and its fold, that is what
/// the push made of it: else the edit would count as made against our own change.
fn base_of(state: &State, mutation: &Mutation, becomes_update: bool) -> Option<Rev> {
    let saw = mutation.base.unwrap_or(Rev(0));
    if matches!(mutation.op, Op::Insert | Op::InsertIgnore) {
        return mutation.base;
    }
    match state.rows.get(&mutation.table, &mutation.key) {
        Some(held) if held.made_from == Some(saw) => Some(held.rev),
        Some(held) if becomes_update => mutation.base.or(Some(held.rev)),
        _ => mutation.base,
    }
}

/// The row's last pending mutation, if it may still change.
fn open_end(state: &State, id: &RowId, user: &Option<Text>) -> Option<(Place, Op)> {
    let (place, last) = state.outbox.of_row(id).next_back()?;
    may_change(state, last, user).then_some((place, last.op))
}

/// Whether no server has met a mutation, and it is this user's.
pub(super) fn may_change(state: &State, pending: &Pending, user: &Option<Text>) -> bool {
    // One may have met an imported one already.
    let is_fixed = pending.sealed || state.imports.pending.contains(&pending.id);
    !is_fixed && pending.is_waiting() && pending.user == *user
}

/// Columns merge; each keeps what its first edit replaced and the stamp of its last.
pub(super) fn merge(first: &mut Pending, later: Pending) {
    first.stamp = later.stamp;
    for cell in later.cells {
        match first.cells.iter_mut().find(|known| known.column == cell.column) {
            Some(known) => {
                known.value = cell.value;
                known.stamp = cell.stamp;
            }
            None => {
                first.shown.retain(|(column, _)| *column != cell.column);
                let old = if first.op == Op::Update { cell.old } else { None };
                first.cells.push(Cell { old, ..cell });
            }
        }
    }
}

/// Whether a change refers to a row that is inserted after `place`: moved there, it would come first.
pub(super) fn refers_past(state: &State, change: &Pending, place: Place) -> bool {
    parents(&state.schema, change)
        .iter()
        .any(|parent| state.outbox.of_row(parent).any(|(at, other)| at > place && other.op != Op::Update))
}

/// Whether a change takes its row to another parent. Without it the former one's removal would reach the row, and all that
/// has left this row meanwhile.
fn moves_away(state: &State, place: Place) -> bool {
    state.outbox.at(place).is_some_and(|change| writes_reference(&state.schema, change))
}

/// Whether a mutation after `place` refers to this row.
fn referred_after(state: &State, id: &RowId, place: Place) -> bool {
    is_parent(&state.schema, &id.0)
        && state.outbox.iter().any(|(at, other)| at > place && parents(&state.schema, other).contains(id))
}
