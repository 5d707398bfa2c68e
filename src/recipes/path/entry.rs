//! A row of the universal log as the folds read it: when, where on the clock, and what its metadata say (RECIPES 5.3).
//!
//! Reads leniently: a row that another app wrote may lack anything. What may be written is [`super::validate`]'s to say.

use crate::recipes::time::Moment;
use serde::Deserialize;
use serde_json::Value;

#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub category: String,
    #[serde(default)]
    pub metadata: Value,
    pub created_at: Moment,
    #[serde(default)]
    pub utc_offset_min: i32,
}

/// What a sovereign entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    Urge,
    Kata,
    Win,
    Leak,
    Insight,
}

/// In the order of RECIPES 5.3, which settles ties.
pub const TYPES: [(&str, Type); 5] = [
    ("Urge/Symptom", Type::Urge),
    ("Kata Performed", Type::Kata),
    ("Win", Type::Win),
    ("Leak/Drain", Type::Leak),
    ("Insight", Type::Insight),
];

impl Entry {
    /// Of a sovereign entry; none of another category's.
    pub fn entry_type(&self) -> Option<Type> {
        let name = (self.category == "sovereign").then(|| self.text("entryType"))?;
        TYPES.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
    }

    /// A text of the metadata; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.metadata.get(name).and_then(Value::as_str).unwrap_or("")
    }

    pub fn has(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    pub fn katas(&self) -> impl Iterator<Item = &str> {
        self.metadata
            .get("kataPerformed")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    /// Whether an urge was met by itself.
    pub fn acted(&self) -> bool {
        self.has("actionTaken") || self.katas().next().is_some()
    }
}

/// Puts entries into the order of time; equal times by id.
pub fn in_time_order(entries: &mut [Entry]) {
    entries.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use serde_json::json;

    /// An entry of `2026-03-10` at a time of day; its id is that time.
    pub fn sovereign(time: &str, entry_type: &str, metadata: Value) -> Entry {
        on("2026-03-10", time, entry_type, metadata)
    }

    pub fn on(date: &str, time: &str, entry_type: &str, mut metadata: Value) -> Entry {
        metadata["entryType"] = json!(entry_type);
        Entry {
            id: time.into(),
            category: "sovereign".into(),
            metadata,
            created_at: Moment::parse(&format!("{date}T{time}:00Z")).expect("a time"),
            utc_offset_min: 0,
        }
    }

    #[test]
    fn a_row_that_lacks_metadata_is_read_and_is_of_no_type() {
        let text =
            r#"{"created_at":"2026-03-10T09:00:00+00:00","category":"sovereign","metadata":null,"more":[1]}"#;
        let entry: Entry = serde_json::from_str(text).expect("a row");
        assert_eq!((entry.entry_type(), entry.acted()), (None, false));
    }

    #[test]
    fn only_a_sovereign_entry_has_a_type() {
        let mut entry = sovereign("09:00", "Win", json!({}));
        assert_eq!(entry.entry_type(), Some(Type::Win));
        entry.category = "chat".into();
        assert_eq!(entry.entry_type(), None);
    }
}
