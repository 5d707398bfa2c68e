//! What is learned, and that no order of arrival changes it.

use super::*;
use crate::recipes::projects::sample::{activity, day, days_ago, project, telling, todo};

fn moved(id: &str, days: i64, from: &str, to: &str) -> Activity {
    let told = telling(activity("p", ActivityKind::TodoMoved, days, None), "from", from);
    Activity { id: format!("{id} {days}"), todo_id: Some(id.into()), ..telling(told, "to", to) }
}

#[test]
fn the_state_in_which_todos_rest_longest_is_the_bottleneck() {
    let todos = [todo("a").age(20).0, todo("b").age(10).0];
    let mut activities = vec![
        moved("a", 18, "dumped", "matched"),
        moved("a", 8, "matched", "refined"),
        moved("b", 6, "dumped", "matched"),
        moved("b", 4, "matched", "dropped"),
        moved("b", 1, "dropped", "dumped"),
    ];
    let found = workflow(&todos, &activities);
    let days: Vec<_> = found.median_days.iter().map(|(state, days)| (*state, days.0)).collect();
    assert_eq!(days, [("dumped", 300), ("matched", 600)]);
    assert_eq!(found.bottleneck, Some("matched"));
    activities.reverse();
    assert_eq!(workflow(&todos, &activities), found);
}

#[test]
fn success_counts_what_was_completed_among_what_has_ended() {
    let ended =
        |id: &str, status, days| Project { status, completed_at: Some(days_ago(days)), ..project(id, 30) };
    let projects = [
        ended("a", ProjectStatus::Completed, 20),
        ended("b", ProjectStatus::Completed, 5),
        ended("c", ProjectStatus::Archived, 5),
        project("d", 30),
    ];
    let todos = [
        todo("1").of("a").done_ago(20, 300).0,
        todo("2").of("a").done_ago(20, 100).0,
        todo("3").of("d").done_ago(1, 900).0,
    ];
    let found = success(&projects, &todos);
    assert_eq!(found.completion_rate, Some(67));
    assert_eq!(found.median_days, Some(Hundredths(1750)));
    assert_eq!(found.median_hours, Some(Hundredths(200)));
    assert_eq!(success(&[], &[]).completion_rate, None);
}

#[test]
fn a_style_is_known_from_ten_done_todos_on() {
    let done = |planned: usize, all: usize| -> Vec<Todo> {
        let made = |index: usize| todo(&index.to_string()).done_ago(1, 0);
        let made = (0..all)
            .map(|index| if index < planned { made(index).week("2026-03-09").0 } else { made(index).0 });
        made.collect()
    };
    assert_eq!(style(&done(9, 9), &[]), None);
    assert_eq!(style(&done(7, 10), &[]), Some("planner"));
    assert_eq!(style(&done(6, 10), &[]), Some("mixed"));
    assert_eq!(style(&done(3, 10), &[]), Some("improviser"));
    let committed = moved("9", 3, "confirmed", "committed");
    assert_eq!(style(&done(3, 10), &[committed]), Some("mixed"), "it was committed once");
}

#[test]
fn weekdays_are_those_of_the_place_and_weeks_the_last_twelve() {
    let todos = [todo("a").hours(300).done("2026-03-08", 0).0, todo("b").hours(200).done("2026-03-10", 0).0];
    let found = by_weekday(&todos, 0);
    assert_eq!(
        (found.best_weekday, found.hours_by_weekday[6].0, found.hours_by_weekday[1].0),
        (Some(6), 300, 200)
    );
    assert_eq!(by_weekday(&todos, 840).best_weekday, Some(6), "still Sunday at 22:00");
    assert_eq!(by_weekday(&[], 0).best_weekday, None);
    let week = |index: i32| Week {
        id: index.to_string(),
        week_start_date: day("2026-03-09").plus(-7 * index),
        total_estimated_hours: Hundredths(100),
        completion_rate: if index == 0 { 75 } else { 50 },
    };
    let weeks: Vec<Week> = (-1..14).map(week).collect();
    let found = achievement(&weeks, day("2026-03-10"));
    assert_eq!((found.weeks.len(), found.weeks[11].1, found.mean), (12, 75, Some(52)));
}
