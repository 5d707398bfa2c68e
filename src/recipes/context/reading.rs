//! One reading, as it is given: checked, brought to one form, and given the hash that makes the same state in the same five minutes one
//! row on all devices of a user (RECIPES 4.3).

use crate::protocol::Fault;
use crate::query::derived_id;
use crate::recipes::figure::Hundredths;
use crate::recipes::invalid;
use crate::recipes::time::Moment;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

const SCALE_MAX: Hundredths = Hundredths(1_000);
const WORD_CHARS_MAX: usize = 40;
const OFFSET_MAX_MIN: i32 = 840;
const BUCKET_MS: i64 = 300_000;

#[derive(Deserialize)]
pub struct Reading {
    focus: Hundredths,
    energy: Hundredths,
    mood: String,
    activity: String,
    #[serde(default)]
    source: Source,
}

#[derive(Clone, Copy, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    #[default]
    Manual,
    Sensor,
}

#[derive(Deserialize)]
pub struct Given {
    reading: Reading,
    user: String,
    recorded_at: Moment,
    utc_offset_min: i32,
}

/// A row of `context_snapshots`, as it is inserted.
#[derive(Serialize)]
pub struct NewSnapshot {
    id: String,
    user_id: String,
    recorded_at: Moment,
    utc_offset_min: i32,
    focus_level: Hundredths,
    energy_level: Hundredths,
    mood_state: String,
    activity_pattern: String,
    context_hash: String,
    source: Source,
}

/// The row of a reading; refused with what the server's check of the same name would say (23514).
pub fn row(given: Given) -> Result<NewSnapshot, Fault> {
    let Given { reading, user, recorded_at, utc_offset_min } = given;
    let user_id = user.to_lowercase();
    let mood_state = word("mood", &reading.mood)?;
    let activity_pattern = word("activity", &reading.activity)?;
    on_the_scale("focus", reading.focus)?;
    on_the_scale("energy", reading.energy)?;
    if utc_offset_min.abs() > OFFSET_MAX_MIN {
        return Err(refused(format!("utc_offset_min is {utc_offset_min}; give minutes from -840 to 840")));
    }
    let bucket = recorded_at.millis().div_euclid(BUCKET_MS).to_string();
    let (focus, energy) = (reading.focus.to_string(), reading.energy.to_string());
    let parts = [&user_id, &focus, &energy, &mood_state, &activity_pattern, &bucket];
    let context_hash = key_of("context_hash/1", &parts).simple().to_string();
    let id = key_of("context_snapshots", &[&user_id, &context_hash]).to_string();
    Ok(NewSnapshot {
        id,
        user_id,
        recorded_at,
        utc_offset_min,
        focus_level: reading.focus,
        energy_level: reading.energy,
        mood_state,
        activity_pattern,
        context_hash,
        source: reading.source,
    })
}

fn key_of(name: &str, values: &[&String]) -> uuid::Uuid {
    derived_id(name, values.iter().map(|value| Cow::Borrowed(value.as_str())))
}

fn word(name: &str, given: &str) -> Result<String, Fault> {
    let word = given.trim().to_lowercase();
    match word.chars().count() {
        1..=WORD_CHARS_MAX => Ok(word),
        count => Err(refused(format!("{name} has {count} characters; give 1 to {WORD_CHARS_MAX}"))),
    }
}

fn on_the_scale(name: &str, level: Hundredths) -> Result<(), Fault> {
    if (Hundredths(0)..=SCALE_MAX).contains(&level) {
        return Ok(());
    }
    Err(refused(format!("{name} is {level}; give a number from 0 to 10")))
}

fn refused(message: String) -> Fault {
    invalid(format!("{message} (23514)"))
}

#[cfg(test)]
mod tests {
    use crate::recipes::context::call;
    use serde_json::{Value, json};

    const U1: &str = "00000000-0000-4000-8000-000000000001";

    fn row(at: &str, reading: &Value) -> Result<Value, String> {
        let input = json!({ "reading": reading, "user": U1, "recorded_at": at, "utc_offset_min": 60 });
        let row = call("row", &input.to_string()).map_err(|fault| fault.message)?;
        Ok(serde_json::from_str(&row).expect("a row"))
    }

    fn calm() -> Value {
        json!({ "focus": 4, "energy": 5.00, "mood": "calm", "activity": "communication" })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut reading = calm();
        reading[name] = value;
        reading
    }

    #[test]
    fn c_x1_the_same_state_in_the_same_five_minutes_is_one_row() {
        let first = row("2026-03-10T07:10:00Z", &calm()).expect("a row");
        assert_eq!(first["context_hash"], "9ddee883758b5c5dad75b8dc496c2d8a");
        assert_eq!(first["id"], "dcd232f9-5fa5-5120-b48f-bf63cae4c994");
        let same = |at: &str, reading: &Value| row(at, reading).expect("a row")["id"] == first["id"];
        assert!(same("2026-03-10T07:14:59Z", &calm()));
        assert!(!same("2026-03-10T07:15:00Z", &calm()));
        assert!(same("2026-03-10T07:10:00Z", &with("focus", json!(4.004))));
        assert!(!same("2026-03-10T07:10:00Z", &with("energy", json!(5.01))));
        assert!(same("2026-03-10T07:10:00Z", &with("mood", json!(" Calm "))));
    }

    #[test]
    fn a_timestamp_of_0_is_a_timestamp_and_one_before_it_has_a_bucket_of_its_own() {
        let zero = row("1970-01-01T00:00:00Z", &calm()).expect("a row");
        assert_eq!(zero["recorded_at"], "1970-01-01T00:00:00+00:00");
        assert_ne!(row("1969-12-31T23:59:59Z", &calm()).expect("a row")["id"], zero["id"]);
    }

    #[test]
    fn what_the_server_would_refuse_is_refused_here_by_name() {
        let refused =
            |name: &str, value: Value| row("2026-03-10T07:10:00Z", &with(name, value)).expect_err("refused");
        assert!(
            refused("focus", json!(10.01)).starts_with("focus is 10.01; give a number from 0 to 10 (23514)")
        );
        assert!(refused("energy", json!(-0.01)).contains("energy is -0.01"));
        assert!(refused("mood", json!("  ")).contains("mood has 0 characters"));
        assert!(refused("activity", json!("x".repeat(41))).contains("activity has 41 characters"));
        assert!(refused("source", json!("guess")).contains("manual"));
        assert!(refused("focus", json!("high")).contains("no number"));
        assert!(row("2026-03-10T07:10:00Z", &with("focus", json!(10.004))).is_ok(), "rounded first");
    }
}
