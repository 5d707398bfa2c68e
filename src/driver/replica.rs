//! A replica: this context's state, and the log it is folded from.
//!
//! Every context is a replica. Writes queue up while a transaction is under way and leave as one frame
//! (group commit); the writer's answer comes from the fold. A context that finds frames of others before
//! its own, or another checkpoint, catches up first. Frames are folded one at a time, in order: while the
//! rows that one needs are read, later ones wait. What a context takes up anew from the store is folded aside.
//! It never calls out while state is borrowed.

mod damage;
mod folded;
mod loss;
mod reading;
mod versions;
mod walking;

pub use damage::{QUARANTINE, Quarantined};
pub use walking::Held;

use folded::Folded;

use super::cache::BlockCache;
use super::platform::Platform;
use super::tail::TailSize;
use super::turn::Turns;
use crate::engine::frame::{self, FORMAT_VERSION, Lost};
use crate::engine::rest::Plan;
use crate::engine::{self, Changes, Damage, Frame, State};
use crate::protocol::{Decision, ErrorCode, Fault, MutationId, Request, limits};
use crate::store::{Durability, Logged, Manifest, Seq, Store, records};
use futures_channel::oneshot;
use futures_util::future::join;
use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

type Waiting = oneshot::Sender<Result<Decision, Fault>>;
type Watcher = Rc<dyn Fn(&Changes)>;

pub struct Replica<S: Store, P: Platform> {
    store: S,
    platform: Rc<P>,
    name: String,
    durability: Durability,
    folded: Folded,
    /// Blocks of the state's segments.
    cache: RefCell<BlockCache>,
    folding: Turns,
    queue: RefCell<Vec<Request>>,
    committing: Cell<bool>,
    announcing: Cell<bool>,
    waiting: RefCell<BTreeMap<MutationId, Waiting>>,
    /// Set for good when this context may no longer write.
    halted: RefCell<Option<Fault>>,
    damaged: Cell<u32>,
    /// Segments that could not be read, and the log does not know it yet.
    lost: RefCell<Vec<Lost>>,
    watchers: RefCell<Vec<Watcher>>,
    loss_watcher: RefCell<Option<Rc<dyn Fn()>>>,
    /// By which engines of other versions know of this one.
    attendance: RefCell<Option<P::Lease>>,
}

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// Loads checkpoint and tail; `name` scopes the leases.
    pub async fn open(
        store: S,
        platform: Rc<P>,
        name: &str,
        durability: Durability,
    ) -> Result<Rc<Self>, Fault> {
        let (loaded, attendance) = join(store.load(), platform.attend(name, FORMAT_VERSION)).await;
        let loaded = loaded?;
        let folding = Turns::default();
        let turn = folding.take().await;
        let replica = Rc::new(Self {
            store,
            platform,
            name: name.into(),
            durability,
            folded: Folded::new(State::default(), loaded.tail.manifest.clone()),
            cache: RefCell::new(BlockCache::new(limits::HOT_BYTES)),
            folding,
            queue: RefCell::default(),
            committing: Cell::new(false),
            announcing: Cell::new(false),
            waiting: RefCell::default(),
            halted: RefCell::new(None),
            damaged: Cell::new(0),
            lost: RefCell::default(),
            watchers: RefCell::default(),
            loss_watcher: RefCell::default(),
            attendance: RefCell::new(Some(attendance)),
        });
        replica.rebuild(loaded).await?;
        drop(turn);
        replica.give_up_lost().await?;
        Ok(replica)
    }

    pub fn state(&self) -> Ref<'_, State> {
        self.folded.state.borrow()
    }

    pub fn store(&self) -> &S {
        &self.store
    }

    pub fn platform(&self) -> &Rc<P> {
        &self.platform
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn manifest(&self) -> Manifest {
        self.folded.manifest.borrow().clone()
    }

    /// Frames that could not be read and were passed over.
    pub fn damaged(&self) -> u32 {
        self.damaged.get()
    }

    /// Calls back after every fold that changed something.
    pub fn watch(&self, watcher: impl Fn(&Changes) + 'static) {
        self.watchers.borrow_mut().push(Rc::new(watcher));
    }

    /// Commits a request; durable and decided when it returns.
    pub async fn write(self: &Rc<Self>, request: Request) -> Result<Decision, Fault> {
        self.may_write(&request)?;
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().insert(request.id, sender);
        self.queue.borrow_mut().push(request);
        if !self.committing.replace(true) {
            let replica = Rc::clone(self);
            self.platform.spawn(async move { replica.commit_queue().await });
        }
        receiver.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Appends one frame of the sync machine and folds it.
    pub async fn append(self: &Rc<Self>, frame: Frame) -> Result<(), Fault> {
        let durability = match frame {
            Frame::Write(_) | Frame::Sent(_) | Frame::Imported(_) => self.durability,
            Frame::Settled(_) | Frame::Doubted(_) => self.durability,
            // These can be had again from the server.
            Frame::Pushed(_)
            | Frame::Pulled(_)
            | Frame::Schema(_)
            | Frame::Resync(_)
            | Frame::Lost(_)
            | Frame::Fetched(_)
            | Frame::Evicted(_)
            | Frame::Audited(_) => Durability::Relaxed,
        };
        self.halted.borrow().clone().map_or(Ok(()), Err)?;
        let ends_first_round = matches!(&frame, Frame::Pulled(page) if page.ends_first_round());
        self.commit(frame, durability).await?;
        // A first sync brings more than memory should hold, and what it brought is not folded at each start.
        let is_due = self.tail_size().is_long(ends_first_round);
        if is_due && let Err(fault) = Box::pin(self.checkpoint()).await {
            self.report(&fault);
        }
        Ok(())
    }

    /// Folds what other contexts have appended, and takes up their checkpoints.
    pub async fn catch_up(self: &Rc<Self>) -> Result<(), Fault> {
        let turn = self.folding.take().await;
        self.follow().await?;
        drop(turn);
        self.give_up_lost().await
    }

    /// Catches up; the turn to fold is the caller's.
    async fn follow(&self) -> Result<(), Fault> {
        let seq = self.state().seq;
        let tail = self.store.tail(seq).await.inspect_err(|fault| self.note_loss(fault))?;
        self.check_life(&tail.manifest)?;
        if tail.manifest.version != self.manifest().version {
            return self.reload().await;
        }
        let is_folded = self.fold_logged(&self.folded, tail.frames).await;
        self.tell();
        if is_folded? { Ok(()) } else { self.reload().await }
    }

    /// Begins anew from the store: another checkpoint names other segments, and frames may be in it only.
    async fn reload(&self) -> Result<(), Fault> {
        let loaded = self.store.load().await?;
        self.check_life(&loaded.tail.manifest)?;
        let lacks_frames = loaded.tail.manifest.base > self.state().seq;
        self.rebuild(loaded).await?;
        self.answer_from_state();
        if lacks_frames {
            let everything = self.state().schema.tables.keys().cloned().collect();
            self.notify(&Changes { tables: everything, ..Changes::default() });
        }
        Ok(())
    }

    pub fn tail_size(&self) -> TailSize {
        self.folded.tail.get()
    }

    pub fn is_halted(&self) -> bool {
        self.halted.borrow().is_some()
    }

    /// Takes over a checkpoint of our own, made beside the manifest of this version.
    pub async fn rest(&self, beside: u64, plan: Plan, manifest: Manifest) {
        let _turn = self.folding.take().await;
        // Else it has been taken up from the store meanwhile, or one that followed it.
        if self.manifest().version == beside {
            self.folded.state.borrow_mut().rest(plan);
            self.folded.rest_at(manifest);
            self.forget_blocks(&self.state());
        }
    }

    fn may_write(&self, request: &Request) -> Result<(), Fault> {
        self.halted.borrow().clone().map_or(Ok(()), Err)?;
        let state = self.state();
        let full = state.outbox.len() + request.mutations.len() > limits::OUTBOX_MUTATIONS
            || state.outbox.bytes() > limits::OUTBOX_BYTES;
        if full {
            let message = format!(
                "{} changes wait to be sent, the most this device keeps; go online to send them, then try again",
                state.outbox.len()
            );
            return Err(Fault::new(ErrorCode::QuotaExceeded, message));
        }
        Ok(())
    }

    async fn commit_queue(self: &Rc<Self>) {
        loop {
            let requests = self.next_requests();
            if requests.is_empty() {
                break;
            }
            let ids: Vec<MutationId> = requests.iter().map(|request| request.id).collect();
            if let Err(fault) = self.commit(Frame::Write(requests), self.durability).await {
                // The transaction may have been stored all the same: the log says.
                let _ = self.catch_up().await;
                for id in ids {
                    self.answer(id, Err(fault.clone()));
                }
            }
        }
        self.committing.set(false);
        if let Err(fault) = self.checkpoint_if_due().await {
            self.report(&fault);
        }
    }

    /// As many queued requests as fit a frame.
    fn next_requests(&self) -> Vec<Request> {
        let mut queue = self.queue.borrow_mut();
        let mut bytes = 0;
        let fits = queue.iter().take_while(|request| {
            bytes += request_bytes(request);
            bytes <= limits::FRAME_BYTES / 2
        });
        let count = fits.count().max(1).min(queue.len());
        queue.drain(..count).collect()
    }

    async fn commit(self: &Rc<Self>, frame: Frame, durability: Durability) -> Result<(), Fault> {
        let bytes = frame.encode();
        if bytes.len() > limits::FRAME_BYTES {
            let damage = Damage::TooLarge(bytes.len());
            return Err(Fault::new(ErrorCode::InvalidRequest, format!("a frame was not stored: {damage}")));
        }
        if !self.is_read_by_all(frame::version(&bytes)).await {
            return Err(versions::unread());
        }
        let frames = [bytes];
        let appended = self.append_or_evict(&frames, durability).await;
        let seqs = appended.inspect_err(|fault| self.note_loss(fault))?;
        let [bytes] = frames;
        let seq = seqs.first().copied().unwrap_or_default();
        let records = records::count(&bytes) as u64;
        let turn = self.folding.take().await;
        let is_next = self.state().seq + records == seq;
        if !is_next {
            self.follow().await?;
        } else if self.fold(&self.folded, seq, frame).await? {
            self.folded.grow(records, bytes.len());
            self.tell();
        } else {
            self.reload().await?;
        }
        drop(turn);
        self.announce_soon();
        self.give_up_lost().await
    }

    /// Tells the other contexts once for all frames of this moment, after their writers have been answered.
    fn announce_soon(self: &Rc<Self>) {
        if self.announcing.replace(true) {
            return;
        }
        let replica = Rc::clone(self);
        self.platform.spawn(async move {
            replica.platform.sleep(0).await;
            replica.announcing.set(false);
            let incarnation = replica.folded.manifest.borrow().incarnation;
            replica.platform.announce(incarnation, replica.state().seq);
        });
    }

    /// Folds frames of the log. False: the segments they need are no longer there.
    async fn fold_logged(&self, into: &Folded, frames: Vec<Logged>) -> Result<bool, Fault> {
        for Logged { seq, frame: bytes } in frames {
            if seq <= into.state.borrow().seq {
                continue;
            }
            match Frame::decode(&bytes) {
                Ok(frame) => {
                    if !self.fold(into, seq, frame).await? {
                        return Ok(false);
                    }
                    into.grow(records::count(&bytes) as u64, bytes.len());
                }
                Err(damage) if damage.is_newer() => {
                    let fault = self.damage_fault(&damage, &format!("frame {seq}"));
                    *self.halted.borrow_mut() = Some(fault.clone());
                    return Err(fault);
                }
                Err(damage) => {
                    into.state.borrow_mut().seq = seq;
                    self.quarantine_frame(seq, &bytes, &damage).await;
                }
            }
        }
        Ok(true)
    }

    /// Folds one frame; the turn is the caller's. False: rows it needs are in segments that are gone.
    async fn fold(&self, into: &Folded, seq: Seq, frame: Frame) -> Result<bool, Fault> {
        let Some(found) = self.find_needed(into, &frame).await? else { return Ok(false) };
        let changes = engine::apply(&mut into.state.borrow_mut(), found, seq, frame);
        into.untold.borrow_mut().push(changes);
        Ok(true)
    }

    /// Answers the writers whose frames were folded, and tells the watchers what has changed.
    fn tell(&self) {
        for mut changes in self.folded.untold.take() {
            for (id, decision) in &changes.decisions {
                changes.ours |= self.answer(*id, Ok(decision.clone()));
            }
            self.notify(&changes);
        }
    }

    /// Whether the request was made here, and not answered yet.
    fn answer(&self, request: MutationId, answer: Result<Decision, Fault>) -> bool {
        let Some(sender) = self.waiting.borrow_mut().remove(&request) else { return false };
        // A writer that went away does not want it.
        let _ = sender.send(answer);
        true
    }

    /// Answers own writes whose frames are in the checkpoint only.
    fn answer_from_state(&self) {
        let ids: Vec<MutationId> = self.waiting.borrow().keys().copied().collect();
        for id in ids {
            let decision = self.state().answers.get(id).cloned();
            if let Some(decision) = decision {
                self.answer(id, Ok(decision));
            }
        }
    }

    fn notify(&self, changes: &Changes) {
        let watchers = self.watchers.borrow().clone();
        for watcher in watchers {
            watcher(changes);
        }
    }

    fn report(&self, fault: &Fault) {
        self.platform.report(fault);
    }
}

fn request_bytes(request: &Request) -> usize {
    let changes = request.mutations.iter().flat_map(|mutation| &mutation.changes);
    let sizes =
        changes.map(|c| c.column.len() + c.value.len() + c.old.as_ref().map_or(0, |old| old.len()) + 16);
    64 + request.mutations.len() * 128 + sizes.sum::<usize>()
}

fn closed() -> Fault {
    Fault::new(ErrorCode::StorageLost, "the database was closed while the write was under way; reopen it")
}
