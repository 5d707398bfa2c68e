//! The figures of local days, and whether the device's draft or the server's row is the answer for a day (RECIPES 4.5).

use super::figures::most_frequent;
use super::snapshot::{Snapshot, Sums, by_hour, hours_by_focus, in_order};
use crate::recipes::figure::Hundredths;
use crate::recipes::time::{Day, Moment};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

const PEAKS: usize = 3;
const DIP: i64 = 150;
const FOCUSED: Hundredths = Hundredths(700);
const RUN_GAP_MINUTES: i64 = 30;

#[derive(Deserialize)]
pub struct Days<'a> {
    #[serde(borrow)]
    rows: Vec<Snapshot<'a>>,
    /// Rows of `daily_insights`.
    #[serde(borrow)]
    servers: Vec<ServerDay<'a>>,
    /// Rows of `daily_insight_drafts`.
    #[serde(default)]
    drafts: Vec<Reduced>,
    /// Ids of snapshots that have changes which the server has not answered, or has refused.
    #[serde(default, borrow)]
    pending: BTreeSet<&'a str>,
    now: Moment,
    /// The local date.
    today: Day,
}

#[derive(Deserialize)]
struct ServerDay<'a> {
    date: Day,
    avg_focus: Hundredths,
    avg_energy: Hundredths,
    #[serde(borrow)]
    peak_hours: &'a RawValue,
    total_contexts: usize,
    #[serde(borrow)]
    patterns: &'a RawValue,
    updated_at: Moment,
}

#[derive(Deserialize)]
struct Reduced {
    date: Day,
    reduced_over: Option<Moment>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Daily<'a> {
    date: Day,
    avg_focus: Hundredths,
    avg_energy: Hundredths,
    peak_hours: PeakHours<'a>,
    total_contexts: usize,
    patterns: AnyPatterns<'a>,
    source: Source,
    /// The server's, of a day that is over, with nothing pending for it.
    r#final: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PeakHours<'a> {
    Own(Vec<usize>),
    Servers(&'a RawValue),
}

#[derive(Serialize)]
#[serde(untagged)]
enum AnyPatterns<'a> {
    Own(Patterns),
    Servers(&'a RawValue),
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Server,
    Draft,
}

#[derive(Serialize)]
struct Patterns {
    activities: BTreeMap<String, Activity>,
    dominant_mood: Option<String>,
    best_activity: Option<String>,
    energy_dip_hour: Option<usize>,
    volatility: Option<Volatility>,
    longest_focus_minutes: i64,
}

#[derive(Serialize)]
struct Activity {
    count: usize,
    avg_focus: Hundredths,
    avg_energy: Hundredths,
}

#[derive(Serialize)]
struct Volatility {
    value: Hundredths,
    label: &'static str,
}

/// One answer for each day that has any, newest first.
pub fn answers(days: Days<'_>) -> Vec<Daily<'_>> {
    let Days { rows, servers, drafts, pending, now, today } = days;
    let mut by_day: BTreeMap<Day, Vec<Snapshot<'_>>> = BTreeMap::new();
    for row in in_order(rows, now) {
        by_day.entry(row.day()).or_default().push(row);
    }
    let mut by_server: BTreeMap<Day, ServerDay<'_>> =
        servers.into_iter().map(|day| (day.date, day)).collect();
    let dates: BTreeSet<Day> = by_day.keys().chain(by_server.keys()).copied().collect();
    let answer = |date: Day| {
        let rows = by_day.remove(&date).unwrap_or_default();
        let server = by_server.remove(&date);
        let waits = rows.iter().any(|row| pending.contains(row.id.as_ref()));
        let reduced = drafts.iter().find(|draft| draft.date == date).and_then(|draft| draft.reduced_over);
        choose(date, &rows, server, Standing { waits, reduced, over: date < today })
    };
    dates.into_iter().rev().filter_map(answer).collect()
}

struct Standing {
    /// Rows of the day have changes that the server has not answered.
    waits: bool,
    /// `updated_at` of the server's row over which rows were deleted or moved.
    reduced: Option<Moment>,
    over: bool,
}

fn choose<'a>(
    date: Day,
    rows: &[Snapshot<'_>],
    server: Option<ServerDay<'a>>,
    standing: Standing,
) -> Option<Daily<'a>> {
    let Some(server) = server else { return draft(date, rows) };
    let is_reduced = standing.reduced == Some(server.updated_at);
    if standing.waits || is_reduced || rows.len() > server.total_contexts {
        return draft(date, rows);
    }
    (server.total_contexts > 0).then_some(Daily {
        date,
        avg_focus: server.avg_focus,
        avg_energy: server.avg_energy,
        peak_hours: PeakHours::Servers(server.peak_hours),
        total_contexts: server.total_contexts,
        patterns: AnyPatterns::Servers(server.patterns),
        source: Source::Server,
        r#final: standing.over,
    })
}

/// `rows`: of one day, in order.
fn draft(date: Day, rows: &[Snapshot<'_>]) -> Option<Daily<'static>> {
    let sums = Sums::of(rows);
    let hours = by_hour(rows);
    let mut peaks = hours_by_focus(&hours);
    peaks.truncate(PEAKS);
    (!rows.is_empty()).then(|| Daily {
        date,
        avg_focus: sums.avg_focus(),
        avg_energy: sums.avg_energy(),
        peak_hours: PeakHours::Own(peaks),
        total_contexts: rows.len(),
        patterns: AnyPatterns::Own(patterns(rows, sums, &hours)),
        source: Source::Draft,
        r#final: false,
    })
}

fn patterns(rows: &[Snapshot<'_>], sums: Sums, hours: &[Sums; 24]) -> Patterns {
    let mut activities: BTreeMap<&str, Sums> = BTreeMap::new();
    for row in rows {
        activities.entry(row.activity.as_ref()).or_default().add(row);
    }
    let mood = most_frequent(rows.iter().map(|row| row.mood.as_ref()));
    Patterns {
        best_activity: best_activity(&activities),
        dominant_mood: mood.map(|(mood, _)| mood.to_owned()),
        energy_dip_hour: energy_dip(sums, hours),
        volatility: volatility(rows),
        longest_focus_minutes: longest_focus(rows),
        activities: activities.into_iter().map(|(name, sums)| (name.to_owned(), activity(sums))).collect(),
    }
}

fn activity(sums: Sums) -> Activity {
    Activity { count: sums.count, avg_focus: sums.avg_focus(), avg_energy: sums.avg_energy() }
}

fn best_activity(activities: &BTreeMap<&str, Sums>) -> Option<String> {
    let often = activities.iter().filter(|(_, sums)| sums.count >= 2);
    let best = often.max_by(|(a_name, a), (b_name, b)| {
        a.by_focus(b).then(a.count.cmp(&b.count)).then_with(|| b_name.cmp(a_name))
    });
    best.map(|(name, _)| (*name).to_owned())
}

/// The hour of the lowest energy, if it is far enough below the day.
fn energy_dip(day: Sums, hours: &[Sums; 24]) -> Option<usize> {
    let lowest = (0..24)
        .filter(|hour| hours[*hour].count > 0)
        .min_by(|a, b| hours[*a].by_energy(&hours[*b]).then(a.cmp(b)))?;
    let hour = hours[lowest];
    let (day_count, hour_count) = (count(day.count), count(hour.count));
    let below = day.energy.0 * hour_count - hour.energy.0 * day_count;
    (below >= DIP * day_count * hour_count).then_some(lowest)
}

fn volatility(rows: &[Snapshot<'_>]) -> Option<Volatility> {
    let steps = rows.len().checked_sub(1).filter(|steps| *steps > 0)?;
    let moved: i64 = rows.windows(2).map(|pair| (pair[1].focus.0 - pair[0].focus.0).abs()).sum();
    let label = match moved {
        _ if moved < 100 * count(steps) => "steady",
        _ if moved < 250 * count(steps) => "variable",
        _ => "erratic",
    };
    Some(Volatility { value: Hundredths(moved).mean(steps), label })
}

/// Whole minutes from the first to the last of the longest run of focused snapshots that follow each other closely.
fn longest_focus(rows: &[Snapshot<'_>]) -> i64 {
    let mut longest = 0;
    let mut run: Option<(Moment, Moment)> = None;
    for row in rows {
        let at = row.recorded_at;
        run = match run {
            _ if row.focus < FOCUSED => None,
            Some((first, last)) if last >= at.minutes_before(RUN_GAP_MINUTES) => Some((first, at)),
            Some(_) | None => Some((at, at)),
        };
        longest = longest.max(run.map_or(0, |(first, last)| last.minutes_since(first)));
    }
    longest
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use crate::recipes::context::call;
    use crate::recipes::context::worked_day::{hundredths, rows};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const DATE: &str = "2026-03-10";
    const MADE: &str = "2026-03-11T00:15:00+00:00";

    fn answers(input: &Value) -> Vec<Value> {
        serde_json::from_str(&call("daily", &input.to_string()).expect("answers")).expect("JSON")
    }

    fn input(rows: &Value, servers: &Value) -> Value {
        json!({ "rows": rows, "servers": servers, "now": "2026-03-12T08:00:00Z", "today": "2026-03-12" })
    }

    fn of_rows(rows: &Value) -> Value {
        answers(&input(rows, &json!([]))).remove(0)
    }

    #[test]
    fn c_x3_the_day() {
        let day = of_rows(&rows());
        assert_eq!(day["date"], DATE);
        assert_eq!(
            (&day["avgFocus"], &day["avgEnergy"], &day["totalContexts"]),
            (&json!(6.44), &json!(5.5), &json!(8))
        );
        assert_eq!(day["peakHours"], json!([10, 9, 15]));
        let patterns = json!({
            "activities": {
                "communication": { "count": 3, "avg_focus": 5.0, "avg_energy": 4.83 },
                "deep_work": { "count": 4, "avg_focus": 7.75, "avg_energy": 6.5 },
                "meeting": { "count": 1, "avg_focus": 5.5, "avg_energy": 3.5 },
            },
            "dominant_mood": "calm",
            "best_activity": "deep_work",
            "energy_dip_hour": 14,
            "volatility": { "value": 1.14, "label": "variable" },
            "longest_focus_minutes": 65,
        });
        assert_eq!(day["patterns"], patterns);
        assert_eq!((&day["source"], &day["final"]), (&json!("draft"), &json!(false)));
    }

    fn server(contexts: usize) -> Value {
        json!({ "id": "d", "date": DATE, "avg_focus": hundredths("5.00"), "avg_energy": 5, "peak_hours": [9],
            "total_contexts": contexts, "patterns": { "dominant_mood": "theirs" }, "updated_at": MADE })
    }

    fn first(count: usize) -> Value {
        rows().as_array().expect("rows")[..count].iter().cloned().collect()
    }

    fn chosen(input: &Value) -> (Value, usize, bool) {
        let day = answers(input).remove(0);
        let total = usize::try_from(day["totalContexts"].as_u64().expect("a count")).expect("small");
        (day["source"].clone(), total, day["final"] == json!(true))
    }

    #[test]
    fn c_x5_draft_or_server() {
        assert_eq!(chosen(&input(&rows(), &json!([server(7)]))), (json!("draft"), 8, false));
        assert_eq!(chosen(&input(&rows(), &json!([server(8)]))), (json!("server"), 8, true));
        let reduced = |updated_at: &str, contexts: usize| {
            let mut row = server(contexts);
            row["updated_at"] = json!(updated_at);
            let mut input = input(&first(7), &json!([row]));
            input["drafts"] = json!([{ "date": DATE, "reduced_over": MADE }]);
            chosen(&input)
        };
        assert_eq!(
            reduced(MADE, 8),
            (json!("draft"), 7, false),
            "pending, or acknowledged and the job not yet run"
        );
        assert_eq!(reduced("2026-03-12T00:15:00+00:00", 7), (json!("server"), 7, true), "the job run");
        assert_eq!(chosen(&input(&json!([]), &json!([server(8)]))), (json!("server"), 8, true));
        assert_eq!(answers(&input(&json!([]), &json!([]))), Vec::<Value>::new());
    }

    #[test]
    fn a_day_with_pending_rows_is_the_drafts_whatever_the_server_counts() {
        let mut pending = input(&first(7), &json!([server(8)]));
        pending["pending"] = json!(["id-07:10", "another"]);
        assert_eq!(chosen(&pending), (json!("draft"), 7, false));
        pending["pending"] = json!(["another"]);
        assert_eq!(chosen(&pending), (json!("server"), 8, true));
    }

    #[test]
    fn an_answer_of_no_contexts_is_none_and_a_day_that_goes_on_is_not_final() {
        assert_eq!(answers(&input(&json!([]), &json!([server(0)]))), Vec::<Value>::new());
        let mut all_deleted = input(&json!([]), &json!([server(8)]));
        all_deleted["drafts"] = json!([{ "date": DATE, "reduced_over": MADE }]);
        assert_eq!(answers(&all_deleted), Vec::<Value>::new());
        let mut today = input(&rows(), &json!([server(8)]));
        today["today"] = json!(DATE);
        assert_eq!(chosen(&today), (json!("server"), 8, false));
    }

    #[test]
    fn the_servers_patterns_are_passed_on_as_they_are() {
        let day = answers(&input(&json!([]), &json!([server(8)]))).remove(0);
        assert_eq!(day["patterns"], json!({ "dominant_mood": "theirs" }));
    }

    #[test]
    fn a_reading_late_in_the_evening_counts_for_the_local_day() {
        let mut all = rows();
        all[0]["recorded_at"] = json!("2026-03-10T23:30:00Z");
        let dates: Vec<Value> =
            answers(&input(&all, &json!([]))).into_iter().map(|day| day["date"].clone()).collect();
        assert_eq!(dates, [json!("2026-03-11"), json!("2026-03-10")]);
    }

    /// Focus, energy, mood and activity out of a few, at minutes of the day.
    fn any_rows() -> impl Strategy<Value = Vec<Value>> {
        let row = (0..1440u32, 0..=1000u32, 0..=1000u32, 0..3usize, 0..3usize);
        prop::collection::vec(row, 1..40).prop_map(|rows| {
            let words = ["a", "b", "c"];
            let of = |(place, (minute, focus, energy, mood, activity)): (usize, (u32, u32, u32, usize, usize))| {
                json!({ "id": format!("{place:03}"), "recorded_at": format!("2026-03-10T{:02}:{:02}:00Z", minute / 60, minute % 60),
                    "utc_offset_min": 0, "focus_level": f64::from(focus) / 100.0, "energy_level": f64::from(energy) / 100.0,
                    "mood_state": words[mood], "activity_pattern": words[activity] })
            };
            rows.into_iter().enumerate().map(of).collect()
        })
    }

    proptest! {
        #[test]
        fn the_order_of_the_rows_does_not_matter((rows, shuffled) in any_rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))) {
            prop_assert_eq!(of_rows(&json!(rows)), of_rows(&json!(shuffled)));
        }

        #[test]
        fn figures_stay_within_what_they_are_made_of(rows in any_rows()) {
            let day = of_rows(&json!(rows));
            let focus: Vec<f64> = rows.iter().filter_map(|row| row["focus_level"].as_f64()).collect();
            let average = day["avgFocus"].as_f64().expect("a number");
            prop_assert!(focus.iter().any(|one| *one <= average + 0.005) && focus.iter().any(|one| *one >= average - 0.005));
            let counts: u64 = day["patterns"]["activities"].as_object().expect("activities").values().filter_map(|one| one["count"].as_u64()).sum();
            prop_assert_eq!(counts, rows.len() as u64);
            prop_assert!(day["peakHours"].as_array().is_some_and(|hours| (1..=3).contains(&hours.len())));
        }
    }
}
