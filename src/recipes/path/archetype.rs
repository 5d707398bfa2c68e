//! The archetype: which of four kinds of entry a person's newest fifty are made of (RECIPES 5.5).

use super::entry::{Entry, Type, in_time_order};
use crate::recipes::figure::percent;
use crate::recipes::time::Moment;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Input {
    pub logs: Vec<Entry>,
    pub now: Moment,
    /// When the last analysis was made.
    #[serde(default)]
    pub last: Option<Moment>,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    /// Whether enough entries came since the last analysis for a new one.
    pub due: bool,
    pub analysis: Analysis,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    pub dominant: Option<&'static str>,
    pub scores: Scores,
    pub shadow: bool,
    pub sample_size: usize,
    pub analysed_at: Moment,
}

/// Whole percent of all points.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Scores {
    pub sovereign: i64,
    pub warrior: i64,
    pub magician: i64,
    pub lover: i64,
}

/// In the order that settles ties.
const NAMES: [&str; 4] = ["Sovereign", "Warrior", "Magician", "Lover"];
const SAMPLE: usize = 50;
const DUE_AFTER: usize = 10;
const SHADOW_PERCENT: usize = 40;

pub fn analyse(given: Input) -> Answer {
    let Input { mut logs, now, last } = given;
    logs.retain(|entry| entry.entry_type().is_some());
    in_time_order(&mut logs);
    let new = logs.iter().filter(|entry| last.is_none_or(|last| entry.created_at > last)).count();
    let sample = &logs[logs.len().saturating_sub(SAMPLE)..];
    let points = points(sample);
    let all: i64 = points.iter().sum();
    let most = points.iter().max().filter(|most| **most > 0);
    let leaks = sample.iter().filter(|entry| entry.entry_type() == Some(Type::Leak)).count();
    let [sovereign, warrior, magician, lover] = points.map(|of_one| percent(of_one, all));
    Answer {
        due: new >= DUE_AFTER,
        analysis: Analysis {
            dominant: most
                .and_then(|most| points.iter().position(|of_one| of_one == most))
                .map(|at| NAMES[at]),
            scores: Scores { sovereign, warrior, magician, lover },
            shadow: leaks > 0 && leaks * 100 >= SHADOW_PERCENT * sample.len(),
            sample_size: sample.len(),
            analysed_at: now,
        },
    }
}

fn points(sample: &[Entry]) -> [i64; 4] {
    let mut points = [0; 4];
    for entry in sample {
        match entry.entry_type() {
            Some(Type::Win) => points[0] += 2,
            Some(Type::Kata) => points[1] += 2,
            Some(Type::Insight) => points[2] += 2,
            Some(Type::Urge) => {
                points[1] += i64::from(entry.has("actionTaken"));
                points[3] += i64::from(entry.has("urgeState"));
            }
            Some(Type::Leak) | None => {}
        }
    }
    points
}

#[cfg(test)]
mod tests {
    //! P-X4.
    use super::super::entry::tests::sovereign;
    use super::*;
    use serde_json::{Value, json};

    fn many(count: usize, entry_type: &str, metadata: &Value) -> Vec<Entry> {
        (0..count).map(|minute| sovereign(&format!("09:{minute:02}"), entry_type, metadata.clone())).collect()
    }

    fn px4() -> Vec<Entry> {
        let (state, both) =
            (json!({"urgeState": "tense"}), json!({"urgeState": "tense", "actionTaken": "walk"}));
        [
            many(4, "Win", &json!({})),
            many(5, "Kata Performed", &json!({})),
            many(3, "Urge/Symptom", &both),
            many(1, "Urge/Symptom", &state),
            many(2, "Urge/Symptom", &json!({})),
            many(2, "Insight", &json!({})),
            many(3, "Leak/Drain", &json!({})),
        ]
        .concat()
    }

    fn of(logs: Vec<Entry>, last: Option<&str>) -> Answer {
        let moment = |text| Moment::parse(text).expect("a moment");
        analyse(Input { logs, now: moment("2026-03-10T12:00:00Z"), last: last.map(moment) })
    }

    #[test]
    fn the_archetype_is_what_has_most_points() {
        let Analysis { dominant, scores, shadow, sample_size, .. } = of(px4(), None).analysis;
        assert_eq!(scores, Scores { sovereign: 28, warrior: 45, magician: 14, lover: 14 });
        assert_eq!((dominant, shadow, sample_size), (Some("Warrior"), false, 20));
    }

    #[test]
    fn leaks_from_forty_percent_on_are_the_shadow_and_no_points_no_archetype() {
        let leaks = of(many(4, "Leak/Drain", &json!({})), None).analysis;
        assert_eq!((leaks.dominant, leaks.shadow), (None, true));
        let exact = [many(2, "Leak/Drain", &json!({})), many(3, "Win", &json!({}))].concat();
        assert!(of(exact, None).analysis.shadow);
        let tie = [many(1, "Insight", &json!({})), many(1, "Kata Performed", &json!({}))].concat();
        assert_eq!(of(tie, None).analysis.dominant, Some("Warrior"));
        assert!(!of(vec![], None).analysis.shadow);
    }

    #[test]
    fn an_analysis_is_due_after_ten_new_entries_and_looks_at_the_newest_fifty() {
        let logs = many(10, "Win", &json!({}));
        assert!(of(logs.clone(), None).due);
        assert!(!of(logs[..9].to_vec(), None).due);
        assert!(!of(logs, Some("2026-03-10T09:00:00Z")).due);
        let old = [many(30, "Leak/Drain", &json!({})), many(59, "Win", &json!({}))].concat();
        assert_eq!(of(old, None).analysis.sample_size, 50);
    }
}
