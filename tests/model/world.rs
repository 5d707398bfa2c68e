//! The world: server, clients and network, and every step that may come next.
//!
//! Steps are as fine as what others can see of them. Where two orders of steps could not be told apart, one
//! of them stands for both: an answer that nobody waits for, and a late request that the server would only
//! answer from memory, are gone at once.

use crate::client::{Client, Doing};
use crate::memo::{Memo, mixed, remembered};
use crate::plan::{Faults, Mutant, Plan};
use crate::server::Server;
use crate::shared::Shared;
use stateright::{Model, Property};
use std::hash::{DefaultHasher, Hash, Hasher};
use thermocline::engine::Frame;
use thermocline::engine::frame::Pulled;
use thermocline::engine::interface::{Message, Reply};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub server: Shared<Server>,
    pub clients: Vec<Client>,
    /// Requests whose asker no longer listens.
    pub late: Vec<Shared<Message>>,
    left: Faults,
}

thread_local! {
    static ANSWERS: Memo<(Shared<Server>, Shared<Reply>)> = Memo::default();
}

/// A context: its client, and its place there.
type Place = (usize, usize);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Write(usize),
    /// An alarm goes off.
    Wake(Place),
    /// A free lease is taken.
    Lease(Place),
    Steal(Place),
    Store(Place),
    /// A request reaches the server.
    Arrive(Place),
    /// The same, and once more later.
    ArriveTwice(Place),
    Hear(Place),
    TimeOut(Place),
    /// A request reaches the server, and its asker hears nothing.
    ArriveUnheard(Place),
    Crash(Place),
    /// A request reaches the server, and its asker is dead.
    ArriveOrphaned(Place),
    /// All contexts of a client die, and so many of its newest frames were not flushed.
    PowerLoss(usize, usize),
    ArriveLate(usize),
    Lose(usize),
    BeginForeign,
    CommitForeign,
}

impl Model for Plan {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self)]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        for client in &world.clients {
            client_steps(self, world, client, steps);
        }
        steps.extend((0..world.late.len()).flat_map(|n| [Step::ArriveLate(n), Step::Lose(n)]));
        if world.server.foreign < self.foreign.len() {
            steps.push(Step::CommitForeign);
            if !world.server.has_begun() {
                steps.push(Step::BeginForeign);
            }
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut world = world.clone();
        world.take(self, step);
        world.forget_what_matters_no_more(self);
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        crate::invariants::properties(self)
    }
}

fn client_steps(plan: &Plan, world: &World, client: &Client, steps: &mut Vec<Step>) {
    let left = &world.left;
    if client.next_write(plan).is_some() {
        steps.push(Step::Write(client.number));
    }
    for (at, context) in client.contexts.iter().enumerate() {
        let place = (client.number, at);
        match &context.doing {
            Doing::Nothing if client.runs > 0 && context.wake_ms.is_some() => steps.push(Step::Wake(place)),
            Doing::Nothing => {}
            Doing::Leasing if client.lease.is_none() => steps.push(Step::Lease(place)),
            Doing::Leasing if left.steals > 0 => steps.push(Step::Steal(place)),
            Doing::Leasing => {}
            Doing::Storing(_) => steps.push(Step::Store(place)),
            Doing::Asking(message) => {
                let is_push = matches!(**message, Message::Push(_));
                steps.push(Step::Arrive(place));
                if is_push && left.repeats > 0 {
                    steps.push(Step::ArriveTwice(place));
                }
                if is_push && client.is_alone() && left.time_outs > 0 {
                    steps.push(Step::ArriveUnheard(place));
                }
                if is_push && client.is_alone() && left.crashes > 0 {
                    steps.push(Step::ArriveOrphaned(place));
                }
            }
            Doing::Hearing(_) => steps.push(Step::Hear(place)),
        }
        let waits = matches!(context.doing, Doing::Asking(_) | Doing::Hearing(_));
        if waits && left.time_outs > 0 {
            steps.push(Step::TimeOut(place));
        }
        if context.doing != Doing::Nothing && left.crashes > 0 {
            steps.push(Step::Crash(place));
        }
    }
    if left.crashes > 0 {
        let frames = client.log.frames().take(client.log.len() - client.given);
        let unflushed = frames.take_while(|frame| !is_flushed(plan, frame)).count();
        steps.extend((1..=unflushed).map(|frames| Step::PowerLoss(client.number, frames)));
    }
}

/// Frames that only this device has are flushed before anything follows from them.
fn is_flushed(plan: &Plan, frame: &Frame) -> bool {
    match frame {
        Frame::Sent(_) => plan.mutant != Some(Mutant::SentNotFlushed),
        Frame::Pushed(_) | Frame::Pulled(_) => false,
        _ => true,
    }
}

impl World {
    /// All clients have started, and hold what was given.
    fn new(plan: &Plan) -> Self {
        let clients = (0..plan.clients.len()).map(|number| Client::new(plan, number)).collect();
        let server = Shared::new(Server::new(plan));
        let mut world = Self { server, clients, late: Vec::new(), left: plan.faults };
        for number in 0..world.clients.len() {
            for at in 0..world.clients[number].contexts.len() {
                world.clients[number].open(plan, at);
                world.end_run(plan, (number, at));
            }
            world.clients[number].given = world.clients[number].log.len();
        }
        world
    }

    fn take(&mut self, plan: &Plan, step: Step) {
        match step {
            Step::Write(number) => {
                let client = &mut self.clients[number];
                let frame = client.next_write(plan).expect("the step was offered");
                client.log.push(frame);
                client.done += 1;
            }
            Step::Wake((number, at)) => {
                self.clients[number].runs -= 1;
                self.clients[number].wake(plan, at);
            }
            Step::Lease((number, at)) => self.clients[number].take_lease(plan, at),
            Step::Steal((number, at)) => {
                self.left.steals -= 1;
                self.clients[number].take_lease(plan, at);
            }
            Step::Store(place) => self.store(plan, place),
            Step::Arrive(place) => self.arrive(plan, place),
            Step::ArriveTwice(place) => {
                self.left.repeats -= 1;
                let message = self.message(place);
                self.arrive(plan, place);
                self.late.extend(message);
            }
            Step::Hear(place) => self.hear(plan, place),
            Step::TimeOut(place) => self.time_out(plan, place),
            Step::ArriveUnheard(place) => {
                self.reach_server(plan, place);
                self.time_out(plan, place);
            }
            Step::Crash(place) => self.crash(plan, place),
            Step::ArriveOrphaned(place) => {
                self.reach_server(plan, place);
                self.crash(plan, place);
            }
            Step::PowerLoss(number, frames) => {
                self.left.crashes -= 1;
                (0..frames).for_each(|_| self.clients[number].log.pop());
                self.lose_power(plan, number);
            }
            Step::ArriveLate(n) => {
                let message = self.late.remove(n);
                self.ask(plan, &message);
            }
            Step::Lose(n) => drop(self.late.remove(n)),
            Step::BeginForeign => self.change_server(Server::begin_foreign),
            Step::CommitForeign => {
                let deed = &plan.foreign[self.server.foreign];
                self.change_server(|server| server.commit_foreign(deed));
            }
        }
    }

    fn time_out(&mut self, plan: &Plan, place: Place) {
        self.left.time_outs -= 1;
        self.late.extend(self.message(place));
        self.clients[place.0].give_up(plan, place.1);
    }

    fn crash(&mut self, plan: &Plan, (number, at): Place) {
        self.left.crashes -= 1;
        self.late.extend(self.message((number, at)));
        self.clients[number].open(plan, at);
    }

    fn lose_power(&mut self, plan: &Plan, number: usize) {
        let contexts = 0..self.clients[number].contexts.len();
        let asked: Vec<_> = contexts.clone().filter_map(|at| self.message((number, at))).collect();
        self.late.extend(asked);
        self.clients[number].die();
        contexts.for_each(|at| self.clients[number].open(plan, at));
    }

    /// What a context has asked, while it is on its way.
    fn message(&self, (number, at): Place) -> Option<Shared<Message>> {
        match &self.clients[number].contexts[at].doing {
            Doing::Asking(message) => Some(message.clone()),
            _ => None,
        }
    }

    /// What a client with one context hears, it could as well have heard at once: nobody else sees when, and
    /// what it writes meanwhile changes neither question nor answer.
    fn arrive(&mut self, plan: &Plan, place: Place) {
        self.reach_server(plan, place);
        if self.clients[place.0].is_alone() {
            self.hear(plan, place);
        }
    }

    /// An answer comes, and what it says is stored: no frame but `Sent` depends on what was written meanwhile.
    fn hear(&mut self, plan: &Plan, (number, at): Place) {
        if let Doing::Hearing(reply) = self.clients[number].contexts[at].doing.clone() {
            self.clients[number].hear(plan, at, &reply);
            self.store(plan, (number, at));
        }
    }

    fn reach_server(&mut self, plan: &Plan, place: Place) {
        if let Some(message) = self.message(place) {
            let reply = self.ask(plan, &message);
            self.clients[place.0].contexts[place.1].doing = Doing::Hearing(reply);
        }
    }

    fn ask(&mut self, plan: &Plan, message: &Shared<Message>) -> Shared<Reply> {
        let (server, reply) = remembered(&ANSWERS, plan, [self.server.print, message.print], || {
            let mut server = Server::clone(&self.server);
            let reply = server.answer(plan, message);
            (Shared::new(server), Shared::new(reply))
        });
        self.server = server;
        reply
    }

    fn change_server(&mut self, change: impl FnOnce(&mut Server)) {
        let mut server = Server::clone(&self.server);
        change(&mut server);
        self.server = Shared::new(server);
    }

    fn store(&mut self, plan: &Plan, (number, at): Place) {
        let Doing::Storing(frame) = self.clients[number].contexts[at].doing.clone() else { return };
        let client = &mut self.clients[number];
        match rows_after_cursor(plan, &frame) {
            Some((cursor, rows)) => {
                client.log.push(Shared::new(cursor));
                client.contexts[at].doing = Doing::Storing(Shared::new(rows));
            }
            None => client.store(plan, at, frame),
        }
    }

    fn forget_what_matters_no_more(&mut self, plan: &Plan) {
        self.late.sort();
        if plan.mutant == Some(Mutant::ForgetfulServer) {
            self.late.retain(|message| matches!(**message, Message::Push(_)));
        } else {
            let server = &self.server;
            self.late.retain(|message| !server.remembers(message));
            self.late.dedup();
        }
    }
}

/// The mutant's two frames for a page.
fn rows_after_cursor(plan: &Plan, frame: &Frame) -> Option<(Frame, Frame)> {
    let Frame::Pulled(pulled) = frame else { return None };
    let is_mutant = plan.mutant == Some(Mutant::CursorBeforeRows);
    let cursor = pulled.cursor.clone().filter(|_| is_mutant)?;
    let starts_there = pulled.request.tables.iter().all(|(_, from)| *from == Some(cursor.clone()));
    if starts_there || pulled.pages.iter().all(|page| page.rows.is_empty() && page.gone.is_empty()) {
        return None;
    }
    let mut rows: Pulled = pulled.clone();
    rows.request.tables.iter_mut().for_each(|(_, from)| *from = Some(cursor.clone()));
    rows.request.round = None;
    Some((Frame::Pulled(Pulled { pages: Vec::new(), ..pulled.clone() }), Frame::Pulled(rows)))
}

/// What becomes of it when nothing goes wrong any more.
impl World {
    /// Whether nothing is under way, anywhere.
    pub fn is_quiet(&self) -> bool {
        let is_idle = |client: &Client| client.contexts.iter().all(|context| context.doing == Doing::Nothing);
        self.late.is_empty() && !self.server.has_begun() && self.clients.iter().all(is_idle)
    }

    /// Everybody has synced twice: what one pushes in its second run, the others pull in theirs.
    pub fn at_rest(&self, plan: &Plan) -> Self {
        let mut world = self.clone();
        for _ in 0..2 {
            for number in (0..world.clients.len()).chain((0..world.clients.len()).rev()) {
                world.clients[number].wake(plan, 0);
                world.end_run(plan, (number, 0));
            }
        }
        world
    }

    /// Stands for all that can be seen once everybody is at rest.
    pub fn print(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for client in &self.clients {
            (&client.log, &client.contexts, client.lease).hash(&mut hasher);
        }
        mixed(self.server.print, hasher.finish())
    }

    /// One context after the other, without a fault, until it has nothing more to do.
    fn end_run(&mut self, plan: &Plan, place: Place) {
        const STEPS: usize = 100;
        for _ in 0..STEPS {
            let step = match self.clients[place.0].contexts[place.1].doing {
                Doing::Nothing => return,
                Doing::Leasing => Step::Lease(place),
                Doing::Storing(_) => Step::Store(place),
                Doing::Asking(_) => Step::Arrive(place),
                Doing::Hearing(_) => Step::Hear(place),
            };
            self.take(plan, step);
        }
        panic!("invariant 4: a run without a fault does not end: {self:?}");
    }
}
