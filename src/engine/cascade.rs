//! Foreign keys' `cascade` and `set null`, applied to visible rows at once; only the parent's delete is sent.
//!
//! A removed parent casts a *shadow*: its delete is pending, or was answered and no two rounds have ended since.
//! Nothing lists the rows that lie in it. Whoever looks at a row asks whether its foreign keys lead, over however many
//! steps, to a parent that was removed after the key was written, by the order of the outbox; base rows are older
//! than all of it.
//!
//! ```text
//! note ──(cascade)──▶ entry ──(cascade)──▶ project, its delete at place 5        written before it: hidden
//! ```

use super::changes::Changes;
use super::outbox::{Pending, Place};
use super::reducer::Found;
use super::rows::{RowId, base_row};
use super::segment::{Block, Blocks, SegmentId};
use super::state::State;
use crate::protocol::row::{Field, fields};
use crate::protocol::{Change, ForeignKey, Key, Op, Request, Row, Schema, Table, Text};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How many steps a shadow reaches at once; further down the server's removals bring it.
const STEPS_MAX: usize = 128;

/// What becomes of the rows of each table when a row goes that they refer to.
#[derive(Clone, Debug, Default)]
pub struct Cascades(BTreeMap<Text, Lineage>);

#[derive(Clone, Debug, Default)]
struct Lineage {
    links: Vec<Link>,
    /// Tables whose removals may reach this one.
    above: BTreeSet<Text>,
}

#[derive(Clone, Debug)]
struct Link {
    parent: Text,
    columns: Vec<Text>,
    /// Those of them that hold the parent's key, in its order.
    key: Vec<Text>,
    /// Columns that become null; none: the row goes too.
    cleared: Option<Vec<Text>>,
}

/// A row as its parents leave it.
#[derive(Debug, PartialEq, Eq)]
pub enum Shaded {
    /// As it was.
    Clear,
    Row(Row),
    Hidden,
}

impl Cascades {
    pub fn of(schema: &Schema) -> Self {
        let mut tables = BTreeMap::new();
        for (name, table) in &schema.tables {
            let links: Vec<Link> =
                table.foreign_keys.iter().filter_map(|foreign| Link::of(schema, table, foreign)).collect();
            if !links.is_empty() {
                let above = links.iter().map(|link| link.parent.clone()).collect();
                tables.insert(name.clone(), Lineage { links, above });
            }
        }
        let mut cascades = Self(tables);
        cascades.reach_up();
        cascades
    }

    /// Adds to the tables above each the tables above those.
    fn reach_up(&mut self) {
        loop {
            let further = |lineage: &Lineage| -> BTreeSet<Text> {
                lineage
                    .above
                    .iter()
                    .filter_map(|name| self.0.get(name))
                    .flat_map(|l| l.above.clone())
                    .collect()
            };
            let found: Vec<BTreeSet<Text>> = self.0.values().map(further).collect();
            let mut grows = false;
            for (lineage, found) in self.0.values_mut().zip(found) {
                let before = lineage.above.len();
                lineage.above.extend(found);
                grows |= lineage.above.len() > before;
            }
            if !grows {
                return;
            }
        }
    }

    fn links(&self, table: &str) -> &[Link] {
        self.0.get(table).map_or(&[], |lineage| &lineage.links)
    }

    /// Tables that a removal in this one may reach.
    fn below<'s>(&'s self, table: &'s str) -> impl Iterator<Item = &'s Text> {
        self.0.iter().filter(move |(_, lineage)| lineage.above.contains(table)).map(|(name, _)| name)
    }
}

impl Link {
    /// `None`: it is the server's alone to follow.
    fn of(schema: &Schema, table: &Table, foreign: &ForeignKey) -> Option<Self> {
        let parent = schema.tables.get(&foreign.table)?;
        let cleared = match foreign.on_delete.as_ref() {
            "cascade" => None,
            // Postgres clears these, or as many as it was told to: never those that cannot be null.
            "set null" => {
                let may_be_null = |name: &&Text| table.column(name).is_some_and(|column| !column.not_null);
                Some(foreign.columns.iter().filter(may_be_null).cloned().collect())
            }
            _ => return None,
        };
        let column = |key: &Text| {
            let at = foreign.references.iter().position(|referenced| referenced == key)?;
            foreign.columns.get(at).cloned()
        };
        let key = parent.key.iter().map(column).collect::<Option<Vec<Text>>>()?;
        Some(Self { parent: foreign.table.clone(), columns: foreign.columns.clone(), key, cleared })
    }

    /// The row that a row with these fields refers to.
    fn parent_of(&self, given: &[Field<'_>]) -> Option<RowId> {
        let value = |column: &Text| {
            let found = given.iter().rev().find(|(name, _)| *name == column.as_ref());
            found.map(|(_, value)| *value).filter(|value| *value != "null")
        };
        self.columns.iter().all(|column| value(column).is_some()).then_some(())?;
        let key: Vec<&str> = self.key.iter().filter_map(value).collect();
        Some((self.parent.clone(), Key::from_values(key)))
    }

    fn is_written_by(&self, pending: &Pending) -> bool {
        pending.op != Op::Update || pending.cells.iter().any(|cell| self.columns.contains(&cell.column))
    }
}

impl State {
    /// Whether rows of a table may lie in a shadow.
    pub fn is_shaded(&self, table: &str) -> bool {
        self.cascades.0.get(table).is_some_and(|lineage| lineage.above.iter().any(|above| self.casts(above)))
    }

    /// Whether shadows may clear a column of a table.
    pub(super) fn clears(&self, table: &str, column: &str) -> bool {
        let clears = |link: &Link| link.cleared.iter().flatten().any(|cleared| cleared.as_ref() == column);
        self.cascades.links(table).iter().any(clears) && self.is_shaded(table)
    }

    fn casts(&self, table: &str) -> bool {
        self.outbox.has_deletes(table) || self.rows.table(table).is_some_and(|rows| rows.has_buried())
    }

    pub(super) fn is_casting(&self) -> bool {
        self.cascades.0.keys().any(|table| self.is_shaded(table))
    }

    /// The row as it is seen, its parents' removals included, where memory holds all that tells.
    pub(super) fn visible_shaded(&self, table: &Text, key: &Key) -> Option<Cow<'_, Row>> {
        let row = self.visible(table, key)?;
        if !self.is_shaded(table) {
            return Some(Cow::Borrowed(row));
        }
        match Shade::new(self, &InMemory).over(table, key.as_str(), row.as_str()) {
            Shaded::Clear => Some(Cow::Borrowed(row)),
            Shaded::Row(row) => Some(Cow::Owned(row)),
            Shaded::Hidden => None,
        }
    }
}

/// A fold has what it needs in memory.
struct InMemory;

impl Blocks for InMemory {
    fn block(&self, _segment: SegmentId, _n: u32) -> Option<&Block> {
        None
    }
}

/// The shadows over a state's rows, as far as its base rows can be told.
pub struct Shade<'s> {
    state: &'s State,
    blocks: &'s dyn Blocks,
    /// When rows were removed, of those that were asked for.
    removed: RefCell<BTreeMap<RowId, Removals>>,
}

/// When a row was removed, by its own deletes and with its parents. A delete that was answered comes before all that is
/// pending.
type Removals = Rc<[Place]>;

/// A row on its way through the outbox.
struct Life<'s> {
    row: Option<Row>,
    removed: Vec<Place>,
    /// Of each link, when its columns were last written; none: they are the base row's.
    links: Vec<(&'s Link, Option<Place>)>,
}

impl<'s> Shade<'s> {
    pub fn new(state: &'s State, blocks: &'s dyn Blocks) -> Self {
        Self { state, blocks, removed: RefCell::default() }
    }

    fn base(&self, id: &RowId) -> Option<Row> {
        base_row(self.state, self.blocks, id)
    }

    /// What becomes of a row that would be visible.
    pub fn over(&self, table: &Text, key: &str, shown: &str) -> Shaded {
        let id = (table.clone(), Key::from_text(key));
        let is_pending = self.state.outbox.of_row(&id).next().is_some();
        if !is_pending && self.is_clear(table, shown) {
            return Shaded::Clear;
        }
        let base = if is_pending { self.base(&id) } else { Some(Row::from_stored(shown)) };
        match self.live(&id, base, 0).row {
            Some(row) if row.as_str() == shown => Shaded::Clear,
            Some(row) => Shaded::Row(row),
            None => Shaded::Hidden,
        }
    }

    /// Whether no parent of a base row is gone.
    fn is_clear(&self, table: &str, row: &str) -> bool {
        let given = fields(row).unwrap_or_default();
        let mut parents = self.state.cascades.links(table).iter().filter_map(|link| link.parent_of(&given));
        parents.all(|parent| self.removed(&parent, 1).is_empty())
    }

    fn removed(&self, id: &RowId, steps: usize) -> Removals {
        if let Some(known) = self.removed.borrow().get(id) {
            return Rc::clone(known);
        }
        let deletes = self.state.outbox.of_row(id).filter(|(_, pending)| pending.op == Op::Delete);
        let own: Removals = self.answered(id).chain(deletes.map(|(place, _)| place)).collect();
        // Should it be an ancestor of its own.
        self.removed.borrow_mut().insert(id.clone(), Rc::clone(&own));
        if steps >= STEPS_MAX || !self.state.is_shaded(&id.0) {
            return own;
        }
        let removed: Removals = self.live(id, self.base(id), steps).removed.into();
        self.removed.borrow_mut().insert(id.clone(), Rc::clone(&removed));
        removed
    }

    fn answered(&self, (table, key): &RowId) -> impl Iterator<Item = Place> + use<> {
        self.state.rows.slot(table, key).is_some_and(|slot| slot.is_buried()).then_some(0).into_iter()
    }

    fn live(&self, id: &RowId, base: Option<Row>, steps: usize) -> Life<'s> {
        let links = self.state.cascades.links(&id.0).iter().map(|link| (link, None)).collect();
        let mut life = Life { row: base, removed: self.answered(id).collect(), links };
        let Some(table) = self.state.schema.tables.get(&id.0) else { return life };
        for (place, pending) in self.state.outbox.of_row(id) {
            self.cut(&mut life, table, place, steps);
            life.row = pending.made_of(table, life.row);
            if pending.op == Op::Delete {
                life.removed.push(place);
            }
            let written = life.links.iter_mut().filter(|(link, _)| link.is_written_by(pending));
            written.for_each(|(_, written)| *written = Some(place));
        }
        self.cut(&mut life, table, Place::MAX, steps);
        life
    }

    /// Parents that were removed before a place take the row with them, or clear what refers to them.
    fn cut(&self, life: &mut Life, table: &Table, before: Place, steps: usize) {
        for (link, written) in &life.links {
            let Some(row) = &life.row else { return };
            let Some(parent) = link.parent_of(&row.fields()) else { continue };
            let removals = self.removed(&parent, steps + 1);
            let meets = |removed: &&Place| **removed < before && Some(**removed) > *written;
            let Some(removed) = removals.iter().rev().find(meets) else { continue };
            match &link.cleared {
                None => {
                    life.row = None;
                    life.removed.push(*removed);
                }
                Some(cleared) => {
                    let nulls = cleared.iter().map(|column| (column.as_ref(), "null"));
                    life.row = Some(row.with(table, nulls));
                }
            }
        }
    }
}

/// Tables over which a fold may have moved shadows look different as a whole.
pub fn note(state: &State, was_casting: bool, changes: &mut Changes) {
    if !was_casting && !state.is_casting() {
        return;
    }
    let rows = changes.rows.iter().map(|changed| &changed.row.0);
    let touched: BTreeSet<&Text> = rows.chain(&changes.tables).chain(&changes.rounds).collect();
    let below: BTreeSet<Text> =
        touched.into_iter().flat_map(|table| state.cascades.below(table)).cloned().collect();
    let untold = below.into_iter().filter(|table| !changes.tables.contains(table)).collect::<Vec<Text>>();
    changes.tables.extend(untold);
}

/// Rows that tell whether shadows lie over what a `Write` is about, and that are neither in memory nor found yet:
/// ancestors that have ancestors themselves. What they are tells which come next.
pub fn needs(state: &State, found: &Found, requests: &[Request]) -> Vec<RowId> {
    let mutations = || requests.iter().flat_map(|request| &request.mutations);
    let removes = || {
        mutations().any(|mutation| {
            mutation.op == Op::Delete && state.cascades.below(&mutation.table).next().is_some()
        })
    };
    if state.cascades.0.is_empty() || !(state.is_casting() || removes()) {
        return Vec::new();
    }
    let id = |(table, key): (&Text, &Key)| state.rekeyed.row(table, key);
    let has_links = |id: &RowId| !state.cascades.links(&id.0).is_empty();
    let mut ahead: Vec<RowId> = mutations().map(|m| id((&m.table, &m.key))).filter(has_links).collect();
    let mut changes: BTreeMap<RowId, Vec<&[Change]>> = BTreeMap::new();
    for mutation in mutations() {
        changes.entry(id((&mutation.table, &mutation.key))).or_default().push(&mutation.changes);
    }
    let (mut seen, mut needed) = (BTreeSet::new(), Vec::new());
    while let Some(id) = ahead.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let base = match found.get(&id) {
            Some(found) => found.as_ref().map(|(base, _)| base.row.clone()),
            None if state.rows.is_unread(&id) => {
                needed.push(id.clone());
                None
            }
            None => state.rows.get(&id.0, &id.1).map(|base| base.row.clone()),
        };
        let made = changes.get(&id).map_or(&[][..], Vec::as_slice);
        ahead.extend(parents_ever(state, &id, base, made).into_iter().filter(has_links));
    }
    needed
}

/// Every row that a row has referred to since its base.
fn parents_ever(state: &State, id: &RowId, base: Option<Row>, changes: &[&[Change]]) -> BTreeSet<RowId> {
    let Some(table) = state.schema.tables.get(&id.0) else { return BTreeSet::new() };
    let mut parents = BTreeSet::new();
    let mut note = |row: &Option<Row>| {
        let given = row.as_ref().map(Row::fields).unwrap_or_default();
        parents.extend(state.cascades.links(&id.0).iter().filter_map(|link| link.parent_of(&given)));
    };
    let mut row = base;
    note(&row);
    for (_, pending) in state.outbox.of_row(id) {
        row = pending.made_of(table, row);
        note(&row);
    }
    for changes in changes {
        let cells = changes.iter().map(|change| (change.column.as_ref(), change.value.as_ref()));
        row = Some(row.unwrap_or_else(|| Row::from_fields(table, &[])).with(table, cells));
        note(&row);
    }
    parents
}
