//! Which rows a row refers to, by the foreign keys of its table.

use super::outbox::Pending;
use super::rows::{Base, RowId};
use crate::protocol::{Key, Schema, Text};

/// The rows that the pending values of a mutation refer to.
pub fn parents(schema: &Schema, pending: &Pending) -> Vec<RowId> {
    parents_by(schema, &pending.row.0, |column| {
        let cell = pending.cells.iter().find(|cell| cell.column.as_ref() == column);
        let shown = pending.shown.iter().find(|(name, _)| name.as_ref() == column);
        cell.map(|cell| cell.value.as_ref()).or_else(|| shown.map(|(_, value)| value.as_ref()))
    })
}

/// The rows that its row refers to before the mutation.
pub fn former_parents(schema: &Schema, pending: &Pending, base: Option<&Base>) -> Vec<RowId> {
    parents_by(schema, &pending.row.0, |column| {
        let cell = pending.cells.iter().find(|cell| cell.column.as_ref() == column);
        let old = cell.and_then(|cell| cell.old.as_deref());
        old.or_else(|| base.and_then(|base| base.row.value(column)))
    })
}

/// Whether a mutation says what its row refers to.
pub fn writes_reference(schema: &Schema, pending: &Pending) -> bool {
    let foreign = schema.tables.get(&pending.row.0).map_or(&[][..], |table| &table.foreign_keys);
    let is_reference = |column: &Text| foreign.iter().any(|foreign| foreign.columns.contains(column));
    pending.cells.iter().any(|cell| is_reference(&cell.column))
}

/// A foreign key with a null part, or to a table that is not synced, refers to nothing.
fn parents_by<'a>(schema: &Schema, table: &str, value: impl Fn(&str) -> Option<&'a str>) -> Vec<RowId> {
    let Some(table) = schema.tables.get(table) else { return Vec::new() };
    let mut rows = Vec::new();
    for foreign in &table.foreign_keys {
        let Some(parent) = schema.tables.get(&foreign.table) else { continue };
        let key: Option<Vec<&str>> = parent
            .key
            .iter()
            .map(|column| {
                let at = foreign.references.iter().position(|referenced| referenced == column)?;
                value(foreign.columns.get(at)?).filter(|value| *value != "null")
            })
            .collect();
        rows.extend(key.map(|values| (foreign.table.clone(), Key::from_values(values))));
    }
    rows
}

/// Whether either table refers to the other, or they are the same.
pub fn related(schema: &Schema, a: &str, b: &str) -> bool {
    let refers = |from: &str, to: &str| {
        let table = schema.tables.get(from);
        table.is_some_and(|table| table.foreign_keys.iter().any(|foreign| foreign.table.as_ref() == to))
    };
    a == b || refers(a, b) || refers(b, a)
}

/// Whether any synced table refers to this one.
pub fn is_parent(schema: &Schema, table: &str) -> bool {
    schema.tables.values().any(|other| other.foreign_keys.iter().any(|f| f.table.as_ref() == table))
}
