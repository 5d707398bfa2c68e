//! What may be written (RECIPES 5.3): the named checks of the tables, on the device, so that a bad row is refused where it is typed
//! and not by the server later. What columns and foreign keys ask is the query engine's.

use crate::recipes::time::Day;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
pub struct Input {
    pub table: String,
    pub row: Value,
    /// The device's own date.
    pub today: Day,
}

#[derive(Debug, Serialize)]
pub struct Verdict {
    pub refused: Option<Refusal>,
}

/// As the server would say it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub code: &'static str,
    pub constraint: String,
    pub message: String,
}

enum Shape {
    Text,
    List,
    Flag,
    Number(f64, f64),
    OneOf(&'static [&'static str]),
}

/// A key of the metadata, and whether it may be missing.
type Rule = (&'static str, bool, Shape);

const NEEDED: bool = true;
const OPTIONAL: bool = false;
const ENERGY: Rule = ("energyLevel", OPTIONAL, Shape::Number(0.0, 10.0));
const CHAT: &[Rule] = &[
    ("sessionId", NEEDED, Shape::Text),
    ("messageId", NEEDED, Shape::Text),
    ("role", OPTIONAL, Shape::OneOf(&["user", "assistant"])),
];
const JOURNAL: &[Rule] = &[
    ("journalId", NEEDED, Shape::Text),
    ("routineType", NEEDED, Shape::OneOf(&["morning", "evening"])),
    ("mood", OPTIONAL, Shape::Text),
    ("physicalSensations", OPTIONAL, Shape::List),
    ("insights", OPTIONAL, Shape::Text),
    ENERGY,
];
const SOVEREIGN: &[Rule] = &[
    ("entryId", NEEDED, Shape::Text),
    ("entryType", NEEDED, Shape::OneOf(&["Urge/Symptom", "Kata Performed", "Win", "Leak/Drain", "Insight"])),
    ("urgeState", OPTIONAL, Shape::Text),
    ("actionTaken", OPTIONAL, Shape::Text),
    ("kataPerformed", OPTIONAL, Shape::List),
    ("analysisId", OPTIONAL, Shape::Text),
    ENERGY,
];
const FEEDBACK: &[Rule] = &[
    ("feedbackId", NEEDED, Shape::Text),
    ("attunementId", NEEDED, Shape::Text),
    ("userRating", NEEDED, Shape::Number(1.0, 5.0)),
    ("hasCustomAnswer", NEEDED, Shape::Flag),
    ("vectorized", OPTIONAL, Shape::Flag),
];
const CONTENT_CHARS: usize = 100_000;

pub fn check(given: &Input) -> Verdict {
    let Input { table, row, today } = given;
    let broken = match table.as_str() {
        "sovereign_logs" => log(row),
        "routine_completions" => completion(row, *today),
        "oejts_answers" => {
            numbers(row, &[("question_id", 1.0, 60.0, "is_question"), ("value", 1.0, 5.0, "is_one_to_five")])
        }
        "achievements" => numbers(row, &[("progress", 0.0, f64::INFINITY, "is_count")]),
        "health_metrics_history" => numbers(
            row,
            &[
                ("steps", 0.0, f64::INFINITY, "is_count"),
                ("sleep_hours", 0.0, 24.0, "fit_a_day"),
                ("walking_asymmetry", 0.0, 100.0, "is_percent"),
            ],
        ),
        _ => None,
    };
    let refused = broken.map(|(check, message)| Refusal {
        code: "23514",
        constraint: format!("{table}_{check}"),
        message,
    });
    Verdict { refused }
}

/// Name of the check, and what is wrong.
type Broken = Option<(String, String)>;

fn log(row: &Value) -> Broken {
    let category = row["category"].as_str().unwrap_or("");
    let rules = match category {
        "chat" => CHAT,
        "journal" => JOURNAL,
        "sovereign" => SOVEREIGN,
        "feedback" => FEEDBACK,
        _ => {
            return Some((
                "category_is_known".into(),
                format!("{category:?} is no category: chat, journal, sovereign or feedback"),
            ));
        }
    };
    if row["content"].as_str().is_some_and(|content| content.chars().count() > CONTENT_CHARS) {
        return Some((
            "content_is_bounded".into(),
            format!("content has more than {CONTENT_CHARS} characters"),
        ));
    }
    let broken = rules.iter().find(|(key, needed, shape)| !fits(&row["metadata"][*key], *needed, shape))?;
    let (key, needed, shape) = broken;
    let check =
        if *key == ENERGY.0 { "energy_level_is_zero_to_ten".into() } else { format!("{category}_is_whole") };
    let may = if *needed { "" } else { ", or be left out" };
    Some((check, format!("metadata.{key} of category {category} must be {}{may}", said(shape))))
}

fn fits(value: &Value, needed: bool, shape: &Shape) -> bool {
    if value.is_null() {
        return !needed;
    }
    match shape {
        Shape::Text => value.is_string(),
        Shape::List => value.is_array(),
        Shape::Flag => value.is_boolean(),
        Shape::Number(least, most) => value.as_f64().is_some_and(|number| (*least..=*most).contains(&number)),
        Shape::OneOf(names) => value.as_str().is_some_and(|name| names.contains(&name)),
    }
}

fn said(shape: &Shape) -> String {
    match shape {
        Shape::Text => "a text".into(),
        Shape::List => "a list".into(),
        Shape::Flag => "true or false".into(),
        Shape::Number(least, most) => format!("a number from {least} to {most}"),
        Shape::OneOf(names) => format!("one of {}", names.join(", ")),
    }
}

fn completion(row: &Value, today: Day) -> Broken {
    if !matches!(row["routine"].as_str(), Some("morning" | "evening")) {
        return Some(("routine_is_known".into(), "routine must be morning or evening".into()));
    }
    let date = row["date"].as_str().and_then(Day::parse);
    let ahead = date.is_none_or(|date| date > today);
    ahead.then(|| {
        ("date_is_not_ahead".into(), format!("{} is no day that has begun: today is {today}", row["date"]))
    })
}

fn numbers(row: &Value, bounds: &[(&str, f64, f64, &str)]) -> Broken {
    let (name, least, most, check) = bounds
        .iter()
        .find(|(name, least, most, _)| !fits(&row[*name], OPTIONAL, &Shape::Number(*least, *most)))?;
    let upper = if most.is_finite() { format!(" to {most}") } else { " up".into() };
    Some((
        format!("{name}_{check}"),
        format!("{name} must be a number from {least}{upper}, not {}", row[*name]),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(table: &str, row: Value) -> Option<String> {
        let today = Day::parse("2026-03-10").expect("a day");
        check(&Input { table: table.into(), row, today }).refused.map(|refusal| refusal.constraint)
    }

    fn log(category: &str, metadata: Value) -> Option<String> {
        refused("sovereign_logs", json!({"category": category, "content": "x", "metadata": metadata}))
    }

    fn with(mut metadata: Value, key: &str, value: Value) -> Value {
        metadata[key] = value;
        metadata
    }

    fn whole(category: &str) -> Value {
        match category {
            "chat" => json!({"sessionId": "s", "messageId": "m", "more": [1]}),
            "journal" => json!({"journalId": "j", "routineType": "morning", "mood": null}),
            "sovereign" => json!({"entryId": "e", "entryType": "Win", "kataPerformed": ["walk"]}),
            _ => json!({"feedbackId": "f", "attunementId": "a", "userRating": 5, "hasCustomAnswer": false}),
        }
    }

    #[test]
    fn each_category_asks_for_its_keys_and_keeps_what_it_does_not_know() {
        for category in ["chat", "journal", "sovereign", "feedback"] {
            assert_eq!(log(category, whole(category)), None, "{category}");
            assert_eq!(log(category, json!({})), Some(format!("sovereign_logs_{category}_is_whole")));
        }
        assert_eq!(log("diary", json!({})).as_deref(), Some("sovereign_logs_category_is_known"));
    }

    #[test]
    fn a_value_of_another_shape_is_refused_by_the_name_of_its_check() {
        let cases = [
            ("chat", "role", json!("system"), "chat_is_whole"),
            ("journal", "routineType", json!("noon"), "journal_is_whole"),
            ("journal", "physicalSensations", json!("tense"), "journal_is_whole"),
            ("sovereign", "entryType", json!("Loss"), "sovereign_is_whole"),
            ("sovereign", "energyLevel", json!(11), "energy_level_is_zero_to_ten"),
            ("journal", "energyLevel", json!("5"), "energy_level_is_zero_to_ten"),
            ("feedback", "userRating", json!(0), "feedback_is_whole"),
            ("feedback", "hasCustomAnswer", json!("yes"), "feedback_is_whole"),
        ];
        for (category, key, value, check) in cases {
            assert_eq!(
                log(category, with(whole(category), key, value)),
                Some(format!("sovereign_logs_{check}")),
                "{category} {key}"
            );
        }
        assert_eq!(log("sovereign", with(whole("sovereign"), "energyLevel", json!(10))), None);
    }

    #[test]
    fn a_routine_of_tomorrow_is_refused() {
        let on = |date, routine| refused("routine_completions", json!({"date": date, "routine": routine}));
        assert_eq!((on("2026-03-10", "morning"), on("1999-01-01", "evening")), (None, None));
        assert_eq!(on("2026-03-11", "morning").as_deref(), Some("routine_completions_date_is_not_ahead"));
        assert_eq!(on("2026-03-10", "noon").as_deref(), Some("routine_completions_routine_is_known"));
    }

    #[test]
    fn figures_are_within_their_bounds() {
        let health = |row| refused("health_metrics_history", row);
        assert_eq!(health(json!({"steps": 0, "sleep_hours": 24, "walking_asymmetry": 0.5})), None);
        assert_eq!(
            health(json!({"sleep_hours": 24.01})).as_deref(),
            Some("health_metrics_history_sleep_hours_fit_a_day")
        );
        assert_eq!(health(json!({"steps": -1})).as_deref(), Some("health_metrics_history_steps_is_count"));
        let answer = |question_id, value| {
            refused("oejts_answers", json!({"question_id": question_id, "value": value}))
        };
        assert_eq!((answer(60, 5), answer(61, 5).is_some(), answer(1, 0).is_some()), (None, true, true));
    }
}
