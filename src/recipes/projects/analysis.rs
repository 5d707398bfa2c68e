//! What the agent says of one project: summary, analysis, forecast (RECIPES 7.3). Only active projects are judged.

use super::estimates::Estimates;
use super::facts::Facts;
use super::health::{Pattern, Reason, score};
use super::risks::{Optimization, Risk, is_high, optimizations, risks};
use super::rows::{Activity, Project, ProjectStatus, Todo};
use crate::recipes::figure::{Hundredths, quotient};
use crate::recipes::time::{Day, Moment};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    Improving,
    Stable,
    Declining,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    pub velocity: Hundredths,
    pub productivity: Option<Hundredths>,
    /// Days.
    pub time_to_completion: Option<i64>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the shape is the contract's")]
pub struct Trends {
    pub progress_trend: Trend,
    pub velocity_trend: Trend,
    pub quality_trend: Trend,
}

/// One project, judged.
pub struct Judged {
    pub facts: Facts,
    pub score: Option<i64>,
    pub reasons: Vec<Reason>,
    pub risks: Vec<Risk>,
    pub optimizations: Vec<Optimization>,
}

#[derive(Serialize)]
pub struct Summary {
    pub insights: Insights,
    pub metrics: Metrics,
    pub trends: Trends,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Insights {
    pub summary: String,
    pub health_score: Option<i64>,
    pub risk_factors: Vec<Risk>,
    pub recommendations: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    pub health_assessment: Assessment,
    pub risk_analysis: RiskAnalysis,
    pub optimization_suggestions: Vec<Optimization>,
    pub predictive_insights: Forecast,
}

#[derive(Serialize)]
pub struct Assessment {
    pub score: Option<i64>,
    pub reasons: Vec<Reason>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskAnalysis {
    pub high_risk: bool,
    pub primary_risk: Option<&'static str>,
    pub factors: Vec<Risk>,
    pub mitigation_steps: Vec<&'static str>,
}

#[derive(Serialize)]
pub struct Forecast {
    pub days: Option<i64>,
    pub date: Option<Day>,
    pub confidence: &'static str,
}

/// Rows of several projects, at one moment.
pub struct Desk<'r> {
    todos: BTreeMap<&'r str, Vec<&'r Todo>>,
    activities: BTreeMap<&'r str, Vec<&'r Activity>>,
    estimates: &'r Estimates,
    patterns: &'r [Pattern],
    now: Moment,
    window_days: i64,
}

impl<'r> Desk<'r> {
    pub fn new(
        todos: &'r [Todo],
        activities: &'r [Activity],
        estimates: &'r Estimates,
        patterns: &'r [Pattern],
        now: Moment,
        window_days: i64,
    ) -> Self {
        let mut desk = Self {
            todos: BTreeMap::new(),
            activities: BTreeMap::new(),
            estimates,
            patterns,
            now,
            window_days,
        };
        for todo in todos {
            if let Some(project) = &todo.project_id {
                desk.todos.entry(project).or_default().push(todo);
            }
        }
        for activity in activities {
            desk.activities.entry(&activity.project_id).or_default().push(activity);
        }
        desk
    }

    pub fn judge(&self, project: &Project) -> Judged {
        let id = project.id.as_str();
        let todos = self.todos.get(id).map_or(&[][..], Vec::as_slice);
        let activities = self.activities.get(id).map_or(&[][..], Vec::as_slice);
        let learned = self.estimates.of(Some(id));
        let mut facts = Facts::gather(project, todos, activities, learned, self.now, self.window_days);
        if project.status != ProjectStatus::Active {
            let (risks, optimizations) = (Vec::new(), Vec::new());
            return Judged { facts, score: None, reasons: Vec::new(), risks, optimizations };
        }
        let (score, reasons) = score(&facts, self.patterns);
        facts.health = Some(score);
        let (risks, optimizations) = (risks(&facts, &reasons), optimizations(&facts));
        Judged { facts, score: Some(score), reasons, risks, optimizations }
    }

    /// What was written of a project, and is its own.
    pub fn activities_of(&self, project: &str) -> &[&'r Activity] {
        self.activities.get(project).map_or(&[], Vec::as_slice)
    }
}

impl Judged {
    pub fn metrics(&self) -> Metrics {
        Metrics {
            velocity: self.facts.velocity(),
            productivity: self.facts.productivity(),
            time_to_completion: days_left(&self.facts),
        }
    }

    pub fn trends(&self) -> Trends {
        let Facts { older, newer, .. } = &self.facts;
        Trends {
            progress_trend: trend((newer.gain, 1), (older.gain, 1)),
            velocity_trend: trend((newer.done_hours, 1), (older.done_hours, 1)),
            quality_trend: trend(
                (newer.done, newer.done + newer.reopened),
                (older.done, older.done + older.reopened),
            ),
        }
    }

    pub fn summary(&self, project: &Project) -> Summary {
        Summary {
            insights: Insights {
                summary: sentence(project, self),
                health_score: self.score,
                risk_factors: self.risks.clone(),
                recommendations: self.optimizations.iter().map(|one| one.description).collect(),
            },
            metrics: self.metrics(),
            trends: self.trends(),
        }
    }

    pub fn analysis(self, today: Day) -> Analysis {
        let days = days_left(&self.facts);
        let primary = self.risks.first();
        Analysis {
            risk_analysis: RiskAnalysis {
                high_risk: is_high(&self.risks),
                primary_risk: primary.map(|risk| risk.name),
                mitigation_steps: primary.map(|risk| risk.steps.to_vec()).unwrap_or_default(),
                factors: self.risks,
            },
            health_assessment: Assessment { score: self.score, reasons: self.reasons },
            optimization_suggestions: self.optimizations,
            predictive_insights: Forecast {
                days,
                date: days.map(|days| today.plus(i32::try_from(days).unwrap_or(i32::MAX))),
                confidence: match self.facts.done() {
                    ..3 => "low",
                    3..10 => "medium",
                    10.. => "high",
                },
            },
        }
    }
}

/// Days until it is done if all goes on as in the window; none where nothing moves.
fn days_left(facts: &Facts) -> Option<i64> {
    let days = i128::from(facts.window_days);
    if facts.progress >= 100 {
        return Some(0);
    }
    if facts.open() > 0 {
        let hours = i128::from(facts.open_hours.0) * i128::from(facts.learned.bias.0);
        return ceil(hours * days, i128::from(facts.done_hours()) * 1_000_000);
    }
    let gain = i128::from(facts.older.gain + facts.newer.gain);
    ceil(i128::from(100 - facts.progress) * 100 * days, gain)
}

fn ceil(numerator: i128, denominator: i128) -> Option<i64> {
    let whole = numerator.checked_div(denominator).filter(|_| denominator > 0)?;
    i64::try_from(whole + i128::from(numerator % denominator > 0)).ok()
}

/// The newer ratio against the older: more than a tenth apart is a trend. Nothing in both, or no ratio in one, is none.
fn trend(newer: (i64, i64), older: (i64, i64)) -> Trend {
    if newer.1 == 0 || older.1 == 0 {
        return Trend::Stable;
    }
    let new = i128::from(newer.0) * i128::from(older.1) * 10;
    let old = i128::from(older.0) * i128::from(newer.1);
    if new > old * 10 + old.abs() {
        Trend::Improving
    } else if new < old * 10 - old.abs() {
        Trend::Declining
    } else {
        Trend::Stable
    }
}

fn sentence(project: &Project, judged: &Judged) -> String {
    let Some(score) = judged.score else {
        return format!("{} is not active: it is not judged.", project.title);
    };
    let health = match score {
        ..40 => "in a bad way",
        40..60 => "shaky",
        60..80 => "fair",
        80.. => "well",
    };
    let facts = &judged.facts;
    let hours = quotient(facts.done_hours().into(), 100);
    let (done, open, window) = (facts.done(), facts.open(), facts.window_days);
    let risk = judged.risks.first().map(|risk| format!(" {}", risk.sentence)).unwrap_or_default();
    format!("{} is {health}: {done} done in {window} days ({hours} h), {open} open.{risk}", project.title)
}

/// For stored figures: percent or the like.
pub fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *values.get(middle.checked_sub(1)?)?;
    Some(quotient(i128::from(lower) + i128::from(upper), 2))
}

#[cfg(test)]
#[path = "analysis_tests.rs"]
mod tests;
