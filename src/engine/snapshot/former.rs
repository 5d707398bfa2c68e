//! Checkpoints of format 1: one state record, and every base row in blocks. Read, never written.

use super::{Kept, Record};
use crate::engine::answers::Answers;
use crate::engine::frame::{self, Damage, ROW_BLOCK, STATE_RECORD};
use crate::engine::imported::Imports;
use crate::engine::outbox::OutboxRecord;
use crate::engine::own::OwnPushes;
use crate::engine::rows::{Base, Rows, Source};
use crate::engine::state::{Batch, Round, State};
use crate::protocol::{Key, Rev, Schema, Seq, Stamp, Text, schema};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct StateRecord {
    seq: Seq,
    schema: schema::v1::Schema,
    rows: RowsRecord,
    outbox: OutboxRecord,
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

#[derive(Deserialize)]
struct RowsRecord {
    tombstones: Vec<(Text, Key, Tombstone)>,
    seen: Vec<(Text, Vec<Key>)>,
}

#[derive(Deserialize)]
struct Tombstone {
    rev: Rev,
    seq: Seq,
}

type BlockRow = (Text, Key, Base);

/// The state of a checkpoint of format 1. A round from nothing that was under way begins anew.
pub fn read(record: &[u8], blocks: &[Vec<u8>]) -> Result<State, Damage> {
    let record: StateRecord = payload(record, STATE_RECORD)?;
    let schema = Schema::from(record.schema);
    let mut rows = Rows::restore(&schema, BTreeMap::new());
    for block in blocks {
        for (table, key, base) in payload::<Vec<BlockRow>>(block, ROW_BLOCK)? {
            rows.put(&table, &key, base, record.seq, Source::Answer);
        }
    }
    for (table, key, tombstone) in record.rows.tombstones {
        rows.bury(&table, &key, tombstone.rev, tombstone.seq, Source::Answer);
    }
    let is_filling = !record.rows.seen.is_empty();
    let kept = Record {
        seq: record.seq,
        schema,
        kept: Kept {
            outbox: record.outbox,
            batch: record.batch,
            round: record.round.filter(|_| !is_filling),
            held: record.held,
            own: OwnPushes::of_tables(record.own_xids, &record.cursors.keys().cloned().collect()),
            cursors: record.cursors,
            stamp: record.stamp,
            answers: record.answers,
            last_push_ms: record.last_push_ms,
            last_pull_ms: record.last_pull_ms,
            horizons: BTreeMap::new(),
            paged: BTreeMap::new(),
            imports: Imports::default(),
            audits: BTreeMap::new(),
            rekeyed: Default::default(),
        },
    };
    Ok(kept.into_state(rows, Vec::new()))
}

fn payload<T: serde::de::DeserializeOwned>(bytes: &[u8], expected: u8) -> Result<T, Damage> {
    match frame::open(bytes)? {
        (kind, payload) if kind == expected => frame::read(payload),
        (kind, _) => Err(Damage::UnknownKind(kind)),
    }
}
