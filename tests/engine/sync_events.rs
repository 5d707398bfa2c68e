//! Every situation of the sync machine × every event: the whole table is in `tests/fixtures/sync_events.txt`.
//!
//! A change of the machine that changes the table has to be looked at: after reading the difference, write
//! the new table with `BLESS=1 cargo test --test engine sync_events`.

use crate::bench::{Bench, failed, known_schema, last_page, too_large};
use crate::device::{Device, USER, applied};
use crate::golden_format::compare;
use thermocline::engine::State;
use thermocline::engine::interface::{Event, Reply, SyncState};
use thermocline::protocol::push::PushAnswer;
use thermocline::protocol::{ErrorCode, Fault};

const A: &str = r#"{"id":"a","title":"old","n":1,"project":null}"#;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Situation {
    Stopped,
    Idle,
    Leasing,
    AskingDefinitions,
    StoringDefinitions,
    Sealing,
    Pushing,
    Settling,
    Pulling,
    Folding,
    Auditing,
    Waiting,
}

const SITUATIONS: [Situation; 12] = [
    Situation::Stopped,
    Situation::Idle,
    Situation::Leasing,
    Situation::AskingDefinitions,
    Situation::StoringDefinitions,
    Situation::Sealing,
    Situation::Pushing,
    Situation::Settling,
    Situation::Pulling,
    Situation::Folding,
    Situation::Auditing,
    Situation::Waiting,
];

/// A bench in a situation: two changes are pending where it matters.
fn bench_in(situation: Situation) -> Bench {
    match situation {
        Situation::Stopped => Bench::new(Device::synced(&[A])),
        Situation::Idle => Bench::at_rest(Device::synced(&[A])),
        Situation::Leasing => after(Bench::at_rest(Device::synced(&[A])), [Event::Now]),
        Situation::AskingDefinitions => {
            let mut device = Device::new();
            device.state = State::default();
            after(Bench::new(device), [Event::Start, Event::Leased])
        }
        Situation::StoringDefinitions => after(bench_in(Situation::AskingDefinitions), [known_schema()]),
        Situation::Sealing => {
            let mut bench = Bench::at_rest(Device::synced(&[A]));
            bench.device.update("a", &[("n", "2")]);
            bench.device.insert("b", &[]);
            after(bench, [Event::Now, Event::Leased])
        }
        Situation::Pushing => folded(bench_in(Situation::Sealing)),
        Situation::Settling => {
            let mut bench = bench_in(Situation::Pushing);
            bench.answer_push(5, applied(5));
            bench
        }
        Situation::Pulling => after(bench_in(Situation::Leasing), [Event::Leased]),
        Situation::Folding => after(bench_in(Situation::Pulling), [last_page("c10")]),
        Situation::Auditing => {
            let asked =
                after(Bench::at_rest(Device::synced(&[A])), [Event::Asked { audit: true }, Event::Leased]);
            folded(after(asked, [last_page("c10")]))
        }
        Situation::Waiting => after(bench_in(Situation::Pushing), [failed(ErrorCode::Offline)]),
    }
}

fn after(mut bench: Bench, events: impl IntoIterator<Item = Event>) -> Bench {
    bench.run(events);
    bench
}

fn folded(mut bench: Bench) -> Bench {
    bench.fold();
    bench
}

fn events(bench: &Bench) -> Vec<(&'static str, Event)> {
    let pending = bench.device.state.outbox.iter().map(|(_, pending)| (pending.id, applied(5)));
    let push = PushAnswer::Done { xid: Some(5), outcomes: pending.collect() };
    vec![
        ("start", Event::Start),
        ("stop", Event::Stop),
        ("the same session", Event::Session(Some(USER.into()))),
        ("another session", Event::Session(Some("u2".into()))),
        ("no session", Event::Session(None)),
        ("network lost", Event::Network(false)),
        ("network still there", Event::Network(true)),
        ("the server was reached", Event::Reached),
        ("metered", Event::Metered(true)),
        ("hidden", Event::Visible(false)),
        ("wrote", Event::Wrote),
        ("wrote, urgently", Event::Urgent),
        ("another context wrote", Event::Noticed),
        ("now", Event::Now),
        ("asked", Event::Asked { audit: false }),
        ("poked", Event::Poked(None)),
        ("poked by an own push", Event::Poked(Some(5))),
        ("wake", Event::Wake),
        ("leased", Event::Leased),
        ("folded", Event::Folded),
        ("not stored", Event::NotStored(Fault::new(ErrorCode::QuotaExceeded, "in a test"))),
        ("schema answered", known_schema()),
        ("push answered", Event::Answered(Ok(Reply::Push(push)))),
        ("busy", Event::Answered(Ok(Reply::Push(PushAnswer::Busy)))),
        ("pull answered", last_page("c10")),
        ("audited", Event::Audited(Ok(()))),
        ("too large", too_large()),
        ("failed", failed(ErrorCode::Timeout)),
    ]
}

#[test]
fn every_situation_answers_every_event_as_the_table_says() {
    let mut table = String::new();
    for situation in SITUATIONS {
        for n in 0..events(&bench_in(situation)).len() {
            let mut bench = bench_in(situation);
            bench.now_ms += 10_000_000; // whatever was to come has come
            let (name, event) = events(&bench).swap_remove(n);
            if let Some(frame) = bench.appended.take_if(|_| name == "folded") {
                bench.device.fold(frame); // the driver folds a frame before it says so
            }
            let was_running = bench.machine.is_running();
            let effects = bench.step(event);
            let asks =
                effects.iter().filter(|effect| !effect.starts_with("wake") && !effect.starts_with("ended"));
            assert!(asks.count() <= 1, "{situation:?}, {name}: one thing at a time, not {effects:?}");
            let ended = effects.iter().any(|effect| effect.starts_with("ended"));
            assert!(!ended || was_running, "{situation:?}, {name}: a run that ends has begun");
            assert_eq!(bench.machine.sync_state() == SyncState::Stopped, bench.machine.is_stopped());
            let state = format!("{:?}", bench.machine.sync_state()).to_lowercase();
            table.push_str(&format!("{situation:?} × {name} → {state}: {}\n", effects.join(", ")));
        }
    }
    compare("sync_events.txt", &table);
}
