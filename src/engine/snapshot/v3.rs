//! State records of formats 2 and 3: own transactions without their tables, and imports behind the rows. Read, never
//! written.

use super::{Parts, TableRecord};
use crate::engine::answers::Answers;
use crate::engine::frame::{self, Damage};
use crate::engine::horizon::{Horizon, Paged};
use crate::engine::imported::Imports;
use crate::engine::outbox::OutboxRecord;
use crate::engine::outbox::rest::NamedMutations;
use crate::engine::own::OwnPushes;
use crate::engine::state::{Batch, Round};
use crate::protocol::{Seq, Stamp, Text, schema};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct Record {
    seq: Seq,
    schema: schema::v3::Schema,
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
    horizons: BTreeMap<Text, Horizon>,
    paged: BTreeMap<Text, Paged>,
}

/// A record's payload; format 2 ends behind the tables.
pub fn parts(payload: &[u8], version: u8) -> Result<Parts, Damage> {
    if version < 3 {
        let (record, tables): (Record, Vec<TableRecord>) = frame::read(payload)?;
        return Ok((record.with(Imports::default()), tables, Vec::new()));
    }
    let (record, tables, imports, outbox): (Record, _, _, Vec<NamedMutations>) = frame::read(payload)?;
    Ok((record.with(imports), tables, outbox))
}

impl Record {
    fn with(self, imports: Imports) -> super::Record {
        let tables = self.cursors.keys().cloned().collect();
        super::Record {
            seq: self.seq,
            schema: self.schema.into(),
            kept: super::Kept {
                outbox: self.outbox,
                batch: self.batch,
                cursors: self.cursors,
                round: self.round,
                held: self.held,
                own: OwnPushes::of_tables(self.own_xids, &tables),
                stamp: self.stamp,
                answers: self.answers,
                last_push_ms: self.last_push_ms,
                last_pull_ms: self.last_pull_ms,
                horizons: self.horizons,
                paged: self.paged,
                imports,
                audits: BTreeMap::new(),
                rekeyed: Default::default(),
            },
        }
    }
}
