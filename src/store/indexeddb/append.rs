//! Appending frames: the hot path, one transaction on the log alone, with one awaited commit.
//!
//! Owns two questions. Was it stored, when the connection was lost while committing? The next
//! connection looks for the frames, which carry ids of their own; nothing is appended twice blindly.
//! And was the database wiped in the meantime? Its keys say so: then the records, which name the life
//! they were meant for and are read by nobody, are taken out again.

use super::bytes;
use super::connection::Connection;
use super::load;
use super::transaction::{LOG, Transaction};
use super::trouble::Trouble;
use crate::protocol::Fault;
use crate::store::{Durability, Incarnation, LIFE_SEQS, Seq, fault, records};
use indexed_db_futures::KeyRange;
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use std::cell::Cell;

pub struct Append<'a> {
    frames: &'a [Vec<u8>],
    durability: Durability,
    known: Incarnation,
    /// A seq that the database had given out before: ours lie behind it.
    met: Seq,
    /// Whether a commit is without an answer.
    unsure: Cell<bool>,
}

impl<'a> Append<'a> {
    pub fn new(frames: &'a [Vec<u8>], durability: Durability, known: Incarnation, met: Seq) -> Self {
        Self { frames, durability, known, met, unsure: Cell::new(false) }
    }

    /// The frames' seqs. Run again after trouble, it first looks whether the last run was stored.
    pub async fn run(&self, connection: &Connection) -> Result<Vec<Seq>, Trouble> {
        connection.lead_to(self.known).await?;
        let database = connection.database();
        if self.unsure.get() {
            let found = self.find(database).await?;
            self.unsure.set(false);
            if let Some(seqs) = found {
                return Ok(seqs);
            }
        }
        if self.frames.is_empty() {
            return Ok(Vec::new());
        }
        let last = self.store(database).await?;
        if last / LIFE_SEQS != self.met / LIFE_SEQS {
            return Err(self.take_out(database, last).await);
        }
        Ok(self.seqs(last))
    }

    /// The key of the last record.
    async fn store(&self, database: &Database) -> Result<Seq, Trouble> {
        let transaction = Transaction::write(database, &[LOG], self.durability)?;
        let log = transaction.store(LOG)?;
        let mut last = None;
        for record in self.frames.iter().flat_map(|frame| records::split(frame, self.known)) {
            last = Some(log.add(bytes::to_js(&record)).with_key_type::<f64>().primitive()?);
        }
        let last = last.expect("every frame has a record");
        drop(log);
        let committed = transaction.commit().await;
        self.unsure.set(matches!(committed, Err(Trouble::Lost(_))));
        committed?;
        // Answered by now: the browser answers all requests before it completes.
        Ok(last.await? as Seq)
    }

    /// Looks for the frames in the log, the latest first.
    async fn find(&self, database: &Database) -> Result<Option<Vec<Seq>>, Trouble> {
        let tail = load::tail(database, self.known, self.met).await?;
        let mut runs = tail.frames.windows(self.frames.len()).rev();
        let ours = runs.find(|run| run.iter().map(|logged| &logged.frame).eq(self.frames));
        match ours {
            Some(run) => Ok(Some(run.iter().map(|logged| logged.seq).collect())),
            // A checkpoint may have taken them in.
            None if tail.manifest.base > self.met => Err(self.unknown().into()),
            None => Ok(None),
        }
    }

    /// What was meant for a former life of the database leaves it again.
    async fn take_out(&self, database: &Database, last: Seq) -> Trouble {
        let removed: Result<(), Trouble> = async {
            let transaction = Transaction::write(database, &[LOG], Durability::Relaxed)?;
            let first = last - self.records() + 1;
            let range = KeyRange::Bound(first as f64, false, last as f64, false);
            let _sent = transaction.store(LOG)?.delete::<f64, _>(range).primitive()?;
            transaction.commit().await
        }
        .await;
        // Where that failed, readers refuse the records, and the next checkpoint cuts them off.
        let how = if removed.is_ok() { "another one took its place" } else { "it was wiped" };
        fault::storage_lost(how).into()
    }

    fn records(&self) -> Seq {
        self.frames.iter().map(|frame| records::count(frame) as Seq).sum()
    }

    fn seqs(&self, last: Seq) -> Vec<Seq> {
        let mut seq = last - self.records();
        let counts = self.frames.iter().map(|frame| records::count(frame) as Seq);
        counts
            .map(|count| {
                seq += count;
                seq
            })
            .collect()
    }

    /// Whether a commit is without an answer still.
    pub fn is_unsure(&self) -> bool {
        self.unsure.get()
    }

    pub fn unknown(&self) -> Fault {
        fault::outcome_unknown(&format!("{} frames", self.frames.len()))
    }
}
