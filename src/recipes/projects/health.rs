//! The health of a project: 80 and all adjustments that hold, from 0 to 100. The patterns are data (RECIPES 7.3).

use super::facts::{Facts, Figure};
use crate::recipes::figure::Hundredths;
use Figure::{
    AgeDays, CommittedTodos, DoneTodos, OpenTodos, Productivity, Progress, QuietDays, RatedTodos, RecentDone,
    RecentGain, Rework, WhyLength,
};
use Is::{Above, AtLeast, AtMost, Below};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

const START: i64 = 80;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Is {
    Above,
    AtLeast,
    AtMost,
    Below,
}

/// One figure held against a number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Bound {
    pub figure: Figure,
    pub is: Is,
    pub value: Hundredths,
}

/// Holds if all of its bounds do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pattern {
    pub name: Cow<'static, str>,
    pub adjustment: i64,
    pub when: Cow<'static, [Bound]>,
}

/// A pattern that held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub pattern: String,
    pub adjustment: i64,
}

pub const fn bound(figure: Figure, is: Is, hundredths: i64) -> Bound {
    Bound { figure, is, value: Hundredths(hundredths) }
}

const fn pattern(name: &'static str, adjustment: i64, when: &'static [Bound]) -> Pattern {
    Pattern { name: Cow::Borrowed(name), adjustment, when: Cow::Borrowed(when) }
}

const OVERRUN: &[Bound] = &[bound(Productivity, Below, 70), bound(RatedTodos, AtLeast, 300)];
const REWORK: &[Bound] = &[bound(Rework, Above, 20), bound(DoneTodos, AtLeast, 500)];
const STALLED: &[Bound] =
    &[bound(AgeDays, AtLeast, 1400), bound(OpenTodos, Above, 0), bound(RecentDone, AtMost, 0)];

pub const PATTERNS: &[Pattern] = &[
    pattern("active lately", 5, &[bound(QuietDays, AtMost, 300)]),
    pattern("quiet", -10, &[bound(QuietDays, AtLeast, 700), bound(QuietDays, Below, 1400)]),
    pattern("abandoned", -25, &[bound(QuietDays, AtLeast, 1400)]),
    pattern("moving", 5, &[bound(RecentGain, Above, 0)]),
    pattern("stalled", -10, STALLED),
    pattern("nearly there", 5, &[bound(Progress, AtLeast, 8000)]),
    pattern("no plan", -10, &[bound(Progress, Below, 10000), bound(OpenTodos, AtMost, 0)]),
    pattern("overload", -10, &[bound(OpenTodos, Above, 1000), bound(CommittedTodos, AtMost, 0)]),
    pattern("overrun", -10, OVERRUN),
    pattern("rework", -5, REWORK),
    pattern("no why", -5, &[bound(WhyLength, AtMost, 0)]),
];

impl Bound {
    pub fn holds(&self, facts: &Facts) -> bool {
        let Some((numerator, denominator)) = facts.figure(self.figure) else { return false };
        let found = i128::from(numerator) * 100;
        let wanted = i128::from(self.value.0) * i128::from(denominator);
        match self.is {
            Above => found > wanted,
            AtLeast => found >= wanted,
            AtMost => found <= wanted,
            Below => found < wanted,
        }
    }
}

pub fn all_hold(when: &[Bound], facts: &Facts) -> bool {
    when.iter().all(|bound| bound.holds(facts))
}

/// The score and why it is that; `more` are the app's own patterns.
pub fn score(facts: &Facts, more: &[Pattern]) -> (i64, Vec<Reason>) {
    let holding = PATTERNS.iter().chain(more).filter(|pattern| all_hold(&pattern.when, facts));
    let reasons: Vec<Reason> = holding
        .map(|pattern| Reason { pattern: pattern.name.to_string(), adjustment: pattern.adjustment })
        .collect();
    let sum = reasons.iter().fold(START, |score, reason| score.saturating_add(reason.adjustment));
    (sum.clamp(0, 100), reasons)
}
