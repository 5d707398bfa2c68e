//! The way of a todo from the dump to done: seven states, eight events, and what each leaves behind (RECIPES 7.2).
//!
//! An event that a state has no place for is refused with a reason. Invariant: a change comes with the activities that tell of
//! it, so that both are written together.

use super::rows::{Activity, ActivityKind, Todo, TodoState};
use crate::protocol::Fault;
use crate::recipes::figure::{Hundredths, quotient};
use crate::recipes::invalid;
use crate::recipes::time::{Day, Moment};
use TodoState::{Committed, Confirmed, Done, Dropped, Dumped, Matched, Refined};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    Match,
    Refine,
    Confirm,
    Commit,
    Finish,
    Back,
    Drop,
    Reopen,
}

/// An event with what it brings along.
#[derive(Debug, Deserialize)]
pub struct Move {
    pub event: Event,
    pub project_id: Option<String>,
    pub title: Option<String>,
    pub estimated_hours: Option<Hundredths>,
    /// Any day of the week that is meant.
    pub week: Option<Day>,
    pub actual_hours: Option<Hundredths>,
}

/// Columns to write, and what tells of it.
#[derive(Debug, Serialize)]
pub struct Change {
    pub changes: Map<String, Value>,
    pub activities: Vec<Activity>,
}

/// The state that an event leads to, or why it leads nowhere.
pub fn next(state: TodoState, event: Event, has_week: bool) -> Result<TodoState, &'static str> {
    use Event::{Back, Commit, Confirm, Drop, Finish, Match, Refine, Reopen};
    match (state, event) {
        (Dumped | Matched, Match) => Ok(Matched),
        (Matched | Refined, Refine) | (Refined, Match) => Ok(Refined),
        (Refined, Confirm) | (Confirmed, Match | Refine | Confirm) => Ok(Confirmed),
        (Confirmed, Commit) | (Committed, Match | Refine | Commit) => Ok(Committed),
        (Dumped | Matched | Refined | Confirmed | Committed, Finish) => Ok(Done),
        (Dumped | Matched | Refined | Confirmed | Committed, Drop) => Ok(Dropped),
        (Matched, Back) => Ok(Dumped),
        (Refined, Back) => Ok(Matched),
        (Confirmed, Back) => Ok(Refined),
        (Committed, Back) => Ok(Confirmed),
        (Done, Reopen) => Ok(if has_week { Committed } else { Confirmed }),
        (Dropped, Reopen) => Ok(Dumped),
        (Dumped, Refine | Confirm | Commit) => Err("give it a project first"),
        (Matched, Confirm | Commit) => Err("refine it first: it needs a title and an estimate"),
        (Refined, Commit) => Err("confirm it first"),
        (Committed, Confirm) => Err("it is committed already"),
        (Dumped, Back) => Err("it is where all begin"),
        (Dumped | Matched | Refined | Confirmed | Committed, Reopen) => Err("it is open"),
        (Done, Match | Refine | Confirm | Commit | Finish | Back | Drop) => {
            Err("it is done: reopen it first")
        }
        (Dropped, Match | Refine | Confirm | Commit | Finish | Back | Drop) => {
            Err("it was dropped: reopen it first")
        }
    }
}

/// Carries an event out on a todo.
pub fn step(todo: &Todo, given: &Move, now: Moment) -> Result<Change, Fault> {
    let refused = |why: &str| invalid(format!("the todo {:?} cannot go that way: {why}", todo.title));
    let to = next(todo.status, given.event, todo.week_start_date.is_some()).map_err(refused)?;
    let mut changes = columns(todo, given, to, now).map_err(refused)?;
    if to != todo.status {
        changes.insert("status".into(), json!(to));
    }
    Ok(Change { activities: told(todo, given, to, now), changes })
}

fn columns(
    todo: &Todo,
    given: &Move,
    to: TodoState,
    now: Moment,
) -> Result<Map<String, Value>, &'static str> {
    let mut changes = Map::new();
    let mut set = |name: &str, value: Value| changes.insert(name.into(), value);
    match given.event {
        Event::Match => {
            set("project_id", json!(given.project_id.as_ref().ok_or("no project is named")?));
        }
        Event::Refine => {
            let title = given.title.as_ref().unwrap_or(&todo.title);
            let hours = given.estimated_hours.unwrap_or(todo.estimated_hours);
            if title.trim().is_empty() || hours.0 <= 0 {
                return Err("it needs a title and an estimate above 0");
            }
            set("title", json!(title));
            set("estimated_hours", json!(hours));
        }
        Event::Commit => {
            let week = given.week.ok_or("no week is named")?.monday();
            set("week_start_date", json!(week));
        }
        Event::Finish => {
            set("completed_at", json!(now));
            if let Some(hours) = given.actual_hours {
                set("actual_hours", json!(hours));
            }
        }
        Event::Back if to == Dumped => {
            set("project_id", Value::Null);
        }
        Event::Back if to == Confirmed => {
            set("week_start_date", Value::Null);
        }
        Event::Reopen => {
            set("completed_at", Value::Null);
        }
        Event::Back | Event::Confirm | Event::Drop => {}
    }
    Ok(changes)
}

fn told(todo: &Todo, given: &Move, to: TodoState, now: Moment) -> Vec<Activity> {
    let project = given.project_id.as_ref().filter(|_| given.event == Event::Match);
    let Some(project) = project.or(todo.project_id.as_ref()) else { return Vec::new() };
    let tell = |kind, value, detail: Value| of_todo(project, todo, kind, value, detail, now);
    let way = json!({ "from": todo.status, "to": to });
    let mut told = Vec::new();
    if todo.project_id.as_ref() != Some(project) {
        told.push(tell(ActivityKind::TodoAdded, None, json!({})));
    }
    match given.event {
        Event::Finish => {
            told.push(tell(ActivityKind::TodoDone, Some(todo.estimated_hours), way));
            told.extend(corrected(project, todo, given.actual_hours, now));
        }
        Event::Reopen if todo.status == Done => told.push(tell(ActivityKind::TodoReopened, None, way)),
        _ if to != todo.status => told.push(tell(ActivityKind::TodoMoved, None, way)),
        _ => {}
    }
    told
}

/// Actual hours by estimated, where both are known.
pub fn corrected(project: &str, todo: &Todo, actual: Option<Hundredths>, now: Moment) -> Option<Activity> {
    let actual = actual.filter(|hours| hours.0 > 0 && todo.estimated_hours.0 > 0)?;
    let ratio = quotient(i128::from(actual.0) * 100, todo.estimated_hours.0.into());
    let kind = ActivityKind::EstimateCorrected;
    Some(of_todo(project, todo, kind, Some(Hundredths(ratio)), json!({}), now))
}

pub fn of_todo(
    project: &str,
    todo: &Todo,
    kind: ActivityKind,
    value: Option<Hundredths>,
    detail: Value,
    now: Moment,
) -> Activity {
    let detail = match detail {
        Value::Object(detail) => detail,
        _ => Map::new(),
    };
    let (project_id, todo_id) = (project.to_string(), Some(todo.id.clone()));
    Activity { id: String::new(), project_id, todo_id, kind, value, detail, occurred_at: now }
}

#[cfg(test)]
#[path = "todo_tests.rs"]
mod tests;
