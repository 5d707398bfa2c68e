//! What a segment costs, natively: `cargo test --release --test engine segment_speed -- --ignored --nocapture`.

#![allow(clippy::disallowed_types)]

use crate::segments::{ID, Shelf, Visit, packed, table, visit};
use std::hint::black_box;
use std::time::Instant;
use thermocline::engine::segment::{Directory, Place, build};
use thermocline::protocol::limits;

/// The least of many runs: others may be using the machine.
fn time(name: &str, times: u32, mut work: impl FnMut()) {
    let run = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    let least = (0..times).map(run).min().unwrap_or_default();
    println!("{name:<44} {least:?}");
}

#[test]
#[ignore = "a measurement"]
fn a_full_segment() {
    let visits: Vec<Visit> = (0..limits::SEGMENT_ROWS as i32).map(|n| visit(n, 150)).collect();
    let rows = packed(&visits);
    time("build of 4,096 rows", 20, || {
        black_box(build("visits", &table(), 1, rows.clone()));
    });
    let sealed = build("visits", &table(), 1, rows);
    let bytes: usize = sealed.iter().map(Vec::len).sum();
    println!("{} blocks, {bytes} bytes, directory {} bytes", sealed.len(), sealed[0].len());
    let shelf = Shelf::of(&sealed);
    println!("{} bytes of row text, rows {:?}", shelf.directory.bytes, shelf.directory.row_blocks());
    time("directory read", 1_000, || {
        black_box(Directory::read(&sealed[0])).ok();
    });
    for n in [1, shelf.directory.list_blocks(0).start] {
        time(&format!("block {n} admitted, {} bytes", sealed[n as usize].len()), 1_000, || {
            black_box(shelf.directory.admit(n, &sealed[n as usize])).ok();
        });
    }
    let keys: Vec<String> = visits.iter().map(|visit| format!("[{:?}]", visit.id)).collect();
    let absent: Vec<String> = (0..4_096).map(|n| format!("[\"{n:08x}\"]")).collect();
    time("4,096 points found and read", 100, || {
        for key in &keys {
            let Place::Row(n) = shelf.directory.find(ID, key, &shelf) else { panic!("{key} is not found") };
            black_box(shelf.directory.row(ID, n, &shelf));
        }
    });
    time("4,096 absent keys", 100, || {
        for key in &absent {
            black_box(shelf.directory.find(ID, key, &shelf));
        }
    });
    for list in 0..3 {
        time(&format!("1,000 of list {list}, from a bound on"), 500, || {
            let middle = shelf.directory.at(ID, list, 1_500, &shelf).expect("it is there").0.to_vec();
            let first = shelf.directory.seek(ID, list, &middle, false, &shelf).expect("it is there");
            for position in first..first + 1_000 {
                let (_, row) = shelf.directory.at(ID, list, position, &shelf).expect("it is there");
                black_box(shelf.directory.row(ID, row, &shelf));
            }
        });
    }
}
