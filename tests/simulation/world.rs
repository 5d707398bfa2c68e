//! The world: clients, network and server, one random step after the other, and what must hold after each.

use crate::client::{Client, USER};
use crate::context::Tally;
use crate::dice::Dice;
use crate::faults::Faults;
use crate::model_server::{Policy, Server, Settled, Setup};
use crate::network::Network;
use crate::tab::{Letter, Wish};
use std::collections::BTreeMap;
use thermocline::engine::RowId;
use thermocline::engine::interface::Event;
use thermocline::protocol::{Key, Op, Text};

fn policy(dice: &mut Dice) -> Policy {
    match dice.below(10) {
        0..4 => Policy::Merge,
        4..7 => Policy::RemoteWins,
        _ => Policy::Ask,
    }
}

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
    /// How often somebody asks for an audit.
    audits: u32,
    /// Contexts freeze right after they have seen a write, and the database is gone before they wake.
    witnesses: bool,
    /// How often somebody mends what was refused.
    mends: u32,
    /// A restore undoes what had taken effect.
    pub restores: bool,
    /// Nobody else writes: every change of the only client must be taken as it is.
    pub alone: bool,
    tally: Tally,
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
        if !alone && dice.chance(200) {
            faults.redefine = 150;
        }
        if !alone && dice.chance(200) {
            faults.rights = 300;
            faults.untouched = if dice.chance(500) { 500 } else { 0 };
        }
        let audits = if faults.untouched > 0 || dice.chance(200) { 600 } else { 0 };
        if audits > 0 && !restores {
            faults.steal_lease = 300; // what an audit has seen must not hold after another's round
        }
        let witnesses = !alone && dice.chance(100);
        // Who has lost what he knew of the server's rows may write beside them.
        if !alone && (witnesses || dice.chance(300)) {
            faults.evict = 150;
        }
        let setup = Setup {
            policies: [policy(&mut dice), policy(&mut dice)],
            cascade: !alone && dice.chance(400),
            touch_parent: !alone && dice.chance(300),
            page_rows: 1 + dice.below(3),
        };
        let mends = if dice.chance(700) { dice.below(1_000) as u32 } else { 0 };
        let count = if alone { 1 } else { 2 + dice.below(2) };
        let clients = (0..count)
            .map(|number| Client::new(number, if witnesses { 2 } else { 1 + dice.below(2) }))
            .collect();
        let mut world = Self {
            faults,
            clients,
            server: Server::new(setup),
            network: Network::default(),
            now_ms: 1_700_000_000_000,
            values: 0,
            audits,
            witnesses,
            mends,
            restores,
            alone,
            tally: Tally::default(),
            frozen: None,
            touched: BTreeMap::new(),
            dice,
        };
        world.clients.iter_mut().for_each(|client| client.ground.restores = restores);
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
            self.tally.steps += 1;
            self.check();
        }
        self.heal();
        self.check_at_rest();
        self.settle_everything();
        self.check_at_rest();
        self.check_nothing_is_pending();
        self.clients.iter().map(|client| client.ground.tally).chain([self.tally]).sum()
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
        self.evict_witnessed();
        match self.dice.below(100) {
            0..8 => self.draft(client, at),
            8..18 => self.commit(client, at),
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
            81..83 => {
                let event =
                    if self.dice.chance(self.audits) { Event::Asked { audit: true } } else { Event::Now };
                self.clients[client].feed(at, event, self.now_ms, &mut self.dice);
            }
            83..87 => self.clients[client].begin_checkpoint(at, &self.faults, &mut self.dice),
            87..92 => self.clients[client].end_checkpoint(at, &self.faults, &mut self.dice),
            92..95 => self.foreign(),
            95..97 => self.mend(client),
            _ => self.mishap(client, at),
        }
        self.restart_new_lives();
    }

    fn commit(&mut self, client: usize, at: usize) {
        if self.clients[client].awaits_heir() {
            return;
        }
        let before = self.clients[client].contexts[at].state.seq;
        self.clients[client].commit(at, &self.faults, self.now_ms, &mut self.dice);
        let contexts = &self.clients[client].contexts;
        let has_written = contexts[at].state.seq > before;
        let other = (0..contexts.len()).find(|other| *other != at);
        let is_seen = self.witnesses && self.frozen.is_none() && has_written && self.dice.chance(400);
        if let Some(other) = other.filter(|_| is_seen) {
            self.clients[client].catch_up(other);
            self.frozen = Some(((client, other), 200));
        }
    }

    /// The database goes while a context is frozen that holds an older form of what the server has applied.
    fn evict_witnessed(&mut self) {
        let Some(((client, at), _)) = self.frozen.filter(|_| self.witnesses) else { return };
        let outbox = &self.clients[client].contexts[at].state.outbox;
        let is_older = |settled: &Settled| {
            let pending = outbox.get(settled.id).filter(|pending| !pending.sealed);
            pending.is_some_and(|pending| {
                let sent = pending.cells.iter().filter(|cell| &*cell.column != "id");
                sent.count() != settled.cells.len()
            })
        };
        if self.server.settled.iter().any(is_older) && self.dice.chance(200) {
            self.clients[client].evict(true, &mut self.dice);
            self.frozen = None;
        }
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
        let often = if self.witnesses { 600 } else { 300 };
        if let Some(again) = self.touched.get(&client).filter(|_| self.dice.chance(often)) {
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
            let is_frozen = self.dice.chance(500);
            self.clients[client].evict(is_frozen, &mut self.dice);
        }
        if self.dice.chance(self.faults.restore) {
            self.server.restore();
        } else if self.restores && self.dice.chance(150) {
            self.server.save();
        }
        if self.dice.chance(self.faults.redefine) {
            self.server.redefine(&mut self.dice);
            self.tally.redefined += 1;
        }
        if self.dice.chance(self.faults.rights) {
            let with_touch = !self.dice.chance(self.faults.untouched);
            self.server.change_rights(with_touch, &mut self.dice);
            self.tally.silent += usize::from(!with_touch);
            self.tally.rights += 1;
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
        self.faults = Faults { untouched: self.faults.untouched, ..Faults::none() };
        self.server.commit_all(&mut self.dice);
        self.clients.iter_mut().for_each(Client::end_taking_over);
        if self.server.altered.any {
            self.open_anew();
        }
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
                    let event =
                        if self.faults.untouched > 0 { Event::Asked { audit: true } } else { Event::Now };
                    self.clients[client].feed(at, event, self.now_ms, &mut self.dice);
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

    /// Definitions are read once in a context's life.
    fn open_anew(&mut self) {
        for client in &mut self.clients {
            (0..client.contexts.len()).for_each(|at| client.crash(at));
        }
        self.restart_new_lives();
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

/// People, and what they decide.
impl World {
    /// Who looks at what the server did not take may be late, and may be wrong once more.
    fn mend(&mut self, client: usize) {
        let contexts = &self.clients[client].contexts;
        let has_any =
            contexts.iter().any(|context| context.state.outbox.iter().any(|(_, p)| p.needs_decision()));
        if !has_any || !self.dice.chance(self.mends) {
            return;
        }
        let Some((tab, letters)) = self.clients[client].letters(&mut self.dice) else { return };
        let letter = &letters[self.dice.below(letters.len())];
        let wish = self.wish(letter, 80);
        let faults = self.faults;
        self.clients[client].mend(tab, letter.mutation, &wish, &faults, self.now_ms, &mut self.dice);
        if self.dice.chance(500) {
            self.clients[client].feed(0, Event::Wrote, self.now_ms, &mut self.dice);
        }
        if self.dice.chance(self.faults.crash) {
            self.clients[client].crash(0);
        }
    }

    fn wish(&mut self, letter: &Letter, still_wrong: u32) -> Wish {
        match self.dice.below(10) {
            0..3 => Wish::Discard,
            3..5 => Wish::Retry(None),
            _ => {
                let mut values = serde_json::Map::new();
                for (column, type_name) in &letter.columns {
                    if !self.dice.chance(500) {
                        continue;
                    }
                    self.values += 1;
                    let wrong = self.dice.chance(still_wrong);
                    let value = match &**column {
                        "title" | "name" => format!("v{}", self.values).into(),
                        "n" if wrong => (-1).into(),
                        "n" => self.values.into(),
                        "project" => serde_json::Value::Null,
                        _ => continue,
                    };
                    let is_text = &**type_name == "text" && value.is_number();
                    let value = if is_text { value.to_string().into() } else { value };
                    values.insert(column.to_string(), value);
                }
                Wish::Retry(Some(serde_json::Value::from(values).to_string()))
            }
        }
    }

    /// Somebody goes through all that was refused until nothing is left to decide.
    fn settle_everything(&mut self) {
        const TRIES: usize = 3;
        for round in 0.. {
            let mut busy = false;
            for client in 0..self.clients.len() {
                self.clients[client].tabs.clear();
                while let Some((tab, letters)) = self.clients[client].letters(&mut self.dice) {
                    busy = true;
                    let wish = if round < TRIES { self.wish(&letters[0], 0) } else { Wish::Discard };
                    let (none, now_ms) = (Faults::none(), self.now_ms);
                    self.clients[client].mend(tab, letters[0].mutation, &wish, &none, now_ms, &mut self.dice);
                    self.clients[client].tabs.clear();
                }
            }
            if !busy {
                return;
            }
            assert!(round < 20, "invariant 10: what was discarded comes back");
            self.heal();
        }
    }
}
