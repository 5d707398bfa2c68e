//! Updates and deletes by filter: one mutation for each visible row that matches.
//!
//! An update names the columns it was given, even where the value stays; a change of the primary key
//! is left to the server.

use super::access::Arrival;
use super::body::Given;
use super::cells::{Cells, Reader};
use super::condition::{Condition, Search};
use super::defaults::mutation_id;
use super::natural::NaturalKey;
use super::prepared::{Prepared, Touched};
use super::refusal::*;
use super::{Collate, Rows, WriteContext};
use crate::protocol::{self, Key, Mutation, Op, Table, Text, limits};
use std::ops::ControlFlow;

pub(super) struct Change<'a> {
    pub name: &'a Text,
    pub table: &'a Table,
    pub condition: &'a Condition,
    pub rows: &'a dyn Rows,
    pub collate: &'a dyn Collate,
}

impl Change<'_> {
    pub(super) fn update(
        &self,
        values: &Given,
        context: &mut WriteContext<'_>,
        prepared: &mut Prepared,
    ) -> Result<(), Unprepared> {
        if values.is_empty() {
            return Ok(());
        }
        if let Some((place, _)) = values.iter().find(|(place, _)| self.table.columns[*place].generated) {
            return Err(generated_update(&self.table.columns[*place].name).into());
        }
        let mut reader = Reader::new(self.table);
        let natural = NaturalKey::of(self.table);
        let renames =
            |(place, _): &&(usize, Text)| natural.as_ref().is_some_and(|natural| natural.holds(*place));
        let renamed: Vec<&(usize, Text)> = values.iter().filter(renames).collect();
        let checks = context.checks.of(self.name, self.table);
        for (key, row) in self.matches() {
            let key = Key::from_text(key);
            let cells = reader.open(row);
            let is_renamed = renamed.iter().any(|(place, value)| *cells.get(*place) != **value);
            if is_renamed && natural.as_ref().is_some_and(|natural| natural.made(self.name, &cells)) {
                return Err(natural_key_stays(self.name).into());
            }
            let changes = self.changes(values, row, &cells, prepared.touched.len() + 1)?;
            if !checks.is_empty() {
                let given = |place| values.iter().find(|(at, _)| *at == place).map(|(_, json)| json.as_ref());
                checks.check_changed(self.table, given, |place| cells.get(place))?;
            }
            let mutation = (!changes.is_empty()).then(|| {
                let id = mutation_id(context.now_ms, (context.random)());
                prepared.mutations.push(self.mutation(id, &key, Op::Update, changes));
                prepared.mutations.len() - 1
            });
            prepared.touched.push(Touched { key, mutation, before: None });
        }
        Ok(())
    }

    pub(super) fn delete(&self, context: &mut WriteContext<'_>, prepared: &mut Prepared) {
        for (key, row) in self.matches() {
            let key = Key::from_text(key);
            let id = mutation_id(context.now_ms, (context.random)());
            let mutation = Some(prepared.mutations.len());
            prepared.mutations.push(self.mutation(id, &key, Op::Delete, Vec::new()));
            prepared.touched.push(Touched { key, mutation, before: Some(row.to_string()) });
        }
    }

    /// Keys and rows that match, in the order of keys.
    fn matches(&self) -> Vec<(&str, &str)> {
        let search = Search {
            name: self.name,
            table: self.table,
            rows: self.rows,
            collate: self.collate,
            asks: &self.condition.asks(self.table),
            order: &[],
            enough: None,
        };
        let mut found = Vec::new();
        let arrival = self.condition.visit(&search, &mut |_, entry, _| {
            found.push((entry.key, entry.row));
            ControlFlow::Continue(())
        });
        if arrival != Arrival::InOrder {
            found.sort_unstable();
        }
        found
    }

    fn mutation(
        &self,
        id: protocol::MutationId,
        key: &Key,
        op: Op,
        changes: Vec<protocol::Change>,
    ) -> Mutation {
        let base = self.rows.base(self.name, key);
        Mutation { id, table: self.name.clone(), key: key.clone(), op, changes, shown: Vec::new(), base }
    }

    /// What the update changes in one row; checks the row as it would become.
    fn changes(
        &self,
        values: &Given,
        row: &str,
        cells: &Cells<'_, '_>,
        number: usize,
    ) -> Result<Vec<protocol::Change>, Unprepared> {
        let mut changes = Vec::with_capacity(values.len());
        let mut bytes = row.len();
        for (place, value) in values {
            let (column, old) = (&self.table.columns[*place], cells.get(*place));
            if self.table.is_key(&column.name) {
                if *old != **value {
                    return unsupported(format!("changing the primary key ({})", column.name));
                }
                continue;
            }
            if column.not_null && **value == *"null" {
                return Err(null_value(self.name, &column.name).into());
            }
            bytes = bytes + value.len() - old.len().min(bytes);
            changes.push(protocol::Change {
                column: column.name.clone(),
                value: value.clone(),
                old: Some(old.into()),
            });
        }
        if bytes > limits::ROW_BYTES {
            return Err(row_too_large(number, bytes, limits::ROW_BYTES).into());
        }
        Ok(changes)
    }
}
