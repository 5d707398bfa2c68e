//! Base rows: the last version of each row that the server told us, and the tombstones of removed ones.
//!
//! The newest rev wins, whatever the order of arrival. A table that is pulled afresh collects the keys
//! it is told: the first version of a key replaces what was held before the round, whatever its rev (revs of
//! a restored server do not compare with those held), and at the end what was not told is removed.

use crate::protocol::{Key, Rev, Row, Seq, Text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A row's place: table and key.
pub type RowId = (Text, Key);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    pub rev: Rev,
    pub row: Row,
    /// The version that our own push turned into this one; rev 0 if it was our insert. An edit that saw
    /// that version, with our push still pending over it, saw this one.
    pub made_from: Option<Rev>,
}

#[derive(Clone, Debug, Default)]
pub struct BaseRows {
    tables: BTreeMap<Text, TableRows>,
}

/// A table of which nothing is held is no different from one that was never named.
impl PartialEq for BaseRows {
    fn eq(&self, other: &Self) -> bool {
        let empty = TableRows::default();
        let mut names = self.tables.keys().chain(other.tables.keys());
        names.all(|name| self.tables.get(name).unwrap_or(&empty) == other.tables.get(name).unwrap_or(&empty))
    }
}

impl Eq for BaseRows {}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct TableRows {
    base: BTreeMap<Key, Base>,
    tombstones: BTreeMap<Key, Tombstone>,
    /// Keys told during a round from nothing.
    seen: Option<BTreeSet<Key>>,
    bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    pub rev: Rev,
    /// The frame that brought it.
    pub seq: Seq,
}

/// What a state record keeps of base rows beside the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsRecord {
    tombstones: Vec<(Text, Key, Tombstone)>,
    seen: Vec<(Text, Vec<Key>)>,
}

impl BaseRows {
    pub fn get(&self, table: &str, key: &Key) -> Option<&Base> {
        self.tables.get(table)?.base.get(key)
    }

    pub fn iter(&self, table: &str) -> impl Iterator<Item = (&Key, &Base)> {
        self.tables.get(table).into_iter().flat_map(|rows| rows.base.iter())
    }

    pub fn tables(&self) -> impl Iterator<Item = &Text> {
        self.tables.keys()
    }

    /// Rows and bytes of JSON text held of a table.
    pub fn size(&self, table: &str) -> (usize, usize) {
        self.tables.get(table).map_or((0, 0), |rows| (rows.base.len(), rows.bytes))
    }

    /// Stores a version unless a newer one, or its removal, is known. Whether it changed anything.
    pub fn put(&mut self, table: &Text, key: &Key, base: Base) -> bool {
        let rows = self.tables.entry(table.clone()).or_default();
        let known = rows.newest(key);
        rows.see(key);
        if known.is_some_and(|known| known >= base.rev) {
            return false;
        }
        let made_from =
            rows.base.get(key).filter(|held| held.rev == base.rev).and_then(|held| held.made_from);
        rows.tombstones.remove(key);
        rows.insert(key, Base { made_from: base.made_from.or(made_from), ..base });
        true
    }

    /// Removes a row unless a newer version is known. Whether it changed anything.
    pub fn bury(&mut self, table: &Text, key: &Key, tombstone: Tombstone) -> bool {
        let rows = self.tables.entry(table.clone()).or_default();
        if rows.newest(key).is_some_and(|known| known >= tombstone.rev) {
            return false;
        }
        rows.tombstones.insert(key.clone(), tombstone);
        rows.take(key).is_some()
    }

    /// Drops a row without a tombstone: it left the device, not the server.
    pub fn forget(&mut self, table: &Text, key: &Key) -> bool {
        self.tables.get_mut(table).is_some_and(|rows| rows.take(key).is_some())
    }

    /// Begins a round from nothing: from now on, remember which keys the server names.
    pub fn begin_afresh(&mut self, table: &Text) {
        let rows = self.tables.entry(table.clone()).or_default();
        rows.tombstones.clear();
        rows.seen = Some(BTreeSet::new());
    }

    /// Ends a round: no tombstone older than it is kept, nor a row that a round from nothing did not name.
    /// The keys that are now gone.
    pub fn end_round(&mut self, table: &Text, began: Seq) -> Vec<Key> {
        let Some(rows) = self.tables.get_mut(table) else { return Vec::new() };
        rows.tombstones.retain(|_, tombstone| tombstone.seq >= began);
        let Some(seen) = rows.seen.take() else { return Vec::new() };
        let swept: Vec<Key> = rows.base.keys().filter(|key| !seen.contains(*key)).cloned().collect();
        for key in &swept {
            rows.take(key);
        }
        swept
    }

    /// Replaces every row of a table by what `change` makes of it.
    pub fn rewrite(&mut self, table: &str, change: impl Fn(&Row) -> Row) {
        let Some(rows) = self.tables.get_mut(table) else { return };
        for base in rows.base.values_mut() {
            base.row = change(&base.row);
        }
        rows.bytes = rows.base.values().map(|base| base.row.as_str().len()).sum();
    }

    pub fn record(&self) -> RowsRecord {
        let mut record = RowsRecord::default();
        for (table, rows) in &self.tables {
            let tombstones = rows.tombstones.iter();
            record.tombstones.extend(tombstones.map(|(key, t)| (table.clone(), key.clone(), *t)));
            if let Some(seen) = &rows.seen {
                record.seen.push((table.clone(), seen.iter().cloned().collect()));
            }
        }
        record
    }

    pub fn restore(&mut self, record: RowsRecord) {
        for (table, key, tombstone) in record.tombstones {
            self.tables.entry(table).or_default().tombstones.insert(key, tombstone);
        }
        for (table, seen) in record.seen {
            self.tables.entry(table).or_default().seen = Some(seen.into_iter().collect());
        }
    }
}

impl TableRows {
    /// The newest version told, row or tombstone. In a round from nothing, what was held before it counts
    /// for nothing.
    fn newest(&self, key: &Key) -> Option<Rev> {
        let counts = self.seen.as_ref().is_none_or(|seen| seen.contains(key));
        let base = self.base.get(key).filter(|_| counts).map(|base| base.rev);
        base.max(self.tombstones.get(key).map(|tombstone| tombstone.rev))
    }

    fn see(&mut self, key: &Key) {
        if let Some(seen) = &mut self.seen {
            seen.insert(key.clone());
        }
    }

    fn insert(&mut self, key: &Key, base: Base) {
        self.bytes += base.row.as_str().len();
        if let Some(old) = self.base.insert(key.clone(), base) {
            self.bytes -= old.row.as_str().len();
        }
    }

    fn take(&mut self, key: &Key) -> Option<Base> {
        let old = self.base.remove(key)?;
        self.bytes -= old.row.as_str().len();
        Some(old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::schema::tests::entries;

    fn base(rev: u64) -> Base {
        let row = Row::from_json(&entries(), &format!("{{\"n\":{rev}}}")).expect("a row");
        Base { rev: Rev(rev), row, made_from: None }
    }

    #[test]
    fn the_newest_version_wins_in_any_order() {
        let (table, key) = (Text::from("t"), Key::from_values(["1"]));
        let mut rows = BaseRows::default();
        assert!(rows.put(&table, &key, base(5)));
        assert!(!rows.put(&table, &key, base(4)));
        assert!(rows.bury(&table, &key, Tombstone { rev: Rev(6), seq: 1 }));
        assert!(!rows.put(&table, &key, base(5)), "an older page does not raise a removed row");
        assert!(rows.put(&table, &key, base(7)));
        assert_eq!(rows.size("t").0, 1);
    }

    #[test]
    fn a_round_from_nothing_sweeps_what_it_did_not_name() {
        let table = Text::from("t");
        let key = |n: &str| Key::from_values([n]);
        let mut rows = BaseRows::default();
        rows.put(&table, &key("1"), base(1));
        rows.put(&table, &key("2"), base(2));
        rows.begin_afresh(&table);
        rows.put(&table, &key("2"), base(2));
        assert_eq!(rows.end_round(&table, 0), [key("1")]);
        assert!(rows.get("t", &key("2")).is_some());
    }
}
