//! What was learned of estimates: how much longer things take than was thought, for each project and overall (RECIPES 7.4).

use super::rows::Todo;
use crate::recipes::figure::{Hundredths, quotient};
use crate::recipes::time::Moment;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// From so many samples a project's own bias counts.
const OWN_SAMPLES_MIN: usize = 3;
const QUARTER_HOUR: i128 = 25;

/// Actual by estimated hours, in millionths: the one figure that is kept at six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bias(pub i64);

/// A bias and how many todos it was learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Learned {
    pub bias: Bias,
    pub samples: usize,
}

#[derive(Debug, Default, Serialize)]
pub struct Estimates {
    pub overall: Learned,
    pub projects: BTreeMap<String, Learned>,
}

impl Bias {
    pub const NONE: Self = Self(1_000_000);

    /// One more todo: three tenths of the way to its ratio, which counts from 0.25 to 4.
    fn learn(self, estimated: Hundredths, actual: Hundredths) -> Self {
        let (mut spent, mut thought) = (i128::from(actual.0), i128::from(estimated.0));
        if spent * 4 < thought {
            (spent, thought) = (1, 4);
        } else if spent > thought * 4 {
            (spent, thought) = (4, 1);
        }
        Self(quotient(7 * i128::from(self.0) * thought + 3_000_000 * spent, 10 * thought))
    }
}

impl Default for Learned {
    fn default() -> Self {
        Self { bias: Bias::NONE, samples: 0 }
    }
}

impl Estimates {
    /// Folds all done todos with actual hours, in the order in which they were done, however they come. A todo that was
    /// estimated at nothing teaches nothing.
    pub fn learn(todos: &[Todo]) -> Self {
        let mut samples: Vec<(Moment, &Todo)> = todos
            .iter()
            .filter(|todo| todo.actual_hours.0 > 0 && todo.estimated_hours.0 > 0)
            .filter_map(|todo| todo.done_at().map(|at| (at, todo)))
            .collect();
        samples.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
        let mut learned = Self::default();
        for (_, todo) in samples {
            learned.overall.add(todo);
            if let Some(project) = &todo.project_id {
                learned.projects.entry(project.clone()).or_default().add(todo);
            }
        }
        learned
    }

    /// The project's own from three samples on, else the bias of all; the samples are the project's own.
    pub fn of(&self, project: Option<&str>) -> Learned {
        let own = project.and_then(|project| self.projects.get(project)).copied().unwrap_or_default();
        if own.samples >= OWN_SAMPLES_MIN { own } else { Learned { bias: self.overall.bias, ..own } }
    }

    /// An estimate as it will turn out, up to the next quarter of an hour.
    pub fn suggest(&self, estimate: Hundredths, project: Option<&str>) -> Hundredths {
        let exact = i128::from(estimate.0) * i128::from(self.of(project).bias.0);
        let quarters = exact.div_euclid(QUARTER_HOUR * 1_000_000)
            + i128::from(exact.rem_euclid(QUARTER_HOUR * 1_000_000) > 0);
        Hundredths(i64::try_from(quarters * QUARTER_HOUR).unwrap_or(i64::MAX))
    }
}

impl Learned {
    fn add(&mut self, todo: &Todo) {
        self.bias = self.bias.learn(todo.estimated_hours, todo.actual_hours);
        self.samples += 1;
    }
}

impl Serialize for Bias {
    #[expect(clippy::cast_precision_loss, reason = "a bias is between 0.25 and 4")]
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.0 as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes::projects::sample::todo;

    /// O-X5.
    #[test]
    fn three_todos_that_took_longer_raise_the_next_estimate() {
        let done = [("a", 200, 300), ("b", 400, 400), ("c", 100, 200)];
        let mut todos: Vec<Todo> = done
            .iter()
            .zip(["2026-03-01", "2026-03-02", "2026-03-03"])
            .map(|((id, estimated, actual), day)| todo(id).of("p").hours(*estimated).done(day, *actual).0)
            .collect();
        let after = |count: usize| Estimates::learn(&todos[..count]).overall.bias;
        assert_eq!(
            [after(0), after(1), after(2), after(3)].map(|bias| bias.0),
            [1_000_000, 1_150_000, 1_105_000, 1_373_500]
        );
        let learned = Estimates::learn(&todos);
        assert_eq!(learned.suggest(Hundredths(200), Some("p")), Hundredths(275));
        assert_eq!(Estimates::default().suggest(Hundredths(200), None), Hundredths(200));
        todos.reverse();
        assert_eq!(Estimates::learn(&todos).overall, learned.overall, "the order of arrival is nothing");
    }

    #[test]
    fn a_project_has_its_own_bias_from_three_samples_and_one_sample_moves_it_no_further_than_to_four() {
        let few = [todo("a").of("p").hours(100).done("2026-03-01", 10_000).0];
        let learned = Estimates::learn(&few);
        assert_eq!(learned.of(Some("p")), learned.overall);
        assert_eq!(learned.overall.bias.0, 1_900_000);
        assert_eq!(learned.of(Some("q")), Learned { samples: 0, ..learned.overall });
        let quick = [todo("a").of("p").hours(10_000).done("2026-03-01", 1).0];
        assert_eq!(Estimates::learn(&quick).overall.bias.0, 775_000);
        let unestimated = [todo("a").hours(0).done("2026-03-01", 100).0];
        assert_eq!(Estimates::learn(&unestimated).overall.samples, 0);
    }
}
