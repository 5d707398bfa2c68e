//! Import of an older app's store from `localStorage`: parse, map, list problems; verify what was written (RECIPES 7.5).
//!
//! Plans only: nothing is written here, and the source is never changed. The same store gives the same rows under the same
//! ids, so that a run that was broken off goes on where it was, and a row that is there already is left as it is.

mod fields;
mod rows;
mod verify;

use crate::protocol::Fault;
use crate::recipes::invalid;
use crate::recipes::time::Moment;
use rows::Reader;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

pub use verify::verify;

#[derive(Deserialize)]
pub struct Source {
    /// What lies under the key: the bare object, or the persisted wrapper around it.
    text: String,
    user: String,
    now: Moment,
    utc_offset_min: i32,
    /// Ids of the rows that this device has.
    existing: Tables<BTreeSet<String>>,
}

/// One of each table, parents first.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tables<T> {
    pub projects: T,
    pub weekly_goals: T,
    pub todos: T,
}

#[derive(Debug, Serialize)]
pub struct Plan {
    /// Rows to write; those that exist are not among them.
    pub rows: Tables<Vec<Map<String, Value>>>,
    /// Ids of rows that exist and stay as they are.
    pub skipped: Tables<Vec<String>>,
    pub problems: Vec<Problem>,
    /// Whose rows they were, in the source's own words; more than one needs consent.
    pub owners: BTreeSet<String>,
}

/// Something that was not taken over as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub table: &'static str,
    /// The row's id in the source; null: it is about the whole source.
    pub id: Option<String>,
    pub column: &'static str,
    /// What the source has.
    pub value: Value,
    pub message: String,
}

const WHOLE: &str = "creation-store";

pub fn plan(source: Source) -> Result<Plan, Fault> {
    let read: Value = serde_json::from_str(&source.text)
        .map_err(|error| invalid(format!("the store is no JSON: {error}; nothing was written")))?;
    let store = read.get("state").filter(|state| state.is_object()).unwrap_or(&read);
    if !store.is_object() {
        return Err(invalid(
            "the store is no object with projects, todos and weeklyGoals; nothing was written",
        ));
    }
    let mut reader = Reader::new(&source);
    let [projects, weeks, todos] =
        ["projects", "weeklyGoals", "todos"].map(|name| items(store, name, &mut reader.problems));
    let rows = Tables {
        projects: reader.table("projects", projects, Reader::project),
        weekly_goals: reader.table("weekly_goals", weeks, Reader::week),
        todos: reader.table("todos", todos, Reader::todo),
    };
    let Reader { mut problems, owners, .. } = reader;
    if owners.len() > 1 {
        let value = owners.iter().cloned().map(Value::String).collect();
        let message = "rows of more than one person: all of them will be yours".to_string();
        problems.push(Problem { table: WHOLE, id: None, column: "userId", value, message });
    }
    let Tables { projects, weekly_goals, todos } = &source.existing;
    let (projects, skipped_projects) = apart(rows.projects, projects);
    let (weekly_goals, skipped_weeks) = apart(rows.weekly_goals, weekly_goals);
    let (todos, skipped_todos) = apart(rows.todos, todos);
    Ok(Plan {
        rows: Tables { projects, weekly_goals, todos },
        skipped: Tables { projects: skipped_projects, weekly_goals: skipped_weeks, todos: skipped_todos },
        problems,
        owners,
    })
}

/// A list of the store; none is an empty one.
fn items<'s>(store: &'s Value, name: &'static str, problems: &mut Vec<Problem>) -> &'s [Value] {
    match store.get(name) {
        Some(Value::Array(items)) => items,
        None | Some(Value::Null) => &[],
        Some(other) => {
            let message = format!("{name} is no list: left out");
            problems.push(Problem { table: WHOLE, id: None, column: name, value: other.clone(), message });
            &[]
        }
    }
}

type Row = Map<String, Value>;

fn apart(rows: Vec<Row>, existing: &BTreeSet<String>) -> (Vec<Row>, Vec<String>) {
    let id = |row: &Row| row.get("id").and_then(Value::as_str).map(String::from).unwrap_or_default();
    let (there, new): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| existing.contains(&id(row)));
    (new, there.iter().map(id).collect())
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
