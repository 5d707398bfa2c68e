//! The figures of a week, folded from its todos: written where they differ (RECIPES 7.2, 3.4).

use super::rows::{Todo, TodoState, Week};
use crate::recipes::figure::{Hundredths, percent};
use crate::recipes::time::Day;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WeekFigures {
    /// Of todos that are committed or done.
    pub total_estimated_hours: Hundredths,
    /// Percent of these hours that are done.
    pub completion_rate: i64,
}

/// A week whose stored figures are not those of its todos; `id` is null where it has no row yet.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Stale {
    pub id: Option<String>,
    pub week_start_date: Day,
    pub total_estimated_hours: Hundredths,
    pub completion_rate: i64,
}

pub fn figures<'t>(todos: impl IntoIterator<Item = &'t Todo>) -> WeekFigures {
    let (mut all, mut done) = (0, 0);
    for todo in todos {
        let hours = todo.estimated_hours.0;
        match todo.status {
            TodoState::Done => (all, done) = (all + hours, done + hours),
            TodoState::Committed => all += hours,
            TodoState::Dumped
            | TodoState::Matched
            | TodoState::Refined
            | TodoState::Confirmed
            | TodoState::Dropped => {}
        }
    }
    WeekFigures { total_estimated_hours: Hundredths(all), completion_rate: percent(done, all) }
}

/// Weeks to write. A week without hours gets no row, but one that has a row keeps it.
pub fn stale(todos: &[Todo], weeks: &[Week]) -> Vec<Stale> {
    let mut by_week: BTreeMap<Day, Vec<&Todo>> = BTreeMap::new();
    for todo in todos {
        if let Some(week) = todo.week_start_date {
            by_week.entry(week).or_default().push(todo);
        }
    }
    let rows: BTreeMap<Day, &Week> = weeks.iter().map(|week| (week.week_start_date, week)).collect();
    let days: BTreeSet<Day> = by_week.keys().chain(rows.keys()).copied().collect();
    let differing = days.into_iter().filter_map(|day| {
        let figures = figures(by_week.get(&day).into_iter().flatten().copied());
        let row = rows.get(&day);
        let stored = row.map_or(WeekFigures::default(), |week| WeekFigures {
            total_estimated_hours: week.total_estimated_hours,
            completion_rate: week.completion_rate,
        });
        let id = row.map(|week| week.id.clone());
        let WeekFigures { total_estimated_hours, completion_rate } = figures;
        (stored != figures).then_some(Stale {
            id,
            week_start_date: day,
            total_estimated_hours,
            completion_rate,
        })
    });
    differing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::projects::sample::{day, todo};

    /// O-X1.
    #[test]
    fn four_and_two_hours_done_and_six_open_are_twelve_hours_half_done() {
        let todos = [
            todo("a").hours(400).state(TodoState::Done).week("2026-03-09"),
            todo("b").hours(200).state(TodoState::Done).week("2026-03-09"),
            todo("c").hours(600).state(TodoState::Committed).week("2026-03-09"),
            todo("d").hours(900).state(TodoState::Dropped).week("2026-03-09"),
        ]
        .map(|made| made.0);
        let expected = WeekFigures { total_estimated_hours: Hundredths(1200), completion_rate: 50 };
        assert_eq!(figures(&todos), expected);
        assert_eq!(figures([]), WeekFigures::default());

        let week = day("2026-03-09");
        let found = stale(&todos, &[]);
        let total_estimated_hours = Hundredths(1200);
        let missing = Stale { id: None, week_start_date: week, total_estimated_hours, completion_rate: 50 };
        assert_eq!(found, [missing]);
        let id = "w".to_string();
        let row = Week { id, week_start_date: week, total_estimated_hours, completion_rate: 50 };
        assert_eq!(stale(&todos, std::slice::from_ref(&row)), []);
        assert_eq!(stale(&[], &[row]).len(), 1, "its todos have gone");
    }
}
