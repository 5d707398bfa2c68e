//! Appending frames: the hot path, one transaction with one awaited commit.
//!
//! Owns the question that a lost connection leaves behind: was it stored? The next connection looks
//! for the frames, which carry ids of their own; nothing is appended a second time blindly.

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
    /// Set by a commit without an answer: what it may have stored lies behind this seq.
    unsure: Cell<Option<Seq>>,
}

impl<'a> Append<'a> {
    pub fn new(frames: &'a [Vec<u8>], durability: Durability, known: Incarnation) -> Self {
        Self { frames, durability, known, unsure: Cell::new(None) }
    }

    /// The frames' seqs. Run again after trouble, it first looks whether the last run was stored.
    pub async fn run(&self, database: &Database) -> Result<Vec<Seq>, Trouble> {
        if let Some(after) = self.unsure.get() {
            let found = self.find(database, after).await?;
            self.unsure.set(None);
            if let Some(seqs) = found {
                return Ok(seqs);
            }
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
        let last = last.expect("every frame has a record");
        let base = head.expect(&transaction, self.known).await?.manifest.base;
        drop(log);
        let committed = transaction.commit().await;
        if let Err(Trouble::Lost(_)) = committed {
            self.unsure.set(Some(base));
        }
        committed?;
        // Answered by now: the browser answers all requests before it completes.
        Ok(self.seqs(last.await? as Seq))
    }

    /// Looks for the frames in the log behind a seq. They are at the end, or there are few behind them.
    async fn find(&self, database: &Database, after: Seq) -> Result<Option<Vec<Seq>>, Trouble> {
        let tail = load::tail(database, self.known, after).await?;
        let mut runs = tail.frames.windows(self.frames.len()).rev();
        let ours = runs.find(|run| run.iter().map(|logged| &logged.frame).eq(self.frames));
        match ours {
            Some(run) => Ok(Some(run.iter().map(|logged| logged.seq).collect())),
            None if tail.manifest.base > after => Err(self.unknown().into()),
            None => Ok(None),
        }
    }

    fn seqs(&self, last: Seq) -> Vec<Seq> {
        let counts = self.frames.iter().map(|frame| records::count(frame) as Seq);
        let before = last - counts.clone().sum::<Seq>();
        let add = |seq: &mut Seq, count| {
            *seq += count;
            Some(*seq)
        };
        counts.scan(before, add).collect()
    }

    /// Whether a commit is without an answer still.
    pub fn is_unsure(&self) -> bool {
        self.unsure.get().is_some()
    }

    pub fn unknown(&self) -> Fault {
        fault::outcome_unknown(&format!("{} frames", self.frames.len()))
    }
}
