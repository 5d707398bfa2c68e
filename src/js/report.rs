//! Status, outbox and usage as plain values for JavaScript. Shapes are those of `ts/types.ts`.

use super::room::Room;
use crate::driver::{Platform, Quarantined};
use crate::engine::batch::held_back;
use crate::engine::interface::SyncState;
use crate::engine::rows::View;
use crate::engine::sync::Machine;
use crate::engine::{Audit, Pending, Standing, State};
use crate::protocol::{ErrorCode, Fault, Key, Op};
use crate::store::StoreUsage;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A mutation that waits longer than this, with a network there, is overdue.
const OVERDUE_MS: u64 = 86_400_000;
/// So many failed runs in a row are no accident.
const FAILING: u32 = 3;

#[derive(Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    state: &'static str,
    pending: usize,
    refused: usize,
    conflicts: usize,
    held: Vec<String>,
    last_push: Option<f64>,
    last_pull: Option<f64>,
    oldest_pending: Option<f64>,
    retry_at: Option<f64>,
    audits: Vec<TableAudit>,
    synced: Vec<String>,
    progress: Option<Progress>,
    attention: Vec<&'static str>,
    error: Option<Trouble>,
    user: Option<String>,
    unadopted: usize,
}

/// Of the run under way: mutations, and rows that were brought.
#[derive(Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Progress {
    sent: usize,
    to_send: usize,
    received: usize,
}

/// How a table compared with the server, last time.
#[derive(Serialize, PartialEq)]
struct TableAudit {
    table: String,
    ended: f64,
    differing: u32,
    repaired: u32,
}

#[derive(Serialize, PartialEq)]
pub struct Trouble {
    code: String,
    message: String,
}

impl Status {
    pub fn of(room: &Room, fault: Option<&Fault>, unadopted: usize) -> Self {
        let (state, machine) = (room.replica.state(), room.courier.machine());
        let outbox = &state.outbox;
        let oldest = outbox.iter().find(|(_, pending)| pending.is_waiting());
        let oldest = oldest.map(|(_, pending)| pending.made_ms);
        let pending = outbox.len() - outbox.refused() - outbox.conflicts();
        let synced = machine.tables().iter().filter(|_| !machine.is_stopped());
        Self {
            state: name(&machine),
            pending,
            refused: outbox.refused(),
            conflicts: outbox.conflicts(),
            held: state.held.iter().map(|table| table.to_string()).collect(),
            last_push: state.last_push_ms.map(|ms| ms as f64),
            last_pull: state.last_pull_ms.map(|ms| ms as f64),
            oldest_pending: oldest.map(|ms| ms as f64),
            retry_at: machine.retry_at_ms().map(|ms| ms as f64),
            audits: state.audits.iter().map(|(table, audit)| TableAudit::of(table, audit)).collect(),
            synced: synced.map(|table| table.to_string()).collect(),
            progress: machine.progress().map(|run| Progress {
                sent: run.sent,
                to_send: run.sent + pending,
                received: run.received,
            }),
            attention: causes(&state, &machine, oldest, room.platform.now_ms()),
            error: fault.or(machine.error()).map(trouble),
            user: room.user.as_ref().map(|user| user.to_string()),
            unadopted,
        }
    }
}

impl Status {
    /// Of a database that nobody can read now.
    pub fn locked(user: Option<&str>, fault: &Fault) -> Self {
        Self {
            state: "stopped",
            pending: 0,
            refused: 0,
            conflicts: 0,
            held: Vec::new(),
            last_push: None,
            last_pull: None,
            oldest_pending: None,
            retry_at: None,
            audits: Vec::new(),
            synced: Vec::new(),
            progress: None,
            attention: Vec::new(),
            error: Some(trouble(fault)),
            user: user.map(str::to_owned),
            unadopted: 0,
        }
    }
}

impl TableAudit {
    fn of(table: &str, audit: &Audit) -> Self {
        let Audit { ended_ms, differing, repaired } = *audit;
        Self { table: table.into(), ended: ended_ms as f64, differing, repaired }
    }
}

fn trouble(fault: &Fault) -> Trouble {
    Trouble { code: fault.code.as_str().into(), message: fault.message.clone() }
}

/// Why someone should look (`AttentionCause` in `ts/types.ts`).
fn causes(state: &State, machine: &Machine, oldest_ms: Option<u64>, now_ms: u64) -> Vec<&'static str> {
    let is_old = oldest_ms.is_some_and(|made_ms| is_overdue(made_ms, now_ms));
    let causes = [
        ("refused", state.outbox.refused() > 0),
        ("conflict", state.outbox.conflicts() > 0),
        ("overdue", is_old && machine.is_online() && !machine.is_stopped()),
        ("failing", machine.failures() >= FAILING),
    ];
    causes.into_iter().filter(|(_, holds)| *holds).map(|(cause, _)| cause).collect()
}

fn is_overdue(made_ms: u64, now_ms: u64) -> bool {
    made_ms.saturating_add(OVERDUE_MS) < now_ms
}

fn name(machine: &Machine) -> &'static str {
    match machine.sync_state() {
        SyncState::Stopped => "stopped",
        SyncState::Idle => "idle",
        SyncState::Pushing => "pushing",
        SyncState::Pulling => "pulling",
        SyncState::Retry => "retry",
        SyncState::Offline => "offline",
        SyncState::Limited => "limited",
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    id: String,
    table: &'a str,
    key: &'a RawValue,
    operation: &'static str,
    changes: BTreeMap<&'a str, &'a RawValue>,
    before: BTreeMap<&'a str, &'a RawValue>,
    theirs: Option<&'a RawValue>,
    state: &'static str,
    behind: Option<String>,
    made: u64,
    overdue: bool,
    error: Option<Trouble>,
}

/// The keys that were left, as the text of their one value.
pub fn rekeyed(state: &State) -> String {
    let text = |key: &Key| -> serde_json::Value {
        key.values().first().and_then(|value| serde_json::from_str(value).ok()).unwrap_or_default()
    };
    let rekeyed = state
        .rekeyed
        .all()
        .map(|(table, from, to)| serde_json::json!({"table": **table, "from": text(from), "to": text(to)}));
    serde_json::Value::Array(rekeyed.collect()).to_string()
}

/// The outbox as a JSON array, oldest first.
pub fn outbox(state: &State, now_ms: u64) -> String {
    let held = held_back(state);
    let full = |(_, pending)| {
        let entry = entry(state, pending, now_ms)?;
        Some(Entry { behind: held.get(&pending.id).map(ToString::to_string), ..entry })
    };
    let entries: Vec<Entry<'_>> = state.outbox.iter().filter_map(full).collect();
    serde_json::to_string(&entries).unwrap_or_else(|_| "[]".into())
}

fn entry<'a>(state: &State, pending: &'a Pending, now_ms: u64) -> Option<Entry<'a>> {
    let in_batch = state.batch.as_ref().is_some_and(|batch| batch.mutations.contains(&pending.id));
    let (mut changes, mut before) = (BTreeMap::new(), BTreeMap::new());
    for cell in &pending.cells {
        changes.insert(cell.column.as_ref(), serde_json::from_str(&cell.value).ok()?);
        if let Some(old) = &cell.old {
            before.insert(cell.column.as_ref(), serde_json::from_str(old).ok()?);
        }
    }
    let (standing, error) = match &pending.standing {
        Standing::Waiting | Standing::Doubted => (if in_batch { "sent" } else { "waiting" }, None),
        Standing::Refused { code, message } => {
            ("refused", Some(Trouble { code: code.to_string(), message: message.to_string() }))
        }
        Standing::Conflict { .. } => ("conflict", None),
        Standing::Lost { .. } => ("conflict", Some(lost_by_restore())),
    };
    let theirs = match &pending.standing {
        Standing::Conflict { row: Some(row) } | Standing::Lost { row: Some(row) } => {
            serde_json::from_str(row).ok()
        }
        _ => None,
    };
    Some(Entry {
        id: pending.id.to_string(),
        table: &pending.row.0,
        key: serde_json::from_str(pending.row.1.as_str()).ok()?,
        operation: match pending.op {
            Op::Insert | Op::InsertIgnore => "insert",
            Op::Update => "update",
            Op::Upsert => "upsert",
            Op::Delete => "delete",
        },
        changes,
        before,
        theirs,
        state: standing,
        behind: None,
        made: pending.made_ms,
        overdue: pending.is_waiting() && is_overdue(pending.made_ms, now_ms),
        error,
    })
}

fn lost_by_restore() -> Trouble {
    let message = "the server was restored to an earlier state and no longer has what you wrote; write it again, or let the server's row stand";
    Trouble { code: ErrorCode::LostByRestore.as_str().into(), message: message.into() }
}

/// Rows and bytes of each table and tier as a JSON array.
pub fn tables(view: &View) -> String {
    let state = view.state();
    let sizes = state.schema.tables.keys().map(|table| {
        let size = view.size(table);
        let horizon = state.horizons.get(table).and_then(|horizon| horizon.since.as_deref());
        serde_json::json!({
            "table": table, "rows": size.rows, "bytes": size.bytes,
            "hot": {"rows": size.hot_rows, "bytes": size.hot_bytes},
            "warm": {"rows": size.warm_rows, "bytes": size.warm_bytes},
            "horizon": horizon,
        })
    });
    serde_json::Value::Array(sizes.collect()).to_string()
}

/// The whole of what this device stores, as JSON text.
pub fn storage(state: &State, usage: &StoreUsage) -> String {
    serde_json::json!({
        "log": usage.log.bytes, "segments": usage.blocks.bytes, "files": usage.files.bytes,
        "outbox": {"mutations": state.outbox.len(), "bytes": state.outbox.bytes()},
    })
    .to_string()
}

/// What was kept aside because it could not be read, as JSON text.
pub fn quarantined(found: &[Quarantined]) -> String {
    let entries = found.iter().map(|record| serde_json::json!({"name": record.name, "bytes": record.bytes}));
    serde_json::Value::Array(entries.collect()).to_string()
}
