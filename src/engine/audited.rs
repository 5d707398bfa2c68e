//! Audits: whether this device holds what the server would show it, compared by sums over buckets of keys.
//!
//! ```text
//! bucket = first byte of md5(key)      sum += first six bytes of md5(key ‖ rev), as a number
//! ```
//!
//! Rows that become visible or invisible by a change of rights have no change of their own, and no pull tells of
//! them. A bucket that differs is read whole; what it lacks, or has too much, is one `Audited` frame. It is dropped if
//! the table's cursor has moved on since: then a page may know better.

use super::changes::{Before, Changes};
use super::frame::Audited;
use super::pulled::keyed_row;
use super::rows::{Base, RowId, Source};
use super::state::State;
use crate::protocol::audit::{BUCKETS, BucketSum};
use crate::protocol::row::fields;
use crate::protocol::{Key, Rev, Seq, Table, Text};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What an audit of a table found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// By this device's clock. A round from nothing proves as much.
    pub ended_ms: u64,
    /// Buckets that were not as the server has them.
    pub differing: u32,
    /// Rows that were taken in or dropped for that.
    pub repaired: u32,
}

/// Rows of a bucket, and the sum over them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub rows: u64,
    pub sum: u64,
}

/// A table's rows, summed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums(Vec<Sum>);

impl Default for Sums {
    fn default() -> Self {
        Self(vec![Sum::default(); BUCKETS])
    }
}

impl Sums {
    /// `key`: its text, as rows are kept under it.
    pub fn add(&mut self, key: &str, rev: Rev) {
        let digest = Md5::new().chain_update(key).chain_update(rev.to_string()).finalize();
        let number = digest[..6].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let sum = &mut self.0[usize::from(bucket(key))];
        sum.rows += 1;
        sum.sum += number;
    }

    /// Of a bucket.
    pub fn of(&self, bucket: u8) -> Sum {
        self.0[usize::from(bucket)]
    }
}

/// The bucket of a key.
pub fn bucket(key: &str) -> u8 {
    Md5::digest(key)[0]
}

/// Buckets whose sums are not ours; those that have changed since the cursor are the next pull's.
pub fn differing(ours: &Sums, theirs: &[BucketSum]) -> BTreeSet<u8> {
    let told: BTreeMap<u8, &BucketSum> = theirs.iter().map(|sum| (sum.bucket, sum)).collect();
    let differs = |bucket: &u8| {
        let theirs = told.get(bucket);
        let sum = theirs.map_or(Sum::default(), |theirs| Sum { rows: theirs.rows, sum: theirs.sum });
        !theirs.is_some_and(|theirs| theirs.changed) && sum != ours.of(*bucket)
    };
    (0..=u8::MAX).filter(differs).collect()
}

/// The versions that are held of rows, by the keys' texts.
pub type Held = BTreeMap<String, Rev>;

/// What is held of some buckets against all that the server shows in them: what mends it.
pub fn mend(name: &Text, definition: &Table, cursor: &Text, held: &Held, shown: Vec<(Rev, Text)>) -> Audited {
    let mut keys = BTreeSet::new();
    let mut rows = Vec::new();
    for (rev, json) in shown {
        let key = fields(&json).ok().and_then(|fields| Key::of_fields(definition, &fields));
        let Some(key) = key else { continue };
        if held.get(key.as_str()) != Some(&rev) {
            rows.push((rev, json));
        }
        keys.insert(key.as_str().to_owned());
    }
    let gone = held.iter().filter(|(key, _)| !keys.contains(*key));
    let gone = gone.map(|(key, rev)| (*rev, Key::from_text(key))).collect();
    Audited { table: name.clone(), cursor: cursor.clone(), rows, gone, found: None }
}

/// Rows whose present version decides whether they are dropped.
pub fn needs(audited: &Audited) -> Vec<RowId> {
    audited.gone.iter().map(|(_, key)| (audited.table.clone(), key.clone())).collect()
}

pub fn fold(state: &mut State, seq: Seq, audited: Audited, changes: &mut Changes) {
    let Audited { table: name, cursor, rows, gone, found } = audited;
    let is_current = state.cursors.get(&name) == Some(&cursor);
    let Some(table) = state.schema.tables.get(&name).cloned().filter(|_| is_current) else {
        changes.dropped = true;
        return;
    };
    let mut touched: Vec<(RowId, Before)> = Vec::new();
    for (rev, json) in rows {
        let Some((key, row)) = keyed_row(&table, &json) else { continue };
        let id = (name.clone(), key);
        let before = state.seen(&id);
        if state.rows.put(&id.0, &id.1, Base { rev, row, made_from: None }, seq, Source::Pull) {
            touched.push((id, before));
        }
    }
    for (rev, key) in gone {
        let id = (name.clone(), key);
        let before = state.seen(&id);
        let is_as_found = state.rows.get(&id.0, &id.1).is_some_and(|base| base.rev == rev);
        if is_as_found && state.rows.forget(&id.0, &id.1, seq) {
            touched.push((id, before));
        }
    }
    for (id, before) in touched {
        let after = state.rebase(&id);
        changes.note(id, before, after);
    }
    if let Some(found) = found {
        state.audits.insert(name, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As PostgreSQL computes them: `('x' || left(md5('["a"]' || '5'), 12))::bit(48)::bigint`.
    #[test]
    fn a_sum_is_the_one_that_the_server_computes() {
        let mut sums = Sums::default();
        sums.add(r#"["a"]"#, Rev(5));
        let at = bucket(r#"["a"]"#);
        assert_eq!((at, sums.of(at)), (76, Sum { rows: 1, sum: 105_388_330_707_424 }));
    }
}
