//! Audits and restores: what the model server answers to an audit, and how a context carries out one.

use crate::client::{Client, USER};
use crate::dice::Dice;
use crate::faults::Faults;
use crate::model_server::{Server, Snapshot, json};
use crate::network::{Asker, Network};
use std::collections::BTreeSet;
use thermocline::engine::audited::{Audit, Held, Sums, bucket, differing, mend};
use thermocline::engine::frame::{Audited, Doubted, Resync};
use thermocline::engine::interface::{Event, Message, Reply};
use thermocline::engine::{Frame, RowId};
use thermocline::protocol::audit::{AuditAnswer, AuditRequest, BucketAnswer, BucketRequest, BucketSum};
use thermocline::protocol::{Key, MutationId, Text};
use thermocline::store::Durability;

/// What an audit looks at.
pub struct Auditing {
    table: Text,
    cursor: Text,
    left: BTreeSet<u8>,
    found: Audit,
}

/// A context's part.
impl Client {
    pub fn resync(&mut self, at: usize, resync: Resync, faults: &Faults, now_ms: u64, dice: &mut Dice) {
        let time_ms = self.clock(now_ms);
        for (table, _) in &resync.request.tables {
            let written = self.held(at, table, true);
            let id = |key: &str| -> RowId { (table.clone(), Key::from_text(key)) };
            let rows: Vec<(RowId, MutationId)> =
                written.keys().map(|key| (id(key), self.fresh_id(time_ms))).collect();
            let doubted = Frame::Doubted(Doubted { rows, user: Some(USER.into()), time_ms });
            if let Err(fault) = self.append(at, &doubted, Durability::Strict, faults, dice) {
                return self.feed(at, Event::NotStored(fault), now_ms, dice);
            }
        }
        match self.append(at, &Frame::Resync(resync), Durability::Relaxed, faults, dice) {
            Ok(()) => self.feed(at, Event::Folded, now_ms, dice),
            Err(fault) => self.feed(at, Event::NotStored(fault), now_ms, dice),
        }
    }

    /// Base rows of a table, or those that this client wrote.
    fn held(&mut self, at: usize, table: &Text, written: bool) -> Held {
        let look = |view: &thermocline::engine::View| {
            let mut held = Held::new();
            view.each_base(table, |key, rev, _| {
                if !written || view.state().own.made(rev) {
                    held.insert(key.into(), rev);
                }
            });
            held
        };
        self.contexts[at].ask(&mut self.ground, look)
    }

    fn send(&mut self, at: usize, message: Message, network: &mut Network) {
        let context = &self.contexts[at];
        network.send(Asker { client: self.number, life: context.life, run: context.run }, message);
    }

    pub fn begin_audit(
        &mut self,
        at: usize,
        table: Text,
        network: &mut Network,
        now_ms: u64,
        dice: &mut Dice,
    ) {
        let Some(cursor) = self.contexts[at].state.cursors.get(&table).cloned() else {
            return self.feed(at, Event::Audited(Ok(())), now_ms, dice);
        };
        let request = AuditRequest { table: table.clone(), cursor: cursor.clone(), since: None };
        let (left, found) = (BTreeSet::new(), Audit { ended_ms: self.clock(now_ms), ..Audit::default() });
        self.contexts[at].auditing = Some(Auditing { table, cursor, left, found });
        self.send(at, Message::Audit(request), network);
    }

    pub fn go_on_with_audit(
        &mut self,
        at: usize,
        event: Event,
        network: &mut Network,
        now_ms: u64,
        dice: &mut Dice,
    ) {
        let Some(mut audit) = self.contexts[at].auditing.take() else { return };
        let held = self.held(at, &audit.table, false);
        let mut audited =
            Audited { table: audit.table.clone(), cursor: audit.cursor.clone(), ..Audited::default() };
        match event {
            Event::Answered(Ok(Reply::Audit(AuditAnswer::Sums(theirs)))) => {
                let mut ours = Sums::default();
                held.iter().for_each(|(key, rev)| ours.add(key, *rev));
                audit.left = differing(&ours, &theirs);
                audit.found.differing = audit.left.len() as u32;
            }
            Event::Answered(Ok(Reply::Buckets(BucketAnswer::Rows { answered, rows }))) => {
                let state = &self.contexts[at].state;
                let these = held.into_iter().filter(|(key, _)| answered.contains(&bucket(key))).collect();
                audited = mend(&audit.table, &state.schema.tables[&audit.table], &audit.cursor, &these, rows);
                audit.left.retain(|bucket| !answered.contains(bucket));
                audit.found.repaired += (audited.rows.len() + audited.gone.len()) as u32;
            }
            Event::Answered(Err(failure)) => {
                return self.feed(at, Event::Audited(Err(failure)), now_ms, dice);
            }
            _ => return self.feed(at, Event::Audited(Ok(())), now_ms, dice),
        }
        audited.found = audit.left.is_empty().then_some(audit.found);
        if let Err(fault) =
            self.append(at, &Frame::Audited(audited), Durability::Relaxed, &Faults::none(), dice)
        {
            return self.feed(at, Event::Audited(Err(fault.into())), now_ms, dice);
        }
        if audit.left.is_empty() {
            return self.feed(at, Event::Audited(Ok(())), now_ms, dice);
        }
        let buckets = audit.left.iter().copied().collect();
        let request = BucketRequest { table: audit.table.clone(), since: None, buckets };
        self.contexts[at].auditing = Some(audit);
        self.send(at, Message::Buckets(request), network);
    }
}

/// The server's.
impl Server {
    pub fn audit(&self, request: &AuditRequest) -> AuditAnswer {
        let (epoch, snapshot) = request.cursor.split_once('.').expect("our own cursor");
        if epoch != self.epoch_text() {
            return AuditAnswer::Resync("epoch".into());
        }
        let cursor = Snapshot::read(snapshot);
        let (mut sums, mut changed) = (Sums::default(), BTreeSet::new());
        for ((_, key), rev, _) in self.stored(&request.table) {
            if cursor.sees(rev) {
                sums.add(key.as_str(), rev);
            } else {
                changed.insert(bucket(key.as_str()));
            }
        }
        let gone = self.removed(&request.table).filter(|(_, rev)| !cursor.sees(*rev));
        changed.extend(gone.map(|(key, _)| bucket(key.as_str())));
        let sum = |bucket: u8| {
            let of = sums.of(bucket);
            BucketSum { bucket, rows: of.rows, sum: of.sum, changed: changed.contains(&bucket) }
        };
        let told = (0..=u8::MAX).map(sum).filter(|sum| sum.rows > 0 || sum.changed);
        AuditAnswer::Sums(told.collect())
    }

    pub fn buckets(&self, request: &BucketRequest) -> BucketAnswer {
        // One at a time: a client that asks for more asks again.
        let answered: Vec<u8> = request.buckets.iter().copied().take(1).collect();
        let rows = self.stored(&request.table).filter(|(id, ..)| answered.contains(&bucket(id.1.as_str())));
        let rows = rows.map(|(_, rev, fields)| (rev, json(fields))).collect::<Vec<(_, Text)>>();
        BucketAnswer::Rows { answered, rows }
    }
}
