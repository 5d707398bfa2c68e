//! Inserts and upserts: given values, defaults, the key, not-null checks, one mutation a row.
//!
//! What only this device knows (the time, a fresh uuid) is sent, so that what the app saw is what is
//! stored; what the server fills in the same way is shown and not sent.

use super::body::Given;
use super::cells::Reader;
use super::defaults::{Default, mutation_id};
use super::natural::NaturalKey;
use super::prepared::{Prepared, Touched};
use super::refusal::*;
use super::request::Resolution;
use super::write::Conflict;
use super::{Collate, Rows, WriteContext};
use crate::protocol::{Change, Column, Key, Mutation, Op, Row, Table, Text, limits};
use std::borrow::Cow;
use std::collections::BTreeSet;

pub(super) struct Insert<'a> {
    pub name: &'a Text,
    pub table: &'a Table,
    pub conflict: Conflict,
    pub null_columns: &'a [usize],
    pub natural: Option<NaturalKey>,
}

/// A column as the statement fills it.
struct Filling<'t> {
    column: &'t Column,
    default: Default,
    is_key: bool,
    /// Null where a row lacks it, whatever its default.
    is_null: bool,
}

/// Whether another row than that of the draft's key has its natural key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    None,
    /// It is the row that the request means.
    Row,
    Other,
}

/// A row as it will be, and where each value comes from.
struct Draft {
    values: Vec<Text>,
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

impl Draft {
    /// None where only the server knows.
    fn known(&self, place: usize) -> Option<&str> {
        self.values.get(place).filter(|_| self.origins[place] != Origin::Pending).map(AsRef::as_ref)
    }

    fn given(&self, place: usize) -> Option<&str> {
        self.values.get(place).filter(|_| self.origins[place] == Origin::Given).map(AsRef::as_ref)
    }
}

impl Insert<'_> {
    pub(super) fn prepare(
        &self,
        given: &[Given],
        (rows, collate): (&dyn Rows, &dyn Collate),
        context: &mut WriteContext<'_>,
        prepared: &mut Prepared,
    ) -> Result<(), Unprepared> {
        let fillings = self.fillings();
        let null: Text = "null".into();
        let checks = context.checks.of(self.name, self.table);
        let mut keys = BTreeSet::new();
        for (n, given) in given.iter().enumerate() {
            let mut draft = self.draft(given, &fillings, &null, context)?;
            self.check(&fillings, &draft, n + 1)?;
            // Of a row that is met too, as Postgres does.
            checks.check(&|place| draft.known(place))?;
            let met = self.meet(&mut draft, (rows, collate))?;
            let key = self.key(&draft);
            let visible = rows.row(self.name, &key);
            let mut again = !keys.insert(key.clone());
            if let Some(derived) = self.derived(&draft).map(|id| Key::from_values([&*id])) {
                again |= derived != key && !keys.insert(derived);
            }
            match (self.conflict.resolution, visible.is_some() || again || met == Met::Row) {
                (None, true) => return Err(duplicate_key(self.name).into()),
                (Some(Resolution::Ignore), true) => continue,
                (Some(Resolution::Merge), _) if again => return Err(twice_in_one_upsert().into()),
                _ => {}
            }
            self.check_natural(&draft, visible, met)?;
            if let Some(row) = visible.filter(|_| !checks.is_empty()) {
                let mut reader = Reader::new(self.table);
                let cells = reader.open(row);
                checks.check_changed(self.table, |place| draft.given(place), |place| cells.get(place))?;
            }
            if visible.is_none() {
                prepared.created += 1;
                prepared.note_pending(self.pending(&draft));
            }
            let mutation = self.mutation(&fillings, draft, key.clone(), visible, rows, context);
            prepared.touched.push(Touched { key, mutation: Some(prepared.mutations.len()), before: None });
            prepared.mutations.push(mutation);
        }
        Ok(())
    }

    fn fillings(&self) -> Vec<Filling<'_>> {
        let columns = self.table.columns.iter().enumerate();
        let filling = |(place, column)| Filling {
            column,
            default: Default::of(column),
            is_key: self.table.is_key(&column.name),
            is_null: self.null_columns.contains(&place),
        };
        columns.map(filling).collect()
    }

    /// Looks for a row with the same natural key. Where the request names that, it is the row which is meant.
    fn meet(&self, draft: &mut Draft, (rows, collate): (&dyn Rows, &dyn Collate)) -> Result<Met, Unprepared> {
        let (Some(natural), Some(_)) = (&self.natural, self.derived(draft)) else { return Ok(Met::None) };
        let value = |place: usize| draft.values[place].as_ref();
        let found = natural.find((self.name, self.table), (rows, collate), value);
        let Some(found) = found.filter(|found| *found != self.key(draft)) else { return Ok(Met::None) };
        match self.conflict {
            Conflict { is_natural: false, .. } => Ok(Met::Other),
            Conflict { resolution: Some(Resolution::Ignore), .. } => Ok(Met::Row),
            _ if draft.origins[natural.id] == Origin::Given => {
                unsupported(format!("changing the primary key ({})", self.table.key.join(", ")))
            }
            _ => {
                draft.values[natural.id] = found.values().first().map_or("null", |id| id).into();
                Ok(Met::Row)
            }
        }
    }

    fn check_natural(&self, draft: &Draft, visible: Option<&str>, met: Met) -> Result<(), Unprepared> {
        let Some(natural) = &self.natural else { return Ok(()) };
        if met == Met::Other {
            let columns = self.table.natural_key.as_deref().unwrap_or_default();
            let is_it = |unique: &&crate::protocol::schema::Unique| {
                unique.columns.len() == columns.len()
                    && columns.iter().all(|name| unique.columns.contains(name))
            };
            let constraint = self.table.unique.iter().find(is_it).map(|unique| unique.name.as_ref());
            return Err(duplicate_natural_key(self.name, constraint).into());
        }
        let Some(row) = visible else { return Ok(()) };
        let mut reader = Reader::new(self.table);
        let cells = reader.open(row);
        let is_given = |place: usize| draft.origins[place] == Origin::Given;
        let renames = |(place, value): (usize, &Text)| {
            natural.holds(place) && is_given(place) && *cells.get(place) != **value
        };
        if draft.values.iter().enumerate().any(renames) {
            // The conflict is about another key than the one it has met.
            if self.conflict.is_natural {
                return Err(duplicate_key(self.name).into());
            }
            if natural.made(self.name, &cells) {
                return Err(natural_key_stays(self.name).into());
            }
        }
        Ok(())
    }

    /// The id that is derived from the natural key, if there is a whole one.
    fn derived(&self, draft: &Draft) -> Option<Text> {
        self.natural.as_ref()?.derive(self.name, |place| draft.values[place].as_ref())
    }

    fn draft(
        &self,
        given: &Given,
        fillings: &[Filling<'_>],
        null: &Text,
        context: &mut WriteContext<'_>,
    ) -> Result<Draft, Unprepared> {
        let (count, mut given) = (fillings.len(), given.iter().peekable());
        let mut draft = Draft { values: Vec::with_capacity(count), origins: Vec::with_capacity(count) };
        for (place, filling) in fillings.iter().enumerate() {
            let found = given.next_if(|(at, _)| *at == place).map(|(_, json)| json.clone());
            let (json, origin) = match found.or_else(|| filling.is_null.then(|| null.clone())) {
                Some(_) if filling.column.generated => {
                    return Err(generated_column(&filling.column.name).into());
                }
                Some(json) => (json, Origin::Given),
                // It may be derived from what comes after it.
                None if self.natural.as_ref().is_some_and(|natural| natural.id == place) => {
                    (null.clone(), Origin::Made)
                }
                None => self.fill(filling, null, context)?,
            };
            draft.values.push(json);
            draft.origins.push(origin);
        }
        if let Some(natural) =
            self.natural.as_ref().filter(|natural| draft.origins[natural.id] == Origin::Made)
        {
            draft.values[natural.id] = match self.derived(&draft) {
                Some(id) => id,
                None => self.fill(&fillings[natural.id], null, context)?.0,
            };
        }
        Ok(draft)
    }

    /// What a column holds that was not given.
    fn fill(
        &self,
        filling: &Filling<'_>,
        null: &Text,
        context: &mut WriteContext<'_>,
    ) -> Result<(Text, Origin), Unprepared> {
        let Filling { column, default, is_key, .. } = filling;
        Ok(match default.fill(column, *is_key, context) {
            Some(_) if *default == Default::None => (null.clone(), Origin::Absent),
            // A key is always sent.
            Some(filled) if filled.server_agrees && !is_key => (filled.json.into(), Origin::Shown),
            Some(filled) => (filled.json.into(), Origin::Made),
            None if *is_key => {
                return unsupported(format!(
                    "an insert into {} without its key {}, which only the server can make (use a uuid key)",
                    self.name, column.name
                ));
            }
            None => (null.clone(), Origin::Pending),
        })
    }

    fn check(&self, fillings: &[Filling<'_>], draft: &Draft, number: usize) -> Result<(), Unprepared> {
        for (place, filling) in fillings.iter().enumerate() {
            let required = filling.column.not_null || filling.is_key;
            if required && *draft.values[place] == *"null" && draft.origins[place] != Origin::Pending {
                return Err(null_value(self.name, &filling.column.name).into());
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
        let values = draft.values.iter().map(AsRef::as_ref);
        self.table.columns.iter().map(|column| Cow::Borrowed(column.name.as_ref())).zip(values)
    }

    fn key(&self, draft: &Draft) -> Key {
        let value = |name: &Text| {
            let place = self.table.columns.iter().position(|column| column.name == *name);
            place.map_or("null", |place| draft.values[place].as_ref())
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
        fillings: &[Filling<'_>],
        draft: Draft,
        key: Key,
        visible: Option<&str>,
        rows: &dyn Rows,
        context: &mut WriteContext<'_>,
    ) -> Mutation {
        let (mut changes, mut shown) = (Vec::with_capacity(fillings.len()), Vec::new());
        let mut reader = Reader::new(self.table);
        let before = visible.map(|row| reader.open(row));
        let drafted = draft.values.into_iter().zip(draft.origins);
        for (place, (filling, (value, origin))) in fillings.iter().zip(drafted).enumerate() {
            let sent =
                origin == Origin::Given || (origin == Origin::Made && visible.is_none()) || filling.is_key;
            let column = filling.column.name.clone();
            if sent {
                let old = before.map(|cells| cells.get(place).into());
                changes.push(Change { column, value, old });
            } else if origin == Origin::Shown && visible.is_none() {
                shown.push((column, value));
            }
        }
        let op = match self.conflict.resolution {
            None => Op::Insert,
            Some(Resolution::Merge) => Op::Upsert,
            Some(Resolution::Ignore) => Op::InsertIgnore,
        };
        let base = rows.base(self.name, &key);
        let id = mutation_id(context.now_ms, (context.random)());
        Mutation { id, table: self.name.clone(), key, op, changes, shown, base }
    }
}
