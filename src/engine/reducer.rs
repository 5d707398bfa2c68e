//! The reducer: a frame folded into the state, in two pure steps.
//!
//! `needs` names the rows that the decision depends on and that are not in memory; the driver reads
//! them; `apply` folds. Frames are folded one at a time, in order. Both are total: whatever a frame
//! holds, the result is a state, the same in every context.

use super::changes::Changes;
use super::frame::{Frame, Resync, Sent};
use super::outbox::Pending;
use super::rows::{Base, RowId};
use super::state::{Batch, State};
use super::{audited, cascade, doubted, horizon, imported, pulled, pushed, rekeyed, settled, write};
use crate::protocol::{Schema, Seq, Table, Text};
use std::collections::BTreeMap;

/// Rows read from segments for a fold, each with its generation; `None`: not held.
pub type Found = BTreeMap<RowId, Option<(Base, u32)>>;

/// The rows a frame's decision depends on that are not in memory.
pub fn needs(state: &State, frame: &Frame) -> Vec<RowId> {
    let ids: Vec<RowId> = match frame {
        Frame::Write(requests) => {
            let mutations = requests.iter().flat_map(|request| &request.mutations);
            mutations.map(|mutation| state.rekeyed.row(&mutation.table, &mutation.key)).collect()
        }
        Frame::Pushed(pushed) => {
            let pending =
                pushed.outcomes.iter().filter_map(|(id, outcome)| Some((state.outbox.get(*id)?, outcome)));
            let met = pending.clone().filter_map(|answered| rekeyed::needs(state, answered));
            pending.map(|(pending, _)| pending.row.clone()).chain(met).collect()
        }
        Frame::Imported(imported) => {
            let rows = imported.rows.iter().map(|(id, ..)| id);
            rows.chain(imported.pending.iter().map(|(_, pending)| &pending.row)).cloned().collect()
        }
        Frame::Settled(settled) => {
            let pending = state.outbox.get(settled.mutation);
            pending.map(|pending| pending.row.clone()).into_iter().collect()
        }
        Frame::Audited(audited) => audited::needs(audited),
        Frame::Doubted(doubted) => doubted.rows.iter().map(|(id, _)| id.clone()).collect(),
        // The newest version wins: a page needs nothing.
        Frame::Sent(_)
        | Frame::Pulled(_)
        | Frame::Schema(_)
        | Frame::Resync(_)
        | Frame::Lost(_)
        | Frame::Fetched(_)
        | Frame::Evicted(_) => Vec::new(),
    };
    ids.into_iter().filter(|id| state.rows.is_unread(id)).collect()
}

/// Further rows that it depends on, by what was found: ask until there are none.
pub fn needs_more(state: &State, found: &Found, frame: &Frame) -> Vec<RowId> {
    match frame {
        Frame::Write(requests) => cascade::needs(state, found, requests),
        _ => Vec::new(),
    }
}

/// Folds a frame.
pub fn apply(state: &mut State, found: Found, seq: Seq, frame: Frame) -> Changes {
    for (id, found) in found {
        state.rows.read(&id, found);
    }
    state.seq = seq;
    let mut changes = Changes::default();
    let was_casting = state.is_casting();
    match frame {
        Frame::Write(requests) => write::fold(state, seq, requests, &mut changes),
        Frame::Sent(sent) => fold_sent(state, sent, &mut changes),
        Frame::Pushed(pushed) => pushed::fold(state, seq, pushed, &mut changes),
        Frame::Pulled(pulled) => pulled::fold(state, seq, pulled, &mut changes),
        Frame::Schema(schema) => fold_schema(state, schema, &mut changes),
        Frame::Resync(resync) => fold_resync(state, &resync, &mut changes),
        Frame::Lost(lost) => {
            state.lose(&lost);
            changes.tables.push(lost.table);
        }
        Frame::Fetched(fetched) => horizon::fetch(state, seq, fetched, &mut changes),
        Frame::Evicted(evicted) => horizon::evict(state, seq, evicted, &mut changes),
        Frame::Imported(imported) => {
            imported::fold(state, seq, imported, &mut changes);
            rekeyed::follow(state, &mut changes);
        }
        Frame::Settled(settled) => settled::fold(state, settled, &mut changes),
        Frame::Audited(audited) => audited::fold(state, seq, audited, &mut changes),
        Frame::Doubted(doubted) => doubted::fold(state, doubted, &mut changes),
    }
    cascade::note(state, was_casting, &mut changes);
    changes
}

/// One batch at a time: a second one, from a context whose lease was stolen, is dropped.
fn fold_sent(state: &mut State, sent: Sent, changes: &mut Changes) {
    if state.batch.is_some() {
        changes.dropped = true;
        return;
    }
    let mut mutations = Vec::with_capacity(sent.mutations.len());
    for id in sent.mutations {
        let waits = state.outbox.get(id).is_some_and(Pending::is_waiting);
        let Some(place) = state.outbox.place(id).filter(|_| waits) else { continue };
        state.outbox.edit(place, |pending| pending.sealed = true);
        mutations.push(id);
    }
    if !mutations.is_empty() {
        state.batch = Some(Batch { mutations, sent_ms: sent.time_ms });
    }
}

/// Rows take the new shape. Columns that are gone go at once; those that are new have values only the
/// server knows, so their table is pulled again.
fn fold_schema(state: &mut State, schema: Schema, changes: &mut Changes) {
    for (name, table) in &schema.tables {
        let before = state.schema.tables.get(name);
        if before == Some(table) {
            continue;
        }
        changes.tables.push(name.clone());
        if table.is_local() {
            state.held.insert(name.clone());
        }
        let former = before.cloned();
        state.rows.define(name, table);
        let Some(before) = former else { continue };
        if age(&before) != age(table) {
            state.lose_horizon(name);
        }
        let shape = |table: &Table| -> Vec<(Text, Text)> {
            table.columns.iter().map(|column| (column.name.clone(), column.type_name.clone())).collect()
        };
        if shape(&before) != shape(table) {
            pulled::forget_cursors(state, [name]);
        }
    }
    state.schema.tables.extend(schema.tables);
    state.rebase_all();
}

/// The column a row's age is taken from, and its type.
fn age(table: &Table) -> Option<(&Text, &Text)> {
    let name = table.time.as_ref()?;
    table.column(name).map(|column| (name, &column.type_name))
}

/// The tables are pulled from nothing.
fn fold_resync(state: &mut State, resync: &Resync, changes: &mut Changes) {
    if !pulled::is_current(state, &resync.request) {
        changes.dropped = true;
        return;
    }
    pulled::forget_cursors(state, resync.request.tables.iter().map(|(table, _)| table));
    state.own.distrust_all();
}
