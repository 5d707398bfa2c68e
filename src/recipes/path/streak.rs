//! The fold over completed routines: streak, best streak, total (RECIPES 5.4).
//!
//! Invariant: the result depends on the rows alone, not on the order they come in, and what is stored not on the clock either.

use crate::recipes::time::{Day, Moment};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize)]
pub struct Completion {
    pub date: Day,
    pub routine: String,
    pub completed_at: Moment,
    #[serde(default)]
    pub utc_offset_min: i32,
}

#[derive(Deserialize)]
pub struct Input {
    pub completions: Vec<Completion>,
    pub today: Day,
}

/// The columns of `user_progress`, and what is shown of them today.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    pub compliance_streak: usize,
    pub last_completed_date: Option<Day>,
    pub total_completions: usize,
    pub best_streak: usize,
    #[serde(rename = "shownStreak")]
    pub shown_streak: usize,
}

/// A date with its first and its last completion, and how long the chain is that ends there.
pub struct Link {
    pub date: Day,
    pub first: (Moment, i32),
    last: (Moment, i32),
    pub chain: usize,
}

/// Between the last completion of one date and the first of the next but one: a flight, not a missed day.
const FLIGHT_HOURS: i64 = 36;
const FLIGHT_OFFSET_MIN: i32 = 12 * 60;

pub fn progress(given: Input) -> Progress {
    let total_completions = given.completions.len();
    let chain = chain(given.completions);
    let last = chain.last();
    let compliance_streak = last.map_or(0, |link| link.chain);
    let alive = last.is_some_and(|link| (given.today.plus(-1)..=given.today.plus(1)).contains(&link.date));
    Progress {
        compliance_streak,
        last_completed_date: last.map(|link| link.date),
        total_completions,
        best_streak: chain.iter().map(|link| link.chain).max().unwrap_or(0),
        shown_streak: if alive { compliance_streak } else { 0 },
    }
}

/// The distinct dates in order.
pub fn chain(mut completions: Vec<Completion>) -> Vec<Link> {
    completions.sort_by_key(|one| (one.date, one.completed_at, one.utc_offset_min));
    let mut links: Vec<Link> = Vec::new();
    for one in completions {
        let at = (one.completed_at, one.utc_offset_min);
        match links.last_mut() {
            Some(link) if link.date == one.date => link.last = at,
            previous => {
                let before = previous.filter(|link| linked(link, one.date, at)).map_or(0, |link| link.chain);
                links.push(Link { date: one.date, first: at, last: at, chain: before + 1 });
            }
        }
    }
    links
}

fn linked(before: &Link, date: Day, first: (Moment, i32)) -> bool {
    if date == before.date.plus(1) {
        return true;
    }
    let (left, offset) = before.last;
    // Micros: 36 h to the minute would be a minute too generous.
    let apart = first.0.0.saturating_sub(left.0);
    date == before.date.plus(2)
        && apart < FLIGHT_HOURS * 3_600_000_000
        && first.1.saturating_sub(offset) >= FLIGHT_OFFSET_MIN
}

#[cfg(test)]
pub mod tests {
    //! P-X1.
    use super::*;
    use proptest::prelude::*;

    /// A completion in March 2026 by the local clock.
    pub fn completion(day: u32, clock: &str, offset_hours: i32, routine: &str) -> Completion {
        let local = Moment::parse(&format!("2026-03-{day:02}T{clock}:00Z")).expect("a time");
        Completion {
            date: Day::parse(&format!("2026-03-{day:02}")).expect("a day"),
            routine: routine.into(),
            completed_at: local.minutes_before((offset_hours * 60).into()),
            utc_offset_min: offset_hours * 60,
        }
    }

    fn mornings(days: &[u32]) -> Vec<Completion> {
        days.iter().map(|day| completion(*day, "07:00", 1, "morning")).collect()
    }

    fn day(day: u32) -> Day {
        Day::parse(&format!("2026-03-{day:02}")).expect("a day")
    }

    /// Shown, stored, best, total.
    fn folded(completions: Vec<Completion>, today: u32) -> [usize; 4] {
        let done = progress(Input { completions, today: day(today) });
        [done.shown_streak, done.compliance_streak, done.best_streak, done.total_completions]
    }

    #[test]
    fn a_missed_day_ends_a_streak_and_the_best_stays() {
        assert_eq!(folded(mornings(&[6, 7, 8, 10]), 10), [1, 1, 3, 4]);
        assert_eq!(folded(vec![], 10), [0, 0, 0, 0]);
    }

    #[test]
    fn a_streak_is_alive_until_the_next_day_ends() {
        assert_eq!(folded(mornings(&[8, 9]), 10), [2, 2, 2, 2]);
        assert_eq!(folded(mornings(&[8, 9]), 11), [0, 2, 2, 2]);
        assert_eq!(folded(mornings(&[8, 9]), 8), [2, 2, 2, 2], "the day it is where the clock was put back");
    }

    #[test]
    fn morning_and_evening_of_a_day_are_one_day() {
        let mut both = mornings(&[9, 10]);
        both.push(completion(9, "21:00", 1, "evening"));
        assert_eq!(folded(both, 10), [2, 2, 2, 3]);
    }

    #[test]
    fn a_flight_over_the_date_line_loses_no_streak_and_a_long_night_does() {
        let flight = vec![completion(8, "22:00", -10, "evening"), completion(10, "08:00", 13, "morning")];
        assert_eq!(folded(flight, 10), [2, 2, 2, 2]);
        let night = vec![completion(8, "23:00", 1, "evening"), completion(10, "06:00", 1, "morning")];
        assert_eq!(folded(night, 10), [1, 1, 1, 2]);
        let slow = vec![completion(8, "01:00", -10, "evening"), completion(10, "12:00", 13, "morning")];
        assert_eq!(folded(slow, 10), [1, 1, 1, 2], "exactly 36 h is too long");
    }

    #[test]
    fn the_answer_names_the_columns() {
        let text = r#"{"completions":[{"date":"2026-03-10","routine":"morning","completed_at":"2026-03-10T07:00:00+00:00","utc_offset_min":0}],"today":"2026-03-10"}"#;
        assert_eq!(
            crate::recipes::call("path", "progress", text).expect("progress"),
            r#"{"compliance_streak":1,"last_completed_date":"2026-03-10","total_completions":1,"best_streak":1,"shownStreak":1}"#
        );
    }

    proptest! {
        #[test]
        fn the_fold_is_independent_of_the_order_in_which_rows_arrive(
            days in prop::collection::vec((1u32..29, 0u32..24, -10i32..14), 0..20),
            today in 1u32..29,
        ) {
            let rows: Vec<Completion> =
                days.iter().map(|(day, hour, offset)| completion(*day, &format!("{hour:02}:00"), *offset, "morning")).collect();
            let folded = |completions| progress(Input { completions, today: day(today) });
            let mut turned = rows.clone();
            turned.reverse();
            let mut split: Vec<Completion> = rows.iter().step_by(2).cloned().collect();
            split.extend(rows.iter().skip(1).step_by(2).cloned());
            prop_assert_eq!(folded(rows.clone()), folded(turned));
            prop_assert_eq!(folded(rows), folded(split));
        }
    }
}
