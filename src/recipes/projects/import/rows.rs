//! The mapping of the source's projects, weeks and todos to rows of our tables.

use super::fields::Fields;
use super::{Problem, Row, Source};
use crate::query;
use crate::recipes::figure::Hundredths;
use crate::recipes::time::Moment;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

const TITLE_MAX: usize = 500;
const BODY_MAX: usize = 100_000;
const TODO_HOURS_MAX: Hundredths = Hundredths(999_999);
const WEEK_HOURS_MAX: Hundredths = Hundredths(9_999_999);
const PRIORITIES: &[&str] = &["low", "medium", "high"];
const PROJECT_STATES: &[&str] = &["active", "paused", "completed", "archived"];
const TODO_STATES: &[&str] = &["dumped", "matched", "refined", "confirmed", "committed", "done", "dropped"];
const UNTITLED: (Option<&str>, bool) = (Some("Untitled"), true);
const EMPTY: (Option<&str>, bool) = (Some(""), false);
const ZERO: Hundredths = Hundredths(0);
/// Of a todo nobody has estimated.
const ONE_HOUR: Hundredths = Hundredths(100);

pub struct Reader<'s> {
    source: &'s Source,
    pub problems: Vec<Problem>,
    pub owners: BTreeSet<String>,
    /// Ids of the source's projects, by their ids there.
    projects: BTreeMap<String, String>,
}

impl<'s> Reader<'s> {
    pub fn new(source: &'s Source) -> Self {
        Self { source, problems: Vec::new(), owners: BTreeSet::new(), projects: BTreeMap::new() }
    }

    /// Maps the rows of one table; of two that would get the same id the first stays.
    pub fn table(
        &mut self,
        table: &'static str,
        items: &[Value],
        map: impl Fn(&mut Self, &mut Fields<'_>) -> Option<String>,
    ) -> Vec<Row> {
        let mut ids = BTreeSet::new();
        let mut rows = Vec::new();
        for value in items {
            let empty = Map::new();
            let item = value.as_object().unwrap_or(&empty);
            let (foreign_id, has_id) = foreign_id(item, value);
            let mut fields = Fields { table, foreign_id, item, row: Map::new(), problems: Vec::new() };
            if !value.is_object() {
                fields.problems.push(left_out(&fields, value, "no object: left out"));
            } else if let Some(id) = map(self, &mut fields) {
                if !has_id && table != "weekly_goals" {
                    fields.problem("id", "no id: one of its content instead");
                }
                if ids.insert(id.clone()) {
                    fields.set("id", json!(id));
                    rows.push(std::mem::take(&mut fields.row));
                    self.owners.extend(item.get("userId").and_then(Value::as_str).map(String::from));
                } else {
                    fields.problems.push(left_out(&fields, value, "the same once more: left out"));
                }
            }
            self.problems.append(&mut fields.problems);
        }
        rows
    }

    pub fn project(&mut self, fields: &mut Fields<'_>) -> Option<String> {
        fields.text("intentionId", "intention_id", TITLE_MAX, (None, false));
        fields.text("title", "title", TITLE_MAX, UNTITLED);
        fields.text("description", "description", BODY_MAX, EMPTY);
        fields.text("why", "why", BODY_MAX, EMPTY);
        fields.word("status", PROJECT_STATES, "active");
        fields.word("priority", PRIORITIES, "medium");
        fields.percent("progress", "progress");
        let changed = self.times(fields);
        completed(fields, "completed", changed);
        let id = self.id(fields);
        self.projects.insert(fields.foreign_id.clone(), id.clone());
        Some(id)
    }

    pub fn week(&mut self, fields: &mut Fields<'_>) -> Option<String> {
        let Some(monday) = fields.monday("weekStartDate", "week_start_date", self.source.utc_offset_min)
        else {
            if fields.problems.is_empty() {
                fields.problem("weekStartDate", "no date: left out");
            }
            return None;
        };
        fields.number("totalEstimatedHours", "total_estimated_hours", WEEK_HOURS_MAX, ZERO);
        fields.percent("completionRate", "completion_rate");
        self.times(fields);
        Some(id_of(fields.table, &[&self.source.user, &monday.to_string()]))
    }

    pub fn todo(&mut self, fields: &mut Fields<'_>) -> Option<String> {
        fields.text("title", "title", TITLE_MAX, UNTITLED);
        fields.text("description", "description", BODY_MAX, EMPTY);
        fields.word("status", TODO_STATES, "dumped");
        fields.word("priority", PRIORITIES, "medium");
        fields.number("estimatedHours", "estimated_hours", TODO_HOURS_MAX, ONE_HOUR);
        fields.number("actualHours", "actual_hours", TODO_HOURS_MAX, ZERO);
        fields.monday("weekStartDate", "week_start_date", self.source.utc_offset_min);
        let project = self.parent(fields);
        fields.set("project_id", json!(project));
        let changed = self.times(fields);
        completed(fields, "done", changed);
        Some(self.id(fields))
    }

    /// The todo's project: of this source, or imported before.
    fn parent(&self, fields: &mut Fields<'_>) -> Option<String> {
        let foreign = text_of(fields.item.get("projectId")?)?;
        let id = id_of("projects", &[&self.source.user, &foreign]);
        let known = self.projects.get(&foreign).cloned();
        let found = known.or_else(|| self.source.existing.projects.contains(&id).then_some(id));
        if found.is_none() {
            fields.problem("projectId", "unknown project: none instead");
        }
        found
    }

    fn times(&self, fields: &mut Fields<'_>) -> Moment {
        let made = fields.moment_or_now("createdAt", "created_at", self.source.now);
        let changed = fields.moment("updatedAt").unwrap_or(made);
        fields.set("updated_at", json!(changed));
        changed
    }

    fn id(&self, fields: &mut Fields<'_>) -> String {
        let foreign = fields.foreign_id.clone();
        fields.set("legacy_id", json!(foreign));
        id_of(fields.table, &[&self.source.user, &foreign])
    }
}

/// What has ended has a time for it: that of its last change if there is no better.
fn completed(fields: &mut Fields<'_>, ended: &str, changed: Moment) {
    let at = fields.moment("completedAt");
    let has_ended = fields.row.get("status").and_then(Value::as_str) == Some(ended);
    let at = if has_ended { Some(at.unwrap_or(changed)) } else { None };
    fields.set("completed_at", json!(at));
}

/// The row's id in the source; a row without one gets the id of its content, so that it stays one row.
fn foreign_id(item: &Map<String, Value>, value: &Value) -> (String, bool) {
    let given = item.get("id").and_then(text_of).filter(|id| id.chars().count() <= TITLE_MAX);
    let has_id = given.is_some();
    (given.unwrap_or_else(|| id_of("creation-store", &[&value.to_string()])), has_id)
}

/// The id of a row with these values of its natural key.
fn id_of(table: &str, values: &[&str]) -> String {
    query::derived_id(table, values.iter().map(|value| Cow::Borrowed(*value))).to_string()
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn left_out(fields: &Fields<'_>, value: &Value, message: &str) -> Problem {
    let (table, id, message) = (fields.table, Some(fields.foreign_id.clone()), message.to_string());
    Problem { table, id, column: "id", value: value.clone(), message }
}
