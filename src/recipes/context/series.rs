//! Snapshots as charts show them: over time, by hour of the day, by day and activity (RECIPES 4.9).

use super::snapshot::{Snapshot, Sums, by_hour, hours_by_focus, in_order};
use crate::recipes::figure::Hundredths;
use crate::recipes::time::{Day, Moment};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const PEAKS: usize = 3;
const MINUTE_MS: i64 = 60_000;

#[derive(Deserialize)]
pub struct Shown<'a> {
    #[serde(borrow)]
    rows: Vec<Snapshot<'a>>,
    from: Moment,
    now: Moment,
    /// Points of the line are averages over so many minutes; 0: every snapshot.
    #[serde(default)]
    step_min: i64,
}

#[derive(Serialize)]
pub struct Series {
    line: Vec<Point>,
    /// 24 of them.
    hours: Vec<Bar>,
    /// Up to three hours, that of the highest average focus first.
    peaks: Vec<usize>,
    /// Oldest first.
    days: Vec<OneDay>,
}

#[derive(Serialize)]
struct Point {
    /// Milliseconds since 1970.
    at: i64,
    focus: Hundredths,
    energy: Hundredths,
}

#[derive(Serialize)]
struct Bar {
    count: usize,
    focus: Option<Hundredths>,
}

#[derive(Serialize)]
struct OneDay {
    date: Day,
    activities: BTreeMap<String, usize>,
}

pub fn series(shown: Shown<'_>) -> Series {
    let Shown { rows, from, now, step_min } = shown;
    let mut rows = in_order(rows, now);
    rows.retain(|row| row.recorded_at >= from);
    let hours = by_hour(&rows);
    let mut peaks = hours_by_focus(&hours);
    peaks.truncate(PEAKS);
    let bar = |sums: &Sums| Bar { count: sums.count, focus: (sums.count > 0).then(|| sums.avg_focus()) };
    Series { line: line(&rows, step_min), hours: hours.iter().map(bar).collect(), peaks, days: days(&rows) }
}

fn line(rows: &[Snapshot<'_>], step_min: i64) -> Vec<Point> {
    let step = step_min.saturating_mul(MINUTE_MS);
    let mut points: BTreeMap<i64, Sums> = BTreeMap::new();
    for row in rows {
        let at = row.recorded_at.millis();
        points.entry(if step > 0 { at.div_euclid(step) * step } else { at }).or_default().add(row);
    }
    points
        .into_iter()
        .map(|(at, sums)| Point { at, focus: sums.avg_focus(), energy: sums.avg_energy() })
        .collect()
}

fn days(rows: &[Snapshot<'_>]) -> Vec<OneDay> {
    let mut days: BTreeMap<Day, BTreeMap<String, usize>> = BTreeMap::new();
    for row in rows {
        let activities = days.entry(row.day()).or_default();
        match activities.get_mut(row.activity.as_ref()) {
            Some(count) => *count += 1,
            None => drop(activities.insert(row.activity.to_string(), 1)),
        }
    }
    days.into_iter().map(|(date, activities)| OneDay { date, activities }).collect()
}

#[cfg(test)]
mod tests {
    use crate::recipes::context::call;
    use crate::recipes::context::worked_day::rows;
    use serde_json::{Value, json};

    fn series(step_min: i64) -> Value {
        let input = json!({ "rows": rows(), "from": "2026-03-10T00:00:00Z", "now": "2026-03-10T14:30:00Z", "step_min": step_min });
        serde_json::from_str(&call("series", &input.to_string()).expect("series")).expect("JSON")
    }

    #[test]
    fn the_worked_day_as_charts_show_it() {
        let every = series(0);
        assert_eq!(every["line"].as_array().map(Vec::len), Some(8));
        assert_eq!(every["peaks"], json!([10, 9, 15]));
        assert_eq!(every["hours"][10], json!({ "count": 2, "focus": 8.0 }));
        assert_eq!(every["hours"][3], json!({ "count": 0, "focus": null }));
        let activities = json!({ "communication": 3, "deep_work": 4, "meeting": 1 });
        assert_eq!(every["days"], json!([{ "date": "2026-03-10", "activities": activities }]));
        let hourly = series(60);
        assert_eq!(hourly["line"][0], json!({ "at": 1_773_126_000_000i64, "focus": 4.5, "energy": 5.25 }));
        assert_eq!(hourly["line"].as_array().map(Vec::len), Some(5));
    }
}
