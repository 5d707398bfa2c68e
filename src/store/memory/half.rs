//! One half of a simulated disk: a whole database, and the transactions that change it.
//!
//! A change is decided before it comes here and always succeeds, so that the same list of changes
//! leads both halves through the same states.

use crate::store::{Checkpoint, Incarnation, Manifest, Seq, Tail, next_life, records};
use std::collections::BTreeMap;

/// What one readwrite transaction does.
#[derive(Clone)]
pub enum Change {
    /// Records under the next keys.
    Append(Vec<Vec<u8>>),
    /// The checkpoint under its manifest, whose base cuts the log.
    Checkpoint(Manifest, Checkpoint),
    Named(String, Option<Vec<u8>>),
    Wipe(Incarnation, [u8; 16]),
}

#[derive(Clone)]
pub struct Half {
    pub manifest: Manifest,
    pub checkpoint: Option<Checkpoint>,
    pub named: BTreeMap<String, Vec<u8>>,
    log: BTreeMap<Seq, Vec<u8>>,
    /// The last key given out.
    pub last: Seq,
}

impl Half {
    pub fn new(incarnation: Incarnation, client: [u8; 16]) -> Self {
        Self {
            manifest: Manifest { version: 0, incarnation, client, base: 0 },
            checkpoint: None,
            named: BTreeMap::new(),
            log: BTreeMap::new(),
            last: 0,
        }
    }

    pub fn tail(&self, seq: Seq) -> Tail {
        let records = self.log.range(seq.saturating_add(1)..);
        let records = records.map(|(key, record)| (*key, record.clone()));
        let frames = records::join(records, self.manifest.incarnation);
        Tail { manifest: self.manifest.clone(), frames }
    }

    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Append(records) => {
                for record in records {
                    self.last += 1;
                    self.log.insert(self.last, record);
                }
            }
            Change::Checkpoint(manifest, checkpoint) => {
                self.log = self.log.split_off(&(manifest.base + 1));
                self.manifest = manifest;
                self.checkpoint = Some(checkpoint);
            }
            Change::Named(name, Some(value)) => {
                self.named.insert(name, value);
            }
            Change::Named(name, None) => {
                self.named.remove(&name);
            }
            Change::Wipe(incarnation, client) => {
                let base = next_life(self.last);
                *self = Self::new(incarnation, client);
                (self.last, self.manifest.base) = (base, base);
            }
        }
    }
}
