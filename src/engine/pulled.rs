//! Folding a `Pulled`: one page of a round, dropped whole if the cursors have moved on.
//!
//! Base rows move under pending mutations, which are rebased. A round from nothing sweeps, at its end,
//! what it did not name; the old rows stay readable until then.

use super::audited::Audit;
use super::changes::Before;
use super::changes::Changes;
use super::doubted;
use super::frame::Pulled;
use super::rekeyed;
use super::rows::{Base, RowId, Source};
use super::settled::keep_whole;
use super::state::{Round, State};
use crate::protocol::pull::{Page, PullRequest, told};
use crate::protocol::row::fields;
use crate::protocol::{Key, Row, Seq, Table, Text};

pub fn fold(state: &mut State, seq: Seq, pulled: Pulled, changes: &mut Changes) {
    if !is_current(state, &pulled.request) {
        changes.dropped = true;
        return;
    }
    changes.pulled = true;
    let Pulled { request, pages, round, cursor, time_ms } = pulled;
    let began = match (&request.round, &state.round) {
        (Some(_), Some(round)) => round.began,
        _ => begin(state, seq, &request),
    };
    for (table, _) in &request.tables {
        state.paged.entry(table.clone()).or_default().seq = seq;
    }
    for page in pages {
        fold_page(state, seq, page, changes);
    }
    state.round = round.map(|token| Round {
        tables: request.tables.clone(),
        token,
        own_xids: request.own_xids.clone(),
        began,
    });
    if let Some(cursor) = cursor {
        end(state, (seq, time_ms), &request, &cursor, began, changes);
        state.last_pull_ms = Some(time_ms);
        rekeyed::forget(state, time_ms);
    }
}

/// These tables are pulled again from nothing. Their rows stay until then, and the outbox as it is.
pub fn forget_cursors<'a>(state: &mut State, tables: impl IntoIterator<Item = &'a Text>) {
    for table in tables {
        state.forget_cursor(table);
    }
    state.round = None;
}

/// Whether a page's starting cursors, and its round, are the ones the state has.
pub fn is_current(state: &State, request: &PullRequest) -> bool {
    let cursors = request.tables.iter().all(|(table, cursor)| state.cursors.get(table) == cursor.as_ref());
    let round = match &request.round {
        None => true,
        Some(token) => {
            state.round.as_ref().is_some_and(|round| round.token == *token && round.tables == request.tables)
        }
    };
    cursors && round
}

fn begin(state: &mut State, seq: Seq, request: &PullRequest) -> Seq {
    for (table, cursor) in &request.tables {
        if told(cursor.as_ref()).is_none() {
            state.rows.begin_afresh(table);
            state.own.begin_afresh(table);
        }
    }
    seq
}

fn end(
    state: &mut State,
    (seq, time_ms): (Seq, u64),
    request: &PullRequest,
    cursor: &Text,
    began: Seq,
    changes: &mut Changes,
) {
    for (table, from) in &request.tables {
        let is_swept = state.rows.end_round(table, began, seq);
        state.reach_horizon(table, told(from.as_ref()).is_none());
        state.paged.entry(table.clone()).or_default().ended_ms = Some(time_ms);
        if is_swept {
            state.rebase_table(table);
            doubted::decide(state, table, changes);
            state.audits.insert(table.clone(), Audit { ended_ms: time_ms, ..Audit::default() });
        }
        if state.held.insert(table.clone()) || is_swept {
            changes.tables.push(table.clone());
        }
        state.cursors.insert(table.clone(), cursor.clone());
        changes.rounds.push(table.clone());
    }
    state.own.pass(&request.own_xids, request.tables.iter().map(|(table, _)| table));
}

fn fold_page(state: &mut State, seq: Seq, page: Page, changes: &mut Changes) {
    let Some(table) = state.schema.tables.get(&page.table).cloned() else { return };
    let mut touched: Vec<(RowId, Before)> = Vec::new();
    for (rev, json) in &page.rows {
        let Some((key, row)) = keyed_row(&table, json) else { continue };
        let id = (page.table.clone(), key);
        let before = state.seen(&id);
        if state.rows.put(&id.0, &id.1, Base { rev: *rev, row, made_from: None }, seq, Source::Pull) {
            touched.push((id, before));
        }
    }
    for (rev, json) in &page.gone {
        let Some(key) = key_of(&table, json) else { continue };
        let id = (page.table.clone(), key);
        let before = state.seen(&id);
        keep_whole(state, &id);
        if state.rows.bury(&id.0, &id.1, *rev, seq, Source::Pull) {
            touched.push((id, before));
        }
    }
    for (_, json) in &page.cold {
        let Some(key) = key_of(&table, json) else { continue };
        let id = (page.table.clone(), key);
        let before = state.seen(&id);
        if state.rows.forget(&id.0, &id.1, seq) {
            touched.push((id, before));
        }
    }
    for (id, before) in touched {
        let after = state.rebase(&id);
        changes.note(id, before, after);
    }
}

/// A row as the server tells it, read once.
pub(super) fn keyed_row(table: &Table, json: &str) -> Option<(Key, Row)> {
    let given = fields(json).ok()?;
    Some((Key::of_fields(table, &given)?, Row::from_fields(table, &given)))
}

/// A key from the JSON object of its columns.
fn key_of(table: &Table, json: &str) -> Option<Key> {
    Key::of_fields(table, &fields(json).ok()?)
}
