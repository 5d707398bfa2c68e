//! Rekeying: the server has a row's natural key under another id than this device gave it.
//!
//! The refused insert becomes an update of the server's row, settled by the policy as one without base; what was made
//! after it, and what refers to it, follows. The state keeps old → new until nothing waits any more and a week has
//! passed, so that whoever still says the old key means the new one. A mutation that was sent stays what it was for
//! life: what it becomes is another one, whose id follows from its own. Nothing is lost, and no pending mutation that
//! may change names a key that was left.

use super::changes::{Before, Changes};
use super::outbox::{Cell, Pending, Place, Standing};
use super::rows::{Base, RowId};
use super::state::State;
use crate::protocol::push::Outcome;
use crate::protocol::{Key, Mutation, Op, Rev, Row, Schema, Seq, Table, Text};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

const KEPT_MS: u64 = 7 * 24 * 3_600_000;

/// Keys that were left, by table: the key now, and when it was left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rekeyed(BTreeMap<Text, BTreeMap<Key, (Key, u64)>>);

impl Rekeyed {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that a row has instead.
    pub fn key(&self, table: &str, key: &Key) -> Option<&Key> {
        self.0.get(table)?.get(key).map(|(key, _)| key)
    }

    /// Table, former key, key.
    pub fn all(&self) -> impl Iterator<Item = (&Text, &Key, &Key)> {
        self.0.iter().flat_map(|(table, keys)| keys.iter().map(move |(from, (to, _))| (table, from, to)))
    }

    /// The row that is meant.
    pub fn row(&self, table: &Text, key: &Key) -> RowId {
        (table.clone(), self.key(table, key).unwrap_or(key).clone())
    }

    pub(super) fn note(&mut self, table: &Text, from: &Key, to: &Key, time_ms: u64) {
        let keys = self.0.entry(table.clone()).or_default();
        keys.remove(to);
        keys.values_mut().filter(|(key, _)| key == from).for_each(|kept| *kept = (to.clone(), time_ms));
        keys.insert(from.clone(), (to.clone(), time_ms));
    }

    fn forget(&mut self, now_ms: u64) {
        self.0.values_mut().for_each(|keys| keys.retain(|_, (_, since_ms)| *since_ms + KEPT_MS > now_ms));
        self.0.retain(|_, keys| !keys.is_empty());
    }

    /// What a column says instead, if it names a key that was left.
    fn value(&self, schema: &Schema, table: &str, column: &str, value: &str) -> Option<Text> {
        let of = |table: &Text| {
            let key = self.key(table, &Key::from_values([value]))?;
            key.values().first().map(|value| Text::from(*value))
        };
        named_tables(schema, table, column).find_map(of)
    }

    /// A mutation of somebody who knew the former keys.
    pub fn redirect(&self, schema: &Schema, mutation: &mut Mutation) {
        mutation.key = self.row(&mutation.table, &mutation.key).1;
        for change in &mut mutation.changes {
            if let Some(value) = self.value(schema, &mutation.table, &change.column, &change.value) {
                change.value = value;
            }
        }
    }

    /// The same of one that is pending already; none if it names no such key.
    pub(super) fn redirected(&self, schema: &Schema, pending: &Pending) -> Option<Pending> {
        let table = &pending.row.0;
        let mut other = Pending { row: self.row(table, &pending.row.1), ..pending.clone() };
        for cell in &mut other.cells {
            let value = self.value(schema, table, &cell.column, &cell.value);
            cell.value = value.unwrap_or_else(|| cell.value.clone());
        }
        for (column, shown) in &mut other.shown {
            let value = self.value(schema, table, column, shown);
            *shown = value.unwrap_or_else(|| shown.clone());
        }
        (other != *pending).then_some(other)
    }

    /// A query string whose filters by key, and by what refers to it, mean the keys of now. Keys are uuids: their text is
    /// found wherever a filter has it.
    pub fn query<'q>(&self, schema: &Schema, table: &str, query: &'q str) -> Cow<'q, str> {
        if self.is_empty() {
            return Cow::Borrowed(query);
        }
        let redirect = |pair: &'q str| -> Cow<'q, str> {
            let Some((name, value)) = pair.split_once('=') else { return Cow::Borrowed(pair) };
            let is_group = matches!(name, "or" | "and" | "not.or" | "not.and");
            let mut meant = Cow::Borrowed(value);
            for (named, from, to) in self.all() {
                let is_named = is_group || named_tables(schema, table, name).any(|table| table == named);
                let (from, to) = (from.values(), to.values());
                let (Some(from), Some(to)) = (from.first(), to.first()) else { continue };
                let (from, to) = (from.trim_matches('"'), to.trim_matches('"'));
                if is_named && meant.contains(from) {
                    meant = Cow::Owned(meant.replace(from, to));
                }
            }
            Cow::Owned(format!("{name}={meant}"))
        };
        Cow::Owned(query.split('&').map(redirect).collect::<Vec<_>>().join("&"))
    }
}

/// The tables whose key a column holds: its own, and those it refers to.
fn named_tables<'s>(schema: &'s Schema, table: &'s str, column: &'s str) -> impl Iterator<Item = &'s Text> {
    let known = schema.tables.get_key_value(table);
    let own = known.filter(|(_, table)| table.key.len() == 1 && table.is_key(column)).map(|(name, _)| name);
    let foreign = known.into_iter().flat_map(|(_, table)| &table.foreign_keys).filter(move |foreign| {
        let Some(parent) = schema.tables.get(&foreign.table) else { return false };
        let mut pairs = foreign.columns.iter().zip(&foreign.references);
        parent.key.len() == 1 && pairs.any(|(own, referenced)| **own == *column && parent.is_key(referenced))
    });
    own.into_iter().chain(foreign.map(|foreign| &foreign.table))
}

/// The row that holds the natural key of a refused insert under another key.
pub struct Met {
    key: Key,
    row: Row,
}

pub fn met(state: &State, place: Place, outcome: &Outcome) -> Option<Met> {
    let Outcome::Rejected { code, row: Some(json), .. } = outcome else { return None };
    let pending = state.outbox.at(place).filter(|_| **code == *"23505")?;
    let table = state.schema.tables.get(&pending.row.0)?;
    let is_insert = matches!(pending.op, Op::Insert | Op::InsertIgnore | Op::Upsert);
    let natural = table.natural_key.as_ref().filter(|_| is_insert && table.key.len() == 1)?;
    let row = Row::from_json(table, json).ok()?;
    let key = Key::of(table, &row).filter(|key| *key != pending.row.1)?;
    let made = pending.made_of(table, None)?;
    let is_same = |column: &Text| {
        let value = made.value(column).filter(|value| *value != "null");
        value.is_some() && value == row.value(column)
    };
    natural.iter().all(is_same).then_some(Met { key, row })
}

/// The rows that a `Pushed` frame's outcomes tell of besides those of their mutations.
pub fn needs(state: &State, (pending, outcome): (&Pending, &Outcome)) -> Option<RowId> {
    let place = state.outbox.place(pending.id)?;
    Some((pending.row.0.clone(), met(state, place, outcome)?.key))
}

/// All outcomes of the frame are folded: what was blocked by the refusal is answered.
pub fn fold(
    state: &mut State,
    (seq, time_ms): (Seq, u64),
    (place, met): (Place, Met),
    changes: &mut Changes,
) {
    let Some(insert) = state.outbox.at(place).cloned() else { return };
    let Some(table) = state.schema.tables.get(&insert.row.0).cloned() else { return };
    let (from, to) = (insert.row.clone(), (insert.row.0.clone(), met.key));
    let before = [state.seen(&from), state.seen(&to)];
    state.rekeyed.note(&from.0, &from.1, &to.1, time_ms);
    if state.rows.get(&to.0, &to.1).is_none() {
        // Older than any version that a pull may bring.
        let base = Base { rev: Rev(0), row: met.row, made_from: None };
        state.rows.put(&to.0, &to.1, base, seq, super::pushed::source(state, &to.0));
    }
    state.imports.pending.remove(&insert.id);
    match as_update(&table, insert, to.clone()) {
        Some(update) => state.outbox.replace(place, update),
        None => drop(state.outbox.remove(place)),
    }
    for (id, before) in [from.clone(), to].into_iter().zip(before) {
        let after = state.rebase(&id);
        changes.note(id, before, after);
    }
    // Queries that name the former key mean other rows from now on.
    let names = |(name, other): &(&Text, &Table)| {
        **name == from.0 || other.foreign_keys.iter().any(|foreign| foreign.table == from.0)
    };
    changes.tables.extend(state.schema.tables.iter().filter(names).map(|(name, _)| name.clone()));
}

/// What is pending goes over to the keys of now.
pub fn follow(state: &mut State, changes: &mut Changes) {
    if state.rekeyed.is_empty() {
        return;
    }
    for (place, other) in moved(state) {
        let Some(pending) = state.outbox.at(place) else { continue };
        let touched: BTreeSet<RowId> = [pending.row.clone(), other.row.clone()].into();
        state.imports.pending.remove(&pending.id);
        let before: Vec<(RowId, Before)> =
            touched.into_iter().map(|id| (id.clone(), state.seen(&id))).collect();
        state.outbox.replace(place, other);
        for (id, before) in before {
            let after = state.rebase(&id);
            changes.note(id, before, after);
        }
    }
}

/// What they become. One that is under way stays as it is until it is answered.
fn moved(state: &State) -> Vec<(Place, Pending)> {
    let is_under_way =
        |pending: &Pending| state.batch.as_ref().is_some_and(|batch| batch.mutations.contains(&pending.id));
    let others = state.outbox.iter().filter(|(_, pending)| !is_under_way(pending));
    let others = others.filter_map(|(place, pending)| {
        let mut other = state.rekeyed.redirected(&state.schema, pending)?;
        if other.row != pending.row {
            other.base = None;
        }
        let may_be_met = pending.sealed || state.imports.pending.contains(&pending.id);
        if may_be_met && pending.is_waiting() {
            // It was answered `blocked`: no copy of it that is still on its way can ever take effect.
            other.id = pending.id.after_rekeying();
            other.sealed = false;
        }
        Some((place, other))
    });
    others.collect()
}

/// A refused insert as an update of the row it met; none if it gave way, or has nothing to say.
fn as_update(table: &Table, insert: Pending, row: RowId) -> Option<Pending> {
    let natural = table.natural_key.as_deref().unwrap_or_default();
    let says = |cell: &Cell| !table.is_key(&cell.column) && !natural.contains(&cell.column);
    let cells: Vec<Cell> =
        insert.cells.into_iter().filter(says).map(|cell| Cell { old: None, ..cell }).collect();
    (insert.op != Op::InsertIgnore && !cells.is_empty()).then(|| Pending {
        id: insert.id.after_rekeying(),
        row,
        op: Op::Update,
        cells,
        shown: Vec::new(),
        base: None,
        sealed: false,
        standing: Standing::Waiting,
        ..insert
    })
}

/// A frame of the server's was folded: nobody can mean the former keys any more once nothing waits and a week is over.
pub fn forget(state: &mut State, now_ms: u64) {
    if !state.rekeyed.is_empty() && state.outbox.is_empty() {
        state.rekeyed.forget(now_ms);
    }
}
