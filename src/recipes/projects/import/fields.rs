//! One row of the source, column by column: what does not fit is mended, and a problem line says so with the original value.

use super::Problem;
use crate::recipes::figure::Hundredths;
use crate::recipes::time::{Day, Moment};
use serde_json::{Map, Value, json};

/// Numbers below are seconds since 1970, all others milliseconds.
const SECONDS_BELOW: i64 = 100_000_000_000;

/// A row on its way from the source to a table.
pub struct Fields<'s> {
    pub table: &'static str,
    pub foreign_id: String,
    pub item: &'s Map<String, Value>,
    pub row: Map<String, Value>,
    pub problems: Vec<Problem>,
}

impl Fields<'_> {
    /// The source's value; null and nothing are the same.
    fn given(&self, name: &str) -> Option<&Value> {
        self.item.get(name).filter(|value| !value.is_null())
    }

    pub fn problem(&mut self, name: &'static str, message: impl Into<String>) {
        let value = self.item.get(name).cloned().unwrap_or(Value::Null);
        let (table, id, message) = (self.table, Some(self.foreign_id.clone()), message.into());
        self.problems.push(Problem { table, id, column: name, value, message });
    }

    pub fn set(&mut self, column: &str, value: Value) {
        self.row.insert(column.into(), value);
    }

    /// A text of at most so many characters, or `default`; one that is `needed` has a problem if it is not there.
    pub fn text(
        &mut self,
        name: &'static str,
        column: &str,
        max: usize,
        (default, needed): (Option<&str>, bool),
    ) {
        let text = match self.given(name) {
            Some(Value::String(text)) if !text.trim().is_empty() || !needed => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            given => {
                if needed || given.is_some() {
                    self.problem(name, format!("no text: {:?} instead", default.unwrap_or_default()));
                }
                return self.set(column, json!(default));
            }
        };
        if text.chars().count() > max {
            self.problem(name, format!("longer than {max} characters: cut"));
        }
        self.set(column, json!(text.chars().take(max).collect::<String>()));
    }

    /// One of the known words, else the default.
    pub fn word(&mut self, name: &'static str, known: &[&str], default: &str) {
        let found =
            self.given(name).and_then(Value::as_str).and_then(|word| known.iter().find(|one| **one == word));
        let word = found.map_or(default, |word| word).to_string();
        if found.is_none() && self.given(name).is_some() {
            self.problem(name, format!("unknown: {word} instead"));
        }
        self.set(name, json!(word));
    }

    /// A number from 0 to `max`, or `default`.
    pub fn number(&mut self, name: &'static str, column: &str, max: Hundredths, default: Hundredths) {
        let Some(value) = self.given(name) else { return self.set(column, json!(default)) };
        let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_string());
        let number = Hundredths::parse(&text).unwrap_or_else(|| {
            self.problem(name, format!("no number: {} instead", default.0 / 100));
            default
        });
        let fitting = number.clamp(Hundredths(0), max);
        if fitting != number {
            self.problem(name, format!("outside of 0 to {}: clamped", max.0 / 100));
        }
        self.set(column, json!(fitting));
    }

    /// A whole percentage.
    pub fn percent(&mut self, name: &'static str, column: &str) {
        self.number(name, column, Hundredths(10_000), Hundredths(0));
        if let Some(value) = self.row.get(column).and_then(|value| Hundredths::parse(&value.to_string())) {
            self.set(column, json!(value.mean(100).0));
        }
    }

    /// A moment, in any of the source's forms; `None`: there is none, or none that can be read.
    pub fn moment(&self, name: &str) -> Option<Moment> {
        moment(self.given(name)?)
    }

    pub fn moment_or_now(&mut self, name: &'static str, column: &str, now: Moment) -> Moment {
        let found = self.moment(name);
        if found.is_none() {
            self.problem(name, "no time: that of the import instead");
        }
        let moment = found.unwrap_or(now);
        self.set(column, json!(moment));
        moment
    }

    /// The Monday of a day in any of the source's forms.
    pub fn monday(&mut self, name: &'static str, column: &str, offset_min: i32) -> Option<Day> {
        self.set(column, Value::Null);
        let value = self.given(name)?;
        let day = value.as_str().and_then(Day::parse).or_else(|| Some(moment(value)?.day_at(offset_min)));
        let Some(day) = day else {
            self.problem(name, "no date: left out");
            return None;
        };
        if day != day.monday() {
            self.problem(name, format!("no Monday: moved to {}", day.monday()));
        }
        self.set(column, json!(day.monday()));
        Some(day.monday())
    }
}

fn moment(value: &Value) -> Option<Moment> {
    match value {
        Value::String(text) => {
            Moment::parse(text).or_else(|| moment(&json!(text.trim().parse::<i64>().ok()?)))
        }
        Value::Number(number) => {
            let whole = number.as_i64().or_else(|| Some(Hundredths::parse(&number.to_string())?.0 / 100))?;
            let millis = if whole < SECONDS_BELOW { whole.checked_mul(1000)? } else { whole };
            // Beyond the year 9999 nothing was planned.
            (0..=253_402_300_799_999).contains(&millis).then(|| Moment::of_millis(millis))
        }
        _ => None,
    }
}
