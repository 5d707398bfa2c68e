//! Audits, carried out: a table's rows are summed up segment by segment, compared with the server's sums, and the
//! buckets that differ are read and mended.
//!
//! It looks at one state of the table: where a checkpoint or a page comes in between, it ends without a result, and
//! the next run makes it anew. A table of which much differs is pulled from nothing instead.

use super::courier::Courier;
use super::platform::Platform;
use super::replica;
use crate::engine::audited::{Audit, Held, Sums, bucket, differing, mend};
use crate::engine::frame::{Audited, Resync};
use crate::engine::interface::{Failure, Message, Reply};
use crate::engine::{Frame, State};
use crate::protocol::audit::{AuditAnswer, AuditRequest, BUCKETS, BucketAnswer, BucketRequest};
use crate::protocol::pull::{PullRequest, told};
use crate::protocol::{ErrorCode, Fault, Rev, Text};
use crate::remote::Remote;
use crate::store::Store;
use std::collections::BTreeSet;
use std::rc::Rc;

/// With more buckets than this to read, a round from nothing costs less.
const FEW: usize = BUCKETS / 4;

impl<S: Store + 'static, R: Remote + 'static, P: Platform> Courier<S, R, P> {
    pub(super) async fn audit(self: &Rc<Self>, table: &Text) -> Result<(), Failure> {
        let Some(sight) = self.sight(table) else { return Ok(()) };
        let mut sums = Sums::default();
        if !self.each_within(table, &sight, |key, rev| sums.add(key, rev)).await? {
            return Ok(());
        }
        let since = self.since(table);
        let request = AuditRequest {
            table: table.clone(),
            cursor: told(Some(&sight)).unwrap_or_default().into(),
            since: since.clone(),
        };
        let theirs = match self.ask(&Message::Audit(request)).await? {
            Reply::Audit(AuditAnswer::Sums(theirs)) => theirs,
            // The pull of the next run hears the same, and knows what to do.
            Reply::Audit(AuditAnswer::Resync(_)) => return Ok(()),
            _ => return Err(not_answered()),
        };
        let differing = differing(&sums, &theirs);
        if differing.len() > FEW {
            return self.pull_anew(table, &sight).await;
        }
        self.mend(table, &sight, since, differing).await
    }

    /// The cursor: what an audit looks at is what it stands for.
    fn sight(&self, table: &Text) -> Option<Text> {
        self.replica().state().cursors.get(table).cloned()
    }

    fn since(&self, table: &Text) -> Option<Text> {
        self.replica().state().horizons.get(table)?.since.clone()
    }

    async fn ask(&self, message: &Message) -> Result<Reply, Failure> {
        let client = uuid::Uuid::from_bytes(self.replica().manifest().client).to_string();
        self.remote().send(message, &client).await
    }

    /// Goes over the base rows of a table within its horizon. False if the table changed meanwhile.
    async fn each_within(
        self: &Rc<Self>,
        table: &Text,
        sight: &Text,
        mut visit: impl FnMut(&str, Rev),
    ) -> Result<bool, Fault> {
        let within = |_: &State, held: replica::Held<'_>| {
            if !held.is_cold {
                visit(held.key, held.rev);
            }
        };
        Ok(self.replica().each_base(table, within).await? && self.sight(table).as_ref() == Some(sight))
    }

    /// Reads the buckets, and takes in what differs.
    async fn mend(
        self: &Rc<Self>,
        table: &Text,
        sight: &Text,
        since: Option<Text>,
        mut differing: BTreeSet<u8>,
    ) -> Result<(), Failure> {
        let Some(mut held) = self.held(table, sight, &differing).await? else { return Ok(()) };
        let ended_ms = self.replica().platform().now_ms();
        let mut found = Audit { ended_ms, differing: differing.len() as u32, repaired: 0 };
        loop {
            let mut audited = Audited { table: table.clone(), cursor: sight.clone(), ..Audited::default() };
            if !differing.is_empty() {
                let buckets = differing.iter().copied().collect();
                let request = BucketRequest { table: table.clone(), since: since.clone(), buckets };
                let Reply::Buckets(BucketAnswer::Rows { answered, rows }) =
                    self.ask(&Message::Buckets(request)).await?
                else {
                    return Err(not_answered());
                };
                let (of_these, others) =
                    held.into_iter().partition(|(key, _)| answered.contains(&bucket(key)));
                held = others;
                differing.retain(|bucket| !answered.contains(bucket));
                let state = self.replica().state();
                let Some(definition) = state.schema.tables.get(table) else { return Ok(()) };
                audited = mend(table, definition, sight, &of_these, rows);
            }
            found.repaired += (audited.rows.len() + audited.gone.len()) as u32;
            audited.found = differing.is_empty().then_some(found);
            self.replica().append(Frame::Audited(audited)).await?;
            if differing.is_empty() {
                return Ok(());
            }
        }
    }

    /// What is held of these buckets; none if the table changed meanwhile.
    async fn held(
        self: &Rc<Self>,
        table: &Text,
        sight: &Text,
        buckets: &BTreeSet<u8>,
    ) -> Result<Option<Held>, Fault> {
        let mut held = Held::new();
        if buckets.is_empty() {
            return Ok(Some(held));
        }
        let of_these = |key: &str, rev| {
            if buckets.contains(&bucket(key)) {
                held.insert(key.into(), rev);
            }
        };
        let is_whole = self.each_within(table, sight, of_these).await?;
        Ok(is_whole.then_some(held))
    }

    async fn pull_anew(self: &Rc<Self>, table: &Text, sight: &Text) -> Result<(), Failure> {
        let request = PullRequest {
            tables: vec![(table.clone(), Some(sight.clone()))],
            round: None,
            own_xids: Vec::new(),
        };
        let resync = Resync { request, reason: "audit".into() };
        Ok(self.replica().append(Frame::Resync(resync)).await?)
    }
}

fn not_answered() -> Failure {
    Fault::new(ErrorCode::ServerError, "the server cannot be compared with right now; trying again").into()
}
