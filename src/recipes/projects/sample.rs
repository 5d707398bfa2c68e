//! Rows for the recipe's tests, from what a test wants to say of them. Now is 2026-03-10, noon, UTC.

use super::rows::{Activity, ActivityKind, Priority, Project, ProjectStatus, Todo, TodoState};
use crate::recipes::figure::Hundredths;
use crate::recipes::time::{Day, Moment};
use serde_json::{Map, Value};

pub fn noon() -> Moment {
    moment("2026-03-10T12:00:00Z")
}

pub fn moment(text: &str) -> Moment {
    Moment::parse(text).expect("a moment")
}

pub fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

pub fn days_ago(days: i64) -> Moment {
    noon().minutes_before(days * 1440)
}

pub struct Made(pub Todo);

/// Dumped just now, one hour, of no project.
pub fn todo(id: &str) -> Made {
    Made(Todo {
        id: id.into(),
        project_id: None,
        title: id.into(),
        status: TodoState::Dumped,
        priority: Priority::Medium,
        estimated_hours: Hundredths(100),
        actual_hours: Hundredths(0),
        week_start_date: None,
        completed_at: None,
        created_at: noon(),
    })
}

impl Made {
    pub fn of(mut self, project: &str) -> Self {
        self.0.project_id = Some(project.into());
        self
    }

    pub fn hours(mut self, hundredths: i64) -> Self {
        self.0.estimated_hours = Hundredths(hundredths);
        self
    }

    pub fn state(mut self, state: TodoState) -> Self {
        self.0.status = state;
        self
    }

    pub fn priority(mut self, priority: Priority) -> Self {
        self.0.priority = priority;
        self
    }

    pub fn week(mut self, monday: &str) -> Self {
        self.0.week_start_date = Some(day(monday));
        self
    }

    pub fn age(mut self, days: i64) -> Self {
        self.0.created_at = days_ago(days);
        self
    }

    /// Done on the morning of a day, in so many hours.
    pub fn done(self, day: &str, actual: i64) -> Self {
        let mut made = self.state(TodoState::Done);
        made.0.completed_at = Some(moment(&format!("{day}T08:00:00Z")));
        made.0.actual_hours = Hundredths(actual);
        made
    }

    pub fn done_ago(self, days: i64, actual: i64) -> Self {
        let mut made = self.done("2026-03-10", actual);
        made.0.completed_at = Some(days_ago(days));
        made
    }
}

/// Active, with a reason, made so many days ago and not changed since.
pub fn project(id: &str, age_days: i64) -> Project {
    Project {
        id: id.into(),
        title: id.into(),
        why: "because".into(),
        status: ProjectStatus::Active,
        progress: 0,
        created_at: days_ago(age_days),
        updated_at: days_ago(age_days),
        completed_at: None,
    }
}

pub fn activity(project: &str, kind: ActivityKind, days: i64, value: Option<i64>) -> Activity {
    Activity {
        id: format!("{project} {days}"),
        project_id: project.into(),
        todo_id: None,
        kind,
        value: value.map(Hundredths),
        detail: Map::new(),
        occurred_at: days_ago(days),
    }
}

pub fn telling(mut activity: Activity, name: &str, value: &str) -> Activity {
    activity.detail.insert(name.into(), Value::from(value));
    activity
}
