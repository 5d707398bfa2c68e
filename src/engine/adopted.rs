//! Adoption: what was written before anyone was signed in, issued anew as a user's own.
//!
//! Columns that hold the owner get the user's id, keys derived from natural keys are derived anew, and what refers to them
//! follows. Each mutation becomes another one, whose id follows from its own and the user's; with its place in the former
//! outbox it enters once (`imported`), however often an adoption is begun.

use super::frame::Imported;
use super::outbox::{Cell, Pending};
use super::rekeyed::Rekeyed;
use super::rows::RowId;
use super::state::State;
use crate::protocol::{Incarnation, Key, Op, Row, Schema, Table, Text};
use crate::query::{NOBODY, holds_user, natural_id};

/// How often the keys are gone through: a key may be derived from another one.
const DEPTH: usize = 8;

pub struct Adoption {
    schema: Schema,
    user: Text,
    /// As JSON.
    id: Text,
    nobody: Text,
    keys: Rekeyed,
}

impl Adoption {
    /// By a user, of what this state holds.
    pub fn new(state: &State, user: &Text) -> Self {
        let quoted = |id: &str| Text::from(format!("\"{id}\""));
        let mut adoption = Self {
            schema: state.schema.clone(),
            user: user.clone(),
            id: quoted(user),
            nobody: quoted(NOBODY),
            keys: Rekeyed::default(),
        };
        for _ in 0..DEPTH {
            let before = adoption.keys.clone();
            state.outbox.iter().for_each(|(_, pending)| adoption.note(pending));
            if adoption.keys == before {
                break;
            }
        }
        adoption
    }

    /// The outbox as imports that fit a frame each, as [`State::unsent`] gives them.
    pub fn imports(&self, state: &State, database: Incarnation) -> Vec<Imported> {
        let mut imports = state.unsent(database);
        for (_, pending) in imports.iter_mut().flat_map(|import| &mut import.pending) {
            let own = self.owned(pending);
            *pending = self.keys.redirected(&self.schema, &own).unwrap_or(own);
            pending.id = pending.id.after_adoption(&self.user);
            pending.user = Some(self.user.clone());
        }
        imports
    }

    /// A row of a table that is on this device alone; none if it cannot be read.
    pub fn row(&self, name: &Text, json: &str) -> Option<(RowId, Text)> {
        let table = self.schema.tables.get(name)?;
        let former = Row::from_json(table, json).ok()?;
        let mut row = self.owned_row(table, &former);
        if let [column] = table.key.as_slice()
            && natural_id(name, table, &former).as_deref() == former.value(column)
            && let Some(id) = natural_id(name, table, &row)
        {
            row = row.with(table, [(column.as_ref(), id.as_ref())]);
        }
        Some(((name.clone(), Key::of(table, &row)?), row.as_str().into()))
    }

    /// Notes the key that a row of nobody's gets.
    fn note(&mut self, pending: &Pending) {
        let (name, key) = &pending.row;
        let Some(table) = self.schema.tables.get(name).filter(|table| table.key.len() == 1) else { return };
        let own = self.owned(pending);
        let mut adopted = own.row.1.clone();
        let made = |pending: &Pending| pending.made_of(table, None).filter(|_| is_insert(pending.op));
        let derived = |row: Row| natural_id(name, table, &row).map(|id| Key::from_values([&*id]));
        if made(pending).and_then(derived).as_ref() == Some(key) {
            let redirected = self.keys.redirected(&self.schema, &own).unwrap_or(own);
            adopted = made(&redirected).and_then(derived).unwrap_or(adopted);
        }
        if adopted != *key {
            self.keys.note(name, key, &adopted, 0);
        }
    }

    /// The same with the user for its owner.
    fn owned(&self, pending: &Pending) -> Pending {
        let mut own = pending.clone();
        let Some(table) = self.schema.tables.get(&pending.row.0) else { return own };
        for cell in &mut own.cells {
            cell.value = self.value(table, &cell.column, &cell.value);
        }
        for (column, value) in &mut own.shown {
            *value = self.value(table, column, value);
        }
        let values = table.key.iter().zip(pending.row.1.values());
        let values: Vec<Text> = values.map(|(column, value)| self.value(table, column, value)).collect();
        own.row.1 = Key::from_values(values.iter().map(AsRef::as_ref));
        if own.row != pending.row {
            own.base = None;
        }
        if let Some(owner) = table.owner.as_ref().filter(|_| is_insert(own.op))
            && !own.cells.iter().any(|cell| cell.column == *owner)
            && !own.shown.iter().any(|(column, _)| column == owner)
        {
            let (column, value) = (owner.clone(), self.id.clone());
            own.cells.push(Cell { column, value, old: None, stamp: own.stamp });
        }
        own
    }

    fn owned_row(&self, table: &Table, row: &Row) -> Row {
        let fields = row.fields();
        let values: Vec<Text> =
            fields.iter().map(|(column, value)| self.value(table, column, value)).collect();
        row.with(
            table,
            fields.iter().map(|(column, _)| column.as_ref()).zip(values.iter().map(AsRef::as_ref)),
        )
    }

    /// The owner's column holds the user, whatever it held.
    fn value(&self, table: &Table, column: &str, value: &str) -> Text {
        let is_owner = table.owner.as_deref() == Some(column);
        let was_nobody = *value == *self.nobody && table.column(column).is_some_and(holds_user);
        if is_owner || was_nobody { self.id.clone() } else { value.into() }
    }
}

fn is_insert(op: Op) -> bool {
    matches!(op, Op::Insert | Op::InsertIgnore | Op::Upsert)
}
