//! The world: clients, network and server, one random step after the other, and what must hold after each.

use crate::client::{Client, USER};
use crate::context::Tally;
use crate::dice::Dice;
use crate::faults::Faults;
use crate::model_server::{Policy, Server, Settled, Setup, schema};
use crate::network::Network;
use std::collections::{BTreeMap, BTreeSet};
use thermocline::engine::interface::Event;
use thermocline::engine::{Picture, RowId, State};
use thermocline::protocol::{Decision, Key, MutationId, Op, Stamp, Text};

/// What happens, with `TRACE=1`.
pub fn trace(what: impl FnOnce() -> String) {
    if std::env::var_os("TRACE").is_some() {
        eprintln!("{}", what());
    }
}

const STEPS: usize = 420;
const ENTRIES: usize = 6;
const PROJECTS: usize = 3;

pub struct World {
    dice: Dice,
    faults: Faults,
    pub clients: Vec<Client>,
    pub server: Server,
    network: Network,
    now_ms: u64,
    values: u64,
    /// A restore undoes what had taken effect.
    restores: bool,
    /// Nobody else writes: every change of the only client must be taken as it is.
    alone: bool,
    /// A context that is frozen, and for how many steps.
    frozen: Option<((usize, usize), usize)>,
    /// The row that each client changed last.
    touched: BTreeMap<usize, RowId>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut faults = Faults::of(&mut dice);
        let alone = dice.chance(250);
        let restores = !alone && dice.chance(150);
        if restores {
            faults = Faults { restore: 8, steal_lease: 0, ..faults };
        }
        if alone {
            faults.foreign = 0;
        }
        // Who has lost what he knew of the server's rows may write beside them.
        if !alone && dice.chance(300) {
            faults.evict = 150;
        }
        let setup = Setup {
            policy: if dice.chance(500) { Policy::Merge } else { Policy::RemoteWins },
            cascade: !alone && dice.chance(400),
            touch_parent: !alone && dice.chance(300),
            page_rows: 1 + dice.below(3),
        };
        let count = if alone { 1 } else { 2 + dice.below(2) };
        let clients = (0..count).map(|number| Client::new(number, 1 + dice.below(2))).collect();
        let mut world = Self {
            faults,
            clients,
            server: Server::new(setup),
            network: Network::default(),
            now_ms: 1_700_000_000_000,
            values: 0,
            restores,
            alone,
            frozen: None,
            touched: BTreeMap::new(),
            dice,
        };
        for client in 0..count {
            for at in 0..world.clients[client].contexts.len() {
                world.start(client, at);
            }
        }
        world
    }

    /// What came of it.
    pub fn run(&mut self) -> Tally {
        for _ in 0..STEPS {
            self.step();
            self.check();
        }
        self.heal();
        self.check_at_rest();
        let steps = Tally { steps: STEPS, ..Tally::default() };
        self.clients.iter().map(|client| client.ground.tally).chain([steps]).sum()
    }

    /// A context that has just been opened.
    fn start(&mut self, client: usize, at: usize) {
        for event in [Event::Session(Some(USER.into())), Event::Start] {
            self.clients[client].feed(at, event, self.now_ms, &mut self.dice);
        }
    }

    fn step(&mut self) {
        let client = self.dice.below(self.clients.len());
        let at = self.dice.below(self.clients[client].contexts.len());
        self.frozen = self.frozen.and_then(|(who, steps)| Some((who, steps.checked_sub(1)?)));
        if self.frozen.is_some_and(|(who, _)| who == (client, at)) {
            return self.deliver();
        }
        match self.dice.below(100) {
            0..8 => self.draft(client, at),
            8..18 => self.clients[client].commit(at, &self.faults, self.now_ms, &mut self.dice),
            18..48 => self.carry_out(client, at),
            48..73 => self.deliver(),
            73..77 => {
                self.clients[client].catch_up(at);
                self.clients[client].import(at, &self.faults, &mut self.dice);
            }
            77..81 => {
                self.now_ms += self.dice.below(4_000) as u64;
                self.clients[client].wake_if_due(at, self.now_ms, &mut self.dice);
            }
            81..83 => self.clients[client].feed(at, Event::Now, self.now_ms, &mut self.dice),
            83..87 => self.clients[client].begin_checkpoint(at, &self.faults, &mut self.dice),
            87..92 => self.clients[client].end_checkpoint(at, &self.faults, &mut self.dice),
            92..96 => self.foreign(),
            _ => self.mishap(client, at),
        }
        self.restart_new_lives();
    }

    fn carry_out(&mut self, client: usize, at: usize) {
        if self.dice.chance(self.faults.crash) {
            self.clients[client].crash(at);
            return;
        }
        self.clients[client].carry_out(at, &mut self.network, &self.faults, self.now_ms, &mut self.dice);
    }

    fn deliver(&mut self) {
        let heard = self.network.step(&mut self.server, &self.faults, self.now_ms, &mut self.dice);
        if let Some((asker, answer)) = heard {
            self.clients[asker.client].hear(
                asker,
                Event::Answered(answer),
                &mut self.network,
                self.now_ms,
                &mut self.dice,
            );
        }
    }

    fn draft(&mut self, client: usize, at: usize) {
        let (table, count) =
            if self.dice.chance(250) { ("projects", PROJECTS) } else { ("entries", ENTRIES) };
        let mut row: RowId = (table.into(), self.key(table, count));
        let mut op = *self.dice.pick(&[
            Op::Insert,
            Op::Insert,
            Op::InsertIgnore,
            Op::Update,
            Op::Update,
            Op::Update,
            Op::Upsert,
            Op::Delete,
        ]);
        // Often one edits what one has just made.
        if let Some(again) = self.touched.get(&client).filter(|_| self.dice.chance(300)) {
            (row, op) = (again.clone(), Op::Update);
        }
        self.touched.insert(client, row.clone());
        let table = if &*row.0 == "projects" { "projects" } else { "entries" };
        let cells = if op == Op::Delete { Vec::new() } else { self.cells(table) };
        let request = self.clients[client].draft(at, op, row, cells, self.now_ms);
        let context = &mut self.clients[client].contexts[at];
        context.drafts.push_back((context.state.seq, request));
    }

    fn cells(&mut self, table: &str) -> Vec<(Text, Text)> {
        self.values += 1;
        let mut cells = Vec::new();
        let column = if table == "projects" { "name" } else { "title" };
        cells.push((column.into(), format!("\"v{}\"", self.values).into()));
        if table == "entries" && self.dice.chance(400) {
            let refused = self.dice.chance(80);
            cells.push(("n".into(), if refused { "-1".into() } else { self.values.to_string().into() }));
        }
        if table == "entries" && self.dice.chance(400) {
            let null = self.dice.chance(300);
            let project = self.key("projects", PROJECTS).values()[0].into();
            cells.push(("project".into(), if null { "null".into() } else { project }));
        }
        if cells.len() > 1 && self.dice.chance(300) {
            cells.remove(0);
        }
        cells
    }

    fn key(&mut self, table: &str, count: usize) -> Key {
        Key::from_values([format!("\"{} {}\"", &table[..1], self.dice.below(count)).as_str()])
    }

    fn foreign(&mut self) {
        if !self.dice.chance(self.faults.foreign) {
            return self.server.commit_foreign(&mut self.dice);
        }
        let (table, count) =
            if self.dice.chance(250) { ("projects", PROJECTS) } else { ("entries", ENTRIES) };
        let row = (table.into(), self.key(table, count));
        let op = *self.dice.pick(&[Op::Insert, Op::Update, Op::Update, Op::Delete]);
        self.values += 1;
        self.server.begin_foreign(row, op, self.values);
    }

    fn mishap(&mut self, client: usize, at: usize) {
        if self.dice.chance(self.faults.power_loss) {
            self.clients[client].lose_power(&mut self.dice);
        }
        if self.dice.chance(self.faults.evict) {
            self.clients[client].evict(&mut self.dice);
        }
        if self.dice.chance(self.faults.restore) {
            self.server.restore();
        } else if self.restores && self.dice.chance(150) {
            self.server.save();
        }
        if self.dice.chance(self.faults.freeze) {
            self.frozen = Some(((client, at), 40 + self.dice.below(160)));
        }
        if self.dice.chance(self.faults.clock) {
            self.clients[client].set_clock(&mut self.dice);
        }
        if self.dice.chance(self.faults.whims) {
            let user = || Some(USER.into());
            let events = match self.dice.below(4) {
                0 => vec![Event::Network(false)],
                1 => vec![Event::Network(true)],
                2 => vec![Event::Session(None), Event::Session(user())],
                _ => vec![Event::Stop, Event::Session(user()), Event::Start],
            };
            for event in events {
                self.clients[client].feed(at, event, self.now_ms, &mut self.dice);
            }
        }
    }

    /// A context that was opened after a crash signs in and starts.
    fn restart_new_lives(&mut self) {
        for client in 0..self.clients.len() {
            for at in 0..self.clients[client].contexts.len() {
                let context = &self.clients[client].contexts[at];
                if context.machine.is_stopped() && context.effects.is_empty() {
                    self.start(client, at);
                }
            }
        }
    }

    /// Nothing goes wrong any more, and everybody has time.
    fn heal(&mut self) {
        self.faults = Faults::none();
        self.server.commit_all(&mut self.dice);
        for round in 0..40 {
            for client in 0..self.clients.len() {
                for at in 0..self.clients[client].contexts.len() {
                    self.clients[client].feed(at, Event::Network(true), self.now_ms, &mut self.dice);
                    while !self.clients[client].contexts[at].imports.is_empty() {
                        self.clients[client].import(at, &self.faults, &mut self.dice);
                    }
                    while !self.clients[client].contexts[at].drafts.is_empty() {
                        self.clients[client].commit(at, &self.faults, self.now_ms, &mut self.dice);
                    }
                    self.clients[client].feed(at, Event::Now, self.now_ms, &mut self.dice);
                }
            }
            self.settle();
            let (now_ms, clients) = (self.now_ms, &self.clients);
            let due = clients.iter().filter_map(Client::wake_ms).filter(|due| *due < now_ms + 60_000).max();
            self.now_ms = due.unwrap_or(now_ms) + 1_000;
            if round > 4
                && self.clients.iter().all(|client| client.contexts[0].state.batch.is_none())
                && round > 8
            {
                break;
            }
        }
    }

    /// Effects and parcels until there are none.
    fn settle(&mut self) {
        for _ in 0..20_000 {
            let mut busy = !self.network.is_empty();
            self.deliver();
            for client in 0..self.clients.len() {
                for at in 0..self.clients[client].contexts.len() {
                    busy |= !self.clients[client].contexts[at].effects.is_empty();
                    self.carry_out(client, at);
                    self.clients[client].wake_if_due(at, self.now_ms, &mut self.dice);
                    self.clients[client].catch_up(at);
                }
            }
            if !busy {
                return;
            }
        }
        panic!("they talk without end");
    }
}

/// What must hold at any time.
impl World {
    fn check(&self) {
        self.check_effects_and_order();
        for client in &self.clients {
            for context in &client.contexts {
                check_held_back(&context.state);
                self.check_base_rows(&context.picture());
                for other in client.contexts.iter().filter(|other| other.state.seq == context.state.seq) {
                    let (one, two) = (context.picture(), other.picture());
                    assert_eq!(one, two, "invariant 7: two contexts at seq {}", context.state.seq);
                }
            }
            self.check_acknowledged(client);
        }
    }

    /// Every version that a client holds is one that the server had (invariant 6: outcome and base row).
    fn check_base_rows(&self, picture: &Picture) {
        for (table, rows) in &picture.tables {
            for (key, (rev, text)) in &rows.base {
                let texts = self.server.history.get(&((table.clone(), Key::from_text(key)), *rev));
                let is_known = texts.is_some_and(|texts| texts.contains(text));
                assert!(
                    rev.0 == 0 || is_known,
                    "invariant 6: {table} {key} never was {rev:?} {text}, but {texts:?}"
                );
            }
        }
    }

    /// Invariant 1: what was acknowledged is in the log, whatever has crashed.
    fn check_acknowledged(&self, client: &Client) {
        let newest = client.contexts.iter().max_by_key(|context| context.state.seq).expect("a context");
        for acknowledged in &client.acknowledged[client.answered..] {
            let known = newest.state.answers.get(acknowledged.request.id);
            // A context that has not caught up may not know it yet.
            let at_end = crate::client::at_once(thermocline::store::Store::tail(
                &client.ground.store,
                newest.state.seq,
            ));
            if at_end.is_ok_and(|tail| tail.frames.is_empty()) {
                assert_eq!(known, Some(&acknowledged.decision), "invariant 1: {:?}", acknowledged.request);
            }
        }
    }

    /// Invariants 2 and 3.
    fn check_effects_and_order(&self) {
        let mut seen: BTreeSet<MutationId> = BTreeSet::new();
        let mut last: BTreeMap<(usize, &RowId), (u64, Stamp)> = BTreeMap::new();
        for Settled { id, row, stamp, .. } in &self.server.settled {
            assert!(seen.insert(*id), "invariant 2: {id} took effect twice");
            for client in &self.clients {
                let Some(place) = client.ground.places.get(id) else { continue };
                let Some((before, made)) = last.insert((client.number, row), (*place, *stamp)) else {
                    continue;
                };
                assert!(before < *place, "invariant 3: {row:?} of client {}", client.number);
                // An evicted database takes its greatest stamp along.
                let is_same_life = before >= client.ground.first_place;
                assert!(!is_same_life || made < *stamp, "invariant 3: {id} was made later, its stamp is not");
            }
        }
        if self.alone {
            assert_eq!(self.server.superseded, 0, "invariant 2: nobody else is here to win");
        }
    }
}

/// What must hold once everybody has pushed and pulled everything.
impl World {
    fn check_at_rest(&self) {
        self.check();
        for client in &self.clients {
            let state = &client.contexts[0].state;
            let picture = client.contexts[0].picture();
            assert_eq!(state.batch, None, "client {}: every batch is answered", client.number);
            let stuck = stuck_rows(state);
            for table in ["entries", "projects"] {
                let server: BTreeMap<String, _> = self
                    .server
                    .table(table)
                    .into_iter()
                    .map(|(key, (rev, row))| (key.as_str().to_owned(), (rev, row.as_str().to_owned())))
                    .collect();
                let held = &picture.tables[table];
                assert_eq!(held.base, server, "invariants 4 and 5: {table} at client {}", client.number);
                let is_stuck = |key: &str| stuck.contains(&(table.into(), Key::from_text(key)));
                let mut rows = held.visible.clone();
                let mut expected: BTreeMap<String, String> =
                    server.into_iter().map(|(key, (_, row))| (key, row)).collect();
                rows.retain(|key, _| !is_stuck(key));
                expected.retain(|key, _| !is_stuck(key));
                assert_eq!(rows, expected, "invariant 4: {table} as client {} shows it", client.number);
            }
            for (_, pending) in state.outbox.iter() {
                assert!(stuck.contains(&pending.row), "invariant 10: {pending:?} waits for nothing");
            }
            if !self.restores {
                self.check_nothing_was_lost(client);
            }
        }
    }

    /// Invariants 1 and 2: the last acknowledged value of every column has reached the server, or waits, or was
    /// refused where the app can see it.
    fn check_nothing_was_lost(&self, client: &Client) {
        // The last that is not gone, and those after it: what is gone may have reached the server before.
        let mut last: BTreeMap<(RowId, Text), Vec<Text>> = BTreeMap::new();
        for acknowledged in &client.acknowledged {
            let Decision::Done(flags) = &acknowledged.decision else { continue };
            let took_effect = acknowledged.request.mutations.iter().zip(flags).filter(|(_, flag)| **flag);
            for (mutation, _) in took_effect {
                let row = (mutation.table.clone(), mutation.key.clone());
                if mutation.op == Op::Delete {
                    last.retain(|(other, _), _| *other != row);
                }
                for change in mutation.changes.iter().filter(|change| &*change.column != "id") {
                    let cell = (row.clone(), change.column.clone());
                    match last.get_mut(&cell) {
                        Some(values) if acknowledged.is_gone => values.push(change.value.clone()),
                        _ if acknowledged.is_gone => {}
                        _ => _ = last.insert(cell, vec![change.value.clone()]),
                    }
                }
            }
        }
        let state = &client.contexts[0].state;
        for ((row, column), values) in last {
            let is_last = |value: &Text| values.contains(value);
            let mut settled = self.server.settled.iter().filter(|settled| settled.row == row);
            let is_settled = settled.any(|settled| settled.cells.get(&column).is_some_and(is_last));
            let mut cells = state.outbox.of_row(&row).flat_map(|(_, pending)| &pending.cells);
            let waits = cells.any(|cell| cell.column == column && is_last(&cell.value));
            let number = client.number;
            assert!(
                is_settled || waits,
                "invariant 1: {row:?} {column} = {values:?} of client {number} is gone"
            );
        }
    }
}

/// What was made after a dead letter of its row is not sent (DESIGN 6).
fn check_held_back(state: &State) {
    let mut stuck: BTreeSet<&RowId> = BTreeSet::new();
    for (_, pending) in state.outbox.iter() {
        let is_behind = stuck.contains(&pending.row);
        assert!(!is_behind || !pending.sealed, "invariant 3: {} leaves before a dead letter", pending.id);
        if !pending.is_waiting() {
            stuck.insert(&pending.row);
        }
    }
}

/// Rows behind a dead letter, and rows whose changes refer to them.
fn stuck_rows(state: &State) -> BTreeSet<RowId> {
    let mut stuck: BTreeSet<RowId> = BTreeSet::new();
    for (_, pending) in state.outbox.iter() {
        let parent = pending.cells.iter().find(|cell| &*cell.column == "project" && &*cell.value != "null");
        let parent = parent.map(|cell| ("projects".into(), Key::from_values([&*cell.value])));
        if !pending.is_waiting() || parent.is_some_and(|parent| stuck.contains(&parent)) {
            stuck.insert(pending.row.clone());
        }
    }
    debug_assert!(schema().tables.len() == 2);
    stuck
}
