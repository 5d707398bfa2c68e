//! Random histories over one log (invariants 7, 8, 12): several contexts write, seal, answer and pull, each
//! from the state it happens to have; whatever ends up in the log, all who folded it agree.

use crate::device::{Device, USER, request, rev, schema};
use crate::shelf::{Disk, Room, assert_only_needed_slots};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::Cell;
use std::collections::BTreeSet;
use thermocline::engine::batch::{Terms, choose};
use thermocline::engine::frame::{Pulled, Pushed, Resync, Sent};
use thermocline::engine::rest::Plan;
use thermocline::engine::{Frame, Picture, State, apply};
use thermocline::protocol::pull::{Page, PullRequest};
use thermocline::protocol::push::Outcome;
use thermocline::protocol::{Column, Op, Schema, Text};

const CONTEXTS: usize = 3;
const ROWS: [&str; 4] = ["a", "b", "c", "d"];

/// One thing that some context does; the numbers are read modulo what there is to choose from.
#[derive(Clone, Copy, Debug)]
struct Step {
    act: Act,
    context: usize,
    row: usize,
    value: u8,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Write(Op),
    Repeat,
    CatchUp,
    Seal,
    Answer,
    AnswerAgain,
    Page {
        last: bool,
        told: Told,
    },
    Resync,
    Schema,
    Checkpoint,
    /// A checkpoint begins, and ends after other frames were folded.
    Plan,
    Rest,
    /// A context is closed and starts from the newest checkpoint.
    Reload,
    Damage,
}

/// What a page says of a row.
#[derive(Clone, Copy, Debug)]
enum Told {
    Row,
    Gone,
    Cold,
}

fn step(checkpoints: u32) -> impl Strategy<Value = Step> {
    let told = prop::sample::select(vec![Told::Row, Told::Row, Told::Gone, Told::Cold]);
    let op = prop::sample::select(vec![Op::Insert, Op::InsertIgnore, Op::Update, Op::Upsert, Op::Delete]);
    let act = prop_oneof![
        8 => op.prop_map(Act::Write),
        1 => Just(Act::Repeat),
        4 => Just(Act::CatchUp),
        3 => Just(Act::Seal),
        4 => Just(Act::Answer),
        1 => Just(Act::AnswerAgain),
        6 => (any::<bool>(), told).prop_map(|(last, told)| Act::Page { last, told }),
        1 => Just(Act::Resync),
        1 => Just(Act::Schema),
        checkpoints => Just(Act::Checkpoint),
        1 => Just(Act::Plan),
        2 => Just(Act::Rest),
        2 => Just(Act::Reload),
        1 => Just(Act::Damage),
    ];
    (act, 0..CONTEXTS, 0..ROWS.len(), any::<u8>()).prop_map(|(act, context, row, value)| Step {
        act,
        context,
        row,
        value,
    })
}

/// The log, and contexts that have folded more or less of it.
struct World {
    log: Vec<Vec<u8>>,
    contexts: Vec<Device>,
    /// Checkpoints that have begun, with the definitions of then.
    plans: [Option<(Plan, Schema)>; CONTEXTS],
    /// The newest checkpoint's record.
    record: Option<Vec<u8>>,
    revs: u64,
    answered: Option<Pushed>,
}

impl World {
    fn new() -> Self {
        let disk = Disk::default();
        let mut contexts = (0..CONTEXTS).map(|_| Device::new()).collect::<Vec<_>>();
        contexts.iter_mut().for_each(|device| device.room = Room::on(&disk));
        let log = contexts[0].log.clone();
        Self { log, contexts, plans: Default::default(), record: None, revs: 1, answered: None }
    }

    fn take(&mut self, step: Step) {
        let context = &mut self.contexts[step.context];
        let plan = &mut self.plans[step.context];
        match step.act {
            Act::CatchUp => self.catch_up(step.context),
            Act::Checkpoint => {
                *plan = None;
                let (base, planned) = (context.state.seq, context.state.schema.clone());
                self.record = Some(context.room.checkpoint(&mut context.state));
                assert_only_needed_slots(&context.state, base, &planned);
            }
            Act::Plan => *plan = Some((Plan::with(&context.state, 2), context.state.schema.clone())),
            Act::Rest => {
                let Some((mut plan, planned)) = plan.take() else { return };
                let base = plan.base;
                self.record = Some(context.room.carry_out(&mut plan, &context.state));
                context.state.rest(plan);
                assert_only_needed_slots(&context.state, base, &planned);
            }
            Act::Reload => {
                *plan = None;
                context.room.shelf.clear();
                context.state =
                    self.record.as_ref().map_or_else(State::default, |record| context.room.open(record));
            }
            Act::Damage => self.log.push(vec![step.value; usize::from(step.value)]),
            _ => {
                let frame = self.frame(step);
                self.log.extend(frame.map(|frame| frame.encode()));
            }
        }
    }

    fn frame(&mut self, step: Step) -> Option<Frame> {
        self.revs += 1;
        let value = step.value.to_string();
        let context = &mut self.contexts[step.context];
        // Ids are a context's own: its number is in the time they are made of.
        context.now_ms = self.revs * 10 + step.context as u64;
        match step.act {
            Act::Write(op) => {
                let column = if step.value.is_multiple_of(2) { "n" } else { "project" };
                let project = format!("\"{}\"", ROWS[usize::from(step.value) % ROWS.len()]);
                let cell = (column, if column == "n" { value.as_str() } else { project.as_str() });
                let table = if step.value.is_multiple_of(5) { "projects" } else { "entries" };
                let cell = if table == "projects" { ("name", "\"x\"") } else { cell };
                let cells = if op == Op::Delete { &[][..] } else { &[cell][..] };
                let mutation = context.mutation(op, table, ROWS[step.row], cells);
                Some(Frame::Write(vec![context.request(vec![mutation])]))
            }
            Act::Repeat => {
                let frames = self.log.iter().rev().flat_map(|bytes| Frame::decode(bytes));
                frames.into_iter().find(|frame| matches!(frame, Frame::Write(_)))
            }
            Act::Seal => {
                let size = usize::from(step.value % 4) + 1;
                let terms = Terms { user: USER, tables: None, size, blocked: &BTreeSet::new() };
                let mutations = choose(&context.state, &terms);
                Some(Frame::Sent(Sent { mutations, time_ms: context.now_ms }))
            }
            Act::Answer => {
                let batch = context.state.batch.clone()?;
                let outcomes = batch.mutations.iter().map(|id| (*id, outcome(step.value, self.revs)));
                let pushed = Pushed { outcomes: outcomes.collect(), xid: Some(self.revs), time_ms: 1 };
                self.answered = Some(pushed.clone());
                Some(Frame::Pushed(pushed))
            }
            Act::AnswerAgain => self.answered.clone().map(Frame::Pushed),
            Act::Page { last, told } => Some(page(&context.state, step, self.revs, last, told)),
            Act::Resync => {
                let request = next_request(&context.state);
                Some(Frame::Resync(Resync { request, reason: "epoch".into() }))
            }
            Act::Schema => Some(other_schema(step.value)),
            Act::CatchUp | Act::Checkpoint | Act::Plan | Act::Rest | Act::Reload | Act::Damage => None,
        }
    }

    fn catch_up(&mut self, context: usize) {
        let Device { state, room, .. } = &mut self.contexts[context];
        fold_to(state, room, &self.log, self.log.len());
    }

    fn picture(&mut self, context: usize) -> Picture {
        self.contexts[context].picture()
    }
}

/// Folds up to a seq, as a replica does: a frame that cannot be read is passed over.
fn fold_to(state: &mut State, room: &mut Room, log: &[Vec<u8>], end: usize) {
    for (n, bytes) in log.iter().enumerate().take(end).skip(state.seq as usize) {
        let seq = n as u64 + 1;
        match Frame::decode(bytes) {
            Ok(frame) => {
                let found = room.find_needed(state, &frame);
                drop(apply(state, found, seq, frame));
            }
            Err(_) => state.seq = seq,
        }
    }
}

/// The whole log up to a seq, without any checkpoint.
fn folded(log: &[Vec<u8>], end: usize) -> (State, Room) {
    let (mut state, mut room) = (State::default(), Room::default());
    fold_to(&mut state, &mut room, log, end);
    (state, room)
}

/// A key lives in one segment at most, and where it has a slot that alone counts. The room has read all.
fn assert_one_place(room: &Room, state: &State) {
    let mut places = BTreeSet::new();
    for (name, rows) in state.rows.tables() {
        for rested in rows.segments() {
            let living = (0..rested.directory.rows as u16).filter(|row| !rested.dead.is_dead(*row));
            for packed in living.filter_map(|row| rested.directory.row(rested.id, row, &room.shelf)) {
                assert!(places.insert((name.clone(), packed.key)), "{} lives in two segments", packed.key);
            }
        }
    }
}

fn outcome(choice: u8, xid: u64) -> Outcome {
    let row = || Text::from(format!(r#"{{"id":"a","n":{xid}}}"#));
    match choice % 8 {
        0..2 => Outcome::Applied { rev: Some(rev(xid)), set: vec![("title".into(), "\"set\"".into())] },
        2 => Outcome::Applied { rev: None, set: Vec::new() },
        3 => Outcome::Merged { rev: rev(xid), row: row() },
        4 => Outcome::Superseded { rev: Some(rev(xid)), row: Some(row()) },
        5 => Outcome::Conflict { rev: Some(rev(xid)), row: Some(row()) },
        6 => Outcome::Hidden,
        _ => Outcome::Blocked,
    }
}

fn next_request(state: &State) -> PullRequest {
    match &state.round {
        Some(round) => PullRequest {
            tables: round.tables.clone(),
            round: Some(round.token.clone()),
            own_xids: round.own_xids.clone(),
        },
        None => PullRequest {
            own_xids: state.own.named(state.schema.tables.keys()),
            ..request(
                &["projects", "entries"]
                    .map(|table| (table, state.cursors.get(table).map(|cursor| &**cursor))),
                None,
                &[],
            )
        },
    }
}

fn page(state: &State, step: Step, xid: u64, last: bool, told: Told) -> Frame {
    let id = ROWS[step.row];
    let version = rev(xid - u64::from(step.value % 3));
    let row = (version, format!(r#"{{"id":"{id}","n":{},"extra":1}}"#, step.value).into());
    let key = (version, format!(r#"{{"id":"{id}"}}"#).into());
    let mut page = Page { table: "entries".into(), rows: Vec::new(), gone: Vec::new(), cold: Vec::new() };
    match told {
        Told::Row => page.rows.push(row),
        Told::Gone => page.gone.push(key),
        Told::Cold => page.cold.push(key),
    }
    let pages = vec![page];
    let token = Text::from(format!("t{xid}"));
    let (round, cursor) = if last { (None, Some(token)) } else { (Some(token), None) };
    Frame::Pulled(Pulled { request: next_request(state), pages, round, cursor, time_ms: 1 })
}

fn other_schema(choice: u8) -> Frame {
    let mut schema = schema();
    let entries = schema.tables.get_mut("entries").expect("entries");
    match choice % 5 {
        0 => {}
        1 => entries.indexes = vec![vec!["n".into(), "title".into()]],
        2 => entries.time = Some("n".into()),
        3 => drop(entries.columns.remove(2)),
        _ => entries.columns.push(Column { name: "extra".into(), ..entries.columns[1].clone() }),
    }
    Frame::Schema(schema)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Invariants 7 and 8: whether folded at once, in pieces, or from anybody's checkpoint.
    #[test]
    fn all_contexts_that_folded_a_log_are_in_the_same_state(steps in prop::collection::vec(step(2), 1..80)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        let (whole, mut room) = folded(&world.log, world.log.len());
        let whole = room.picture(&whole);
        for context in 0..CONTEXTS {
            world.catch_up(context);
            prop_assert_eq!(&world.picture(context), &whole);
        }
    }

    /// Invariant 8, at every place of the log.
    #[test]
    fn a_checkpoint_anywhere_and_its_tail_are_the_log(steps in prop::collection::vec(step(1), 1..40), cut in 0usize..40) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
            world.catch_up(step.context);
        }
        let (whole, mut plain) = folded(&world.log, world.log.len());
        let (mut part, mut room) = folded(&world.log, cut.min(world.log.len()));
        let before = room.picture(&part);
        let record = room.checkpoint(&mut part);
        prop_assert_eq!(&room.picture(&part), &before);
        let mut room = Room::on(&room.disk);
        let mut opened = room.open(&record);
        prop_assert_eq!(&room.picture(&opened), &before);
        fold_to(&mut opened, &mut room, &world.log, world.log.len());
        prop_assert_eq!(room.picture(&opened), plain.picture(&whole));
    }

    /// Invariant 12, on frames with something in them.
    #[test]
    fn frames_come_back_as_they_were_and_damaged_ones_not_at_all(
        steps in prop::collection::vec(step(2), 1..30), at in any::<usize>(), bit in 0u8..8,
    ) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
            world.catch_up(step.context);
        }
        for bytes in &world.log {
            let Ok(frame) = Frame::decode(bytes) else { continue };
            prop_assert_eq!(&frame.encode(), bytes);
            let mut damaged = bytes.clone();
            damaged[at % bytes.len()] ^= 1 << bit;
            prop_assert!(Frame::decode(&damaged).is_err());
            prop_assert!(Frame::decode(&bytes[..at % bytes.len()]).is_err());
        }
    }

    /// Invariant 3 and DESIGN 6: in a batch no row twice, nobody else's, nothing that was refused.
    #[test]
    fn a_batch_is_always_one_that_may_leave(steps in prop::collection::vec(step(2), 1..60)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
            world.catch_up(step.context);
            let state = &world.contexts[step.context].state;
            let terms = Terms { user: USER, tables: None, size: 500, blocked: &BTreeSet::new() };
            let mut rows = BTreeSet::new();
            for id in choose(state, &terms) {
                let pending = state.outbox.get(id).expect("only pending mutations leave");
                prop_assert!(pending.is_waiting() && pending.user.as_deref() == Some(USER));
                prop_assert!(rows.insert(pending.row.clone()), "twice: {:?}", pending.row);
                let first = state.outbox.of_row(&pending.row).next().expect("it is one of them");
                prop_assert_eq!(first.1.id, id, "a row's oldest mutation leaves first");
            }
        }
    }
}

/// Invariants 7 and 8, at every step: a history with checkpoints, merges and reloads against the same one
/// without any.
#[test]
fn a_history_with_checkpoints_shows_at_every_step_what_it_shows_without() {
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    let merges = Cell::new(0);
    let run = TestRunner::new(config).run(&prop::collection::vec(step(12), 1..120), |steps| {
        let mut world = World::new();
        let (mut plain, mut none) = folded(&world.log, 0);
        let mut pictures = vec![none.picture(&plain)];
        for step in steps {
            world.take(step);
            if !matches!(step.act, Act::Reload) {
                world.catch_up(step.context);
            }
            for end in pictures.len()..=world.log.len() {
                fold_to(&mut plain, &mut none, &world.log, end);
                pictures.push(none.picture(&plain));
            }
            for Device { state, room, .. } in &mut world.contexts {
                prop_assert_eq!(&room.picture(state), &pictures[state.seq as usize]);
                assert_one_place(room, state);
            }
        }
        merges.set(merges.get() + world.contexts.iter().map(|context| context.room.merges).sum::<usize>());
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(merges.get() > 30, "{} merges", merges.get());
}
