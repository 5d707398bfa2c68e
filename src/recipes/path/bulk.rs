//! What came of sending many rows: the counts come from outcomes, never from who answered at all (RECIPES 5.8, P7).

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Input {
    pub outcomes: Vec<Outcome>,
}

/// Of a row's mutation.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The server has it, or had it already.
    Applied,
    Duplicate,
    /// A dead letter, or a conflict that a person decides.
    Rejected,
    /// Still waits.
    Queued,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub succeeded: usize,
    pub failed: usize,
    pub queued: usize,
    pub total: usize,
}

pub fn counts(given: &Input) -> Counts {
    let mut counts = Counts { total: given.outcomes.len(), ..Counts::default() };
    for outcome in &given.outcomes {
        match outcome {
            Outcome::Applied | Outcome::Duplicate => counts.succeeded += 1,
            Outcome::Rejected => counts.failed += 1,
            Outcome::Queued => counts.queued += 1,
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    //! P-X8.
    use super::*;

    #[test]
    fn a_duplicate_is_a_success_and_the_counts_add_up() {
        use Outcome::{Applied, Duplicate, Queued, Rejected};
        let online = counts(&Input { outcomes: vec![Applied, Duplicate, Applied, Rejected, Applied] });
        assert_eq!(online, Counts { succeeded: 4, failed: 1, queued: 0, total: 5 });
        let offline = counts(&Input { outcomes: vec![Queued; 5] });
        assert_eq!(offline, Counts { succeeded: 0, failed: 0, queued: 5, total: 5 });
    }
}
