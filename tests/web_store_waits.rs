//! How long an append waits while a checkpoint of 8 MiB is written (DESIGN 15: at most 8 ms, p99).
//!
//! Prints, and asserts nothing about time: the machine of a test is shared. What it does assert is
//! that everything it timed has happened.
#![cfg(target_arch = "wasm32")]

use futures_util::future::join;
use js_sys::{Date, Function, Math, Reflect};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use thermocline::protocol::SegmentId;
use thermocline::protocol::limits::RECORD_BYTES;
use thermocline::store::{Durability, IndexedDbStore, Next, Store};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const ROUNDS: u8 = 3;
const SEGMENT_BLOCKS: u32 = 17;
const SEGMENTS: u8 = 8;

#[wasm_bindgen_test]
async fn an_append_does_not_wait_for_a_checkpoint() {
    for durability in [Durability::Relaxed, Durability::Strict] {
        let name = format!("waits/{}", Math::random());
        let (store, appender) = (open(&name).await, open(&name).await);
        let phase = Cell::new("alone");
        let waits = RefCell::new(BTreeMap::<&str, Vec<f64>>::new());
        let spans = RefCell::new(BTreeMap::<&str, Vec<f64>>::new());
        let appends = async {
            let frame = [vec![7; 300]];
            while phase.get() != "over" {
                let (begun, asked) = (phase.get(), now());
                appender.append(&frame, durability).await.unwrap();
                waits.borrow_mut().entry(begun).or_default().push(now() - asked);
                pause(0).await;
            }
        };
        let checkpoints = async {
            pause(500).await;
            for round in 0..ROUNDS {
                checkpoint(&store, round, &phase, &spans).await;
            }
            phase.set("over");
        };
        join(appends, checkpoints).await;
        for (phase, waits) in waits.into_inner() {
            console_log!("{durability:?} append, {phase}: {}", figures(waits));
        }
        for (phase, spans) in spans.into_inner() {
            console_log!("{durability:?} {phase} took {}", figures(spans));
        }
        let count = store.usage().await.unwrap().blocks.records;
        assert_eq!(count, u64::from(SEGMENT_BLOCKS) * u64::from(SEGMENTS) + 4);
    }
}

/// One checkpoint that replaces the last one's segments and the log of a busy time.
async fn checkpoint(
    store: &IndexedDbStore,
    round: u8,
    phase: &Cell<&'static str>,
    spans: &RefCell<BTreeMap<&str, Vec<f64>>>,
) {
    phase.set("log");
    let log: Vec<_> = (0..1000).map(|n| vec![n as u8; 4 << 10]).collect();
    for frames in log.chunks(100) {
        store.append(frames, Durability::Relaxed).await.unwrap();
    }
    pause(200).await;
    phase.set("blocks");
    let segments: Vec<_> = (0..SEGMENTS).map(|n| SegmentId([n * 30 + round; 16])).collect();
    let blocks: Vec<_> = (0..SEGMENT_BLOCKS).map(|n| vec![n as u8; RECORD_BYTES - 900]).collect();
    let begun = now();
    for segment in &segments {
        store.write_blocks(*segment, 0, &blocks).await.unwrap();
    }
    spans.borrow_mut().entry("blocks").or_default().push(now() - begun);
    phase.set("read");
    let tail = store.tail(0).await.unwrap();
    let base = tail.frames.last().map_or(tail.manifest.base, |logged| logged.seq);
    let next = Next { base, state: vec![round; 200 << 10], segments };
    phase.set("checkpoint");
    let begun = now();
    store.checkpoint(round.into(), &next).await.unwrap().expect("nobody else makes one");
    spans.borrow_mut().entry("checkpoint").or_default().push(now() - begun);
    phase.set("sweep");
    let begun = now();
    store.sweep().await.unwrap();
    spans.borrow_mut().entry("sweep").or_default().push(now() - begun);
    phase.set("alone");
    pause(200).await;
}

fn figures(mut waits: Vec<f64>) -> String {
    waits.sort_unstable_by(f64::total_cmp);
    let at = |part: f64| waits[((waits.len() - 1) as f64 * part) as usize];
    let [half, most, p99, worst] = [0.5, 0.9, 0.99, 1.0].map(at);
    format!("{} × p50 {half:.1} p90 {most:.1} p99 {p99:.1} max {worst:.1} ms", waits.len())
}

async fn open(name: &str) -> IndexedDbStore {
    let store = IndexedDbStore::open(name).await.unwrap();
    store.load().await.unwrap();
    store
}

fn now() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).unwrap();
    let now: Function = Reflect::get(&performance, &"now".into()).unwrap().unchecked_into();
    now.call0(&performance).unwrap().as_f64().unwrap_or_else(Date::now)
}

async fn pause(ms: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let timer: Function = Reflect::get(&js_sys::global(), &"setTimeout".into()).unwrap().unchecked_into();
        timer.call2(&JsValue::NULL, &resolve, &ms.into()).unwrap();
    });
    wasm_bindgen_futures::JsFuture::from(promise).await.unwrap();
}
