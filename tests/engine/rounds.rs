//! Which tables a run pulls, in which order, and when it audits.

use crate::bench::{Bench, known_schema, last_page};
use crate::device::{Device, applied};
use std::collections::BTreeMap;
use thermocline::engine::Horizon;
use thermocline::engine::interface::Event;
use thermocline::engine::priority::Priority;
use thermocline::engine::retention::{DAY_MS, Keep};
use thermocline::protocol::{ErrorCode, Fault};

const ASKED: Event = Event::Asked { audit: false };
const REST: &str = "wake in 300000";
const HOUR_MS: u64 = 3_600_000;

/// At rest; `entries` has this priority, `projects` is high.
fn bench(priority: Priority) -> Bench {
    let mut bench = Bench::at_rest(Device::synced(&[]));
    let keep = Keep { priority, ..Keep::default() };
    bench.machine.set_keeps(BTreeMap::from([("entries".into(), keep)]));
    bench
}

/// The pulls of a run, each answered at once with nothing new.
fn pulls(bench: &mut Bench, begin: Event) -> Vec<String> {
    let mut told = bench.step(begin);
    told.extend(bench.step(Event::Leased));
    for n in 0.. {
        if !bench.machine.is_running() {
            break;
        }
        told.extend(bench.step(last_page(&format!("d{n}"))));
        told.extend(bench.fold());
    }
    told.into_iter().filter_map(|effect| effect.strip_prefix("send pull ").map(Into::into)).collect()
}

#[test]
fn high_tables_are_pulled_before_the_others() {
    assert_eq!(pulls(&mut bench(Priority::High), Event::Now), ["entries@c9,projects@c9"]);
    for later in [Priority::Medium, Priority::Low, Priority::Lazy] {
        assert_eq!(pulls(&mut bench(later), Event::Now), ["projects@c9", "entries@c9"]);
    }
}

#[test]
fn a_lazy_table_is_read_for_the_first_time_alone_when_all_else_is_there() {
    let mut bench = bench(Priority::Lazy);
    bench.device.state.cursors.remove("entries");
    let asked = pulls(&mut bench, Event::Now);
    assert_eq!(asked, ["projects@c9", "entries@-", "entries@d1"], "then what came meanwhile");
}

#[test]
fn on_a_metered_connection_only_high_tables_are_pulled_unless_the_app_asks() {
    let mut bench = bench(Priority::Medium);
    assert_eq!(bench.step(Event::Metered(true)), [""; 0]);
    assert_eq!(pulls(&mut bench, Event::Now), ["projects@c9"]);
    assert_eq!(pulls(&mut bench, ASKED), ["projects@d0", "entries@c9"]);
    assert_eq!(pulls(&mut bench, Event::Now), ["projects@d0"], "what was asked for is done");
    assert_eq!(bench.step(Event::Metered(false)), ["lease"], "what was held back is pulled");
}

/// A table that has seen our push is not asked to leave its rows out for ever, and one that has not is.
#[test]
fn own_pushes_are_named_in_the_rounds_of_their_tables_alone() {
    let mut bench = bench(Priority::Medium);
    bench.device.insert("a", &[]);
    bench.device.answer("a", applied(5), Some(5));
    assert_eq!(pulls(&mut bench, Event::Now), ["projects@c9", "entries@c9 without [5]"]);
    assert_eq!(pulls(&mut bench, Event::Now), ["projects@d0", "entries@d1"]);
}

/// Folds until the machine asks for something else.
fn to_the_audit(bench: &mut Bench, begin: Event) -> Vec<String> {
    let begun = bench.run([begin, Event::Leased]);
    if begun.iter().any(|effect| effect.starts_with("send schema")) {
        bench.step(known_schema());
    }
    bench.step(last_page("d1"));
    bench.fold()
}

#[test]
fn tables_are_audited_once_a_day_and_at_the_start_after_an_hour() {
    let mut bench = bench(Priority::High);
    bench.now_ms += HOUR_MS;
    assert_eq!(to_the_audit(&mut bench, Event::Now), ["ended", REST], "it was whole when it started");
    let mut reopened = Bench::new(bench.device);
    reopened.now_ms += HOUR_MS;
    reopened.run([Event::Start, Event::Leased, known_schema(), last_page("d2")]);
    assert_eq!(reopened.fold(), ["audit entries"]);
    assert_eq!(reopened.step(Event::Audited(Ok(()))), ["audit projects"]);
    assert_eq!(reopened.step(Event::Audited(Ok(()))), ["ended", REST]);
    reopened.now_ms += HOUR_MS;
    assert_eq!(to_the_audit(&mut reopened, Event::Now), ["ended", REST]);
    reopened.now_ms += DAY_MS;
    assert_eq!(to_the_audit(&mut reopened, Event::Now), ["audit entries"]);
}

#[test]
fn an_audit_is_made_when_the_app_asks_and_one_that_fails_is_made_again() {
    let mut bench = bench(Priority::High);
    assert_eq!(to_the_audit(&mut bench, Event::Asked { audit: true }), ["audit entries"]);
    let fault = Fault::new(ErrorCode::Offline, "in a test");
    assert_eq!(bench.step(Event::Audited(Err(fault.into())))[0], "ended offline");
    assert_eq!(to_the_audit(&mut bench, Event::Now), ["audit entries"], "it is asked for still");
    assert_eq!(bench.step(Event::Audited(Ok(()))), ["audit projects"]);
    assert_eq!(bench.step(Event::Audited(Ok(()))), ["ended", REST]);
    assert_eq!(to_the_audit(&mut bench, Event::Now), ["ended", REST]);
}

#[test]
fn a_metered_connection_is_not_used_for_audits() {
    let mut bench = bench(Priority::High);
    bench.step(Event::Metered(true));
    bench.now_ms += 2 * DAY_MS;
    assert_eq!(to_the_audit(&mut bench, Event::Now), ["ended", REST]);
}

/// Else what is under way would be sent a second time beside itself.
#[test]
fn a_wake_up_that_is_due_during_a_run_begins_no_other() {
    let mut bench = bench(Priority::High);
    bench.run([Event::Now, Event::Leased, Event::Wrote]);
    bench.now_ms += HOUR_MS;
    assert_eq!(bench.step(Event::Wake), [""; 0]);
    bench.step(last_page("d1"));
    assert_eq!(bench.fold()[0], "ended", "the run goes on as it was");
}

/// The server's sums are from the horizon on: until all from there is held, they would differ.
#[test]
fn a_table_whose_older_rows_are_still_to_come_is_not_audited() {
    for (covered, audited) in [("2026-01-01", "audit entries"), ("2026-02-01", "audit projects")] {
        let mut bench = bench(Priority::High);
        let (since, covered) = (Some("2026-01-01".into()), Some(covered.into()));
        let horizon = Horizon { since, covered, asked: true, set: 0 };
        bench.device.state.horizons.insert("entries".into(), horizon);
        assert_eq!(to_the_audit(&mut bench, Event::Asked { audit: true }), [audited]);
    }
}

/// What began in one run must not end another.
#[test]
fn an_audit_that_ends_after_its_run_did_changes_nothing() {
    let mut bench = bench(Priority::High);
    assert_eq!(to_the_audit(&mut bench, Event::Asked { audit: true }), ["audit entries"]);
    bench.step(Event::Stop);
    let fault = Fault::new(ErrorCode::Offline, "in a test");
    assert_eq!(bench.step(Event::Audited(Ok(()))), [""; 0]);
    assert_eq!(bench.step(Event::Audited(Err(fault.into()))), [""; 0]);
    assert!(bench.machine.is_stopped());
}
