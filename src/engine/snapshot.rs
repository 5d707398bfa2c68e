//! A checkpoint's bytes: the state record, and base rows in blocks below 63 KiB.
//!
//! State record + blocks are the whole state at a seq. Answers to recent requests are part of it, so a
//! context that missed the frames still answers its own waiting writes.

use super::answers::Answers;
use super::frame::{self, Damage, ROW_BLOCK, STATE_RECORD, seal};
use super::outbox::Outbox;
use super::rows::{Base, RowsRecord};
use super::state::{Batch, Round, State};
use crate::protocol::{Key, Schema, Seq, Stamp, Text, limits, schema};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// `S`: the definitions as the record's version holds them.
#[derive(Serialize, Deserialize)]
struct StateRecord<S> {
    seq: Seq,
    schema: S,
    rows: RowsRecord,
    outbox: Outbox,
    batch: Option<Batch>,
    cursors: BTreeMap<Text, Text>,
    round: Option<Round>,
    held: BTreeSet<Text>,
    own_xids: BTreeSet<u64>,
    stamp: Stamp,
    answers: Answers,
    last_push_ms: Option<u64>,
    last_pull_ms: Option<u64>,
}

type BlockRow = (Text, Key, Base);

/// Room left in a block for its header and lengths.
const BLOCK_ROWS_BYTES: usize = limits::RECORD_BYTES - 4_096;

/// The state as a checkpoint keeps it: state record and row blocks.
pub fn write(state: &State) -> (Vec<u8>, Vec<Vec<u8>>) {
    let record = StateRecord {
        seq: state.seq,
        schema: state.schema.clone(),
        rows: state.rows.record(),
        outbox: state.outbox.clone(),
        batch: state.batch.clone(),
        cursors: state.cursors.clone(),
        round: state.round.clone(),
        held: state.held.clone(),
        own_xids: state.own_xids.clone(),
        stamp: state.stamp,
        answers: state.answers.clone(),
        last_push_ms: state.last_push_ms,
        last_pull_ms: state.last_pull_ms,
    };
    (seal(STATE_RECORD, &record), blocks(state))
}

fn blocks(state: &State) -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    let mut block: Vec<BlockRow> = Vec::new();
    let mut bytes = 0;
    for table in state.rows.tables() {
        for (key, base) in state.rows.iter(table) {
            let size = table.len() + key.as_str().len() + base.row.as_str().len() + 16;
            if bytes + size > BLOCK_ROWS_BYTES && !block.is_empty() {
                blocks.push(seal(ROW_BLOCK, &std::mem::take(&mut block)));
                bytes = 0;
            }
            bytes += size;
            block.push((table.clone(), key.clone(), base.clone()));
        }
    }
    if !block.is_empty() {
        blocks.push(seal(ROW_BLOCK, &block));
    }
    blocks
}

/// The state of a checkpoint.
pub fn read(record: &[u8], blocks: &[Vec<u8>]) -> Result<State, Damage> {
    let bytes = opened(record, STATE_RECORD)?;
    let (mut state, rows) = match frame::version(record) {
        1 => state_of(frame::read::<StateRecord<schema::v1::Schema>>(bytes)?),
        _ => state_of(frame::read::<StateRecord<Schema>>(bytes)?),
    };
    for block in blocks {
        for (table, key, base) in frame::read::<Vec<BlockRow>>(opened(block, ROW_BLOCK)?)? {
            state.rows.put(&table, &key, base);
        }
    }
    state.rows.restore(rows);
    state.rebase_all();
    Ok(state)
}

/// The state without its rows, and what the record says of rows.
fn state_of<S: Into<Schema>>(record: StateRecord<S>) -> (State, RowsRecord) {
    let state = State {
        seq: record.seq,
        schema: record.schema.into(),
        outbox: record.outbox,
        batch: record.batch,
        cursors: record.cursors,
        round: record.round,
        held: record.held,
        own_xids: record.own_xids,
        stamp: record.stamp,
        answers: record.answers,
        last_push_ms: record.last_push_ms,
        last_pull_ms: record.last_pull_ms,
        ..State::default()
    };
    (state, record.rows)
}

fn opened(bytes: &[u8], expected: u8) -> Result<&[u8], Damage> {
    match frame::open(bytes)? {
        (kind, payload) if kind == expected => Ok(payload),
        (kind, _) => Err(Damage::UnknownKind(kind)),
    }
}
