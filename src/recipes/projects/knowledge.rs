//! The knowledge base: what is known of projects, tasks and the person, folded from synced rows, so that all devices learn the
//! same (RECIPES 7.4). Nothing here is state of its own, and no order of arrival matters.

use super::analysis::median;
use super::estimates::Estimates;
use super::health::{PATTERNS, Pattern};
use super::risks::{OPTIMIZATIONS, Optimization, RISKS, Risk};
use super::rows::{Activity, ActivityKind, Project, ProjectStatus, Todo, TodoState, Week};
use crate::recipes::figure::{Hundredths, percent, quotient};
use crate::recipes::time::{Day, Moment};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Under so many done todos nobody has a style.
const STYLE_MIN: i64 = 10;
const HISTORY_WEEKS: usize = 12;
const DAY_MINUTES: i128 = 1440;

#[derive(Serialize)]
pub struct Knowledge<'p> {
    pub projects: OfProjects<'p>,
    pub tasks: OfTasks,
    pub users: OfUsers,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfProjects<'p> {
    pub patterns: Vec<&'p Pattern>,
    pub risk_indicators: &'static [Risk],
    pub optimization_rules: &'static [Optimization],
    pub success_metrics: SuccessMetrics,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SuccessMetrics {
    /// Percent of what was completed or archived.
    pub completion_rate: Option<i64>,
    pub median_days: Option<Hundredths>,
    pub median_hours: Option<Hundredths>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfTasks {
    pub estimation_models: Estimates,
    pub prioritization_rules: &'static str,
    pub workflow_patterns: Workflow,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workflow {
    pub median_days: BTreeMap<&'static str, Hundredths>,
    pub bottleneck: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfUsers {
    pub productivity_patterns: Productivity,
    pub goal_achievement_history: Achievement,
    pub working_styles: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Productivity {
    /// Done hours, Monday first.
    pub hours_by_weekday: [Hundredths; 7],
    /// 0 is Monday.
    pub best_weekday: Option<usize>,
}

#[derive(Serialize)]
pub struct Achievement {
    /// Oldest first.
    pub weeks: Vec<(Day, i64)>,
    pub mean: Option<i64>,
}

const PRIORITIZATION: &str = "high 30, medium 20, low 10; committed 8, confirmed 6, refined 4, matched 2; \
    1 for every two days of age, at most 7; 5 in the current week; then the oldest";

pub fn projects<'p>(projects: &[Project], todos: &[Todo], more: &'p [Pattern]) -> OfProjects<'p> {
    OfProjects {
        patterns: PATTERNS.iter().chain(more).collect(),
        risk_indicators: RISKS,
        optimization_rules: OPTIMIZATIONS,
        success_metrics: success(projects, todos),
    }
}

fn success(projects: &[Project], todos: &[Todo]) -> SuccessMetrics {
    let completed: Vec<&Project> =
        projects.iter().filter(|project| project.status == ProjectStatus::Completed).collect();
    let archived = projects.iter().filter(|project| project.status == ProjectStatus::Archived).count();
    let mut hours: BTreeMap<&str, i64> = completed.iter().map(|project| (project.id.as_str(), 0)).collect();
    for todo in todos.iter().filter(|todo| todo.status == TodoState::Done) {
        if let Some(sum) = todo.project_id.as_deref().and_then(|project| hours.get_mut(project)) {
            *sum += todo.actual_hours.0;
        }
    }
    let days =
        completed.iter().filter_map(|project| Some(days_between(project.created_at, project.completed_at?)));
    let ended = i64::try_from(completed.len() + archived).unwrap_or(i64::MAX);
    let rate = percent(i64::try_from(completed.len()).unwrap_or(i64::MAX), ended);
    SuccessMetrics {
        completion_rate: (ended > 0).then_some(rate),
        median_days: median(days.collect()).map(Hundredths),
        median_hours: median(hours.into_values().collect()).map(Hundredths),
    }
}

pub fn tasks(todos: &[Todo], activities: &[Activity]) -> OfTasks {
    OfTasks {
        estimation_models: Estimates::learn(todos),
        prioritization_rules: PRIORITIZATION,
        workflow_patterns: workflow(todos, activities),
    }
}

/// How long todos rest in each state: from one move to the next, the first from when the todo was made.
fn workflow(todos: &[Todo], activities: &[Activity]) -> Workflow {
    let made: BTreeMap<&str, Moment> = todos.iter().map(|todo| (todo.id.as_str(), todo.created_at)).collect();
    let mut moves: BTreeMap<&str, BTreeSet<(Moment, &str, &str)>> = BTreeMap::new();
    for activity in activities {
        if let (Some(todo), Some(from)) = (&activity.todo_id, activity.tells("from")) {
            moves.entry(todo).or_default().insert((activity.occurred_at, &activity.id, from));
        }
    }
    let mut rests: [Vec<i64>; 7] = Default::default();
    for (todo, moves) in moves {
        let mut since = made.get(todo).copied();
        for (at, _, from) in moves {
            let state = TodoState::ALL.into_iter().find(|state| state.name() == from);
            if let (Some(since), Some(state)) = (since, state.filter(|state| state.is_open())) {
                rests[state as usize].push(days_between(since, at));
            }
            since = Some(at);
        }
    }
    let medians = TodoState::ALL.into_iter().zip(rests);
    let known: Vec<(&'static str, i64)> =
        medians.filter_map(|(state, rests)| Some((state.name(), median(rests)?))).collect();
    let longest = known.iter().map(|(_, days)| *days).max();
    Workflow {
        bottleneck: known.iter().find(|(_, days)| Some(*days) == longest).map(|(name, _)| *name),
        median_days: known.into_iter().map(|(name, days)| (name, Hundredths(days))).collect(),
    }
}

pub fn users(
    todos: &[Todo],
    activities: &[Activity],
    weeks: &[Week],
    today: Day,
    offset_min: i32,
) -> OfUsers {
    OfUsers {
        productivity_patterns: by_weekday(todos, offset_min),
        goal_achievement_history: achievement(weeks, today),
        working_styles: style(todos, activities),
    }
}

fn by_weekday(todos: &[Todo], offset_min: i32) -> Productivity {
    let mut hours = [Hundredths(0); 7];
    for todo in todos {
        if let Some(at) = todo.done_at() {
            hours[usize::from(at.day_at(offset_min).weekday())].0 += todo.estimated_hours.0;
        }
    }
    let most = hours.iter().copied().max().filter(|most| most.0 > 0);
    let best_weekday = hours.iter().position(|hours| Some(*hours) == most);
    Productivity { hours_by_weekday: hours, best_weekday }
}

fn achievement(weeks: &[Week], today: Day) -> Achievement {
    let rates: BTreeMap<Day, i64> = weeks
        .iter()
        .filter(|week| week.week_start_date <= today)
        .map(|week| (week.week_start_date, week.completion_rate))
        .collect();
    let skipped = rates.len().saturating_sub(HISTORY_WEEKS);
    let weeks: Vec<(Day, i64)> = rates.into_iter().skip(skipped).collect();
    let sum: i64 = weeks.iter().map(|(_, rate)| rate).sum();
    let mean = (!weeks.is_empty()).then(|| quotient(sum.into(), weeks.len() as i128));
    Achievement { weeks, mean }
}

fn style(todos: &[Todo], activities: &[Activity]) -> Option<&'static str> {
    let committed: BTreeSet<&str> = activities
        .iter()
        .filter(|activity| {
            activity.kind == ActivityKind::TodoMoved && activity.tells("to") == Some("committed")
        })
        .filter_map(|activity| activity.todo_id.as_deref())
        .collect();
    let done = todos.iter().filter(|todo| todo.status == TodoState::Done);
    let (mut all, mut planned) = (0, 0);
    for todo in done {
        all += 1;
        planned += i64::from(todo.week_start_date.is_some() || committed.contains(todo.id.as_str()));
    }
    match (all, planned * 10) {
        (..STYLE_MIN, _) => None,
        (all, planned) if planned >= all * 7 => Some("planner"),
        (all, planned) if planned <= all * 3 => Some("improviser"),
        _ => Some("mixed"),
    }
}

/// In hundredths of a day.
fn days_between(from: Moment, to: Moment) -> i64 {
    quotient(i128::from(to.minutes_since(from).max(0)) * 100, DAY_MINUTES)
}

#[cfg(test)]
#[path = "knowledge_tests.rs"]
mod tests;
