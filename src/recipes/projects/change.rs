//! Edits of projects and todos, with the activities that tell of them (RECIPES 7.1).

use super::rows::{Activity, ActivityKind, Project, ProjectStatus, Todo, TodoState};
use super::todo::{Change, corrected, of_todo};
use crate::protocol::Fault;
use crate::recipes::figure::Hundredths;
use crate::recipes::invalid;
use crate::recipes::time::Moment;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What of an edit has consequences; the other columns are written as they come.
#[derive(Debug, Deserialize)]
pub struct ProjectEdit {
    pub status: Option<ProjectStatus>,
    pub progress: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub struct TodoEdit {
    pub status: Option<TodoState>,
    pub actual_hours: Option<Hundredths>,
}

/// What comes with a project's edit: when it was completed, and what tells of it.
pub fn of_project(project: &Project, edit: &ProjectEdit, now: Moment) -> Change {
    let mut changes = Map::new();
    let mut activities = Vec::new();
    if let Some(progress) = edit.progress.filter(|progress| *progress != project.progress) {
        let gain = Hundredths(progress.saturating_sub(project.progress).saturating_mul(100));
        activities.push(tell(project, ActivityKind::ProgressChanged, Some(gain), Map::new(), now));
    }
    if let Some(status) = edit.status.filter(|status| *status != project.status) {
        let mut detail = Map::new();
        detail.insert("from".into(), json!(project.status));
        detail.insert("to".into(), json!(status));
        activities.push(tell(project, ActivityKind::StatusChanged, None, detail, now));
        if status == ProjectStatus::Completed {
            changes.insert("completed_at".into(), json!(now));
        } else if project.completed_at.is_some() {
            changes.insert("completed_at".into(), Value::Null);
        }
    }
    Change { changes, activities }
}

/// What comes with a todo's edit. Its state is moved by events alone.
pub fn of_todo_edit(todo: &Todo, edit: &TodoEdit, now: Moment) -> Result<Change, Fault> {
    if edit.status.is_some_and(|status| status != todo.status) {
        return Err(invalid(format!("{:?}: a todo's state is moved by an event, not written", todo.title)));
    }
    let actual = edit.actual_hours.filter(|hours| *hours != todo.actual_hours);
    let told = todo.project_id.as_ref().and_then(|project| corrected(project, todo, actual, now));
    Ok(Change { changes: Map::new(), activities: told.into_iter().collect() })
}

pub fn project_created(project: &str, now: Moment) -> Activity {
    Activity {
        id: String::new(),
        project_id: project.to_string(),
        todo_id: None,
        kind: ActivityKind::ProjectCreated,
        value: None,
        detail: Map::new(),
        occurred_at: now,
    }
}

/// A new todo in a project is added to it.
pub fn todo_created(todo: &Todo, now: Moment) -> Option<Activity> {
    let project = todo.project_id.as_ref()?;
    Some(of_todo(project, todo, ActivityKind::TodoAdded, None, json!({}), now))
}

fn tell(
    project: &Project,
    kind: ActivityKind,
    value: Option<Hundredths>,
    detail: Map<String, Value>,
    now: Moment,
) -> Activity {
    Activity { kind, value, detail, ..project_created(&project.id, now) }
}
