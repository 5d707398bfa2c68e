//! Inserts and upserts: given values, defaults, the key, not-null checks, one mutation a row.
//!
//! What only this device knows (the time, a fresh uuid) is sent, so that what the app saw is what is
//! stored; what the server fills in the same way is shown and not sent.

use super::body::Given;
use super::cells::Reader;
use super::defaults::{Default, mutation_id};
use super::prepared::{Prepared, Touched};
use super::refusal::*;
use super::request::Resolution;
use super::{Rows, WriteContext};
use crate::protocol::{Change, Key, Mutation, Op, Row, Table, Text, limits};
use std::borrow::Cow;
use std::collections::BTreeSet;

pub(super) struct Insert<'a> {
    pub name: &'a Text,
    pub table: &'a Table,
    pub resolution: Option<Resolution>,
    pub null_columns: &'a [usize],
}

/// A row as it will be, and where each value comes from.
struct Draft {
    values: Vec<String>,
    origins: Vec<Origin>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Given,
    /// A default made here: sent.
    Made,
    /// A default that the server fills in the same way.
    Shown,
    /// Null, as nothing was given and there is no default.
    Absent,
    /// Null until the server answers.
    Pending,
}

impl Insert<'_> {
    pub(super) fn prepare(
        &self,
        given: &[Given],
        rows: &dyn Rows,
        context: &mut WriteContext<'_>,
        prepared: &mut Prepared,
    ) -> Result<(), Unprepared> {
        let defaults: Vec<Default> = self.table.columns.iter().map(Default::of).collect();
        let mut keys = BTreeSet::new();
        for (n, given) in given.iter().enumerate() {
            let draft = self.draft(given, &defaults, context)?;
            self.check(&draft, n + 1)?;
            let key = self.key(&draft);
            let visible = rows.row(self.name, &key);
            let again = !keys.insert(key.clone());
            match (self.resolution, visible.is_some() || again) {
                (None, true) => return Err(duplicate_key(self.name).into()),
                (Some(Resolution::Ignore), true) => continue,
                (Some(Resolution::Merge), _) if again => return Err(twice_in_one_upsert().into()),
                _ => {}
            }
            if visible.is_none() {
                prepared.created += 1;
                prepared.note_pending(self.pending(&draft));
            }
            let mutation = self.mutation(draft, key.clone(), visible, rows, context);
            prepared.touched.push(Touched { key, mutation: Some(prepared.mutations.len()), before: None });
            prepared.mutations.push(mutation);
        }
        Ok(())
    }

    fn draft(
        &self,
        given: &Given,
        defaults: &[Default],
        context: &mut WriteContext<'_>,
    ) -> Result<Draft, Unprepared> {
        let mut draft = Draft { values: Vec::new(), origins: Vec::new() };
        for (place, column) in self.table.columns.iter().enumerate() {
            let found = given.iter().find(|(at, _)| *at == place).map(|(_, json)| json.clone());
            let meant = found.or_else(|| self.null_columns.contains(&place).then(|| "null".to_string()));
            let key = self.table.is_key(&column.name);
            let (json, origin) = match meant {
                Some(_) if column.generated => return Err(generated_column(&column.name).into()),
                Some(json) => (json, Origin::Given),
                None => match defaults[place].fill(column, key, context) {
                    Some(_) if defaults[place] == Default::None => ("null".into(), Origin::Absent),
                    // A key is always sent.
                    Some(filled) if filled.server_agrees && !key => (filled.json, Origin::Shown),
                    Some(filled) => (filled.json, Origin::Made),
                    None if key => {
                        return unsupported(format!(
                            "an insert into {} without its key {}, which only the server can make (use a uuid key)",
                            self.name, column.name
                        ));
                    }
                    None => ("null".into(), Origin::Pending),
                },
            };
            draft.values.push(json);
            draft.origins.push(origin);
        }
        Ok(draft)
    }

    fn check(&self, draft: &Draft, number: usize) -> Result<(), Unprepared> {
        for (place, column) in self.table.columns.iter().enumerate() {
            let required = column.not_null || self.table.is_key(&column.name);
            if required && draft.values[place] == "null" && draft.origins[place] != Origin::Pending {
                return Err(null_value(self.name, &column.name).into());
            }
        }
        // A name takes at most six bytes for one when it is escaped: only what comes near is built.
        let most: usize = self.fields(draft).map(|(name, value)| 6 * name.len() + value.len() + 4).sum();
        if most <= limits::ROW_BYTES {
            return Ok(());
        }
        let fields: Vec<_> = self.fields(draft).collect();
        let bytes = Row::from_fields(self.table, &fields).as_str().len();
        if bytes > limits::ROW_BYTES {
            return Err(row_too_large(number, bytes, limits::ROW_BYTES).into());
        }
        Ok(())
    }

    fn fields<'a>(&'a self, draft: &'a Draft) -> impl Iterator<Item = (Cow<'a, str>, &'a str)> {
        let values = draft.values.iter().map(String::as_str);
        self.table.columns.iter().map(|column| Cow::Borrowed(column.name.as_ref())).zip(values)
    }

    fn key(&self, draft: &Draft) -> Key {
        let value = |name: &Text| {
            let place = self.table.columns.iter().position(|column| column.name == *name);
            place.map_or("null", |place| draft.values[place].as_str())
        };
        Key::from_values(self.table.key.iter().map(value))
    }

    fn pending<'a>(&'a self, draft: &'a Draft) -> impl Iterator<Item = &'a Text> {
        let columns = self.table.columns.iter().zip(&draft.origins);
        columns.filter(|(_, origin)| **origin == Origin::Pending).map(|(column, _)| &column.name)
    }

    /// An upsert of a row that is there changes what was given and no default.
    fn mutation(
        &self,
        draft: Draft,
        key: Key,
        visible: Option<&str>,
        rows: &dyn Rows,
        context: &mut WriteContext<'_>,
    ) -> Mutation {
        let (mut changes, mut shown) = (Vec::new(), Vec::new());
        let mut reader = Reader::new(self.table);
        let before = visible.map(|row| reader.open(row));
        let drafted = draft.values.into_iter().zip(draft.origins);
        for (place, (column, (value, origin))) in self.table.columns.iter().zip(drafted).enumerate() {
            let sent = origin == Origin::Given
                || (origin == Origin::Made && visible.is_none())
                || self.table.is_key(&column.name);
            if sent {
                let old = before.map(|cells| cells.get(place).into());
                changes.push(Change { column: column.name.clone(), value: value.into(), old });
            } else if origin == Origin::Shown && visible.is_none() {
                shown.push((column.name.clone(), value.into()));
            }
        }
        let op = match self.resolution {
            None => Op::Insert,
            Some(Resolution::Merge) => Op::Upsert,
            Some(Resolution::Ignore) => Op::InsertIgnore,
        };
        let base = rows.base(self.name, &key);
        let id = mutation_id(context.now_ms, (context.random)());
        Mutation { id, table: self.name.clone(), key, op, changes, shown, base }
    }
}
