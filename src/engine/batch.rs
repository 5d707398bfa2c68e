//! Which mutations leave next, and in what groups.
//!
//! The outbox is sent in the order in which it was made. A batch holds at most one mutation of a row;
//! what is refused, in conflict or another user's holds back its row and rows that refer to it, and
//! nothing else (invariant 10). A mutation passes one that only waits for its turn if they share no row and
//! no reference. To form larger groups, mutations pass each other only if their tables are not related.

use super::outbox::Pending;
use super::references::{former_parents, parents, related};
use super::rows::RowId;
use super::state::State;
use crate::protocol::push::{Group, SentCell, SentMutation};
use crate::protocol::{MutationId, Op, Text, limits};
use std::collections::{BTreeMap, BTreeSet};

/// What a batch may hold.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    /// Whose mutations may go out.
    pub user: &'a str,
    /// Tables that sync is on for; none: all.
    pub tables: Option<&'a BTreeSet<Text>>,
    pub size: usize,
    /// Answered `blocked` in this round: not to be tried again at once.
    pub blocked: &'a BTreeSet<MutationId>,
}

/// The next mutations to seal, oldest first; empty if nothing may leave.
pub fn choose(state: &State, terms: &Terms<'_>) -> Vec<MutationId> {
    let mut chosen = Vec::new();
    let mut leaving: BTreeSet<RowId> = BTreeSet::new();
    // Rows behind a mutation that cannot leave, and rows whose turn comes in a later batch.
    let (mut stuck, mut later): (BTreeSet<RowId>, BTreeSet<RowId>) = Default::default();
    // What the latter refer to: a removal must not come before them.
    let mut referred: BTreeSet<RowId> = BTreeSet::new();
    let mut bytes = 0;
    for (_, pending) in state.outbox.iter() {
        if chosen.len() == terms.size.min(limits::BATCH_MUTATIONS) {
            break;
        }
        let row = &pending.row;
        let parents = parents(&state.schema, pending);
        let depends = |on: &BTreeSet<RowId>| on.contains(row) || parents.iter().any(|id| on.contains(id));
        if !may_leave(terms, pending) || depends(&stuck) {
            stuck.insert(row.clone());
            continue;
        }
        if leaving.contains(row) || depends(&later) || referred.contains(row) {
            referred.extend(former_parents(&state.schema, pending, state.rows.get(&row.0, &row.1)));
            referred.extend(parents);
            later.insert(row.clone());
            continue;
        }
        bytes += wire_bytes(pending);
        if bytes > limits::BATCH_BYTES / 2 && !chosen.is_empty() {
            break;
        }
        leaving.insert(row.clone());
        chosen.push(pending.id);
    }
    chosen
}

/// What waits behind a dead letter or a conflict, each with the mutation that holds it back.
pub fn held_back(state: &State) -> BTreeMap<MutationId, MutationId> {
    let mut stuck: BTreeMap<&RowId, MutationId> = BTreeMap::new();
    let mut held = BTreeMap::new();
    for (_, pending) in state.outbox.iter() {
        let cause = if pending.is_waiting() {
            let parents = parents(&state.schema, pending);
            stuck.get(&pending.row).or_else(|| parents.iter().find_map(|parent| stuck.get(parent))).copied()
        } else {
            Some(pending.id)
        };
        let Some(cause) = cause else { continue };
        stuck.entry(&pending.row).or_insert(cause);
        if pending.is_waiting() {
            held.insert(pending.id, cause);
        }
    }
    held
}

fn may_leave(terms: &Terms<'_>, pending: &Pending) -> bool {
    pending.is_waiting()
        && pending.user.as_deref() == Some(terms.user)
        && terms.tables.is_none_or(|tables| tables.contains(&pending.row.0))
        && !terms.blocked.contains(&pending.id)
}

fn wire_bytes(pending: &Pending) -> usize {
    let cells = pending.cells.iter();
    160 + cells
        .map(|c| 2 * c.column.len() + c.value.len() + c.old.as_ref().map_or(0, |o| o.len()))
        .sum::<usize>()
}

/// The groups of a batch, in the order in which they run.
pub fn groups(state: &State, mutations: &[MutationId]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for pending in mutations.iter().filter_map(|id| state.outbox.get(*id)) {
        let mutation = sent(state, pending);
        let columns: Vec<Text> = mutation.cells.iter().map(|cell| cell.column.clone()).collect();
        let fits = |group: &Group| {
            group.table == pending.row.0 && group.op == pending.op && group.columns == columns
        };
        let passes = |group: &Group| !related(&state.schema, &group.table, &pending.row.0);
        let at = groups.iter().rposition(|group| fits(group) || !passes(group));
        match at.filter(|at| fits(&groups[*at])) {
            Some(at) => groups[at].mutations.push(mutation),
            None => groups.push(Group {
                table: pending.row.0.clone(),
                op: pending.op,
                columns,
                mutations: vec![mutation],
            }),
        }
    }
    groups
}

fn sent(state: &State, pending: &Pending) -> SentMutation {
    let key_columns = state.schema.tables.get(&pending.row.0).map_or(&[][..], |table| &table.key);
    let values = pending.row.1.values();
    let is_sent = |column: &Text| pending.op != Op::Delete && !key_columns.contains(column);
    let mut cells: Vec<SentCell> = pending
        .cells
        .iter()
        .filter(|cell| is_sent(&cell.column))
        .map(|cell| SentCell {
            column: cell.column.clone(),
            value: cell.value.clone(),
            old: cell.old.clone(),
            stamp: cell.stamp,
        })
        .collect();
    cells.sort_by(|a, b| a.column.cmp(&b.column));
    SentMutation {
        id: pending.id,
        user: pending.user.clone().unwrap_or_else(|| "".into()),
        base: pending.base,
        stamp: pending.stamp,
        key: key_columns.iter().zip(values).map(|(column, value)| (column.clone(), value.into())).collect(),
        cells,
    }
}
