//! Settling: what a policy makes of one mutation and the row it meets, and what it writes (SYNC 3).

use super::{Server, Stored, Transaction, json, project, row_id};
use crate::model_server::Policy;
use std::collections::{BTreeMap, BTreeSet};
use thermocline::engine::RowId;
use thermocline::protocol::push::{Group, Outcome, SentMutation};
use thermocline::protocol::{Op, Rev, Row, Stamp, Text};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Applied,
    Merged,
    Superseded,
    Conflict,
}

fn rejected(code: &str) -> Outcome {
    Outcome::Rejected { code: code.into(), message: "simulated".into(), row: None }
}

impl Server {
    fn policy(&self, id: &RowId) -> Policy {
        self.setup.policies[usize::from(&*id.0 == "projects")]
    }

    pub(super) fn settle(
        &mut self,
        transaction: &mut Transaction,
        group: &Group,
        mutation: &SentMutation,
    ) -> Outcome {
        let id = row_id(group, mutation);
        let cell = |name: &str| {
            mutation.cells.iter().find(|cell| &*cell.column == name).map(|cell| cell.value.clone())
        };
        let parent = cell("project").filter(|value| &**value != "null").map(|value| project(&value));
        if parent.as_ref().is_some_and(|parent| transaction.refused.contains(parent)) {
            return Outcome::Blocked;
        }
        if group.op == Op::Delete {
            return self.settle_delete(transaction, &id, mutation);
        }
        if self.lacks_column(group) {
            return rejected("42703");
        }
        let is_hidden = self.hidden.contains(&id);
        if is_hidden && group.op != Op::Update {
            return rejected("42501"); // the key is taken
        }
        let exists = self.rows.contains_key(&id) && !is_hidden;
        if !exists && group.op == Op::Update {
            let asks =
                self.policy(&id) == Policy::Ask && self.tombstones.iter().any(|(buried, _)| *buried == id);
            return if asks { Outcome::Conflict { rev: None, row: None } } else { Outcome::Hidden };
        }
        let refusal = || {
            let check = cell("n").is_some_and(|n| &*n == "-1").then(|| rejected("23514"));
            let orphan = parent.as_ref().is_some_and(|parent| !self.rows.contains_key(parent));
            check.or(orphan.then(|| rejected("23503")))
        };
        if exists {
            let (verdict, taken) = self.decide(transaction, group.op, &id, mutation);
            return match verdict {
                Verdict::Superseded => {
                    self.whole(&id, |rev, row| Outcome::Superseded { rev: Some(rev), row: Some(row) })
                }
                Verdict::Conflict => {
                    self.whole(&id, |rev, row| Outcome::Conflict { rev: Some(rev), row: Some(row) })
                }
                _ if refusal().is_some() => refusal().expect("just seen"),
                Verdict::Applied | Verdict::Merged => {
                    self.update(transaction, &id, mutation, verdict, &taken)
                }
            };
        }
        if let Some(refusal) = refusal() {
            return refusal;
        }
        let mut fields = self.defaults(&id.0);
        fields.extend(mutation.key.iter().cloned());
        fields.extend(
            mutation
                .cells
                .iter()
                .map(|cell| (cell.column.clone(), self.typed(&id.0, &cell.column, &cell.value))),
        );
        let at = mutation.cells.iter().map(|cell| (cell.column.clone(), cell.stamp.min(self.clock)));
        let rev = self.store(transaction, &id, fields, at.collect());
        if let Some(parent) = parent.filter(|_| self.setup.touch_parent) {
            self.touch(transaction, &parent);
        }
        Outcome::Applied { rev: Some(rev), set: self.set_otherwise(&id, mutation, &BTreeMap::new()) }
    }

    fn decide(
        &self,
        transaction: &Transaction,
        op: Op,
        id: &RowId,
        mutation: &SentMutation,
    ) -> (Verdict, BTreeSet<Text>) {
        let stored = &self.rows[id];
        let is_current = Some(stored.rev) == mutation.base || stored.rev.xid() == transaction.xid;
        let policy = if op == Op::InsertIgnore { Policy::RemoteWins } else { self.policy(id) };
        if policy == Policy::RemoteWins && !is_current {
            return (Verdict::Superseded, BTreeSet::new());
        }
        let taken = mutation.cells.iter().filter(|cell| {
            let held = stored.fields.get(&cell.column);
            let held_at = stored.at.get(&cell.column).copied();
            is_current
                || held == Some(&self.typed(&id.0, &cell.column, &cell.value))
                || (cell.old.is_some() && held == cell.old.as_ref())
                || policy != Policy::Ask && held_at.is_none_or(|held_at| cell.stamp.min(self.clock) > held_at)
        });
        let taken: BTreeSet<Text> = taken.map(|cell| cell.column.clone()).collect();
        let lost = taken.len() < mutation.cells.len();
        let verdict = match (is_current, lost) {
            (true, _) => Verdict::Applied,
            (false, true) if policy == Policy::Ask => Verdict::Conflict,
            (false, true) if taken.is_empty() => Verdict::Superseded,
            (false, _) => Verdict::Merged,
        };
        (verdict, taken)
    }

    fn update(
        &mut self,
        transaction: &mut Transaction,
        id: &RowId,
        mutation: &SentMutation,
        verdict: Verdict,
        taken: &BTreeSet<Text>,
    ) -> Outcome {
        let before = self.rows[id].clone();
        let (mut fields, mut at) = (before.fields.clone(), before.at.clone());
        for cell in mutation.cells.iter().filter(|cell| taken.contains(&cell.column)) {
            fields.insert(cell.column.clone(), self.typed(&id.0, &cell.column, &cell.value));
            let least = at.get(&cell.column).map_or(0, |held_at| held_at + 1);
            at.insert(cell.column.clone(), cell.stamp.min(self.clock).max(least));
        }
        let rev = self.store(transaction, id, fields, at);
        if verdict == Verdict::Applied && Some(before.rev) == mutation.base {
            return Outcome::Applied {
                rev: Some(rev),
                set: self.set_otherwise(id, mutation, &before.fields),
            };
        }
        self.whole(id, |rev, row| Outcome::Merged { rev, row })
    }

    fn settle_delete(
        &mut self,
        transaction: &mut Transaction,
        id: &RowId,
        mutation: &SentMutation,
    ) -> Outcome {
        let Some(stored) = self.rows.get(id).filter(|_| !self.hidden.contains(id)) else {
            return Outcome::Applied { rev: None, set: Vec::new() };
        };
        let is_current = Some(stored.rev) == mutation.base || stored.rev.xid() == transaction.xid;
        let newest = stored.at.values().max().copied().unwrap_or_default();
        let policy = self.policy(id);
        let later = policy == Policy::Merge && newest < mutation.stamp.min(self.clock);
        if !is_current && policy == Policy::Ask {
            return self.whole(id, |rev, row| Outcome::Conflict { rev: Some(rev), row: Some(row) });
        }
        if !is_current && !later {
            return self.whole(id, |rev, row| Outcome::Superseded { rev: Some(rev), row: Some(row) });
        }
        let children = self.children(id);
        if !children.is_empty() && !self.setup.cascade {
            return rejected("23503");
        }
        for child in children {
            self.bury(transaction, &child);
        }
        Outcome::Applied { rev: Some(self.bury(transaction, id)), set: Vec::new() }
    }

    pub(super) fn children(&self, id: &RowId) -> Vec<RowId> {
        let refers = |stored: &Stored| {
            stored.fields.get("project").is_some_and(|value| &**value != "null" && project(value) == *id)
        };
        self.rows.iter().filter(|(_, stored)| refers(stored)).map(|(id, _)| id.clone()).collect()
    }

    /// Triggers and stamp; an update that changes nothing keeps its rev.
    pub(super) fn store(
        &mut self,
        transaction: &mut Transaction,
        id: &RowId,
        mut fields: BTreeMap<Text, Text>,
        at: BTreeMap<Text, Stamp>,
    ) -> Rev {
        if let Some(title) = fields.get("title") {
            let slug = if &**title == "null" { title.clone() } else { title.to_uppercase().into() };
            fields.insert("slug".into(), slug);
        }
        if let Some(stored) = self.rows.get(id).filter(|stored| stored.fields == fields) {
            return stored.rev;
        }
        let rev = self.next_rev(transaction);
        self.keep(id, Stored { rev, fields, at });
        rev
    }

    /// A version as it is from now on.
    pub(super) fn keep(&mut self, id: &RowId, stored: Stored) {
        let row = Row::from_json(&self.schema.tables[&id.0], &json(&stored.fields)).expect("an object");
        self.history.entry((id.clone(), stored.rev)).or_default().insert(row.as_str().to_owned());
        self.rows.insert(id.clone(), stored);
    }

    fn touch(&mut self, transaction: &mut Transaction, parent: &RowId) {
        let mut stored = self.rows[parent].clone();
        stored.fields.insert("touched".into(), self.sequence.to_string().into());
        stored.at.insert("touched".into(), self.clock);
        self.store(transaction, parent, stored.fields, stored.at);
    }

    pub(super) fn bury(&mut self, transaction: &mut Transaction, id: &RowId) -> Rev {
        let rev = self.next_rev(transaction);
        self.rows.remove(id);
        self.hidden.remove(id);
        self.tombstones.push((id.clone(), rev));
        rev
    }

    pub(super) fn next_rev(&mut self, transaction: &mut Transaction) -> Rev {
        self.sequence += 1;
        transaction.stamped += 1;
        Rev((transaction.xid << 22) | self.sequence)
    }

    fn whole(&self, id: &RowId, outcome: impl Fn(Rev, Text) -> Outcome) -> Outcome {
        let stored = &self.rows[id];
        outcome(stored.rev, json(&stored.fields))
    }

    fn set_otherwise(
        &self,
        id: &RowId,
        mutation: &SentMutation,
        before: &BTreeMap<Text, Text>,
    ) -> Vec<(Text, Text)> {
        let mut expected = before.clone();
        expected.extend(mutation.key.iter().cloned());
        expected.extend(mutation.cells.iter().map(|cell| (cell.column.clone(), cell.value.clone())));
        let stored = self.rows[id].fields.iter();
        stored
            .filter(|(column, value)| expected.get(*column) != Some(value))
            .map(|(c, v)| (c.clone(), v.clone()))
            .collect()
    }
}
