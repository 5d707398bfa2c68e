//! Patterns of the last 30 days: urges, what was made of them, when energy leaks (RECIPES 5.5).

use super::entry::{Entry, Type, in_time_order};
use crate::recipes::figure::percent;
use crate::recipes::time::Moment;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub struct Input {
    pub logs: Vec<Entry>,
    pub now: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    Improving,
    Declining,
    Stable,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Patterns {
    pub urges: usize,
    pub leaks: usize,
    pub transmuted: usize,
    /// Whole percent of the urges.
    pub transmutation_rate: Option<i64>,
    pub top_leak_hour: Option<u8>,
    pub top_kata: Option<String>,
    pub trend: Trend,
    /// Each urge: when, and whether it was transmuted; oldest first.
    pub urge_times: Vec<(Moment, bool)>,
    /// Leaks by local hour.
    pub leak_hours: Vec<usize>,
}

/// An urge, and when it was transmuted.
pub struct Urge {
    pub at: Moment,
    pub transmuted_at: Option<Moment>,
}

const DAYS: i64 = 30;
const DAY_MIN: i64 = 24 * 60;
const CLOSING_MIN: i64 = 60;
/// Fewer urges in a week say nothing of a trend.
const TREND_URGES: i64 = 3;
const TREND_POINTS: i64 = 10;

pub fn patterns(given: Input) -> Patterns {
    let Input { mut logs, now } = given;
    let since = now.minutes_before(DAYS * DAY_MIN);
    logs.retain(|entry| entry.entry_type().is_some() && entry.created_at > since && entry.created_at <= now);
    let urges = urges(&mut logs);
    let transmuted = urges.iter().filter(|urge| urge.transmuted_at.is_some()).count();
    let leak_hours = leak_hours(&logs);
    let top = leak_hours.iter().max().filter(|most| **most > 0);
    Patterns {
        urges: urges.len(),
        leaks: leak_hours.iter().sum(),
        transmuted,
        transmutation_rate: (!urges.is_empty()).then(|| percent(transmuted as i64, urges.len() as i64)),
        top_leak_hour: top
            .and_then(|most| leak_hours.iter().position(|count| count == most))
            .map(|hour| hour as u8),
        top_kata: top_kata(&logs),
        trend: trend(&urges, now),
        urge_times: urges.iter().map(|urge| (urge.at, urge.transmuted_at.is_some())).collect(),
        leak_hours,
    }
}

/// All urges, oldest first. A Kata Performed or Win closes the latest urge that is still open, within an hour.
pub fn urges(logs: &mut [Entry]) -> Vec<Urge> {
    in_time_order(logs);
    let mut urges: Vec<Urge> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for entry in logs {
        let at = entry.created_at;
        match entry.entry_type() {
            Some(Type::Urge) => {
                let acted = entry.acted();
                if !acted {
                    open.push(urges.len());
                }
                urges.push(Urge { at, transmuted_at: acted.then_some(at) });
            }
            Some(Type::Kata | Type::Win) => {
                let in_time = |urge: &usize| at.minutes_before(CLOSING_MIN) <= urges[*urge].at;
                if open.last().is_some_and(in_time)
                    && let Some(closed) = open.pop()
                {
                    urges[closed].transmuted_at = Some(at);
                }
            }
            Some(Type::Leak | Type::Insight) | None => {}
        }
    }
    urges
}

fn leak_hours(logs: &[Entry]) -> Vec<usize> {
    let mut hours = vec![0; 24];
    for leak in logs.iter().filter(|entry| entry.entry_type() == Some(Type::Leak)) {
        hours[usize::from(leak.created_at.hour_at(leak.utc_offset_min))] += 1;
    }
    hours
}

fn top_kata(logs: &[Entry]) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in logs.iter().flat_map(Entry::katas) {
        *counts.entry(name).or_default() += 1;
    }
    let most = *counts.values().max()?;
    counts.iter().find(|(_, count)| **count == most).map(|(name, _)| (*name).to_string())
}

fn trend(urges: &[Urge], now: Moment) -> Trend {
    let week = |ago: i64| {
        let (from, to) = (now.minutes_before((ago + 7) * DAY_MIN), now.minutes_before(ago * DAY_MIN));
        let of_week = || urges.iter().filter(move |urge| urge.at > from && urge.at <= to);
        (of_week().count() as i64, of_week().filter(|urge| urge.transmuted_at.is_some()).count() as i64)
    };
    let ((urges_now, met_now), (urges_then, met_then)) = (week(0), week(7));
    if urges_now < TREND_URGES || urges_then < TREND_URGES {
        return Trend::Stable;
    }
    // Points of difference, times both counts: exact.
    let difference = 100 * (met_now * urges_then - met_then * urges_now);
    let bound = TREND_POINTS * urges_now * urges_then;
    match difference {
        _ if difference > bound => Trend::Improving,
        _ if difference < -bound => Trend::Declining,
        _ => Trend::Stable,
    }
}

#[cfg(test)]
mod tests {
    //! P-X3.
    use super::super::entry::tests::{on, sovereign};
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Moment {
        Moment::parse(text).expect("a moment")
    }

    fn found(logs: Vec<Entry>) -> Patterns {
        patterns(Input { logs, now: at("2026-03-10T23:00:00Z") })
    }

    fn px3() -> Vec<Entry> {
        vec![
            sovereign("09:00", "Urge/Symptom", json!({})),
            sovereign("10:00", "Urge/Symptom", json!({"actionTaken": "walk"})),
            sovereign("14:00", "Urge/Symptom", json!({})),
            sovereign("20:00", "Urge/Symptom", json!({})),
            sovereign("14:30", "Kata Performed", json!({})),
            sovereign("21:30", "Win", json!({})),
        ]
    }

    #[test]
    fn an_urge_is_transmuted_by_its_action_or_by_what_follows_within_the_hour() {
        let patterns = found(px3());
        assert_eq!((patterns.urges, patterns.transmuted, patterns.transmutation_rate), (4, 2, Some(50)));
        let mut turned = px3();
        turned.reverse();
        assert_eq!(found(turned).urge_times, patterns.urge_times);
        let sharp = |time| {
            found(vec![sovereign("09:00", "Urge/Symptom", json!({})), sovereign(time, "Win", json!({}))])
                .transmuted
        };
        assert_eq!((sharp("10:00"), sharp("10:01")), (1, 0));
    }

    #[test]
    fn each_follow_up_closes_the_latest_open_urge_and_only_that() {
        let urge = |time| sovereign(time, "Urge/Symptom", json!({}));
        let logs = vec![
            urge("09:00"),
            urge("09:10"),
            sovereign("09:20", "Win", json!({})),
            sovereign("09:50", "Win", json!({})),
        ];
        assert_eq!(found(logs).transmuted, 2);
        let logs = vec![urge("09:00"), urge("09:10"), sovereign("09:20", "Win", json!({}))];
        assert_eq!(found(logs).urge_times.iter().map(|(_, met)| *met).collect::<Vec<_>>(), [false, true]);
        assert_eq!(found(vec![sovereign("08:59", "Win", json!({})), urge("09:00")]).transmuted, 0);
        assert_eq!(found(vec![]).transmutation_rate, None);
    }

    #[test]
    fn the_hour_of_leaks_is_the_earliest_local_one_and_the_top_kata_the_first_in_byte_order() {
        let mut late = sovereign("20:10", "Leak/Drain", json!({}));
        late.utc_offset_min = 120;
        let logs = vec![
            late,
            sovereign("21:00", "Leak/Drain", json!({})),
            sovereign("11:00", "Kata Performed", json!({"kataPerformed": ["run", "Breath", 7]})),
            sovereign("12:00", "Kata Performed", json!({"kataPerformed": ["breath"]})),
        ];
        let patterns = found(logs);
        assert_eq!(
            (patterns.leaks, patterns.top_leak_hour, patterns.top_kata.as_deref()),
            (2, Some(21), Some("Breath"))
        );
        assert_eq!((found(vec![]).top_leak_hour, found(vec![]).top_kata), (None, None));
    }

    #[test]
    fn the_trend_needs_three_urges_a_week_and_more_than_ten_points() {
        let urges = |date: &str, met: usize, of: usize| -> Vec<Entry> {
            (0..of)
                .map(|i| {
                    on(
                        date,
                        &format!("1{i}:00"),
                        "Urge/Symptom",
                        if i < met { json!({"actionTaken": "x"}) } else { json!({}) },
                    )
                })
                .collect()
        };
        let trend = |then, now| {
            let both: Vec<Entry> = [urges("2026-02-28", then, 5), urges("2026-03-08", now, 5)].concat();
            found(both).trend
        };
        assert_eq!(
            (trend(1, 2), trend(2, 1), trend(2, 2)),
            (Trend::Improving, Trend::Declining, Trend::Stable)
        );
        assert_eq!(
            found([urges("2026-02-28", 0, 2), urges("2026-03-08", 5, 5)].concat()).trend,
            Trend::Stable
        );
        let tenth = [urges("2026-02-28", 0, 9), urges("2026-03-08", 1, 9)].concat();
        assert_eq!(found(tenth).trend, Trend::Improving, "11 points");
        let exact = found([urges("2026-02-28", 5, 10), urges("2026-03-08", 6, 10)].concat());
        assert_eq!((exact.urges, exact.trend), (20, Trend::Stable), "10 points are not more than 10");
    }

    #[test]
    fn what_is_older_than_thirty_days_is_left_out() {
        assert_eq!(found(vec![on("2026-02-08", "23:00", "Leak/Drain", json!({}))]).leaks, 0);
        assert_eq!(found(vec![on("2026-02-08", "23:01", "Leak/Drain", json!({}))]).leaks, 1);
    }
}
