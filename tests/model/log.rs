//! A client's log, and the state that it folds to.
//!
//! The log is all that determines a client's durable state, so the model keeps logs and looks their folds
//! up. The fold is the engine's own; a mutant changes what is handed to it.

use crate::memo::{Memo, mixed, remembered};
use crate::plan::{Mutant, Plan, TABLE};
use crate::shared::Shared;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;
use thermocline::engine::frame::Pulled;
use thermocline::engine::{Frame, Pending, Standing, State, apply, needs};
use thermocline::protocol::push::Outcome;
use thermocline::protocol::{Key, MutationId, Rev, Seq};

#[derive(Clone, Default)]
pub struct Log(Option<Arc<Entry>>);

struct Entry {
    /// Of this frame and all before it.
    print: u64,
    seq: Seq,
    frame: Shared<Frame>,
    before: Log,
}

/// A state, and what only an observer knows about how it came to be.
#[derive(Clone, Default)]
pub struct Folded {
    pub state: State,
    /// Mutations as they were when they were sealed.
    pub sealed: BTreeMap<MutationId, Pending>,
    pub seen: Seen,
}

/// What has happened on the way.
#[derive(Clone, Copy, Default)]
pub struct Seen {
    /// A base row went back to an older version.
    pub went_back: bool,
    /// A sealed mutation's content is another.
    pub changed_after_sent: bool,
    pub coalesced: bool,
    pub dropped_page: bool,
    pub second_batch: bool,
    pub second_answer: bool,
    /// A second answer changed a row or a mutation that waits.
    pub answered_again: bool,
}

thread_local! {
    static FOLDED: Memo<Rc<Folded>> = Memo::default();
}

impl Log {
    pub fn push(&mut self, frame: Shared<Frame>) {
        let before = std::mem::take(self);
        let print = mixed(before.print(), frame.print);
        *self = Self(Some(Arc::new(Entry { print, seq: before.seq() + 1, frame, before })));
    }

    /// Takes the newest frame back.
    pub fn pop(&mut self) {
        *self = self.0.take().map(|entry| entry.before.clone()).unwrap_or_default();
    }

    /// Newest first.
    pub fn frames(&self) -> impl Iterator<Item = &Frame> {
        let entries = std::iter::successors(self.0.as_ref(), |entry| entry.before.0.as_ref());
        entries.map(|entry| &*entry.frame)
    }

    pub fn len(&self) -> usize {
        self.seq() as usize
    }

    fn seq(&self) -> Seq {
        self.0.as_ref().map_or(0, |entry| entry.seq)
    }

    pub fn print(&self) -> u64 {
        self.0.as_ref().map_or(0, |entry| entry.print)
    }

    pub fn fold(&self, plan: &Plan) -> Rc<Folded> {
        let Some(entry) = &self.0 else { return Rc::default() };
        remembered(&FOLDED, plan, [entry.print], || {
            let mut folded = Folded::clone(&entry.before.fold(plan));
            folded.fold(plan.mutant, entry.seq, Frame::clone(&entry.frame));
            Rc::new(folded)
        })
    }
}

impl Folded {
    fn fold(&mut self, mutant: Option<Mutant>, seq: Seq, mut frame: Frame) {
        let before = self.clone();
        match (mutant, &mut frame) {
            (Some(Mutant::CoalesceIntoSent), Frame::Write(_)) => self.unseal(),
            (Some(Mutant::StalePage), Frame::Pulled(pulled)) => self.pass_for_current(pulled),
            _ => {}
        }
        assert!(needs(&self.state, &frame).is_empty(), "a model without segments reads none");
        let forgotten = self.forgotten(mutant, &frame);
        let changes = apply(&mut self.state, BTreeMap::new(), seq, frame.clone());
        for key in forgotten {
            self.state.rows.forget(TABLE, &key, seq);
        }
        match &frame {
            Frame::Write(requests) => {
                let grown = self.state.outbox.len() > before.state.outbox.len();
                self.seen.coalesced |= !requests.is_empty() && !grown;
            }
            Frame::Sent(_) => {
                self.seen.second_batch |= changes.dropped;
                let sealed = self.state.outbox.iter().filter(|(_, pending)| pending.sealed);
                let sealed: Vec<Pending> = sealed.map(|(_, pending)| pending.clone()).collect();
                for pending in sealed {
                    self.sealed.entry(pending.id).or_insert(pending);
                }
            }
            Frame::Pushed(pushed) => {
                let is_answered = |id: &MutationId| before.state.outbox.get(*id).is_none();
                let is_second = pushed.outcomes.iter().all(|(id, _)| is_answered(id));
                self.seen.second_answer |= is_second;
                self.seen.answered_again |= is_second && !looks_alike(&self.state, &before.state);
            }
            Frame::Pulled(_) => self.seen.dropped_page |= changes.dropped,
            _ => {}
        }
        self.compare(&before.state);
    }

    fn compare(&mut self, before: &State) {
        let rows = before.rows.table(TABLE).into_iter().flat_map(|rows| rows.slots());
        let known: Vec<_> = rows.map(|(key, slot)| (key.clone(), slot.known.rev())).collect();
        let is_older =
            |(key, rev): &(Key, Option<Rev>)| rev_of(&self.state, key).is_some_and(|now| Some(now) < *rev);
        self.seen.went_back |= known.iter().any(is_older);
        let is_changed = |pending: &Pending| {
            let content = Pending { sealed: true, standing: Standing::Waiting, ..pending.clone() };
            self.sealed.get(&pending.id).is_some_and(|sealed| content != *sealed)
        };
        self.seen.changed_after_sent |= self.state.outbox.iter().any(|(_, pending)| is_changed(pending));
    }
}

fn looks_alike(one: &State, other: &State) -> bool {
    let rows = |state: &State| -> Vec<_> {
        let rows = state.rows.table(TABLE).into_iter().flat_map(|rows| rows.slots());
        rows.map(|(key, slot)| (key.clone(), slot.clone())).collect()
    };
    one.outbox.iter().eq(other.outbox.iter()) && rows(one) == rows(other)
}

fn rev_of(state: &State, key: &Key) -> Option<Rev> {
    state.rows.slot(TABLE, key)?.known.rev()
}

/// What mutants do to a fold.
impl Folded {
    fn unseal(&mut self) {
        let outbox = &mut self.state.outbox;
        let places: Vec<_> = outbox.iter().map(|(place, _)| place).collect();
        places.into_iter().for_each(|place| outbox.edit(place, |pending| pending.sealed = false));
    }

    /// Rows of which an answer tells no rev.
    fn forgotten(&self, mutant: Option<Mutant>, frame: &Frame) -> Vec<Key> {
        let Frame::Pushed(pushed) = frame else { return Vec::new() };
        let told = pushed.outcomes.iter().filter(|_| mutant == Some(Mutant::ForgetYounger));
        let gone = told.filter(|(_, outcome)| matches!(outcome, Outcome::Applied { rev: None, .. }));
        gone.filter_map(|(id, _)| Some(self.state.outbox.get(*id)?.row.1.clone())).collect()
    }

    fn pass_for_current(&self, pulled: &mut Pulled) {
        for (table, cursor) in &mut pulled.request.tables {
            *cursor = self.state.cursors.get(table).cloned();
        }
        let round = self.state.round.as_ref();
        pulled.request.round = pulled.request.round.take().and_then(|_| Some(round?.token.clone()));
    }
}

impl PartialEq for Log {
    fn eq(&self, other: &Self) -> bool {
        self.print() == other.print()
    }
}

impl Eq for Log {}

impl Hash for Log {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.print());
    }
}

impl Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.frames()).finish()
    }
}
