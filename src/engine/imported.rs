//! Rows and pending mutations from another database: taken out of one state, folded into another.
//!
//! Where the browser has thrown a database away, every context that survived still holds its outbox, and
//! each may write it into the new one. They differ at most in how far they had come. So a mutation enters
//! once, by its place in the former outbox, and what is still pending takes its latest form. The server may have
//! applied a form that the importer never saw: no row is made of such a mutation's answer, a pull brings it.

use super::changes::Changes;
use super::frame::Imported;
use super::outbox::{Pending, Place};
use super::rows::{Base, RowId, Source};
use super::state::State;
use crate::protocol::{Incarnation, MutationId, Rev, Row, Seq, Text, limits};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What was imported so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imports {
    /// Of each database: all places of its outbox below this one are taken up.
    taken: BTreeMap<Incarnation, Place>,
    /// Imported mutations that are pending.
    pub(super) pending: BTreeSet<MutationId>,
}

impl State {
    /// The outbox of this database, with the rows under it, as imports that fit a frame each.
    pub fn unsent(&self, database: Incarnation) -> Vec<Imported> {
        let empty = |until| Imported { from: database, until, ..Imported::default() };
        let mut imports: Vec<Imported> = Vec::new();
        let mut told: BTreeSet<&RowId> = BTreeSet::new();
        let mut bytes = 0;
        for (place, pending) in self.outbox.iter() {
            let is_new = told.insert(&pending.row);
            let base = if is_new { self.rows.get(&pending.row.0, &pending.row.1) } else { None };
            bytes += pending.text_bytes() + base.map_or(0, |base| base.row.as_str().len());
            if imports.is_empty() || bytes > limits::FRAME_BYTES / 2 {
                imports.last_mut().into_iter().for_each(|full| full.until = place);
                imports.push(empty(self.outbox.next()));
                bytes = 0;
            }
            let Some(import) = imports.last_mut() else { continue };
            import.rows.extend(base.map(|base| (pending.row.clone(), base.rev, base.row.as_str().into())));
            import.pending.push((place, pending.clone()));
        }
        imports
    }
}

pub fn fold(state: &mut State, seq: Seq, imported: Imported, changes: &mut Changes) {
    let Imported { from, until, rows, mut pending } = imported;
    let taken = state.imports.taken.entry(from).or_default();
    let is_new = |place: Place| place >= *taken;
    // Those that were taken up and are no longer pending have been answered.
    pending.retain(|(place, pending)| is_new(*place) || state.outbox.place(pending.id).is_some());
    *taken = until.max(*taken);
    let ids = rows.iter().map(|(id, ..)| id).chain(pending.iter().map(|(_, pending)| &pending.row));
    let touched: BTreeSet<RowId> = ids.cloned().collect();
    let before: Vec<_> = touched.iter().map(|id| state.seen(id)).collect();
    for (id, rev, json) in rows {
        put(state, seq, &id, rev, &json);
    }
    for (_, pending) in pending {
        state.stamp = state.stamp.max(pending.stamp);
        match state.outbox.place(pending.id) {
            Some(place) => state.outbox.edit(place, |known| take_later(known, pending)),
            None => {
                state.imports.pending.insert(pending.id);
                state.outbox.push(pending);
            }
        }
    }
    for (id, before) in touched.into_iter().zip(before) {
        let after = state.rebase(&id);
        changes.note(id, before, after);
    }
}

/// A row as the server had it, until the server tells of its table: then it knows better.
fn put(state: &mut State, seq: Seq, id: &RowId, rev: Rev, json: &Text) {
    let (table, key) = id;
    let is_told = state.paged.contains_key(table);
    let is_known = state.rows.slot(table, key).is_some_and(|slot| slot.known.rev() >= Some(rev));
    let definition = state.schema.tables.get(table).filter(|_| !is_told && !is_known);
    if let Some(Ok(row)) = definition.map(|definition| Row::from_json(definition, json)) {
        state.rows.put(table, key, Base { rev, row, made_from: None }, seq, Source::Pull);
    }
}

/// What was sent counts, then what the server made of it, then the later edit.
fn take_later(known: &mut Pending, other: Pending) {
    let form = |pending: &Pending| (pending.sealed, !pending.is_waiting(), pending.stamp);
    if known.row == other.row && form(known) < form(&other) {
        *known = other;
    }
}
