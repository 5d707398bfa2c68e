//! How much of a table this device holds: at once as far as memory can tell, or exactly by a look into segments.

use super::rested::Rested;
use super::slot::Slot;
use super::table::TableRows;
use super::view::View;
use crate::engine::segment::Place;
use crate::protocol::Key;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Visible rows.
    pub rows: usize,
    /// Bytes of their text, about.
    pub bytes: usize,
    /// Rows in memory because they have changed, or have changes that wait, and bytes of their text.
    pub hot_rows: usize,
    pub hot_bytes: usize,
    /// Rows in segments, and bytes of their text.
    pub warm_rows: usize,
    pub warm_bytes: usize,
}

impl TableRows {
    /// Without a look into segments: as far as their key filters tell slots that hide a row from those that do not.
    pub fn size(&self) -> Size {
        let living = self.segments.iter().map(|rested| rested.living() as usize).sum();
        let is_hiding =
            |key: &Key| self.segments.iter().any(|rested| rested.directory.may_hold(key.as_str()));
        // What was read through lies before the horizon, where segments have nothing to hide.
        let is_cold = |slot: &Slot| {
            slot.fetched.is_some() && slot.known.base().is_some_and(|base| self.is_cold(&base.row))
        };
        let hiding = self.slots.iter().filter(|(key, slot)| is_hiding(key) && !is_cold(slot)).count();
        self.size_of(living, hiding)
    }

    /// `living`: rows in segments, of which slots hide so many.
    fn size_of(&self, living: usize, hiding: usize) -> Size {
        let bytes = |rested: &Rested| {
            let share =
                u64::from(rested.living()) * rested.directory.bytes / u64::from(rested.directory.rows.max(1));
            share as usize
        };
        let warm_bytes = self.segments.iter().map(bytes).sum();
        let shown = self.slots.values().filter(|slot| slot.shown().is_some()).count();
        Size {
            rows: living.saturating_sub(hiding) + shown,
            bytes: self.bytes + warm_bytes,
            hot_rows: shown,
            hot_bytes: self.bytes,
            warm_rows: living,
            warm_bytes,
        }
    }
}

impl View<'_> {
    /// Rows are counted exactly; where a block is missing it is noted, and the count stands for nothing.
    pub fn size(&self, table: &str) -> Size {
        let Some(rows) = self.state().rows.table(table) else { return Size::default() };
        let living = rows.segments.iter().map(|rested| self.living(rows, rested)).sum();
        let is_hiding = |key: &Key| rows.segments.iter().any(|rested| self.holds(rows, rested, key));
        rows.size_of(living, rows.slots.keys().filter(|key| is_hiding(key)).count())
    }

    /// Rows of a segment that are neither replaced nor evicted.
    fn living(&self, rows: &TableRows, rested: &Rested) -> usize {
        if rested.from.is_none() {
            return rested.living() as usize;
        }
        (0..rested.directory.rows as u16).filter(|row| self.lives(rows, rested, *row)).count()
    }

    fn holds(&self, rows: &TableRows, rested: &Rested, key: &Key) -> bool {
        match rested.directory.find(rested.id, key.as_str(), self.blocks()) {
            Place::Row(row) => self.lives(rows, rested, row),
            Place::Absent | Place::Unread => false,
        }
    }

    fn lives(&self, rows: &TableRows, rested: &Rested, row: u16) -> bool {
        let is_evicted = || {
            let packed = rested.directory.row(rested.id, row, self.blocks());
            packed.is_some_and(|packed| rested.hides(&rows.layout, packed.text))
        };
        !rested.dead.is_dead(row) && (rested.from.is_none() || !is_evicted())
    }
}
