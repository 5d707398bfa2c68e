//! Priorities: in which order the tables of a run are pulled.
//!
//! ```text
//! high ─▶ medium, low and lazy that are there ─▶ each lazy one that is not, from nothing, alone
//! ```
//!
//! Within each step tables that are pulled from nothing come first, so that the step ends with all of its tables at
//! one snapshot. On a metered connection a run that nobody asked for ends after the first step.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    #[default]
    High,
    Medium,
    Low,
    Lazy,
}

impl Priority {
    /// The step in which its tables are pulled: `is_new` ones from nothing.
    pub fn step(self, is_new: bool) -> Step {
        match self {
            Self::High => Step::First,
            Self::Lazy if is_new => Step::Alone,
            Self::Medium | Self::Low | Self::Lazy => Step::Second,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    First,
    Second,
    Alone,
}
