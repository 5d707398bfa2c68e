//! Insights over a window of time: averages, trend, best hour (RECIPES 4.5).

use super::snapshot::{Snapshot, Sums, by_hour, hours_by_focus, in_order};
use crate::recipes::figure::Hundredths;
use crate::recipes::time::Moment;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub struct Window<'a> {
    #[serde(borrow)]
    rows: Vec<Snapshot<'a>>,
    from: Moment,
    now: Moment,
    hours: u32,
    /// The window reaches further back than the device holds, and the server was not asked.
    #[serde(default)]
    partial: bool,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Insights<'a> {
    pub hours: u32,
    pub avg_focus: Hundredths,
    pub avg_energy: Hundredths,
    pub trend: Trend,
    /// A local hour.
    pub peak_time: Option<u8>,
    pub total_samples: usize,
    pub time_range: Option<TimeRange>,
    #[serde(borrow)]
    pub top_activity: Option<TopActivity<'a>>,
    pub coverage: Coverage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    Improving,
    Declining,
    Stable,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct TimeRange {
    pub start: Moment,
    pub end: Moment,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct TopActivity<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    pub count: usize,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Coverage {
    Complete,
    Partial,
}

pub fn insights(window: Window<'_>) -> Insights<'_> {
    let Window { rows, from, now, hours, partial } = window;
    let mut rows = in_order(rows, now);
    rows.retain(|row| row.recorded_at >= from);
    let sums = Sums::of(&rows);
    Insights {
        hours,
        avg_focus: sums.avg_focus(),
        avg_energy: sums.avg_energy(),
        trend: trend(&rows),
        peak_time: hours_by_focus(&by_hour(&rows)).first().and_then(|hour| u8::try_from(*hour).ok()),
        total_samples: rows.len(),
        time_range: rows
            .first()
            .zip(rows.last())
            .map(|(oldest, newest)| TimeRange { start: oldest.recorded_at, end: newest.recorded_at }),
        top_activity: top_activity(&rows),
        coverage: if partial { Coverage::Partial } else { Coverage::Complete },
    }
}

/// Of focus: the newest quarter against the oldest; within a tenth it is stable.
fn trend(rows: &[Snapshot<'_>]) -> Trend {
    let quarter = rows.len() / 4;
    let old = Sums::of(&rows[..quarter]).focus.0;
    let new = Sums::of(&rows[rows.len() - quarter..]).focus.0;
    if new * 10 > old * 11 {
        Trend::Improving
    } else if new * 10 < old * 9 {
        Trend::Declining
    } else {
        Trend::Stable
    }
}

/// The most frequent one; on a tie the first in byte order.
pub fn most_frequent<'n>(names: impl Iterator<Item = &'n str>) -> Option<(&'n str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count)
}

fn top_activity<'a>(rows: &[Snapshot<'a>]) -> Option<TopActivity<'a>> {
    let (name, count) = most_frequent(rows.iter().map(|row| row.activity.as_ref()))?;
    Some(TopActivity { name: Cow::Owned(name.to_owned()), count })
}

#[cfg(test)]
mod tests {
    use crate::recipes::context::call;
    use crate::recipes::context::worked_day::{hundredths, rows};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn insights(rows: &Value) -> Value {
        let (from, now) = ("2026-03-09T14:30:00Z", "2026-03-10T14:30:00Z");
        let input = json!({ "rows": rows, "from": from, "now": now, "hours": 24 });
        serde_json::from_str(&call("insights", &input.to_string()).expect("insights")).expect("JSON")
    }

    #[test]
    fn c_x3_the_figures_of_the_worked_day() {
        let found = insights(&rows());
        assert_eq!(found["avgFocus"], 6.44);
        assert_eq!(found["avgEnergy"], 5.5);
        assert_eq!(found["trend"], "improving");
        assert_eq!(found["peakTime"], 10);
        assert_eq!(found["totalSamples"], 8);
        let range = json!({ "start": "2026-03-10T07:10:00+00:00", "end": "2026-03-10T14:00:00+00:00" });
        assert_eq!(found["timeRange"], range);
        assert_eq!(found["topActivity"], json!({ "name": "deep_work", "count": 4 }));
        assert_eq!(found["coverage"], "complete");
    }

    /// One reading a minute, the newest first.
    fn of_focus(newest_first: &[&str]) -> Value {
        let row = |(age, focus): (usize, &&str)| {
            let at = format!("2026-03-10T13:{:02}:00Z", 59 - age);
            json!({ "id": format!("{age}"), "recorded_at": at, "utc_offset_min": 0, "focus_level": hundredths(focus),
                "energy_level": 1, "mood_state": "calm", "activity_pattern": "rest" })
        };
        newest_first.iter().enumerate().map(row).collect()
    }

    #[test]
    fn c_x4_the_trend_is_stable_within_a_tenth_and_with_less_than_four() {
        let cases: &[(&[&str], &str)] = &[
            (&[], "stable"),
            (&["9.00", "1.00", "1.00"], "stable"),
            (&["5.50", "5", "5", "5.00"], "stable"),
            (&["5.51", "5", "5", "5.00"], "improving"),
            (&["4.50", "5", "5", "5.00"], "stable"),
            (&["4.49", "5", "5", "5.00"], "declining"),
            (&["0.01", "0", "0", "0"], "improving"),
            (&["0", "0", "0", "0"], "stable"),
        ];
        for (focus, trend) in cases {
            assert_eq!(insights(&of_focus(focus))["trend"], *trend, "{focus:?}");
        }
        let none = insights(&json!([]));
        assert_eq!(
            (&none["avgFocus"], &none["peakTime"], &none["timeRange"]),
            (&json!(0.0), &Value::Null, &Value::Null)
        );
    }

    #[test]
    fn what_is_outside_of_the_window_or_in_the_future_does_not_count() {
        let mut all = rows();
        for at in ["2026-03-09T14:29:59Z", "2026-03-10T14:30:01Z"] {
            let mut outside = all[0].clone();
            outside["recorded_at"] = json!(at);
            all.as_array_mut().expect("rows").push(outside);
        }
        assert_eq!(insights(&all), insights(&rows()));
    }

    proptest! {
        #[test]
        fn the_order_of_the_rows_does_not_matter(order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle()) {
            let all = rows();
            let shuffled: Value = order.iter().map(|place| all[*place].clone()).collect();
            prop_assert_eq!(insights(&shuffled), insights(&all));
        }
    }
}
