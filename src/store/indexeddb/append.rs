//! Appending frames: the hot path, one transaction with one awaited commit.
//!
//! Owns the question that a lost connection leaves behind: was it stored? The transaction's keys are
//! known by then, so the next connection looks; a frame is never appended a second time by us.

use super::bytes;
use super::head::Head;
use super::load;
use super::transaction::{LOG, META, Transaction};
use super::trouble::Trouble;
use crate::protocol::Fault;
use crate::store::{Durability, Incarnation, Seq, fault, records};
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use std::cell::Cell;

pub struct Append<'a> {
    frames: &'a [Vec<u8>],
    durability: Durability,
    known: Incarnation,
    /// What a commit without an answer left to find out.
    unsure: Cell<Option<Unsure>>,
}

#[derive(Clone, Copy)]
enum Unsure {
    /// The last record was to lie under this key.
    Last(Seq),
    /// Not even that is known.
    Nothing,
}

impl<'a> Append<'a> {
    pub fn new(frames: &'a [Vec<u8>], durability: Durability, known: Incarnation) -> Self {
        Self { frames, durability, known, unsure: Cell::new(None) }
    }

    /// The frames' seqs. Run again after trouble, it first looks whether the last run was stored.
    pub async fn run(&self, database: &Database) -> Result<Vec<Seq>, Trouble> {
        match self.unsure.get() {
            Some(Unsure::Nothing) => return Err(self.unknown().into()),
            Some(Unsure::Last(last)) => {
                if self.is_stored(database, last).await? {
                    return Ok(self.seqs(last));
                }
                self.unsure.set(None);
            }
            None => {}
        }
        if self.frames.is_empty() {
            return Ok(Vec::new());
        }
        self.store(database).await
    }

    async fn store(&self, database: &Database) -> Result<Vec<Seq>, Trouble> {
        let transaction = Transaction::write(database, &[LOG, META], self.durability)?;
        let head = Head::ask(&transaction)?;
        let log = transaction.store(LOG)?;
        let mut last = None;
        for record in self.frames.iter().flat_map(|frame| records::split(frame)) {
            last = Some(log.add(bytes::to_js(&record)).with_key_type::<f64>().primitive()?);
        }
        let last = last.ok_or_else(|| fault::storage_lost("a frame without a record"))?;
        head.expect(&transaction, self.known).await?;
        drop(log);
        let committed = transaction.commit().await;
        // Answered by now, or never: the browser answers requests before it completes.
        let key = last.await.ok().map(|key| key as Seq);
        match (committed, key) {
            (Ok(()), Some(key)) => Ok(self.seqs(key)),
            (Err(Trouble::Fault(fault)), _) => Err(fault.into()),
            (Ok(()), None) => Err(self.unknown().into()),
            (Err(trouble), key) => {
                self.unsure.set(Some(key.map_or(Unsure::Nothing, Unsure::Last)));
                Err(trouble)
            }
        }
    }

    /// Whether the frames lie in the log where the lost transaction put them.
    async fn is_stored(&self, database: &Database, last: Seq) -> Result<bool, Trouble> {
        let seqs = self.seqs(last);
        let before = seqs[0] - records::count(&self.frames[0]) as Seq;
        let tail = load::tail(database, self.known, before).await?;
        if tail.manifest.base > before {
            return Err(self.unknown().into());
        }
        let found = tail.frames.iter().map(|logged| (logged.seq, &logged.frame));
        Ok(found.take(seqs.len()).eq(seqs.iter().copied().zip(self.frames)))
    }

    fn seqs(&self, last: Seq) -> Vec<Seq> {
        let counts = self.frames.iter().map(|frame| records::count(frame) as Seq);
        let before = last - counts.clone().sum::<Seq>();
        counts
            .scan(before, |seq, count| {
                *seq += count;
                Some(*seq)
            })
            .collect()
    }

    /// Whether a commit is without an answer still.
    pub fn is_unsure(&self) -> bool {
        self.unsure.get().is_some()
    }

    pub fn unknown(&self) -> Fault {
        fault::outcome_unknown(&format!("{} frames", self.frames.len()))
    }
}
