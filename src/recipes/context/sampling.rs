//! When the sensor is asked next, and which of its readings are worth keeping (RECIPES 4.4).
//!
//! ```text
//!            due, idle                    input, 5 min after the last sample: a sample at once
//! watching ───────────▶ paused ─────────▶ watching
//!    │ due: first, change, heartbeat (stored) or insignificant (skipped, and the interval doubles)
//!    └─ by hand: stored in either state; the interval is the base again
//! ```

use crate::recipes::figure::Hundredths;
use crate::recipes::time::Moment;
use serde::{Deserialize, Serialize};

const BASE_MIN: i64 = 5;
const LONGEST_MIN: i64 = 60;
const DOUBLINGS_MAX: u8 = 4;
const HEARTBEAT_MIN: i64 = 60;
/// 15 % of the scale.
const SIGNIFICANT: i64 = 150;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct State {
    last: Option<Stored>,
    /// Unchanged samples in a row.
    k: u8,
    paused: bool,
    sampled_at: Option<Moment>,
    /// When to look next; none while paused.
    due_at: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Stored {
    at: Moment,
    focus: Hundredths,
    energy: Hundredths,
    mood: String,
    activity: String,
}

#[derive(Deserialize)]
struct Sensed {
    focus: Hundredths,
    energy: Hundredths,
    mood: String,
    activity: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Happening {
    /// The time to sample has come.
    Due,
    /// The person is there again.
    Input,
    /// A check-in by hand was stored.
    Manual,
}

#[derive(Deserialize)]
pub struct Step {
    state: State,
    event: Happening,
    now: Moment,
    #[serde(default)]
    idle: bool,
    reading: Sensed,
}

#[derive(Serialize)]
pub struct Next {
    state: State,
    /// The sensor's reading is to be stored.
    store: bool,
    reason: Option<Reason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Reason {
    First,
    Change,
    Heartbeat,
    Insignificant,
    Idle,
    Manual,
}

pub fn next(step: Step) -> Next {
    let Step { mut state, event, now, idle, reading } = step;
    let reason = match event {
        Happening::Due if idle => Some(Reason::Idle),
        Happening::Due => Some(judge(&state, &reading, now)),
        Happening::Manual => Some(Reason::Manual),
        Happening::Input if !state.paused => None,
        Happening::Input if is_rested(&state, now) => Some(judge(&state, &reading, now)),
        Happening::Input => {
            state.paused = false;
            state.due_at = state.sampled_at.map(|at| later(at, interval(state.k)));
            None
        }
    };
    if let Some(reason) = reason {
        take(&mut state, reason, reading, now);
    }
    let store = matches!(reason, Some(Reason::First | Reason::Change | Reason::Heartbeat));
    Next { state, store, reason }
}

/// The first that holds.
fn judge(state: &State, reading: &Sensed, now: Moment) -> Reason {
    let Some(last) = &state.last else { return Reason::First };
    if is_significant(last, reading) {
        Reason::Change
    } else if now.minutes_since(last.at) >= HEARTBEAT_MIN {
        Reason::Heartbeat
    } else {
        Reason::Insignificant
    }
}

fn is_significant(last: &Stored, reading: &Sensed) -> bool {
    let moved = |from: Hundredths, to: Hundredths| (from.0 - to.0).abs() > SIGNIFICANT;
    moved(last.focus, reading.focus)
        || moved(last.energy, reading.energy)
        || last.mood != reading.mood
        || last.activity != reading.activity
}

fn take(state: &mut State, reason: Reason, reading: Sensed, now: Moment) {
    state.paused = reason == Reason::Idle;
    if state.paused {
        state.due_at = None;
        return;
    }
    state.k = match reason {
        Reason::First | Reason::Change | Reason::Manual => 0,
        Reason::Heartbeat | Reason::Idle => state.k,
        Reason::Insignificant => (state.k + 1).min(DOUBLINGS_MAX),
    };
    if reason != Reason::Insignificant {
        let Sensed { focus, energy, mood, activity } = reading;
        state.last = Some(Stored { at: now, focus, energy, mood, activity });
    }
    state.sampled_at = Some(now);
    state.due_at = Some(later(now, interval(state.k)));
}

fn interval(k: u8) -> i64 {
    (BASE_MIN << k.min(DOUBLINGS_MAX)).min(LONGEST_MIN)
}

fn later(at: Moment, minutes: i64) -> Moment {
    at.minutes_before(-minutes)
}

fn is_rested(state: &State, now: Moment) -> bool {
    state.sampled_at.is_none_or(|at| now.minutes_since(at) >= BASE_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Moment {
        Moment::parse(&format!("2026-03-10T{time}:00Z")).expect("a time")
    }

    fn fresh() -> State {
        State { last: None, k: 0, paused: false, sampled_at: None, due_at: None }
    }

    fn sensed(focus: i64, mood: &str) -> Sensed {
        Sensed {
            focus: Hundredths(focus),
            energy: Hundredths(500),
            mood: mood.into(),
            activity: "rest".into(),
        }
    }

    fn step(state: &State, event: Happening, time: &str, focus: i64, idle: bool) -> Next {
        next(Step { state: state.clone(), event, now: at(time), idle, reading: sensed(focus, "calm") })
    }

    #[test]
    fn c_x2_unchanged_readings_come_ever_more_rarely() {
        let steps = [
            ("10:00", 400, Reason::First, "10:05"),
            ("10:05", 400, Reason::Insignificant, "10:15"),
            ("10:15", 400, Reason::Insignificant, "10:35"),
            ("10:35", 550, Reason::Insignificant, "11:15"),
            ("11:15", 400, Reason::Heartbeat, "11:55"),
            ("11:55", 551, Reason::Change, "12:00"),
        ];
        let mut state = fresh();
        for (time, focus, reason, due) in steps {
            let next = step(&state, Happening::Due, time, focus, false);
            assert_eq!((next.reason, next.state.due_at), (Some(reason), Some(at(due))), "{time}");
            assert_eq!(next.store, reason != Reason::Insignificant);
            state = next.state;
        }
        let idle = step(&state, Happening::Due, "12:00", 551, true);
        assert_eq!((idle.reason, idle.state.paused, idle.state.due_at), (Some(Reason::Idle), true, None));
        let back = step(&idle.state, Happening::Input, "12:31", 551, false);
        assert_eq!((back.reason, back.state.paused), (Some(Reason::Insignificant), false));
        assert_eq!(back.state.due_at, Some(at("12:41")));
    }

    #[test]
    fn the_longest_interval_is_an_hour() {
        assert_eq!([0, 1, 2, 3, 4, 5].map(interval), [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn who_comes_back_within_five_minutes_of_a_sample_is_not_sampled_again() {
        let stored = step(&fresh(), Happening::Due, "10:00", 400, false).state;
        let paused = step(&stored, Happening::Due, "10:02", 400, true).state;
        let back = step(&paused, Happening::Input, "10:04", 900, false);
        assert_eq!((back.reason, back.state.due_at), (None, Some(at("10:05"))));
    }

    /// State, happening, time, idle, focus; reason, and whether it is paused afterwards.
    type Line<'s> = (&'s State, Happening, &'s str, bool, i64, Option<Reason>, bool);

    #[test]
    fn the_whole_table() {
        let stored = step(&fresh(), Happening::Due, "10:00", 400, false).state;
        let paused = step(&stored, Happening::Due, "10:01", 400, true).state;
        let rows: [Line<'_>; 18] = [
            (&fresh(), Happening::Due, "11:00", false, 400, Some(Reason::First), false),
            (&fresh(), Happening::Due, "11:00", true, 400, Some(Reason::Idle), true),
            (&fresh(), Happening::Input, "11:00", false, 400, None, false),
            (&fresh(), Happening::Manual, "11:00", false, 400, Some(Reason::Manual), false),
            (&stored, Happening::Due, "10:59", false, 550, Some(Reason::Insignificant), false),
            (&stored, Happening::Due, "10:59", false, 551, Some(Reason::Change), false),
            (&stored, Happening::Due, "11:00", false, 400, Some(Reason::Heartbeat), false),
            (&stored, Happening::Due, "11:00", false, 249, Some(Reason::Change), false),
            (&stored, Happening::Due, "10:59", true, 999, Some(Reason::Idle), true),
            (&stored, Happening::Input, "11:00", false, 999, None, false),
            (&stored, Happening::Manual, "10:01", false, 400, Some(Reason::Manual), false),
            (&paused, Happening::Due, "10:59", false, 400, Some(Reason::Insignificant), false),
            (&paused, Happening::Due, "11:00", true, 400, Some(Reason::Idle), true),
            (&paused, Happening::Input, "10:04", false, 999, None, false),
            (&paused, Happening::Input, "10:05", false, 400, Some(Reason::Insignificant), false),
            (&paused, Happening::Input, "10:05", false, 999, Some(Reason::Change), false),
            (&paused, Happening::Input, "11:00", false, 400, Some(Reason::Heartbeat), false),
            (&paused, Happening::Manual, "10:02", false, 400, Some(Reason::Manual), false),
        ];
        for (place, (state, event, time, idle, focus, reason, is_paused)) in rows.into_iter().enumerate() {
            let next = step(state, event, time, focus, idle);
            assert_eq!((next.reason, next.state.paused), (reason, is_paused), "line {place}");
        }
    }

    #[test]
    fn a_check_in_by_hand_is_the_last_stored_and_the_interval_is_the_base_again() {
        let mut state = fresh();
        for time in ["10:00", "10:05", "10:15"] {
            state = step(&state, Happening::Due, time, 400, false).state;
        }
        let next = step(&state, Happening::Manual, "10:20", 900, false);
        assert_eq!((next.state.k, next.state.due_at, next.store), (0, Some(at("10:25")), false));
        let after = step(&next.state, Happening::Due, "10:25", 900, false);
        assert_eq!(after.reason, Some(Reason::Insignificant));
        let mood = next.state;
        let other = super::next(Step {
            state: mood,
            event: Happening::Due,
            now: at("10:25"),
            idle: false,
            reading: sensed(900, "tired"),
        });
        assert_eq!(other.reason, Some(Reason::Change));
    }
}
