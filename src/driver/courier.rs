//! The courier: carries out what the sync machine asks for, and tells it what came of it.
//!
//! One effect is under way at a time; a lease among all contexts is held for the length of a run. An
//! answer that arrives after its run has ended belongs to nobody and is dropped: the server remembers.

use super::platform::Platform;
use super::replica::Replica;
use super::retention::Keeps;
use crate::engine::interface::{At, Effect, Event, Message};
use crate::engine::sync::Machine;
use crate::engine::{Changes, Pending};
use crate::protocol::{ErrorCode, Fault, MutationId, Text};
use crate::remote::Remote;
use crate::store::Store;
use futures_channel::oneshot;
use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

type Flushed = oneshot::Sender<Result<(), Fault>>;

pub struct Courier<S: Store, R, P: Platform> {
    replica: Rc<Replica<S, P>>,
    remote: R,
    machine: RefCell<Machine>,
    keeps: RefCell<Keeps>,
    lease: RefCell<Option<P::Lease>>,
    /// Runs begun so far.
    run: Cell<u64>,
    alarm: Cell<u64>,
    rounds: RefCell<Vec<(u64, Flushed)>>,
    flushes: RefCell<Vec<(BTreeSet<MutationId>, Flushed)>>,
    watcher: RefCell<Option<Rc<dyn Fn()>>>,
}

impl<S: Store + 'static, R: Remote + 'static, P: Platform> Courier<S, R, P> {
    /// A stopped courier for these tables.
    pub fn new(replica: Rc<Replica<S, P>>, remote: R, tables: Vec<Text>) -> Rc<Self> {
        let courier = Rc::new(Self {
            replica,
            remote,
            machine: RefCell::new(Machine::new(tables)),
            keeps: RefCell::default(),
            lease: RefCell::new(None),
            run: Cell::new(0),
            alarm: Cell::new(0),
            rounds: RefCell::default(),
            flushes: RefCell::default(),
            watcher: RefCell::new(None),
        });
        let weak = Rc::downgrade(&courier);
        courier.replica.watch(move |changes| {
            if let Some(courier) = weak.upgrade() {
                courier.on_fold(changes);
            }
        });
        courier
    }

    pub(super) fn replica(&self) -> &Rc<Replica<S, P>> {
        &self.replica
    }

    pub(super) fn remote(&self) -> &R {
        &self.remote
    }

    pub(super) fn keeps(&self) -> Keeps {
        self.keeps.borrow().clone()
    }

    pub(super) fn set_keeps(&self, keeps: Keeps) {
        self.machine.borrow_mut().set_keeps(keeps.clone());
        *self.keeps.borrow_mut() = keeps;
    }

    pub fn machine(&self) -> Ref<'_, Machine> {
        self.machine.borrow()
    }

    /// Calls back whenever the machine may stand elsewhere.
    pub fn watch(&self, watcher: impl Fn() + 'static) {
        *self.watcher.borrow_mut() = Some(Rc::new(watcher));
    }

    /// Sync is on for these tables, from now on if it was off.
    pub fn start(self: &Rc<Self>, tables: Vec<Text>) {
        let (was_stopped, is_new) = {
            let mut machine = self.machine.borrow_mut();
            (machine.is_stopped(), machine.set_tables(tables))
        };
        self.feed(Event::Start);
        if is_new && !was_stopped {
            self.feed(Event::Now);
        }
    }

    pub fn feed(self: &Rc<Self>, event: Event) {
        let platform = self.replica.platform();
        let random = platform.random();
        let entropy = u32::from_le_bytes([random[0], random[1], random[2], random[3]]);
        let at = At { now_ms: platform.now_ms(), entropy };
        let effects = self.machine.borrow_mut().step(&self.replica.state(), event, at);
        for effect in effects {
            self.carry_out(effect);
        }
        let watcher = self.watcher.borrow().clone();
        if let Some(watcher) = watcher {
            watcher();
        }
    }

    /// Runs one round that begins after this call: a woken worker's, or one that the app asks for.
    pub async fn round(self: &Rc<Self>, wanted: Event) -> Result<(), Fault> {
        match wanted {
            Event::Asked { .. } => self.has_reason()?, // whether there is a network, it finds out
            _ => self.ready()?,
        }
        let (sender, receiver) = oneshot::channel();
        self.rounds.borrow_mut().push((self.run.get() + 1, sender));
        self.feed(wanted);
        receiver.await.unwrap_or(Ok(()))
    }

    /// Resolves when every mutation made before the call has been answered.
    pub async fn flushed(self: &Rc<Self>) -> Result<(), Fault> {
        let waiting: BTreeSet<MutationId> = {
            let state = self.replica.state();
            let waiting = state.outbox.iter().filter(|(_, pending)| pending.is_waiting());
            waiting.map(|(_, pending)| pending.id).collect()
        };
        if waiting.is_empty() {
            return Ok(());
        }
        self.ready()?;
        let (sender, receiver) = oneshot::channel();
        self.flushes.borrow_mut().push((waiting, sender));
        self.feed(Event::Now);
        receiver.await.unwrap_or(Ok(()))
    }

    /// Why no run would begin now.
    fn ready(&self) -> Result<(), Fault> {
        self.has_reason()?;
        if self.machine.borrow().is_online() {
            return Ok(());
        }
        Err(Fault::new(ErrorCode::Offline, "there is no network; changes are kept and sent when it is back"))
    }

    fn has_reason(&self) -> Result<(), Fault> {
        let machine = self.machine.borrow();
        Err(if machine.can_run() {
            return Ok(());
        } else if machine.is_stopped() {
            Fault::new(ErrorCode::InvalidRequest, "sync is off; call sync.start() first")
        } else {
            Fault::new(ErrorCode::Unauthorized, "nobody is signed in; sign in to sync")
        })
    }

    fn carry_out(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Lease => self.take_lease(),
            Effect::Append(frame) => {
                let courier = Rc::clone(self);
                self.spawn(async move {
                    let stored = courier.replica.append(frame).await;
                    courier.stored(stored);
                });
            }
            Effect::Resync(resync) => {
                let (courier, run) = (Rc::clone(self), self.run.get());
                let user = self.machine.borrow().user().cloned();
                self.spawn(async move {
                    let stored = courier.resync(resync, user).await;
                    if courier.run.get() == run {
                        courier.stored(stored);
                    }
                });
            }
            Effect::Audit(table) => {
                let (courier, run) = (Rc::clone(self), self.run.get());
                self.spawn(async move {
                    let audited = courier.audit(&table).await;
                    if courier.run.get() == run {
                        courier.feed(Event::Audited(audited));
                    }
                });
            }
            Effect::Send(message) => self.send(message),
            Effect::Wake(at_ms) => self.set_alarm(at_ms),
            Effect::Ended(result) => self.end(&result),
        }
    }

    fn stored(self: &Rc<Self>, stored: Result<(), Fault>) {
        match stored {
            Ok(()) => self.feed(Event::Folded),
            Err(fault) => self.feed(Event::NotStored(fault)),
        }
    }

    fn take_lease(self: &Rc<Self>) {
        self.run.set(self.run.get() + 1);
        let (courier, run) = (Rc::clone(self), self.run.get());
        self.spawn(async move {
            let platform = courier.replica.platform();
            let moves = || courier.replica.state().seq;
            let lease = platform.lease(&format!("{}/sync", courier.replica.name()), moves).await;
            if courier.run.get() != run || !courier.machine.borrow().is_running() {
                return; // stopped, or begun anew, while it waited
            }
            *courier.lease.borrow_mut() = Some(lease);
            match courier.replica.catch_up().await {
                Ok(()) => courier.feed(Event::Leased),
                Err(fault) => courier.feed(Event::NotStored(fault)),
            }
        });
    }

    fn send(self: &Rc<Self>, message: Message) {
        let (courier, run) = (Rc::clone(self), self.run.get());
        self.spawn(async move {
            let client = uuid::Uuid::from_bytes(courier.replica.manifest().client).to_string();
            let answer = courier.remote.send(&message, &client).await;
            if courier.run.get() == run {
                courier.feed(Event::Answered(answer));
            }
        });
    }

    fn set_alarm(self: &Rc<Self>, at_ms: u64) {
        let alarm = self.alarm.get() + 1;
        self.alarm.set(alarm);
        let courier = Rc::clone(self);
        self.spawn(async move {
            let platform = courier.replica.platform();
            platform.sleep(at_ms.saturating_sub(platform.now_ms())).await;
            if courier.alarm.get() == alarm {
                courier.feed(Event::Wake);
            }
        });
    }

    fn end(self: &Rc<Self>, result: &Result<(), Fault>) {
        self.lease.borrow_mut().take();
        let run = self.run.get();
        let prospect = self.prospect(result);
        let outcome = if self.machine.borrow().is_stopped() { &prospect } else { result };
        let (ended, later) = self
            .rounds
            .take()
            .into_iter()
            .partition::<Vec<_>, _>(|(wanted, _)| *wanted <= run || prospect.is_err());
        *self.rounds.borrow_mut() = later;
        for (wanted, sender) in ended {
            let _ = sender.send(if wanted <= run { outcome.clone() } else { prospect.clone() });
        }
        if let Err(fault) = result.clone().and(prospect) {
            for (_, sender) in self.flushes.take() {
                let _ = sender.send(Err(fault.clone()));
            }
        }
        let courier = Rc::clone(self);
        self.spawn(async move { courier.keep_to_bounds().await });
    }

    /// What those may hope for who wait beyond this end: an error if nothing follows that they could wait for.
    fn prospect(&self, result: &Result<(), Fault>) -> Result<(), Fault> {
        if self.machine.borrow().is_running() {
            return Ok(());
        }
        result.clone().and_then(|()| self.ready())
    }

    fn on_fold(self: &Rc<Self>, changes: &Changes) {
        if let Some(written) = self.written_by(changes) {
            self.feed(written);
        }
        let flushed = {
            let state = self.replica.state();
            let waits = |id: MutationId| state.outbox.get(id).is_some_and(Pending::is_waiting);
            let answered = |id: &MutationId| !waits(*id) && !waits(id.after_rekeying());
            let (done, later) =
                self.flushes.take().into_iter().partition::<Vec<_>, _>(|(ids, _)| ids.iter().all(answered));
            *self.flushes.borrow_mut() = later;
            done
        };
        for (_, sender) in flushed {
            let _ = sender.send(Ok(()));
        }
    }

    /// What a fold says of writes.
    fn written_by(&self, changes: &Changes) -> Option<Event> {
        if !changes.ours {
            return (!changes.decisions.is_empty()).then_some(Event::Noticed);
        }
        let keeps = self.keeps.borrow();
        let is_urgent = |table: &Text| keeps.get(table).is_some_and(|keep| keep.urgent);
        let any_urgent = changes.rows.iter().any(|changed| is_urgent(&changed.row.0));
        Some(if any_urgent { Event::Urgent } else { Event::Wrote })
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.replica.platform().spawn(task);
    }
}
