//! The rows of one table: slots in memory over segments at rest.
//!
//! Every key has at most one living place: its slot, or one row of one segment that is not dead. A slot
//! hides what the segments say of its key.
//!
//! A round from nothing begins a new *generation*: what was told before it counts for nothing once the
//! key is told again, and at its end everything of an older generation is gone.

use super::evict::Evictions;
use super::index::{Layout, MemoryIndexes};
use super::rested::Rested;
use super::slot::{Base, Known, Slot, Source};
use crate::protocol::{Key, Rev, Row, SegmentId, Seq, Table, Text};
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct TableRows {
    pub layout: Rc<Layout>,
    pub(super) generation: u32,
    /// A round from nothing is under way.
    pub(super) filling: bool,
    /// The first frame of the last round that has ended.
    last_round: Seq,
    pub(super) slots: BTreeMap<Key, Slot>,
    pub(super) indexes: MemoryIndexes,
    /// Bytes of row text in slots.
    pub(super) bytes: usize,
    /// Slots that are buried.
    buried: usize,
    pub(super) segments: Vec<Rested>,
    /// The columns that each change of the definition took away, since this state was made.
    reshaped: Vec<Vec<Text>>,
    pub(super) evictions: Evictions,
}

impl TableRows {
    pub fn new(layout: Rc<Layout>) -> Self {
        let indexes = MemoryIndexes::of(&layout, std::iter::empty());
        Self {
            layout,
            generation: 0,
            filling: false,
            slots: BTreeMap::new(),
            indexes,
            bytes: 0,
            buried: 0,
            last_round: 0,
            segments: Vec::new(),
            reshaped: Vec::new(),
            evictions: Evictions::default(),
        }
    }

    /// The rows as a state record has them.
    pub fn restored(
        table: &Table,
        (generation, filling, last_round): (u32, bool, Seq),
        slots: Vec<(Key, Slot)>,
        segments: Vec<Rested>,
    ) -> Self {
        let slots: BTreeMap<Key, Slot> = slots.into_iter().collect();
        let bytes = slots.values().map(text_bytes).sum();
        let layout = Rc::new(Layout::new(table));
        let mut rows = Self { generation, filling, last_round, slots, bytes, segments, ..Self::new(layout) };
        rows.buried = rows.slots.values().filter(|slot| slot.is_buried()).count();
        rows.index();
        rows
    }

    /// A checkpoint at `base` is written: what it put to rest, and nothing else needs, leaves memory. Its
    /// segments have the columns that the table had after so many changes.
    pub fn rest(&mut self, base: Seq, segments: Vec<Rested>, changes: usize) {
        let current = |rested: &Rested| self.filling || rested.directory.generation == self.generation;
        self.segments = segments.into_iter().filter(current).collect();
        for gone in &self.reshaped[changes.min(self.reshaped.len())..] {
            self.segments.iter_mut().for_each(|rested| rested.reshape(gone));
        }
        self.evict_again(base);
        for slot in self.slots.values_mut().filter(|slot| slot.changed && slot.since <= base) {
            slot.changed = false;
        }
        let idle: Vec<Key> =
            self.slots.iter().filter(|(_, slot)| slot.is_idle()).map(|(key, _)| key.clone()).collect();
        idle.iter().for_each(|key| self.drop_slot(key));
    }

    pub(in crate::engine) fn lose(&mut self, segment: SegmentId) {
        self.segments.retain(|rested| rested.id != segment);
    }

    /// How often its columns have changed since this state was made.
    pub fn changes(&self) -> usize {
        self.reshaped.len()
    }

    /// The generation, whether a round from nothing is under way, and the first frame of the last round.
    pub fn shape(&self) -> (u32, bool, Seq) {
        (self.generation, self.filling, self.last_round)
    }

    pub fn slot(&self, key: &Key) -> Option<&Slot> {
        self.slots.get(key)
    }

    pub fn has_buried(&self) -> bool {
        self.buried > 0
    }

    /// The slot under a key's text.
    pub fn slot_of(&self, key: &str) -> Option<&Slot> {
        self.slots.get(key)
    }

    pub fn slots(&self) -> impl Iterator<Item = (&Key, &Slot)> {
        self.slots.iter()
    }

    pub fn segments(&self) -> &[Rested] {
        &self.segments
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether only a segment can tell what is known of a key.
    pub fn is_unread(&self, key: &Key) -> bool {
        self.segments.iter().any(|rested| rested.directory.may_hold(key.as_str()))
            && !self.slots.contains_key(key)
    }

    /// Takes in what the segments say of a key.
    pub fn read(&mut self, key: &Key, found: Option<(Base, u32)>) {
        if self.slots.contains_key(key) {
            return;
        }
        let (known, generation) = match found {
            Some((base, generation)) => (Known::Row(base), generation),
            None => (Known::Absent, self.generation),
        };
        self.change(key, |slot| *slot = Slot::copy(known, generation));
    }

    /// Stores a version, unless what is known is as new. Whether it changed anything.
    pub fn put(&mut self, key: &Key, base: Base, seq: Seq, source: Source) -> bool {
        let slot = self.slots.get(key);
        if slot.is_some_and(|slot| self.knows(slot, base.rev, seq, source)) {
            return false;
        }
        let held = slot.and_then(|slot| slot.known.base());
        let made_from = held.filter(|held| held.rev == base.rev).and_then(|held| held.made_from);
        let base = Base { made_from: base.made_from.or(made_from), ..base };
        self.tell(key, Known::Row(base), seq, source);
        true
    }

    /// Removes a row, unless a newer version is known. Whether it changed anything visible.
    pub fn bury(&mut self, key: &Key, rev: Rev, seq: Seq, source: Source) -> bool {
        let slot = self.slots.get(key);
        if slot.is_some_and(|slot| self.knows(slot, rev, seq, source)) {
            return false;
        }
        let was = slot.map(|slot| matches!(slot.known, Known::Row(_)));
        self.tell(key, Known::Gone(rev), seq, source);
        was.unwrap_or(!self.segments.is_empty())
    }

    /// Drops a row without a tombstone: it left the device, not the server. Whether it was held.
    pub fn forget(&mut self, key: &Key, seq: Seq) -> bool {
        let was = match self.slots.get(key).map(|slot| &slot.known) {
            Some(Known::Row(_)) => true,
            Some(Known::Gone(_) | Known::Absent) => return false,
            None => self.is_unread(key),
        };
        if was {
            self.tell(key, Known::Absent, seq, Source::Pull);
        }
        was
    }

    /// The row as pending mutations make it; `None`: as its base. The visible row then.
    pub fn lay_over(&mut self, key: &Key, over: Option<Option<Row>>, seq: Seq) -> Option<Row> {
        let Some(over) = over else { return self.uncover(key, seq) };
        let generation = self.generation;
        self.change(key, |slot| {
            slot.over = Some(over);
            if slot.known == Known::Absent {
                slot.generation = generation;
            }
        })
    }

    /// The row as its base.
    fn uncover(&mut self, key: &Key, seq: Seq) -> Option<Row> {
        let slot = self.slots.get(key)?;
        if slot.over.is_none() {
            return slot.shown().cloned();
        }
        let generation = self.generation;
        self.change(key, |slot| {
            slot.over = None;
            if slot.known == Known::Absent {
                slot.generation = generation;
            }
        });
        self.settle(key, seq);
        self.slots.get(key).and_then(Slot::shown).cloned()
    }

    /// Begins a round from nothing.
    pub fn begin_afresh(&mut self) {
        self.generation += 1;
        self.filling = true;
    }

    /// Ends a round. What an answer told before the round before it began is no longer recent: an edit that
    /// waited through answer and round still finds what its version was made into. Whether everything may
    /// have changed: what a round from nothing did not name is gone.
    pub fn end_round(&mut self, began: Seq, seq: Seq) -> bool {
        let before = std::mem::replace(&mut self.last_round, began);
        let old: Vec<Key> = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.recent && slot.since < before)
            .map(|(key, _)| key.clone())
            .collect();
        for key in old {
            self.grow_old(&key, seq);
        }
        if !std::mem::take(&mut self.filling) {
            return false;
        }
        let generation = self.generation;
        self.segments.retain(|rested| rested.directory.generation == generation);
        let former: Vec<Key> = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.generation < generation)
            .map(|(key, _)| key.clone())
            .collect();
        for key in former {
            self.change(&key, |slot| {
                let over = slot.over.take();
                *slot = Slot { over, ..Slot::copy(Known::Absent, generation) };
            });
        }
        true
    }

    /// Another definition. Columns that are gone go at once: from memory now, from segments when they are read.
    pub fn redefine(&mut self, layout: Rc<Layout>) {
        let (before, table) = (Rc::clone(&self.layout), &layout.table);
        let names =
            |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<Text>>();
        let gone: Vec<Text> =
            names(&before.table).into_iter().filter(|name| table.column(name).is_none()).collect();
        if names(&before.table) != names(table) {
            for slot in self.slots.values_mut() {
                if let Known::Row(base) = &mut slot.known {
                    base.row = base.row.reshaped(table, &gone);
                }
            }
            self.segments.iter_mut().for_each(|rested| rested.reshape(&gone));
            self.reshaped.push(gone);
        }
        self.layout = layout;
        self.bytes = self.slots.values().map(text_bytes).sum();
        self.index();
    }

    /// Computes the indexes anew, after a load.
    pub(super) fn index(&mut self) {
        let shown = self.slots.iter().filter_map(|(key, slot)| Some((key, slot.shown()?)));
        self.indexes = MemoryIndexes::of(&self.layout, shown);
    }

    fn tell(&mut self, key: &Key, known: Known, since: Seq, source: Source) {
        let generation = self.generation;
        self.change(key, |slot| {
            // What is not held holds no page off.
            let recent = (source == Source::Answer || slot.recent) && known != Known::Absent;
            let over = slot.over.take();
            let fetched = slot.fetched.filter(|_| matches!(known, Known::Row(_)));
            *slot = Slot { known, generation, since, recent, fetched, changed: true, over };
        });
    }

    /// Whether a version as new is known. Pages come in order, so only what an answer told, or this very
    /// frame, can be newer than they are; and what was told before a round from nothing counts for nothing.
    fn knows(&self, slot: &Slot, rev: Rev, seq: Seq, source: Source) -> bool {
        let counts = !self.filling || slot.generation == self.generation;
        let compares = source == Source::Answer || slot.recent || slot.since == seq;
        counts && compares && slot.known.rev().is_some_and(|known| known >= rev)
    }

    /// Changes a slot, made if it is not there. The visible row then.
    pub(super) fn change(&mut self, key: &Key, change: impl FnOnce(&mut Slot)) -> Option<Row> {
        let generation = self.generation;
        let slot = self.slots.entry(key.clone()).or_insert_with(|| Slot::copy(Known::Absent, generation));
        let before = slot.shown().cloned();
        let (bytes, buried) = (text_bytes(slot), usize::from(slot.is_buried()));
        change(slot);
        self.bytes = self.bytes + text_bytes(slot) - bytes;
        self.buried = self.buried + usize::from(slot.is_buried()) - buried;
        let after = slot.shown().cloned();
        if before != after {
            if let Some(row) = &before {
                self.indexes.remove(&self.layout, key, row);
            }
            if let Some(row) = &after {
                self.indexes.add(&self.layout, key, row);
            }
        }
        after
    }

    /// Drops a slot that says what the segments say.
    pub(super) fn drop_slot(&mut self, key: &Key) {
        if let Some(slot) = self.slots.remove(key) {
            self.bytes -= text_bytes(&slot);
            self.buried -= usize::from(slot.is_buried());
            if let Some(row) = slot.shown() {
                self.indexes.remove(&self.layout, key, row);
            }
        }
    }
}

fn text_bytes(slot: &Slot) -> usize {
    let over = slot.over.as_ref().and_then(Option::as_ref).map_or(0, |row| row.as_str().len());
    slot.known.base().map_or(0, |base| base.row.as_str().len()) + over
}
