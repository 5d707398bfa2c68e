//! What is known of one project at one moment: the figures that health, risks and forecasts are made of (RECIPES 7.3).
//!
//! A fact is a ratio of whole numbers and compared as one: nothing is rounded before it is shown. Reads rows in any order.

use super::estimates::Learned;
use super::rows::{Activity, ActivityKind, Project, Todo, TodoState};
use crate::recipes::figure::{Hundredths, quotient};
use crate::recipes::time::Moment;
use serde::{Deserialize, Serialize};

const DAY_MINUTES: i64 = 1440;
/// What is "lately", whatever the window.
pub const LATELY_DAYS: i64 = 14;
/// An open todo above this is large: 8 h.
const LARGE: Hundredths = Hundredths(800);

/// What a condition may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Days since the last activity; since the project was made if there was none.
    QuietDays,
    AgeDays,
    Progress,
    /// Points of progress gained lately.
    RecentGain,
    /// Todos done lately.
    RecentDone,
    /// Todos added lately, less twice those done.
    RecentGrowth,
    RecentAdded,
    OpenTodos,
    DumpedTodos,
    /// Refined or confirmed.
    ReadyTodos,
    CommittedTodos,
    LargeTodos,
    /// Estimated by actual hours of what was done in the window.
    Productivity,
    /// Todos done in the window with actual hours.
    RatedTodos,
    DoneTodos,
    /// Reopened by done, in the window.
    Rework,
    Bias,
    BiasSamples,
    /// Characters of the reason why.
    WhyLength,
    Health,
}

/// One half of the window.
#[derive(Clone, Copy, Debug, Default)]
pub struct Half {
    pub gain: i64,
    pub done_hours: i64,
    pub done: i64,
    pub reopened: i64,
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub window_days: i64,
    pub older: Half,
    pub newer: Half,
    pub open_hours: Hundredths,
    pub rated_hours: Hundredths,
    pub rated_actual: Hundredths,
    pub learned: Learned,
    pub progress: i64,
    pub health: Option<i64>,
    quiet_days: i64,
    age_days: i64,
    why_length: i64,
    recent_gain: i64,
    recent_done: i64,
    recent_added: i64,
    states: [i64; 7],
    large: i64,
    rated: i64,
}

impl Facts {
    /// `activities` and `todos` are the project's own.
    pub fn gather(
        project: &Project,
        todos: &[&Todo],
        activities: &[&Activity],
        learned: Learned,
        now: Moment,
        window_days: i64,
    ) -> Self {
        let last =
            activities.iter().filter(|activity| activity.is_work()).map(|activity| activity.occurred_at);
        let mut facts = Self {
            window_days,
            older: Half::default(),
            newer: Half::default(),
            open_hours: Hundredths(0),
            rated_hours: Hundredths(0),
            rated_actual: Hundredths(0),
            learned,
            progress: project.progress,
            health: None,
            quiet_days: days_since(now, last.max().unwrap_or(project.created_at)),
            age_days: days_since(now, project.created_at),
            why_length: i64::try_from(project.why.trim().chars().count()).unwrap_or(i64::MAX),
            recent_gain: 0,
            recent_done: 0,
            recent_added: 0,
            states: [0; 7],
            large: 0,
            rated: 0,
        };
        for todo in todos {
            facts.add_todo(todo, now);
        }
        for activity in activities {
            facts.add_activity(activity, now);
        }
        facts
    }

    fn add_todo(&mut self, todo: &Todo, now: Moment) {
        self.states[todo.status as usize] += 1;
        if todo.status.is_open() {
            self.open_hours.0 += todo.estimated_hours.0;
            self.large += i64::from(todo.estimated_hours > LARGE);
        }
        let Some(at) = todo.done_at() else { return };
        self.recent_done += i64::from(is_lately(at, now));
        let Some(half) = self.half(at, now) else { return };
        half.done += 1;
        half.done_hours += todo.estimated_hours.0;
        if todo.actual_hours.0 > 0 {
            self.rated += 1;
            self.rated_hours.0 += todo.estimated_hours.0;
            self.rated_actual.0 += todo.actual_hours.0;
        }
    }

    fn add_activity(&mut self, activity: &Activity, now: Moment) {
        let lately = is_lately(activity.occurred_at, now);
        match activity.kind {
            ActivityKind::ProgressChanged => {
                let gain = activity.value.unwrap_or_default().0;
                self.recent_gain += if lately { gain } else { 0 };
                if let Some(half) = self.half(activity.occurred_at, now) {
                    half.gain += gain;
                }
            }
            ActivityKind::TodoReopened => {
                if let Some(half) = self.half(activity.occurred_at, now) {
                    half.reopened += 1;
                }
            }
            ActivityKind::TodoAdded => self.recent_added += i64::from(lately),
            ActivityKind::ProjectCreated
            | ActivityKind::StatusChanged
            | ActivityKind::TodoMoved
            | ActivityKind::TodoDone
            | ActivityKind::EstimateCorrected
            | ActivityKind::RecommendationAccepted
            | ActivityKind::RecommendationDismissed => {}
        }
    }

    /// The half of the window that a moment is in.
    fn half(&mut self, at: Moment, now: Moment) -> Option<&mut Half> {
        let minutes = self.window_days * DAY_MINUTES;
        if at < now.minutes_before(minutes) {
            return None;
        }
        Some(if at < now.minutes_before(minutes / 2) { &mut self.older } else { &mut self.newer })
    }

    pub fn done(&self) -> i64 {
        self.older.done + self.newer.done
    }

    pub fn open(&self) -> i64 {
        TodoState::ALL.into_iter().filter(|state| state.is_open()).map(|state| self.count(state)).sum()
    }

    /// Estimated hours of what was done in the window.
    pub fn done_hours(&self) -> i64 {
        self.older.done_hours + self.newer.done_hours
    }

    /// Hours a week.
    pub fn velocity(&self) -> Hundredths {
        Hundredths(quotient(i128::from(self.done_hours()) * 7, self.window_days.into()))
    }

    /// Null where nothing was rated.
    pub fn productivity(&self) -> Option<Hundredths> {
        let ratio = quotient(i128::from(self.rated_hours.0) * 100, self.rated_actual.0.into());
        (self.rated_actual.0 > 0).then_some(Hundredths(ratio))
    }

    fn count(&self, state: TodoState) -> i64 {
        self.states[state as usize]
    }

    /// Numerator and denominator; none where there is nothing to say.
    pub fn figure(&self, figure: Figure) -> Option<(i64, i64)> {
        let whole = match figure {
            Figure::QuietDays => self.quiet_days,
            Figure::AgeDays => self.age_days,
            Figure::Progress => self.progress,
            Figure::RecentGain => return Some((self.recent_gain, 100)),
            Figure::RecentDone => self.recent_done,
            Figure::RecentGrowth => self.recent_added - 2 * self.recent_done,
            Figure::RecentAdded => self.recent_added,
            Figure::OpenTodos => self.open(),
            Figure::DumpedTodos => self.count(TodoState::Dumped),
            Figure::ReadyTodos => self.count(TodoState::Refined) + self.count(TodoState::Confirmed),
            Figure::CommittedTodos => self.count(TodoState::Committed),
            Figure::LargeTodos => self.large,
            Figure::Productivity => {
                return (self.rated > 0).then_some((self.rated_hours.0, self.rated_actual.0));
            }
            Figure::RatedTodos => self.rated,
            Figure::DoneTodos => self.done(),
            Figure::Rework => {
                return (self.done() > 0).then_some((self.older.reopened + self.newer.reopened, self.done()));
            }
            Figure::Bias => return Some((self.learned.bias.0, 1_000_000)),
            Figure::BiasSamples => i64::try_from(self.learned.samples).unwrap_or(i64::MAX),
            Figure::WhyLength => self.why_length,
            Figure::Health => return self.health.map(|score| (score, 1)),
        };
        Some((whole, 1))
    }
}

impl Activity {
    /// What is said to a recommendation moves no project.
    fn is_work(&self) -> bool {
        !matches!(self.kind, ActivityKind::RecommendationAccepted | ActivityKind::RecommendationDismissed)
    }
}

/// Whole days.
pub fn days_since(now: Moment, earlier: Moment) -> i64 {
    now.minutes_since(earlier).max(0) / DAY_MINUTES
}

fn is_lately(at: Moment, now: Moment) -> bool {
    at >= now.minutes_before(LATELY_DAYS * DAY_MINUTES)
}
