//! What must hold after every step, and what once everybody has pushed and pulled everything (DESIGN 12).

use crate::client::Client;
use crate::model_server::{Server, Settled};
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use thermocline::engine::{Picture, RowId, State};
use thermocline::protocol::{Decision, Key, MutationId, Op, Row, Stamp, Text};

/// What must hold at any time.
impl World {
    pub fn check(&self) {
        self.check_effects_and_order();
        for client in &self.clients {
            for context in &client.contexts {
                check_held_back(&context.state);
                if !self.server.altered.any {
                    self.check_base_rows(&context.picture());
                }
                for other in client.contexts.iter().filter(|other| other.state.seq == context.state.seq) {
                    let (one, two) = (context.picture(), other.picture());
                    assert_eq!(one, two, "invariant 7: two contexts at seq {}", context.state.seq);
                }
            }
            self.check_acknowledged(client);
        }
    }

    /// Every version that a client holds is one that the server had (invariant 6: outcome and base row).
    fn check_base_rows(&self, picture: &Picture) {
        for (table, rows) in &picture.tables {
            for (key, (rev, text)) in &rows.base {
                let texts = self.server.history.get(&((table.clone(), Key::from_text(key)), *rev));
                let is_known = texts.is_some_and(|texts| texts.contains(text));
                assert!(
                    rev.0 == 0 || is_known,
                    "invariant 6: {table} {key} never was {rev:?} {text}, but {texts:?}"
                );
            }
        }
    }

    /// Invariant 1: what was acknowledged is in the log, whatever has crashed.
    fn check_acknowledged(&self, client: &Client) {
        let newest = client.contexts.iter().max_by_key(|context| context.state.seq).expect("a context");
        let written = client.acknowledged[client.answered..].iter().filter(|known| known.mended_at.is_none());
        for acknowledged in written {
            let known = newest.state.answers.get(acknowledged.request.id);
            // A context that has not caught up may not know it yet.
            let at_end = crate::client::at_once(thermocline::store::Store::tail(
                &client.ground.store,
                newest.state.seq,
            ));
            if at_end.is_ok_and(|tail| tail.frames.is_empty()) {
                assert_eq!(known, Some(&acknowledged.decision), "invariant 1: {:?}", acknowledged.request);
            }
        }
    }

    /// Invariants 2 and 3.
    fn check_effects_and_order(&self) {
        let mut seen: BTreeSet<MutationId> = BTreeSet::new();
        let mut last: BTreeMap<(usize, &RowId), (u64, Stamp, MutationId)> = BTreeMap::new();
        for Settled { id, row, stamp, .. } in &self.server.settled {
            assert!(seen.insert(*id), "invariant 2: {id} took effect twice");
            // After a restore an old request may arrive late, before a database that was lost is taken up.
            let has_order = |client: &&Client| !self.restores || client.ground.first_place == 0;
            for client in self.clients.iter().filter(has_order) {
                let Some(place) = client.ground.places.get(id) else { continue };
                let former = last.insert((client.number, row), (*place, *stamp, *id));
                let Some((before, made, former)) = former else { continue };
                let retries = &client.ground.retries;
                let is_again = retries.get(id).is_some_and(|(old, _)| *old == former);
                let follows = before < *place || before == *place && is_again;
                assert!(follows, "invariant 3: {row:?} of client {}", client.number);
                // An evicted database takes its greatest stamp along; a conflict is decided when it is settled.
                let is_decided = retries.get(&former).is_some_and(|(_, is_conflict)| *is_conflict);
                let counts = before >= client.ground.first_place && !is_decided;
                let is_later = made < *stamp || made == *stamp && is_again;
                assert!(!counts || is_later, "invariant 3: {id} was made later, its stamp is not");
            }
        }
        if self.alone {
            let Server { superseded, conflicts, .. } = self.server;
            assert_eq!((superseded, conflicts), (0, 0), "invariant 2: nobody else is here to win");
        }
    }
}

/// What must hold once everybody has pushed and pulled everything.
impl World {
    pub fn check_at_rest(&self) {
        self.check();
        for client in &self.clients {
            let state = &client.contexts[0].state;
            let picture = client.contexts[0].picture();
            assert_eq!(state.batch, None, "client {}: every batch is answered", client.number);
            let stuck = stuck_rows(state);
            for table in ["entries", "projects"] {
                let server: BTreeMap<String, _> = self
                    .server
                    .table(table)
                    .into_iter()
                    .map(|(key, (rev, row))| (key.as_str().to_owned(), (rev, row.as_str().to_owned())))
                    .collect();
                let held = &picture.tables[table];
                let defined = |row: &str| self.without_unknown(table, row);
                let mut base = held.base.clone();
                base.values_mut().for_each(|(_, row)| *row = defined(row));
                assert_eq!(base, server, "invariants 4 and 5: {table} at client {}", client.number);
                let is_stuck = |key: &str| stuck.contains(&(table.into(), Key::from_text(key)));
                let mut rows = held.visible.clone();
                let mut expected: BTreeMap<String, String> =
                    server.into_iter().map(|(key, (_, row))| (key, row)).collect();
                rows.retain(|key, _| !is_stuck(key));
                rows.values_mut().for_each(|row| *row = defined(row));
                expected.retain(|key, _| !is_stuck(key));
                assert_eq!(rows, expected, "invariant 4: {table} as client {} shows it", client.number);
            }
            for (_, pending) in state.outbox.iter() {
                assert!(stuck.contains(&pending.row), "invariant 10: {pending:?} waits for nothing");
            }
            if !self.restores {
                self.check_nothing_was_lost(client);
            }
        }
    }

    /// A column that came and went before anybody read the definitions stays in the rows that were told with it.
    fn without_unknown(&self, table: &str, row: &str) -> String {
        if !self.server.altered.any {
            return row.to_owned();
        }
        let table = &self.server.schema.tables[table];
        let row = Row::from_stored(row);
        let unknown: Vec<Text> = row.fields().iter().map(|(name, _)| name.as_ref().into()).collect();
        let unknown: Vec<Text> = unknown.into_iter().filter(|name| table.column(name).is_none()).collect();
        row.reshaped(table, &unknown).as_str().to_owned()
    }

    /// Once everything is decided.
    pub fn check_nothing_is_pending(&self) {
        for client in &self.clients {
            let pending: Vec<_> = client.contexts[0].state.outbox.iter().collect();
            assert!(pending.is_empty(), "invariant 10: {pending:?} of client {}", client.number);
        }
    }

    /// Invariants 1 and 2: the last acknowledged value of every column has reached the server, or waits, or was
    /// refused where the app can see it.
    fn check_nothing_was_lost(&self, client: &Client) {
        // The last that is not gone, and those after it: what is gone may have reached the server before.
        let mut last: BTreeMap<(RowId, Text), Vec<Text>> = BTreeMap::new();
        for acknowledged in &client.acknowledged {
            let Decision::Done(flags) = &acknowledged.decision else { continue };
            for (row, column, value) in &acknowledged.let_go {
                last.retain(|(other, of), values| (other, of) != (row, column) || !values.contains(value));
            }
            let took_effect = acknowledged.request.mutations.iter().zip(flags).filter(|(_, flag)| **flag);
            for (mutation, _) in took_effect {
                let row = (mutation.table.clone(), mutation.key.clone());
                if mutation.op == Op::Delete {
                    last.retain(|(other, _), _| *other != row);
                }
                for change in mutation.changes.iter().filter(|change| &*change.column != "id") {
                    let cell = (row.clone(), change.column.clone());
                    match last.get_mut(&cell) {
                        Some(values) if acknowledged.is_gone => values.push(change.value.clone()),
                        _ if acknowledged.is_gone => {}
                        _ => _ = last.insert(cell, vec![change.value.clone()]),
                    }
                }
            }
        }
        let state = &client.contexts[0].state;
        for ((row, column), values) in last {
            let is_last = |value: &Text| values.contains(value);
            let mut settled = self.server.settled.iter().filter(|settled| settled.row == row);
            let is_settled = settled.any(|settled| settled.cells.get(&column).is_some_and(is_last));
            let mut cells = state.outbox.of_row(&row).flat_map(|(_, pending)| &pending.cells);
            let waits = cells.any(|cell| cell.column == column && is_last(&cell.value));
            let number = client.number;
            assert!(
                is_settled || waits,
                "invariant 1: {row:?} {column} = {values:?} of client {number} is gone"
            );
        }
    }
}

/// What was made after a dead letter of its row is not sent (DESIGN 6).
fn check_held_back(state: &State) {
    let mut stuck: BTreeSet<&RowId> = BTreeSet::new();
    for (_, pending) in state.outbox.iter() {
        let is_behind = stuck.contains(&pending.row);
        // One that was sent before its database went is sealed for good, and waits here like any other.
        let leaves = state.batch.as_ref().is_some_and(|batch| batch.mutations.contains(&pending.id));
        assert!(!is_behind || !leaves, "invariant 3: {} leaves before a dead letter", pending.id);
        if !pending.is_waiting() {
            stuck.insert(&pending.row);
        }
    }
}

/// Rows behind a dead letter, and rows whose changes refer to them.
fn stuck_rows(state: &State) -> BTreeSet<RowId> {
    let mut stuck: BTreeSet<RowId> = BTreeSet::new();
    for (_, pending) in state.outbox.iter() {
        let parent = pending.cells.iter().find(|cell| &*cell.column == "project" && &*cell.value != "null");
        let parent = parent.map(|cell| ("projects".into(), Key::from_values([&*cell.value])));
        if !pending.is_waiting() || parent.is_some_and(|parent| stuck.contains(&parent)) {
            stuck.insert(pending.row.clone());
        }
    }
    stuck
}
