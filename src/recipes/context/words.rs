//! Figures in words: the aura of the newest snapshot, and the text that needs no provider (RECIPES 4.5, 4.7).

use super::figures::{Insights, Trend};
use super::snapshot::{Snapshot, in_order};
use crate::recipes::figure::Hundredths;
use crate::recipes::time::Moment;
use serde::{Deserialize, Serialize};

const AURA_MINUTES: i64 = 120;

#[derive(Deserialize)]
pub struct Newest<'a> {
    #[serde(borrow)]
    rows: Vec<Snapshot<'a>>,
    now: Moment,
}

#[derive(Serialize)]
pub struct Aura {
    state: &'static str,
    /// (focus + energy) / 2; none while the state is unknown.
    score: Option<Hundredths>,
}

/// Of the newest snapshot; after two hours nothing is known.
pub fn aura(newest: &Newest<'_>) -> Aura {
    let rows = in_order(newest.rows.clone(), newest.now);
    let recent = |row: &&Snapshot<'_>| row.recorded_at >= newest.now.minutes_before(AURA_MINUTES);
    let Some(row) = rows.last().filter(recent) else { return Aura { state: "unknown", score: None } };
    let both = Hundredths(row.focus.0 + row.energy.0);
    let state = match both.0 {
        1_500.. => "peak",
        1_000.. => "balanced",
        500.. => "low",
        _ => "depleted",
    };
    Aura { state, score: Some(both.mean(2)) }
}

#[derive(Deserialize)]
pub struct Told<'a> {
    #[serde(borrow)]
    figures: Insights<'a>,
}

/// The parts in a fixed order, each only if there is something to say.
pub fn text(told: &Told<'_>) -> String {
    let Insights { hours, total_samples: samples, .. } = told.figures;
    let window = if hours == 1 { "hour".to_owned() } else { format!("{hours} hours") };
    if samples == 0 {
        return format!("In the last {window}: no samples.");
    }
    let trend = match told.figures.trend {
        Trend::Improving => "improving",
        Trend::Declining => "declining",
        Trend::Stable => "stable",
    };
    let plural = if samples == 1 { "" } else { "s" };
    let mut text = format!(
        "In the last {window}: {samples} sample{plural}. Focus {} on average, {trend}. Energy {} on average.",
        told.figures.avg_focus, told.figures.avg_energy
    );
    if let Some(hour) = told.figures.peak_time {
        text.push_str(&format!(" Best hour {hour:02}:00."));
    }
    if let Some(activity) = &told.figures.top_activity {
        text.push_str(&format!(" Mostly {} ({} of {samples}).", activity.name, activity.count));
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::recipes::context::call;
    use crate::recipes::context::worked_day::{hundredths, rows};
    use serde_json::{Value, json};

    fn aura(now: &str, focus: &str, energy: &str) -> Value {
        let mut row = rows()[7].clone();
        row["focus_level"] = hundredths(focus);
        row["energy_level"] = hundredths(energy);
        let input = json!({ "rows": [row], "now": now });
        serde_json::from_str(&call("aura", &input.to_string()).expect("an aura")).expect("JSON")
    }

    #[test]
    fn c_x3_the_aura_is_the_newest_snapshots() {
        let input = json!({ "rows": rows(), "now": "2026-03-10T14:30:00Z" });
        assert_eq!(call("aura", &input.to_string()).expect("an aura"), r#"{"state":"balanced","score":5.0}"#);
        let states = [
            ("7.50", "7.50", "peak"),
            ("7.49", "7.50", "balanced"),
            ("5", "5", "balanced"),
            ("4.99", "5", "low"),
            ("2.5", "2.5", "low"),
            ("2.49", "2.5", "depleted"),
            ("0", "0", "depleted"),
        ];
        for (focus, energy, state) in states {
            assert_eq!(aura("2026-03-10T16:00:00Z", focus, energy)["state"], state, "{focus} {energy}");
        }
        assert_eq!(aura("2026-03-10T16:00:00.001Z", "9", "9")["state"], "unknown");
        assert_eq!(
            call("aura", r#"{"rows":[],"now":"2026-03-10T14:30:00Z"}"#).expect("an aura"),
            r#"{"state":"unknown","score":null}"#
        );
    }

    fn text(rows: &Value) -> Value {
        let input = json!({ "rows": rows, "from": "2026-03-09T14:30:00Z", "now": "2026-03-10T14:30:00Z", "hours": 24 });
        let figures: Value =
            serde_json::from_str(&call("insights", &input.to_string()).expect("figures")).expect("JSON");
        let text = call("text", &json!({ "figures": figures }).to_string()).expect("a text");
        serde_json::from_str(&text).expect("JSON")
    }

    #[test]
    fn c_x7_the_local_text() {
        assert_eq!(
            text(&rows()),
            "In the last 24 hours: 8 samples. Focus 6.44 on average, improving. Energy 5.50 on average. Best hour 10:00. Mostly \
             deep_work (4 of 8)."
        );
        assert_eq!(text(&json!([])), "In the last 24 hours: no samples.");
    }
}
