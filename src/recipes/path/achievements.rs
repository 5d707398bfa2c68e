//! Achievements: how far each one is, and when the step was made that unlocked it (RECIPES 5.4). Titles and texts are the app's.
//!
//! Invariant: an achievement only grows (greatest progress, unlocked once unlocked, earliest date), so the order in which devices
//! report does not matter.

use super::entry::{Entry, Type};
use super::patterns::urges;
use super::streak::{Completion, chain};
use crate::recipes::time::Moment;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Input {
    pub completions: Vec<Completion>,
    pub logs: Vec<Entry>,
    pub answers: Vec<Answer>,
    pub achievements: Vec<Achievement>,
}

#[derive(Deserialize)]
pub struct Answer {
    pub answered_at: Moment,
}

/// A row of `achievements`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Achievement {
    pub achievement_id: String,
    #[serde(default)]
    pub progress: usize,
    #[serde(default)]
    pub unlocked: bool,
    #[serde(default)]
    pub unlocked_date: Option<Moment>,
}

#[derive(Serialize)]
pub struct Steps {
    /// Rows that are to be written: those that have grown.
    pub grown: Vec<Achievement>,
    pub targets: Vec<(&'static str, usize)>,
}

const TARGETS: [(&str, usize); 10] = [
    ("first-day", 1),
    ("century", 100),
    ("week-warrior", 7),
    ("month-master", 30),
    ("night-and-day", 1),
    ("first-journal", 1),
    ("insight-seeker", 10),
    ("alchemist", 10),
    ("self-knower", 60),
    ("listener", 7),
];

pub fn step(given: Input) -> Steps {
    let Input { completions, mut logs, answers, achievements } = given;
    let done: Vec<Moment> = completions.iter().map(|one| one.completed_at).collect();
    let streaks = streaks(completions.clone());
    let category = |name: &str| moments(logs.iter().filter(|entry| entry.category == name));
    let journals = category("journal");
    let feedback = category("feedback");
    let insights = moments(logs.iter().filter(|entry| entry.entry_type() == Some(Type::Insight)));
    let transmuted = urges(&mut logs).iter().filter_map(|urge| urge.transmuted_at).collect();
    let answered = answers.iter().map(|answer| answer.answered_at).collect();
    // In the order of the targets: the moments at which the metric grew by one.
    let metrics = [
        done.clone(),
        done,
        streaks.clone(),
        streaks,
        both_routines(&completions),
        journals,
        insights,
        transmuted,
        answered,
        feedback,
    ];
    let now = TARGETS.iter().zip(metrics).map(|((id, target), metric)| reached(id, *target, metric));
    let grown = now.filter_map(|now| {
        let stored = achievements.iter().find(|one| one.achievement_id == now.achievement_id);
        let merged = stored.map_or_else(|| now.clone(), |stored| merge(stored, &now));
        let news = stored.map_or(merged.progress > 0, |stored| *stored != merged);
        news.then_some(merged)
    });
    Steps { grown: grown.collect(), targets: TARGETS.to_vec() }
}

/// What two devices say of one achievement, together; the server's trigger does the same.
fn merge(a: &Achievement, b: &Achievement) -> Achievement {
    Achievement {
        achievement_id: a.achievement_id.clone(),
        progress: a.progress.max(b.progress),
        unlocked: a.unlocked || b.unlocked,
        unlocked_date: match (a.unlocked_date, b.unlocked_date) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        },
    }
}

fn reached(id: &str, target: usize, mut steps: Vec<Moment>) -> Achievement {
    steps.sort_unstable();
    let unlocked_date = steps.get(target - 1).copied();
    Achievement {
        achievement_id: id.into(),
        progress: steps.len().min(target),
        unlocked: unlocked_date.is_some(),
        unlocked_date,
    }
}

fn moments<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<Moment> {
    entries.map(|entry| entry.created_at).collect()
}

/// When the best streak became longer.
fn streaks(completions: Vec<Completion>) -> Vec<Moment> {
    let mut steps = Vec::new();
    for link in chain(completions) {
        if link.chain > steps.len() {
            steps.push(link.first.0);
        }
    }
    steps
}

/// When a day had both its routines.
fn both_routines(completions: &[Completion]) -> Vec<Moment> {
    let of = |routine: &'static str| completions.iter().filter(move |one| one.routine == routine);
    let evening = |morning: &Completion| {
        of("evening")
            .find(|one| one.date == morning.date)
            .map(|one| one.completed_at.max(morning.completed_at))
    };
    of("morning").filter_map(evening).collect()
}

#[cfg(test)]
mod tests {
    //! P-X2.
    use super::super::entry::tests::sovereign;
    use super::super::streak::tests::completion;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn moment(hour: u32) -> Moment {
        Moment::parse(&format!("2026-03-10T{hour:02}:00:00Z")).expect("a moment")
    }

    fn state(progress: usize, hour: Option<u32>) -> Achievement {
        Achievement {
            achievement_id: "week-warrior".into(),
            progress,
            unlocked: hour.is_some(),
            unlocked_date: hour.map(moment),
        }
    }

    fn nothing() -> Input {
        Input { completions: vec![], logs: vec![], answers: vec![], achievements: vec![] }
    }

    fn named<'a>(steps: &'a Steps, id: &str) -> Option<&'a Achievement> {
        steps.grown.iter().find(|one| one.achievement_id == id)
    }

    #[test]
    fn two_devices_agree_on_an_achievement_whatever_comes_first() {
        let reports = [state(5, None), state(7, Some(10)), state(7, Some(9))];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let merged = order.iter().map(|at| &reports[*at]).fold(state(0, None), |a, b| merge(&a, b));
            assert_eq!(merged, state(7, Some(9)), "{order:?}");
        }
    }

    #[test]
    fn an_achievement_is_unlocked_at_the_step_that_reached_it() {
        let days: Vec<Completion> = (1..=8).map(|day| completion(day, "07:00", 0, "morning")).collect();
        let steps = step(Input { completions: days, ..nothing() });
        let first = named(&steps, "first-day").expect("a first day");
        assert_eq!(
            (first.unlocked, first.unlocked_date.map(|at| at.to_string())),
            (true, Some("2026-03-01T07:00:00+00:00".into()))
        );
        let week = named(&steps, "week-warrior").expect("a week");
        assert_eq!(
            (week.progress, week.unlocked_date.map(|at| at.to_string())),
            (7, Some("2026-03-07T07:00:00+00:00".into()))
        );
        assert_eq!(named(&steps, "month-master").map(|one| (one.progress, one.unlocked)), Some((8, false)));
        assert_eq!(named(&steps, "night-and-day"), None, "what has not begun is not written");
    }

    #[test]
    fn what_was_unlocked_stays_though_its_rows_are_gone_and_the_same_again_is_no_news() {
        let stored = Achievement {
            achievement_id: "first-journal".into(),
            progress: 1,
            unlocked: true,
            unlocked_date: Some(moment(9)),
        };
        assert!(step(Input { achievements: vec![stored.clone()], ..nothing() }).grown.is_empty());
        let mut journal = sovereign("08:00", "", json!({}));
        journal.category = "journal".into();
        let earlier = step(Input { achievements: vec![stored], logs: vec![journal], ..nothing() });
        assert_eq!(named(&earlier, "first-journal").and_then(|one| one.unlocked_date), Some(moment(8)));
    }

    #[test]
    fn transmuted_urges_insights_and_both_routines_count() {
        let mut logs: Vec<Entry> = (10..20)
            .map(|minute| sovereign(&format!("09:{minute}"), "Urge/Symptom", json!({"actionTaken": "walk"})))
            .collect();
        logs.push(sovereign("11:00", "Insight", json!({})));
        let completions = vec![completion(9, "07:00", 0, "morning"), completion(9, "22:00", 0, "evening")];
        let steps = step(Input { logs, completions, ..nothing() });
        assert_eq!(named(&steps, "alchemist").map(|one| one.unlocked), Some(true));
        assert_eq!(named(&steps, "insight-seeker").map(|one| one.progress), Some(1));
        let both = named(&steps, "night-and-day").and_then(|one| one.unlocked_date);
        assert_eq!(both.map(|at| at.to_string()), Some("2026-03-09T22:00:00+00:00".into()));
    }

    fn any_state() -> impl Strategy<Value = Achievement> {
        (0usize..8, prop::option::of(0u32..24)).prop_map(|(progress, hour)| state(progress, hour))
    }

    proptest! {
        #[test]
        fn merging_is_the_same_in_any_order_and_twice_is_once(a in any_state(), b in any_state(), c in any_state()) {
            prop_assert_eq!(merge(&a, &b), merge(&b, &a));
            prop_assert_eq!(merge(&merge(&a, &b), &c), merge(&a, &merge(&b, &c)));
            prop_assert_eq!(merge(&merge(&a, &b), &b), merge(&a, &b));
        }
    }
}
