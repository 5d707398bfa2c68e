//! What must hold in every state, by the numbers of DESIGN 12, and what must happen in some.
//!
//! Liveness is asked of every state in which nothing is under way: from there two runs of each client, in
//! which nothing goes wrong, must bring all to agree and leave nothing in an outbox. That says more than a
//! look at the last states, and is sound where steps go in circles.

use crate::client::{Client, Doing, mutation_id};
use crate::log::Folded;
use crate::memo::{Memo, remembered};
use crate::plan::{Plan, TABLE, USER};
use crate::server::{Server, Snapshot, canonical, key};
use crate::world::World;
use stateright::Property;
use std::collections::BTreeMap;
use thermocline::engine::{Frame, Known};
use thermocline::protocol::pull::told;
use thermocline::protocol::{Decision, Mutation, Op, Text};

pub const LOST: &str = "invariant 1: an acknowledged write has reached the server or waits";
pub const TWICE: &str = "invariant 2: a mutation takes effect at most once";
pub const SEALED: &str = "invariant 2: what a Sent frame named never changes";
pub const AGAIN: &str = "invariant 2: a second answer to a mutation changes nothing";
pub const ORDER: &str = "invariant 3: a client's mutations of a row arrive in their order";
pub const AGREE: &str = "invariants 4 and 10: in the end all agree and nothing waits";
pub const SKIPPED: &str = "invariant 5: what a cursor covers is known";
pub const APART: &str = "invariant 6: a base row is a version that the server had";
pub const BACK: &str = "invariant 6: a base row never goes back to an older version";
pub const WEDGED: &str = "a machine that runs waits for something that can come";

pub fn properties(plan: &Plan) -> Vec<Property<Plan>> {
    let mut properties = vec![
        Property::always(LOST, |plan, world| each(plan, world, |verdict| !verdict.is_lost)),
        Property::always(TWICE, |_, world: &World| is_settled_once(&world.server)),
        Property::always(SEALED, |plan, world| each(plan, world, |verdict| !verdict.is_altered)),
        Property::always(AGAIN, |plan, world| each(plan, world, |verdict| !verdict.is_answered_again)),
        Property::always(ORDER, |plan, world: &World| is_in_order(plan, &world.server)),
        Property::always(AGREE, |plan, world: &World| {
            let agrees = || agrees(plan, &world.at_rest(plan));
            !world.is_quiet() || remembered(&ENDS, plan, [world.print()], agrees)
        }),
        Property::always(SKIPPED, |plan, world| each(plan, world, |verdict| !verdict.is_skipped)),
        Property::always(APART, |plan, world| each(plan, world, |verdict| !verdict.is_apart)),
        Property::always(BACK, |plan, world| each(plan, world, |verdict| !verdict.went_back)),
        Property::always(WEDGED, |_, world: &World| {
            let is_wedged = |client: &Client| {
                let contexts = client.contexts.iter();
                contexts.filter(|context| context.doing == Doing::Nothing).any(|context| context.is_running())
            };
            !world.clients.iter().any(is_wedged)
        }),
    ];
    let wanted = SOMETIMES.iter().filter(|(name, _)| plan.sometimes.contains(name));
    properties.extend(wanted.map(|(name, condition)| Property::sometimes(name, *condition)));
    properties
}

type Condition = fn(&Plan, &World) -> bool;

/// Without these a model would hold for want of anything that happens.
const SOMETIMES: &[(&str, Condition)] = &[
    ("two mutations coalesce", |plan, world| any(plan, world, |folded| folded.seen.coalesced)),
    ("a batch is repeated", |_, world| world.server.seen.repeated),
    ("changes merge", |_, world| world.server.seen.merged),
    ("a change is superseded", |_, world| world.server.seen.superseded),
    ("a page is dropped", |plan, world| any(plan, world, |folded| folded.seen.dropped_page)),
    ("a second batch is dropped", |plan, world| any(plan, world, |folded| folded.seen.second_batch)),
    ("a second answer is dropped", |plan, world| any(plan, world, |folded| folded.seen.second_answer)),
    ("a dead letter is left", |plan, world| any(plan, world, |folded| folded.state.outbox.refused() > 0)),
];

/// What is to be said of one client beside the server.
#[derive(Clone, Copy)]
struct Verdict {
    is_lost: bool,
    is_altered: bool,
    is_answered_again: bool,
    is_skipped: bool,
    is_apart: bool,
    went_back: bool,
}

thread_local! {
    static VERDICTS: Memo<Verdict> = Memo::default();
    static ENDS: Memo<bool> = Memo::default();
}

fn each(plan: &Plan, world: &World, holds: impl Fn(Verdict) -> bool) -> bool {
    let server = &world.server;
    world.clients.iter().all(|client| {
        let prints = [client.log.print(), server.print, client.number as u64];
        holds(remembered(&VERDICTS, plan, prints, || {
            let folded = client.log.fold(plan);
            Verdict {
                is_lost: !nothing_is_lost(client, &folded, server),
                is_altered: server.seen.altered || folded.seen.changed_after_sent,
                is_answered_again: folded.seen.answered_again,
                is_skipped: !nothing_is_skipped(&folded, server),
                is_apart: !base_rows_were(&folded, server),
                went_back: folded.seen.went_back,
            }
        }))
    })
}

fn any(plan: &Plan, world: &World, holds: impl Fn(&Folded) -> bool) -> bool {
    world.clients.iter().any(|client| holds(&client.log.fold(plan)))
}

/// The last acknowledged value of every column, and a last removal.
fn nothing_is_lost(client: &Client, folded: &Folded, server: &Server) -> bool {
    let frames: Vec<&Frame> = client.log.frames().collect();
    let mut values: BTreeMap<(&str, &Text), &Text> = BTreeMap::new();
    let mut removals: BTreeMap<&str, &Mutation> = BTreeMap::new();
    for frame in frames.into_iter().rev() {
        let Frame::Write(requests) = frame else { continue };
        let done = |request| folded.state.answers.get(request) == Some(&Decision::Done(vec![true]));
        for mutation in requests.iter().filter(|request| done(request.id)).flat_map(|r| &r.mutations) {
            let row = mutation.key.values()[0];
            removals.remove(row);
            if mutation.op == Op::Delete {
                removals.insert(row, mutation);
                values.retain(|(other, _), _| *other != row);
            }
            let changes = mutation.changes.iter().filter(|change| &*change.column != "id");
            values.extend(changes.map(|change| ((row, &change.column), &change.value)));
        }
    }
    let outbox = &folded.state.outbox;
    values.into_iter().all(|((row, column), value)| {
        let is_settled = |settled: &crate::server::Settled| {
            &*settled.row == row && settled.cells.get(column) == Some(value)
        };
        let mut cells = outbox.iter().filter(|(_, p)| p.row.1 == key(row)).flat_map(|(_, p)| &p.cells);
        server.settled.iter().any(is_settled)
            || cells.any(|cell| cell.column == *column && cell.value == *value)
    }) && removals.into_values().all(|removal| {
        server.settled.iter().any(|settled| settled.id == removal.id)
            || outbox.get(removal.id).is_some()
            || came_to_nothing(client, folded, server, removal)
    })
}

/// An insert and a delete that met before either was sent.
fn came_to_nothing(client: &Client, folded: &Folded, server: &Server, removal: &Mutation) -> bool {
    let row = removal.key.values()[0];
    let own = |id| (0..client.done).any(|deed| mutation_id(client.number, deed) == id);
    let is_sent = server.settled.iter().any(|settled| &*settled.row == row && own(settled.id));
    !is_sent && folded.state.outbox.of_row(&(TABLE.into(), removal.key.clone())).next().is_none()
}

fn is_settled_once(server: &Server) -> bool {
    let ids = server.settled.iter().map(|settled| settled.id);
    ids.collect::<std::collections::BTreeSet<_>>().len() == server.settled.len()
}

fn is_in_order(plan: &Plan, server: &Server) -> bool {
    (0..plan.clients.len()).all(|client| {
        plan.clients[client].deeds.iter().all(|deed| {
            let is_own = |id| (0..plan.clients[client].deeds.len()).any(|n| mutation_id(client, n) == id);
            let of_row = server.settled.iter().filter(|settled| &*settled.row == deed.row);
            let ids: Vec<_> = of_row.map(|settled| settled.id).filter(|id| is_own(*id)).collect();
            ids.is_sorted()
        })
    })
}

fn nothing_is_skipped(folded: &Folded, server: &Server) -> bool {
    let Some(cursor) = told(folded.state.cursors.get(TABLE)) else { return true };
    let snapshot = Snapshot::read(cursor);
    let known = |row: &str| folded.state.rows.slot(TABLE, &key(row)).map(|slot| &slot.known);
    let mut rows = server.rows.iter().filter(|(_, stored)| snapshot.sees(stored.rev));
    let mut gone = server.gone.iter().filter(|(_, rev)| snapshot.sees(**rev));
    rows.all(|(row, stored)| known(row).and_then(Known::rev) >= Some(stored.rev))
        && gone.all(|(row, rev)| known(row).and_then(Known::base).is_none_or(|base| base.rev > *rev))
}

fn base_rows_were(folded: &Folded, server: &Server) -> bool {
    let mut slots = folded.state.rows.table(TABLE).into_iter().flat_map(|rows| rows.slots());
    slots.all(|(key, slot)| {
        let Some(base) = slot.known.base() else { return true };
        let version = (Text::from(key.values()[0]), base.rev);
        server.history.get(&version).is_some_and(|text| text == base.row.as_str())
    })
}

/// Every client shows the server's rows; what waits is a dead letter or behind one.
fn agrees(plan: &Plan, world: &World) -> bool {
    let server: BTreeMap<_, _> =
        world.server.rows.iter().map(|(row, stored)| (key(row), canonical(&stored.fields))).collect();
    world.clients.iter().all(|client| {
        let folded = client.log.fold(plan);
        let (state, mut expected) = (&folded.state, server.clone());
        let mut stuck = Vec::new();
        for (_, pending) in state.outbox.iter() {
            if !pending.is_waiting() {
                stuck.push(pending.row.1.clone());
            }
        }
        let waits =
            state.outbox.iter().any(|(_, p)| !stuck.contains(&p.row.1) || p.user.as_deref() != Some(USER));
        let slots = state.rows.table(TABLE).into_iter().flat_map(|rows| rows.slots());
        let shown = slots.filter_map(|(key, slot)| Some((key.clone(), slot.shown()?.as_str().to_owned())));
        let mut shown: BTreeMap<_, _> = shown.collect();
        stuck.iter().for_each(|key| drop((shown.remove(key), expected.remove(key))));
        !waits && state.batch.is_none() && shown == expected
    })
}
