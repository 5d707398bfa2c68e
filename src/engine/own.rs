//! This client's own pushes, by transaction: whose rows a pull need not bring back, and which rows it wrote.
//!
//! A pull names the transactions of pushes to its tables until each table has seen them: until a round over it has
//! ended that began after them. Which transactions were ours is remembered longer: after a restore it tells which rows are
//! missed by the one who wrote them.

use crate::protocol::{Rev, Text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So many are named in a pull; the echo of an older one is harmless.
const NAMED: usize = 1_000;
/// So many are remembered.
const KEPT: usize = 10_000;

/// The tables that have not seen a transaction. None: some of what it made is not known here, so it is never named.
type Unseen = Option<BTreeSet<Text>>;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPushes(BTreeMap<u64, Unseen>);

impl OwnPushes {
    /// Pushes that were kept without their tables.
    pub fn of_tables(xids: BTreeSet<u64>, tables: &BTreeSet<Text>) -> Self {
        Self(xids.into_iter().map(|xid| (xid, Some(tables.clone()))).collect())
    }

    /// A push to these tables, all of whose rows are known here.
    pub fn complete<'a>(&mut self, xid: u64, tables: impl Iterator<Item = &'a Text>) {
        if let Some(unseen) = self.0.entry(xid).or_insert_with(|| Some(BTreeSet::new())) {
            unseen.extend(tables.cloned());
        }
        let is_named = |unseen: &Unseen| unseen.as_ref().is_some_and(|tables| !tables.is_empty());
        let surplus = self.0.values().filter(|unseen| is_named(unseen)).count().saturating_sub(NAMED);
        self.0.values_mut().filter(|unseen| is_named(unseen)).take(surplus).for_each(|unseen| *unseen = None);
        self.forget_oldest();
    }

    /// What it made must be able to come back by a pull.
    pub fn distrust(&mut self, xid: u64) {
        self.0.insert(xid, None);
        self.forget_oldest();
    }

    /// A push of ours has made this version of a row.
    pub fn note(&mut self, rev: Rev) {
        self.0.entry(rev.xid()).or_insert_with(|| Some(BTreeSet::new()));
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        while self.0.len() > KEPT {
            self.0.pop_first();
        }
    }

    /// Those that a pull over these tables need not bring back.
    pub fn named<'a>(&self, tables: impl Iterator<Item = &'a Text> + Clone) -> Vec<u64> {
        let is_unseen = |unseen: &BTreeSet<Text>| tables.clone().any(|table| unseen.contains(table));
        let named = self.0.iter().filter(|(_, unseen)| unseen.as_ref().is_some_and(is_unseen));
        named.map(|(xid, _)| *xid).collect()
    }

    /// A round over these tables, which named these transactions, has ended.
    pub fn pass<'a>(&mut self, xids: &[u64], tables: impl Iterator<Item = &'a Text> + Clone) {
        for xid in xids {
            if let Some(Some(unseen)) = self.0.get_mut(xid) {
                unseen.retain(|table| !tables.clone().any(|seen| seen == table));
            }
        }
    }

    /// The table is pulled from nothing: what was pushed before may be replaced. Should it be newer, the next round
    /// brings it, and with it what the same pushes made elsewhere.
    pub fn begin_afresh(&mut self, table: &Text) {
        let unseen = self.0.values_mut();
        let of_table = |unseen: &&mut Unseen| unseen.as_ref().is_some_and(|tables| tables.contains(table));
        unseen.filter(of_table).for_each(|unseen| *unseen = None);
    }

    /// Whether a push of ours made this version of a row.
    pub fn made(&self, rev: Rev) -> bool {
        self.is_of(rev.xid())
    }

    /// Whether a transaction is a push of ours.
    pub fn is_of(&self, xid: u64) -> bool {
        self.0.contains_key(&xid)
    }

    /// The server has another history: its transactions of these numbers may be anybody's.
    pub fn distrust_all(&mut self) {
        self.0.values_mut().for_each(|unseen| *unseen = None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> [Text; 2] {
        ["entries".into(), "projects".into()]
    }

    #[test]
    fn a_push_is_named_until_each_of_its_tables_has_seen_it() {
        let [entries, projects] = tables();
        let mut own = OwnPushes::default();
        own.complete(5, tables().iter());
        own.complete(6, [entries.clone()].iter());
        assert_eq!(own.named([projects.clone()].iter()), [5]);
        own.pass(&[5], [projects.clone()].iter());
        assert!(own.named([projects].iter()).is_empty());
        assert_eq!(own.named(tables().iter()), [5, 6], "a pull over both may hide it: the other has it");
        assert!(own.made(Rev((5 << 22) | 1)));
    }

    /// Two answers may name one transaction. What the first could not build must come back, whatever the second says.
    #[test]
    fn a_push_of_which_something_is_unknown_is_never_named() {
        let [entries, projects] = tables();
        let mut own = OwnPushes::default();
        own.distrust(5);
        own.complete(5, [entries.clone()].iter());
        assert!(own.named([entries.clone()].iter()).is_empty());
        own.complete(6, tables().iter());
        own.begin_afresh(&projects);
        assert!(own.named([entries].iter()).is_empty(), "a pull over both would hide the other's rows");
    }

    #[test]
    fn pushes_kept_without_their_tables_are_named_until_each_table_has_seen_them() {
        let [entries, projects] = tables();
        let mut own = OwnPushes::of_tables(BTreeSet::from([5, 6]), &tables().into());
        assert_eq!(own.named([projects.clone()].iter()), [5, 6]);
        own.pass(&[5, 6], [projects.clone()].iter());
        assert!(own.named([projects].iter()).is_empty());
        assert_eq!(own.named([entries].iter()), [5, 6]);
    }

    #[test]
    fn the_oldest_are_forgotten_first() {
        let mut own = OwnPushes::default();
        (1..=KEPT as u64 - NAMED as u64).for_each(|xid| own.note(Rev(xid << 22)));
        (0..=NAMED as u64).for_each(|n| own.complete(KEPT as u64 + 1 - n, tables().iter()));
        assert!(!own.made(Rev(1 << 22)) && own.made(Rev(2 << 22)));
        assert_eq!(own.named(tables().iter()).len(), NAMED);
    }
}
