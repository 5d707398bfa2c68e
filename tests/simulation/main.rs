//! Simulation (DESIGN 14): clients × contexts × a model server × faults, from a seed.
//!
//! The real reducer, outbox, batches and sync machine run over the memory store; everything around them is
//! chance: faults, others, people who mend, tables that are altered, rights that come and go. After every step
//! invariants 1, 2, 3, 6, 7 and 8 are checked; then everything heals, and 4, 5 and 10 are checked too; then somebody
//! settles all that was refused, and nothing may be left. `make sim SEEDS=100000 START=1` tries so many worlds, `SEEDS=1 START=42` replays one.
//! `make mutants` takes fixes out and looks whether a world finds it.

#![cfg(not(target_arch = "wasm32"))]

mod audits;
mod client;
mod context;
mod dice;
mod faults;
mod invariants;
mod model_server;
mod network;
mod person;
#[path = "../engine/shelf.rs"]
mod shelf;
mod tab;
mod world;

use context::Tally;
use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Worlds of a default run.
const SEEDS: u64 = 500;
/// From so many on, every kind of trouble must have come up.
const MANY: u64 = 50;

#[test]
fn whatever_fails_nothing_is_lost_and_all_agree_in_the_end() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (count, start) = (number("SEEDS").unwrap_or(SEEDS), number("START").unwrap_or(1));
    let tally = try_all(start..start + count);
    eprintln!("{tally:?}");
    eprintln!("{count} runs, {} steps passed", tally.steps);
    let Tally {
        decided,
        lost,
        given_up,
        merges,
        evictions,
        mutations,
        mended,
        redefined,
        rights,
        silent,
        ..
    } = tally;
    let troubles = [decided, lost, given_up, merges, evictions, mutations, mended, redefined, rights, silent];
    assert!(count < MANY || troubles.iter().all(|count| *count > 0), "{tally:?}");
}

/// What failed in a world.
struct Failed {
    seed: u64,
    message: String,
}

/// Runs them on all processors. Those below a seed that fails have begun before it: they end, so that the same
/// seed is named every time.
fn try_all(seeds: Range<u64>) -> Tally {
    let (next, end) = (AtomicU64::new(seeds.start), AtomicU64::new(seeds.end));
    let work = || {
        let mut tally = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= end.load(Ordering::SeqCst) {
                return Ok(tally);
            }
            match catch_unwind(AssertUnwindSafe(|| world::World::new(seed).run())) {
                Ok(of_seed) => tally = [tally, of_seed].into_iter().sum(),
                Err(panic) => {
                    end.fetch_min(seed, Ordering::SeqCst);
                    return Err(Failed { seed, message: message(&*panic) });
                }
            }
        }
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<Result<Tally, Failed>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a world's panic is caught")).collect()
    });
    let failed = results.iter().filter_map(|result| result.as_ref().err()).min_by_key(|failed| failed.seed);
    if let Some(Failed { seed, message }) = failed {
        panic!("seed {seed} failed: {message}\nreplay it with: make sim SEEDS=1 START={seed}");
    }
    results.into_iter().flatten().sum()
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
