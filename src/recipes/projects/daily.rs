//! Recommendations for the day, and which todo is next (RECIPES 7.3, 7.4). Both are total orders: no tie is left to chance.

use super::analysis::Desk;
use super::facts::days_since;
use super::risks::is_high;
use super::rows::{Activity, ActivityKind, Priority, Project, ProjectStatus, Todo, TodoState};
use crate::recipes::time::{Day, Moment};
use serde::Serialize;
use std::cmp::Reverse;

/// So many active projects, those that changed last, are looked at.
pub const PROJECTS_MAX: usize = 10;
/// So long a dismissed recommendation is silent.
const SILENT_MINUTES: i64 = 7 * 1440;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recommendation {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub priority: Priority,
    pub project_id: String,
    pub title: String,
    pub description: String,
    pub actions: Vec<&'static str>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Scored {
    pub id: String,
    pub score: i64,
}

pub fn recommend(desk: &Desk<'_>, projects: &[Project], now: Moment) -> Vec<Recommendation> {
    let mut active: Vec<&Project> =
        projects.iter().filter(|project| project.status == ProjectStatus::Active).collect();
    active.sort_by_key(|project| (Reverse(project.updated_at), &project.id));
    active.truncate(PROJECTS_MAX);
    let mut found = Vec::new();
    for project in active {
        let judged = desk.judge(project);
        let order = |priority| (Reverse(priority), judged.score, Reverse(project.updated_at), &project.id);
        let is_silent = |kind| is_dismissed(desk.activities_of(&project.id), kind, now);
        let risk = judged.risks.first().filter(|_| is_high(&judged.risks));
        if let Some(risk) = risk.filter(|_| !is_silent("risk_mitigation")) {
            let title = format!("{} needs attention", project.title);
            let made =
                recommendation("risk_mitigation", Priority::High, project, title, risk.sentence, risk.steps);
            found.push((order(Priority::High), made));
        }
        if let Some(first) = judged.optimizations.first().filter(|_| !is_silent("optimization")) {
            let title = format!("Optimize {}", project.title);
            let made = recommendation(
                "optimization",
                Priority::Medium,
                project,
                title,
                first.description,
                first.steps,
            );
            found.push((order(Priority::Medium), made));
        }
    }
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, recommendation)| recommendation).collect()
}

fn recommendation(
    kind: &'static str,
    priority: Priority,
    project: &Project,
    title: String,
    description: &str,
    actions: &[&'static str],
) -> Recommendation {
    let (project_id, description, actions) = (project.id.clone(), description.to_string(), actions.to_vec());
    Recommendation { kind, priority, project_id, title, description, actions }
}

fn is_dismissed(activities: &[&Activity], kind: &str, now: Moment) -> bool {
    activities.iter().any(|activity| {
        activity.kind == ActivityKind::RecommendationDismissed
            && activity.tells("type") == Some(kind)
            && activity.occurred_at > now.minutes_before(SILENT_MINUTES)
    })
}

/// Open todos, the next one first.
pub fn next_todos(todos: &[Todo], this_week: Day, now: Moment) -> Vec<Scored> {
    let mut open: Vec<(i64, &Todo)> =
        todos.iter().filter_map(|todo| Some((urgency(todo, this_week, now)?, todo))).collect();
    open.sort_by_key(|(score, todo)| (Reverse(*score), todo.created_at, &todo.id));
    open.into_iter().map(|(score, todo)| Scored { id: todo.id.clone(), score }).collect()
}

fn urgency(todo: &Todo, this_week: Day, now: Moment) -> Option<i64> {
    let state = match todo.status {
        TodoState::Committed => 8,
        TodoState::Confirmed => 6,
        TodoState::Refined => 4,
        TodoState::Matched => 2,
        TodoState::Dumped => 0,
        TodoState::Done | TodoState::Dropped => return None,
    };
    let priority = match todo.priority {
        Priority::High => 30,
        Priority::Medium => 20,
        Priority::Low => 10,
    };
    let age = days_since(now, todo.created_at).min(14) / 2;
    let week = if todo.week_start_date == Some(this_week) { 5 } else { 0 };
    Some(priority + state + age + week)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::projects::sample::{day, noon, todo};

    /// O-X6.
    #[test]
    fn a_committed_todo_of_the_week_is_before_one_that_is_only_urgent() {
        let todos = [
            todo("low").priority(Priority::Low).state(TodoState::Confirmed).age(30).0,
            todo("high").priority(Priority::High).0,
            todo("medium").state(TodoState::Committed).week("2026-03-09").age(10).0,
            todo("done").state(TodoState::Done).0,
        ];
        let scored = next_todos(&todos, day("2026-03-09"), noon());
        let order: Vec<_> = scored.iter().map(|todo| (&*todo.id, todo.score)).collect();
        assert_eq!(order, [("medium", 38), ("high", 30), ("low", 23)]);
    }
}
