//! The agent's figures, scores, risks and recommendations: O-X2, O-X3 and O-X4, and what holds of every score.

use super::*;
use crate::recipes::projects::daily::recommend;
use crate::recipes::projects::rows::{ActivityKind, TodoState};
use crate::recipes::projects::sample::{activity, day, noon, project, telling, todo};
use ActivityKind::{ProgressChanged, RecommendationDismissed, StatusChanged, TodoReopened};
use TodoState::{Committed, Refined};
use proptest::prelude::*;

#[derive(Debug, Default)]
struct World {
    projects: Vec<Project>,
    todos: Vec<Todo>,
    activities: Vec<Activity>,
    patterns: Vec<Pattern>,
}

impl World {
    fn with<T>(&self, work: impl FnOnce(&Desk<'_>) -> T) -> T {
        let estimates = Estimates::learn(&self.todos);
        work(&Desk::new(&self.todos, &self.activities, &estimates, &self.patterns, noon(), 30))
    }

    fn judge(&self, id: &str) -> Judged {
        let project = self.projects.iter().find(|project| project.id == id).expect("a project");
        self.with(|desk| desk.judge(project))
    }

    fn recommended(&self) -> Vec<String> {
        let found = self.with(|desk| recommend(desk, &self.projects, noon()));
        found.into_iter().map(|one| format!("{} {}", one.title, one.description)).collect()
    }
}

/// The three projects of O-X3.
fn prepared() -> World {
    let mut world = World::default();
    let hours = |index: i64| if index == 0 { 1200 } else { 200 };
    // A: one done yesterday, progress gained, six open of which two are committed, one of 12 h.
    world.projects.push(project("A", 30));
    world.todos.push(todo("A done").of("A").hours(190).done_ago(1, 200).0);
    for index in 0..6 {
        let made = todo(&format!("A{index}")).of("A").hours(hours(index));
        world.todos.push(made.state(if index < 2 { Committed } else { Refined }).0);
    }
    world.activities.push(activity("A", ProgressChanged, 1, Some(1000)));
    // B: quiet for nine days, twelve open and none committed, four done of which each took longer; no why.
    world.projects.push(Project { why: String::new(), ..project("B", 40) });
    for index in 0..12 {
        let made = todo(&format!("B{index:02}")).of("B");
        world.todos.push(if index < 4 { made.state(Refined).0 } else { made.0 });
    }
    for index in 0..4 {
        world.todos.push(todo(&format!("B done {index}")).of("B").hours(300).done_ago(9 + index, 500).0);
    }
    world.activities.push(activity("B", ActivityKind::TodoDone, 9, Some(300)));
    // C: abandoned for 20 days, three committed, almost there.
    world.projects.push(Project { progress: 85, ..project("C", 60) });
    world.todos.extend((0..3).map(|index| todo(&format!("C{index}")).of("C").state(Committed).0));
    world.activities.push(activity("C", StatusChanged, 20, None));
    world
}

/// O-X2.
#[test]
fn fifteen_hours_in_thirty_days_and_ten_to_go_are_twenty_four_days() {
    let mut world = World { projects: vec![project("p", 60)], ..World::default() };
    world.todos.push(todo("old").of("p").hours(400).done_ago(20, 500).0);
    world.todos.push(todo("new").of("p").hours(1100).done_ago(5, 1500).0);
    world.todos.push(todo("open").of("p").hours(1000).0);
    let mut judged = world.judge("p");
    judged.facts.learned.bias.0 = 1_200_000;
    let metrics = judged.metrics();
    assert_eq!((metrics.velocity.0, metrics.productivity.map(|ratio| ratio.0)), (350, Some(75)));
    assert_eq!(metrics.time_to_completion, Some(24));
    assert_eq!(judged.trends().velocity_trend, Trend::Improving);
    assert_eq!(judged.analysis(day("2026-03-10")).predictive_insights.date, Some(day("2026-04-03")));
}

#[test]
fn without_open_todos_the_gain_of_the_window_foretells_the_end() {
    let mut world =
        World { projects: vec![Project { progress: 60, ..project("p", 60) }], ..World::default() };
    assert_eq!(world.judge("p").metrics().time_to_completion, None);
    world.activities.push(activity("p", ProgressChanged, 3, Some(1400)));
    assert_eq!(world.judge("p").metrics().time_to_completion, Some(86)); // 40 · 30 / 14 = 85.7
    world.projects[0].progress = 100;
    assert_eq!(world.judge("p").metrics().time_to_completion, Some(0));
}

#[test]
fn a_trend_is_more_than_a_tenth_and_needs_something_in_each_half() {
    let cases = [
        ((11, 1), (10, 1), Trend::Stable),
        ((12, 1), (10, 1), Trend::Improving),
        ((9, 1), (10, 1), Trend::Stable),
        ((8, 1), (10, 1), Trend::Declining),
        ((0, 1), (0, 1), Trend::Stable),
        ((1, 1), (0, 1), Trend::Improving),
        ((3, 0), (1, 2), Trend::Stable),
        ((-10, 1), (-10, 1), Trend::Stable),
        ((1, 2), (9, 10), Trend::Declining),
    ];
    for (newer, older, expected) in cases {
        assert_eq!(trend(newer, older), expected, "{newer:?} {older:?}");
    }
}

/// O-X3.
#[test]
fn three_prepared_projects_score_ninety_forty_five_and_fifty() {
    let mut world = prepared();
    let adjustments = |id: &str, world: &World| {
        let judged = world.judge(id);
        (judged.score, judged.reasons.iter().map(|reason| reason.adjustment).collect::<Vec<_>>())
    };
    assert_eq!(adjustments("A", &world), (Some(90), vec![5, 5]));
    assert_eq!(adjustments("B", &world), (Some(45), vec![-10, -10, -10, -5]));
    assert_eq!(adjustments("C", &world), (Some(50), vec![-25, -10, 5]));
    for (adjustment, score) in [(50, 100), (-200, 0)] {
        let given = format!(
            r#"[{{"name":"mine","adjustment":{adjustment},"when":[{{"figure":"progress","is":"at_least","value":0}}]}}]"#
        );
        world.patterns = serde_json::from_str(&given).expect("a pattern is data");
        assert_eq!(world.judge("A").score, Some(score), "D");
    }
}

#[test]
fn risks_are_those_of_the_prepared_projects() {
    let world = prepared();
    let of = |id: &str| {
        let analysis = world.judge(id).analysis(day("2026-03-10")).risk_analysis;
        let names: Vec<_> = analysis.factors.iter().map(|risk| risk.name).collect();
        (analysis.high_risk, analysis.primary_risk, names)
    };
    assert_eq!(of("A"), (false, None, vec![]));
    assert_eq!(of("B"), (true, Some("overload"), vec!["overload", "overrun", "quiet"]));
    assert_eq!(of("C"), (true, Some("abandoned"), vec!["abandoned", "stalled"]));
}

/// O-X4.
#[test]
fn recommendations_come_risks_first_and_the_sickest_first() {
    let mut world = prepared();
    let wanted = [
        "B needs attention There are many open tasks, and none is committed to a week.",
        "C needs attention Nothing has happened here for two weeks or more.",
        "Optimize B Commit work",
        "Optimize A Split large tasks",
    ];
    assert_eq!(world.recommended(), wanted);
    world.activities.push(telling(
        activity("B", RecommendationDismissed, 3, None),
        "type",
        "risk_mitigation",
    ));
    assert_eq!(
        world.recommended(),
        wanted[1..],
        "dismissed: silent for seven days, and the score is what it was"
    );
    world.activities.pop();
    world.activities.push(telling(
        activity("B", RecommendationDismissed, 7, None),
        "type",
        "risk_mitigation",
    ));
    assert_eq!(world.recommended(), wanted);
    world.projects[1].status = ProjectStatus::Paused;
    assert_eq!(world.judge("B").score, None);
    assert_eq!(world.recommended().len(), 2, "only active projects are judged");
}

#[test]
fn todos_that_are_reopened_are_rework() {
    let mut world = World { projects: vec![project("p", 3)], ..World::default() };
    world.todos.extend((0..5).map(|index| todo(&index.to_string()).of("p").done_ago(1, 0).0));
    world.activities.push(activity("p", TodoReopened, 1, None));
    assert!(
        world.judge("p").risks.iter().all(|risk| risk.name != "rework"),
        "a fifth is not more than a fifth"
    );
    world.activities.push(activity("p", TodoReopened, 2, None));
    let judged = world.judge("p");
    assert_eq!(judged.risks.iter().map(|risk| risk.name).collect::<Vec<_>>(), ["no plan", "rework"]);
    assert_eq!(judged.facts.done(), 5);
}

fn any_world() -> impl Strategy<Value = World> {
    let todos = prop::collection::vec((0..7usize, 0..2000i64, 0..3000i64, 0..50i64, any::<bool>()), 0..30);
    let activities = prop::collection::vec((0..4usize, 0..50i64, -10_000..10_000i64), 0..30);
    (todos, activities, 0..=100i64, 0..100i64, -300..300i64).prop_map(
        |(todos, activities, progress, age, more)| {
            let kinds = [ProgressChanged, TodoReopened, StatusChanged, ActivityKind::TodoAdded];
            let todos =
                todos.into_iter().enumerate().map(|(index, (state, estimated, actual, days, in_p))| {
                    let made = todo(&index.to_string())
                        .hours(estimated)
                        .done_ago(days, actual)
                        .state(TodoState::ALL[state]);
                    if in_p { made.of("p").0 } else { made.0 }
                });
            let pattern = format!(r#"[{{"name":"mine","adjustment":{more},"when":[]}}]"#);
            World {
                projects: vec![Project { progress, ..project("p", age) }],
                todos: todos.collect(),
                activities: activities
                    .into_iter()
                    .map(|(kind, days, value)| activity("p", kinds[kind], days, Some(value)))
                    .collect(),
                patterns: serde_json::from_str(&pattern).expect("a pattern"),
            }
        },
    )
}

proptest! {
    #[test]
    fn a_score_is_from_0_to_100_and_no_order_of_arrival_changes_a_word(world in any_world()) {
        let said = |world: &World| {
            let judged = world.judge("p");
            let summary = serde_json::to_string(&judged.summary(&world.projects[0])).expect("text");
            (judged.score, summary, serde_json::to_string(&judged.analysis(day("2026-03-10"))).expect("text"))
        };
        let (score, ..) = said(&world);
        prop_assert!((0..=100).contains(&score.expect("it is active")));
        let before = said(&world);
        let mut turned = world;
        turned.todos.reverse();
        turned.activities.reverse();
        prop_assert_eq!(said(&turned), before);
    }
}
