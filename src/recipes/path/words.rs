//! Words: search without a server (RECIPES 6.5), and the key of a name (6.3).

use crate::protocol::Fault;
use crate::recipes::invalid;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Search {
    pub text: String,
    pub logs: Vec<Row>,
    pub limit: usize,
}

#[derive(Deserialize)]
pub struct Row {
    pub id: String,
    pub content: String,
    /// As text: rows come in the order of it.
    #[serde(default)]
    pub updated_at: String,
}

#[derive(Deserialize)]
pub struct Name {
    pub name: String,
}

#[derive(Debug, Serialize)]
pub struct Key {
    pub key: String,
}

const KEY_CHARS: usize = 64;

/// Ids of the rows in which each word of the text begins a word: last changed first, then by id.
pub fn search(given: Search) -> Vec<String> {
    let wanted = words(&given.text);
    if wanted.is_empty() {
        return vec![];
    }
    let mut found: Vec<Row> = given.logs;
    found.retain(|row| {
        let held = words(&row.content);
        wanted.iter().all(|wanted| held.iter().any(|word| word.starts_with(wanted.as_str())))
    });
    found.sort_by(|a, b| b.updated_at.cmp(&a.updated_at).then_with(|| a.id.cmp(&b.id)));
    found.into_iter().take(given.limit).map(|row| row.id).collect()
}

/// Runs of letters and digits, in lower case.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_string).collect()
}

/// The key of a name that is in Unicode's form NFKC already.
pub fn key_of(name: &str) -> Result<Key, Fault> {
    let mut key = name.to_string();
    loop {
        let next = normalised(&key);
        if next == key {
            break;
        }
        key = next;
    }
    if key.is_empty() {
        return Err(invalid(format!(
            "{name:?} has no letter or digit to make a key of: give it a name with one"
        )));
    }
    Ok(Key { key })
}

fn normalised(text: &str) -> String {
    let lower = text.trim().trim_start_matches(['#', '@']).to_lowercase();
    let mut key = String::new();
    for c in lower.chars().filter(|c| !matches!(c, '\'' | '’')) {
        let parts = c.is_whitespace() || c.is_control() || matches!(c, '\u{2010}'..='\u{2015}');
        if parts || (c.is_ascii_punctuation() && !matches!(c, '+' | '#' | '.')) {
            if !key.ends_with('-') {
                key.push('-');
            }
        } else {
            key.push(c);
        }
    }
    let cut: String = key.trim_matches('-').chars().take(KEY_CHARS).collect();
    cut.trim_matches('-').to_string()
}

#[cfg(test)]
mod tests {
    //! E-X2, of whose rule katas are named.
    use super::*;

    #[test]
    fn a_row_is_found_by_the_beginnings_of_its_words_last_changed_first() {
        let row = |id: &str, content: &str, updated_at: &str| Row {
            id: id.into(),
            content: content.into(),
            updated_at: updated_at.into(),
        };
        let logs = || {
            vec![
                row("a", "Deep work, in the morning", "2026-03-01"),
                row("b", "morning: DEEPLY tired", "2026-03-02"),
                row("d", "deep morning", "2026-03-01"),
                row("c", "a mourning deer", "2026-03-03"),
            ]
        };
        let found = |text: &str, limit| search(Search { text: text.into(), logs: logs(), limit });
        assert_eq!(found("deep MORN", 5), ["b", "a", "d"]);
        assert_eq!(found("deep morn", 1), ["b"]);
        assert_eq!(found("work deep", 5), ["a"]);
        assert!(found(" … ", 5).is_empty() && found("orning", 5).is_empty());
    }

    #[test]
    fn names_that_mean_the_same_have_one_key() {
        let cases = [
            ("  #Deep Work  ", "deep-work"),
            ("deep_work", "deep-work"),
            ("DEEP–WORK", "deep-work"),
            ("@Ana María", "ana-maría"),
            ("a / b", "a-b"),
            ("C++", "c++"),
            ("C#", "c#"),
            ("Node.js", "node.js"),
            ("New   York, NY", "new-york-ny"),
            ("O’Brien", "obrien"),
            ("-#a", "a"),
        ];
        for (name, key) in cases {
            assert_eq!(key_of(name).expect(name).key, key, "{name}");
        }
        assert!(key_of("###").expect_err("nothing is left").message.contains("\"###\" has no letter"));
        assert_eq!(key_of(&"a ".repeat(50)).expect("a key").key.len(), 63);
    }
}
