//! Risks of a project and what may be made better in it, each with fixed steps (RECIPES 7.3).

use super::facts::{Facts, Figure};
use super::health::{Bound, Is, Reason, all_hold, bound};
use serde::Serialize;

/// Below this health is a risk of its own.
const LOW_HEALTH: i64 = 4000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Risk {
    pub name: &'static str,
    pub severity: u8,
    pub sentence: &'static str,
    pub steps: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Optimization {
    #[serde(skip)]
    when: &'static [Bound],
    pub description: &'static str,
    pub steps: &'static [&'static str],
}

/// Worst first, and among equals in this order. All but two hold with the pattern of the same name.
pub const RISKS: &[Risk] = &[
    risk(
        "abandoned",
        3,
        "Nothing has happened here for two weeks or more.",
        &[
            "Decide whether you still want this",
            "Do one small task today, or pause the project",
            "Set a day to look at it again",
        ],
    ),
    risk(
        "low health",
        3,
        "Several things are wrong at once.",
        &["Read the reasons and choose the worst", "Mend that one before you add anything"],
    ),
    risk(
        "stalled",
        2,
        "There is a plan, but nothing of it was done in two weeks.",
        &["Take the smallest open task", "Ask what is in its way and write that down as a task"],
    ),
    risk(
        "overload",
        2,
        "There are many open tasks, and none is committed to a week.",
        &["Commit two tasks to this week", "Drop what you will not do", "Leave the rest in the dump"],
    ),
    risk(
        "overrun",
        2,
        "Tasks take far longer than was estimated.",
        &["Take the suggested estimates", "Split what is above four hours"],
    ),
    risk(
        "no plan",
        2,
        "It is not finished, and there is no open task.",
        &["Write down the next step", "Or mark the project as completed"],
    ),
    risk(
        "quiet",
        1,
        "Nothing has happened here for a week.",
        &["Do one task this week", "Or pause the project"],
    ),
    risk(
        "scope growth",
        1,
        "Tasks are added more than twice as fast as they are done.",
        &["Finish before you add", "Move new ideas to the dump"],
    ),
    risk(
        "rework",
        1,
        "Many tasks are reopened after they were done.",
        &["Say for each task when it is done", "Check before you finish"],
    ),
];

pub const OPTIMIZATIONS: &[Optimization] = &[
    optimization(
        &[bound(Figure::OpenTodos, Is::AtMost, 0)],
        "Define the next step",
        &["Write down one task that can be done in an hour", "Give it an estimate"],
    ),
    optimization(
        &[bound(Figure::ReadyTodos, Is::Above, 0), bound(Figure::CommittedTodos, Is::AtMost, 0)],
        "Commit work",
        &["Choose a task that is ready", "Commit it to this week"],
    ),
    optimization(
        &[bound(Figure::LargeTodos, Is::Above, 0)],
        "Split large tasks",
        &["Open the task above eight hours", "Make tasks of at most four hours of it"],
    ),
    optimization(
        &[bound(Figure::BiasSamples, Is::AtLeast, 300), bound(Figure::Bias, Is::Below, 80)],
        "Adjust estimates",
        LEARNED,
    ),
    optimization(
        &[bound(Figure::BiasSamples, Is::AtLeast, 300), bound(Figure::Bias, Is::Above, 125)],
        "Adjust estimates",
        LEARNED,
    ),
    optimization(
        &[bound(Figure::DumpedTodos, Is::AtLeast, 500)],
        "Sort the dump",
        &["Look at each dumped task once", "Refine it or drop it"],
    ),
];

const LEARNED: &[&str] =
    &["Compare estimated and actual hours", "Take the suggested estimate for the next task"];
const LOW: &[Bound] = &[bound(Figure::Health, Is::Below, LOW_HEALTH)];
const GROWTH: &[Bound] =
    &[bound(Figure::RecentAdded, Is::AtLeast, 500), bound(Figure::RecentGrowth, Is::Above, 0)];

const fn risk(
    name: &'static str,
    severity: u8,
    sentence: &'static str,
    steps: &'static [&'static str],
) -> Risk {
    Risk { name, severity, sentence, steps }
}

const fn optimization(
    when: &'static [Bound],
    description: &'static str,
    steps: &'static [&'static str],
) -> Optimization {
    Optimization { when, description, steps }
}

/// All that hold; `reasons` are those of the score that `facts` know.
pub fn risks(facts: &Facts, reasons: &[Reason]) -> Vec<Risk> {
    let holds = |risk: &&Risk| match risk.name {
        "low health" => all_hold(LOW, facts),
        "scope growth" => all_hold(GROWTH, facts),
        name => reasons.iter().any(|reason| reason.pattern == name),
    };
    RISKS.iter().filter(holds).copied().collect()
}

/// One of severity 3, or two of severity 2.
pub fn is_high(risks: &[Risk]) -> bool {
    let of = |severity| risks.iter().filter(|risk| risk.severity == severity).count();
    of(3) > 0 || of(2) > 1
}

pub fn optimizations(facts: &Facts) -> Vec<Optimization> {
    OPTIMIZATIONS.iter().filter(|one| all_hold(one.when, facts)).copied().collect()
}
