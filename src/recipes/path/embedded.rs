//! Which rows of the log get a vector (RECIPES 5.7): by choice a selection, or all.

use super::entry::{Entry, Type};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Input {
    pub logs: Vec<Entry>,
    /// `settings.embed`.
    pub embed: Choice,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    Selected,
    All,
}

const GOOD_RATING: f64 = 4.0;

/// Ids of the rows that are embedded.
pub fn selected(given: Input) -> Vec<String> {
    let Input { logs, embed } = given;
    let wanted = |entry: &Entry| match embed {
        Choice::All => true,
        Choice::Selected => is_telling(entry),
    };
    logs.into_iter().filter(wanted).map(|entry| entry.id).collect()
}

fn is_telling(entry: &Entry) -> bool {
    match entry.category.as_str() {
        "feedback" => entry
            .metadata
            .get("userRating")
            .and_then(serde_json::Value::as_f64)
            .is_some_and(|rating| rating >= GOOD_RATING),
        "journal" => entry.has("insights"),
        _ => matches!(entry.entry_type(), Some(Type::Insight | Type::Win)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::sovereign;
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn telling_rows_are_selected_and_all_are_all() {
        let of = |id: &str, category: &str, entry_type: &str, metadata: Value| {
            let mut entry = sovereign("09:00", entry_type, metadata);
            (entry.id, entry.category) = (id.into(), category.into());
            entry
        };
        let logs = vec![
            of("rated 4", "feedback", "", json!({"userRating": 4})),
            of("rated 2", "feedback", "", json!({"userRating": 2})),
            of("with insights", "journal", "", json!({"insights": "more sleep"})),
            of("without", "journal", "", json!({"insights": ""})),
            of("win", "sovereign", "Win", json!({})),
            of("insight", "sovereign", "Insight", json!({})),
            of("urge", "sovereign", "Urge/Symptom", json!({})),
            of("chat", "chat", "Insight", json!({})),
        ];
        let given = |embed| Input { logs: logs.clone(), embed };
        assert_eq!(selected(given(Choice::Selected)), ["rated 4", "with insights", "win", "insight"]);
        assert_eq!(selected(given(Choice::All)).len(), 8);
    }
}
