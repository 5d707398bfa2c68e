//! Rows of the recipe's tables as the agent reads them: PostgREST's JSON, of which only these columns are asked for.

use crate::recipes::figure::Hundredths;
use crate::recipes::time::{Day, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    Low,
    Medium,
    High,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProjectStatus {
    Active,
    Paused,
    Completed,
    Archived,
}

/// Where a todo is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TodoState {
    Dumped,
    Matched,
    Refined,
    Confirmed,
    Committed,
    Done,
    Dropped,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Project {
    pub id: String,
    pub title: String,
    pub why: String,
    pub status: ProjectStatus,
    pub progress: i64,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub completed_at: Option<Moment>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Todo {
    pub id: String,
    pub project_id: Option<String>,
    pub title: String,
    pub status: TodoState,
    pub priority: Priority,
    pub estimated_hours: Hundredths,
    pub actual_hours: Hundredths,
    pub week_start_date: Option<Day>,
    pub completed_at: Option<Moment>,
    pub created_at: Moment,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Week {
    pub id: String,
    pub week_start_date: Day,
    pub total_estimated_hours: Hundredths,
    pub completion_rate: i64,
}

/// What happened to a project; made with the change, never changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Activity {
    #[serde(skip_serializing, default)]
    pub id: String,
    pub project_id: String,
    pub todo_id: Option<String>,
    pub kind: ActivityKind,
    /// Progress gained, hours estimated, or actual hours by estimated, as the kind has it.
    pub value: Option<Hundredths>,
    pub detail: Map<String, Value>,
    pub occurred_at: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    ProjectCreated,
    ProgressChanged,
    StatusChanged,
    TodoAdded,
    TodoMoved,
    TodoDone,
    TodoReopened,
    EstimateCorrected,
    RecommendationAccepted,
    RecommendationDismissed,
}

impl TodoState {
    /// In the order of the way; dropped is last.
    pub const ALL: [Self; 7] = [
        Self::Dumped,
        Self::Matched,
        Self::Refined,
        Self::Confirmed,
        Self::Committed,
        Self::Done,
        Self::Dropped,
    ];

    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Dropped)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Dumped => "dumped",
            Self::Matched => "matched",
            Self::Refined => "refined",
            Self::Confirmed => "confirmed",
            Self::Committed => "committed",
            Self::Done => "done",
            Self::Dropped => "dropped",
        }
    }
}

impl Todo {
    /// When it was done, if it is.
    pub fn done_at(&self) -> Option<Moment> {
        self.completed_at.filter(|_| self.status == TodoState::Done)
    }
}

impl Activity {
    pub fn tells<'a>(&'a self, name: &str) -> Option<&'a str> {
        self.detail.get(name).and_then(Value::as_str)
    }
}
