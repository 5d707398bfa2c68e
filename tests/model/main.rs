//! Model checking (DESIGN 14): every state that small worlds can reach, over the engine itself.
//!
//! The reducer, the batches and the sync machine are the real ones; server, network and store are as small
//! as they can be. A request may be lost, late, or arrive twice; a context may die before and after every
//! effect, and with the power go frames that were not flushed; no time passes, so an alarm may go off at any
//! moment. What a world may do is bounded by its plan: within it nothing is left out. Not here, but in the
//! simulation: checkpoints, batches of several rows, stores that fail, writes made of an older look.
//!
//! `cargo test --test model` prints how many states each world has. Mutants take a fix out: each must be found.

#![cfg(not(target_arch = "wasm32"))]

mod client;
mod invariants;
mod log;
mod memo;
mod plan;
mod server;
mod shared;
mod world;

use plan::{Faults, Mutant, Plan, Policy, Role, delete, insert, update};
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::BTreeSet;
use std::io::Write;

const ROW: &str = "\"r\"";

/// Two clients, one row, three mutations of which two coalesce, a network that loses and repeats, a crash.
fn two_clients() -> Plan {
    let role = |deeds, ahead_ms| Role { contexts: 1, ahead_ms, deeds, runs: 2 };
    Plan {
        name: "two clients",
        policy: Policy::Merge,
        given: &[ROW],
        clients: vec![
            role(vec![update(ROW, "title", "\"a1\""), update(ROW, "title", "\"a2\"")], 0),
            role(vec![update(ROW, "title", "\"b\"")], 1),
        ],
        foreign: Vec::new(),
        page_rows: 1,
        faults: Faults { time_outs: 1, repeats: 1, crashes: 1, steals: 0 },
        sometimes: &[
            "two mutations coalesce",
            "a batch is repeated",
            "changes merge",
            "a change is superseded",
        ],
        mutant: None,
    }
}

/// One client with two contexts, one of which takes the lease from the other, and someone else.
fn stolen_lease() -> Plan {
    let deeds = vec![update(ROW, "title", "\"a1\""), update(ROW, "title", "\"a2\"")];
    Plan {
        name: "stolen lease",
        policy: Policy::RemoteWins,
        given: &[ROW],
        clients: vec![Role { contexts: 2, ahead_ms: 0, deeds, runs: 2 }],
        foreign: vec![update(ROW, "title", "\"f\"")],
        page_rows: 1,
        faults: Faults { steals: 1, ..Faults::default() },
        sometimes: &["a second answer is dropped", "a page is dropped"],
        mutant: None,
    }
}

/// The same, where someone else removes the row and makes it anew.
fn removed_elsewhere() -> Plan {
    Plan {
        name: "removed elsewhere",
        policy: Policy::Merge,
        clients: vec![Role { contexts: 2, ahead_ms: 0, deeds: vec![delete(ROW)], runs: 2 }],
        foreign: vec![delete(ROW), insert(ROW, "\"f\"")],
        sometimes: &["a batch is repeated", "a page is dropped"],
        ..stolen_lease()
    }
}

/// One client makes a row, changes it and removes it, in two contexts, of which one may die.
fn life_of_a_row() -> Plan {
    let deeds = vec![insert(ROW, "\"a\""), update(ROW, "n", "1"), delete(ROW)];
    Plan {
        name: "life of a row",
        given: &[],
        clients: vec![Role { contexts: 2, ahead_ms: 0, deeds, runs: 1 }],
        foreign: Vec::new(),
        faults: Faults { time_outs: 0, repeats: 0, crashes: 1, steals: 1 },
        sometimes: &["two mutations coalesce", "a batch is repeated", "a second batch is dropped"],
        ..stolen_lease()
    }
}

fn explore(plan: Plan) {
    let name = plan.name;
    let checker = plan.checker().spawn_bfs().join();
    checker.assert_properties();
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    // Past the test harness, which would keep it to itself.
    let _ = writeln!(std::io::stderr(), "model {name}: {states} states, {depth} steps deep");
}

fn is_found(plan: Plan, mutant: Mutant, property: &'static str) {
    let plan = Plan { mutant: Some(mutant), sometimes: &[], ..plan };
    let wanted = HasDiscoveries::AllOf(BTreeSet::from([property]));
    let found = plan.checker().finish_when(wanted).spawn_bfs().join().discovery(property);
    let path = found.unwrap_or_else(|| panic!("{mutant:?} is not found by {property:?}"));
    eprintln!("{mutant:?}: {property}: {:?}", path.into_actions());
}

#[test]
fn two_clients_of_one_row_lose_nothing_and_agree() {
    explore(two_clients());
}

#[test]
fn a_stolen_lease_does_no_harm() {
    explore(stolen_lease());
}

#[test]
fn a_row_that_is_removed_elsewhere_and_made_anew_is_seen() {
    explore(removed_elsewhere());
}

#[test]
fn a_row_is_made_changed_and_removed() {
    explore(life_of_a_row());
}

#[test]
fn a_write_that_coalesces_into_a_sent_mutation_is_found() {
    is_found(two_clients(), Mutant::CoalesceIntoSent, invariants::SEALED);
}

/// The model found it: a page with a younger version was folded between a delete's push and its answer.
#[test]
fn an_answer_that_lets_a_younger_version_go_is_found() {
    is_found(removed_elsewhere(), Mutant::ForgetYounger, invariants::SKIPPED);
}

#[test]
fn a_page_that_is_folded_after_its_cursor_moved_on_is_found() {
    is_found(removed_elsewhere(), Mutant::StalePage, invariants::BACK);
}

#[test]
fn a_cursor_that_is_stored_before_its_rows_is_found() {
    is_found(two_clients(), Mutant::CursorBeforeRows, invariants::SKIPPED);
}

#[test]
fn a_sent_frame_that_is_not_flushed_is_found() {
    is_found(two_clients(), Mutant::SentNotFlushed, invariants::SEALED);
}

#[test]
fn a_server_that_forgets_its_answers_is_found() {
    is_found(two_clients(), Mutant::ForgetfulServer, invariants::TWICE);
}
