//! A replica: this context's state, and the log it is folded from.
//!
//! Every context is a replica. Writes queue up while a transaction is under way and leave as one frame
//! (group commit); the writer's answer comes from the fold. A context that finds frames of others before
//! its own, or a checkpoint beyond its seq, catches up first. It never calls out while state is borrowed.

use super::platform::Platform;
use crate::engine::{self, Changes, Damage, Found, Frame, State, snapshot};
use crate::protocol::{Decision, ErrorCode, Fault, MutationId, Request, limits};
use crate::store::{Checkpoint, Durability, Loaded, Logged, Manifest, Seq, Store, records};
use futures_channel::oneshot;
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
    state: RefCell<State>,
    manifest: RefCell<Manifest>,
    queue: RefCell<Vec<Request>>,
    committing: Cell<bool>,
    announcing: Cell<bool>,
    waiting: RefCell<BTreeMap<MutationId, Waiting>>,
    tail: Cell<Tail>,
    /// Set for good when this context may no longer write.
    halted: RefCell<Option<Fault>>,
    damaged: Cell<u32>,
    watchers: RefCell<Vec<Watcher>>,
}

/// What the log holds beyond the checkpoint.
#[derive(Clone, Copy, Default)]
struct Tail {
    records: u64,
    bytes: usize,
}

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// Loads checkpoint and tail; `name` scopes the leases.
    pub async fn open(
        store: S,
        platform: Rc<P>,
        name: &str,
        durability: Durability,
    ) -> Result<Rc<Self>, Fault> {
        let loaded = store.load().await?;
        let replica = Rc::new(Self {
            store,
            platform,
            name: name.into(),
            durability,
            state: RefCell::default(),
            manifest: RefCell::new(loaded.tail.manifest.clone()),
            queue: RefCell::default(),
            committing: Cell::new(false),
            announcing: Cell::new(false),
            waiting: RefCell::default(),
            tail: Cell::default(),
            halted: RefCell::new(None),
            damaged: Cell::new(0),
            watchers: RefCell::default(),
        });
        replica.rebuild(loaded)?;
        Ok(replica)
    }

    pub fn state(&self) -> Ref<'_, State> {
        self.state.borrow()
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
        self.manifest.borrow().clone()
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
            Frame::Write(_) | Frame::Sent(_) => self.durability,
            // These can be had again from the server.
            Frame::Pushed(_) | Frame::Pulled(_) | Frame::Schema(_) | Frame::Resync(_) => Durability::Relaxed,
        };
        self.halted.borrow().clone().map_or(Ok(()), Err)?;
        self.commit(frame, durability).await
    }

    /// Folds what other contexts have appended.
    pub async fn catch_up(&self) -> Result<(), Fault> {
        let seq = self.state.borrow().seq;
        let tail = self.store.tail(seq).await?;
        self.check_life(&tail.manifest)?;
        if tail.manifest.base > self.state.borrow().seq {
            // The frames in between are in the checkpoint only.
            let loaded = self.store.load().await?;
            self.check_life(&loaded.tail.manifest)?;
            self.rebuild(loaded)?;
            self.answer_from_state();
            let everything = self.state.borrow().schema.tables.keys().cloned().collect();
            self.notify(&Changes { tables: everything, ..Changes::default() });
            return Ok(());
        }
        self.adopt(tail.manifest);
        self.fold_logged(tail.frames)
    }

    /// Checkpoints if the tail has grown long, unless another context is at it.
    pub async fn checkpoint_if_due(&self) -> Result<bool, Fault> {
        let tail = self.tail.get();
        if tail.records < limits::CHECKPOINT_RECORDS && tail.bytes < limits::CHECKPOINT_BYTES {
            return Ok(false);
        }
        self.checkpoint().await
    }

    /// Turns the log so far into a checkpoint. False if another context was quicker.
    pub async fn checkpoint(&self) -> Result<bool, Fault> {
        let lease = self.platform.try_lease(&format!("{}/checkpoint", self.name)).await;
        if lease.is_none() || self.halted.borrow().is_some() {
            return Ok(false);
        }
        let (base, (state, blocks)) = {
            let state = self.state.borrow();
            (state.seq, snapshot::write(&state))
        };
        let expected = self.manifest.borrow().version;
        let written = self.store.checkpoint_whole(expected, base, Checkpoint { state, blocks }).await?;
        match written {
            Some(manifest) => self.adopt(manifest),
            None => self.catch_up().await?,
        }
        Ok(true)
    }

    /// A database that was emptied or replaced is another one: this replica ends.
    fn check_life(&self, manifest: &Manifest) -> Result<(), Fault> {
        if manifest.incarnation == self.manifest.borrow().incarnation {
            return Ok(());
        }
        let message = "the local database was emptied or replaced; reload the page to open the new one";
        let fault = Fault::new(ErrorCode::StorageLost, message);
        *self.halted.borrow_mut() = Some(fault.clone());
        Err(fault)
    }

    fn may_write(&self, request: &Request) -> Result<(), Fault> {
        self.halted.borrow().clone().map_or(Ok(()), Err)?;
        let state = self.state.borrow();
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
        let frames = [bytes];
        let seqs = self.store.append(&frames, durability).await?;
        let [bytes] = frames;
        let seq = seqs.first().copied().unwrap_or_default();
        let records = records::count(&bytes) as u64;
        if self.state.borrow().seq + records == seq {
            self.grow(records, bytes.len());
            self.fold(seq, frame);
        } else {
            self.catch_up().await?;
        }
        self.announce_soon();
        Ok(())
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
            let incarnation = replica.manifest.borrow().incarnation;
            replica.platform.announce(incarnation, replica.state.borrow().seq);
        });
    }

    fn rebuild(&self, loaded: Loaded) -> Result<(), Fault> {
        let state = match loaded.state {
            Some(state) => snapshot::read(&state, &loaded.former_blocks)
                .map_err(|damage| self.damage_fault(&damage, "the checkpoint"))?,
            None => State::at(loaded.tail.manifest.base),
        };
        *self.state.borrow_mut() = state;
        *self.manifest.borrow_mut() = loaded.tail.manifest;
        self.tail.set(Tail::default());
        self.fold_logged(loaded.tail.frames)
    }

    fn fold_logged(&self, frames: Vec<Logged>) -> Result<(), Fault> {
        for Logged { seq, frame: bytes } in frames {
            if seq <= self.state.borrow().seq {
                continue;
            }
            match Frame::decode(&bytes) {
                Ok(frame) => {
                    self.grow(records::count(&bytes) as u64, bytes.len());
                    self.fold(seq, frame);
                }
                Err(damage) if damage.is_newer() => {
                    let fault = self.damage_fault(&damage, &format!("frame {seq}"));
                    *self.halted.borrow_mut() = Some(fault.clone());
                    return Err(fault);
                }
                Err(damage) => {
                    // Quarantined: it changes nothing, and everything after it stays usable.
                    self.damaged.set(self.damaged.get() + 1);
                    self.report(&self.damage_fault(&damage, &format!("frame {seq}")));
                    self.state.borrow_mut().seq = seq;
                }
            }
        }
        Ok(())
    }

    fn fold(&self, seq: Seq, frame: Frame) {
        let changes = {
            let mut state = self.state.borrow_mut();
            let needed = engine::needs(&state, &frame);
            debug_assert!(needed.is_empty(), "every base row is in memory in this version");
            engine::apply(&mut state, Found::new(), seq, frame)
        };
        for (id, decision) in &changes.decisions {
            self.answer(*id, Ok(decision.clone()));
        }
        self.notify(&changes);
    }

    fn answer(&self, request: MutationId, answer: Result<Decision, Fault>) {
        let waiting = self.waiting.borrow_mut().remove(&request);
        if let Some(sender) = waiting {
            // A writer that went away does not want it.
            let _ = sender.send(answer);
        }
    }

    /// Answers own writes whose frames are in the checkpoint only.
    fn answer_from_state(&self) {
        let ids: Vec<MutationId> = self.waiting.borrow().keys().copied().collect();
        for id in ids {
            let decision = self.state.borrow().answers.get(id).cloned();
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

    fn grow(&self, records: u64, bytes: usize) {
        let tail = self.tail.get();
        self.tail.set(Tail { records: tail.records + records, bytes: tail.bytes + bytes });
    }

    fn adopt(&self, manifest: Manifest) {
        if manifest.version != self.manifest.borrow().version {
            self.tail.set(Tail::default());
            *self.manifest.borrow_mut() = manifest;
        }
    }

    fn damage_fault(&self, damage: &Damage, what: &str) -> Fault {
        let name = &self.name;
        if damage.is_newer() {
            let message = format!(
                "{what} of {name} was written by a newer version ({damage}); reload the page, unsent changes are safe"
            );
            return Fault::new(ErrorCode::NewerVersion, message);
        }
        Fault::new(ErrorCode::CorruptFrame, format!("{what} of {name} cannot be read: {damage}"))
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
