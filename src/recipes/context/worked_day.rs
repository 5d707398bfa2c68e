//! The day of C-X3, for the tests of all figures.

use serde_json::{Value, json};

/// A JSON number with its digits as they are written.
pub fn hundredths(digits: &str) -> Value {
    serde_json::from_str(digits).expect("a number")
}

/// Local 2026-03-10, an hour ahead of UTC; oldest first.
pub fn rows() -> Value {
    let day = [
        ("07:10", "4.00", "5.00", "calm", "communication"),
        ("07:40", "5.00", "5.50", "calm", "communication"),
        ("08:15", "7.00", "6.00", "calm", "deep_work"),
        ("08:35", "8.00", "6.50", "focused", "deep_work"),
        ("09:05", "8.50", "7.00", "happy", "deep_work"),
        ("09:20", "7.50", "6.50", "happy", "deep_work"),
        ("13:10", "5.50", "3.50", "tired", "meeting"),
        ("14:00", "6.00", "4.00", "calm", "communication"),
    ];
    day.iter()
        .map(|(time, focus, energy, mood, activity)| {
            json!({ "id": format!("id-{time}"), "recorded_at": format!("2026-03-10T{time}:00+00:00"), "utc_offset_min": 60,
                "focus_level": hundredths(focus), "energy_level": hundredths(energy), "mood_state": mood,
                "activity_pattern": activity })
        })
        .collect()
}
