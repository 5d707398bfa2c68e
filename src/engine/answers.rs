//! Answers to the requests of the last frames.
//!
//! A writer whose append was answered late, or whose frames a checkpoint has cut, finds its decision
//! here; a request that is appended twice takes effect once.

use crate::protocol::{Decision, MutationId, Seq, limits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    by_request: BTreeMap<MutationId, Decision>,
    by_seq: BTreeMap<Seq, Vec<MutationId>>,
}

impl Answers {
    pub fn get(&self, request: MutationId) -> Option<&Decision> {
        self.by_request.get(&request)
    }

    pub fn insert(&mut self, seq: Seq, request: MutationId, decision: Decision) {
        self.by_request.insert(request, decision);
        self.by_seq.entry(seq).or_default().push(request);
        while let Some(oldest) = self.by_seq.first_entry() {
            if *oldest.key() + limits::ANSWERED_FRAMES > seq {
                break;
            }
            for request in oldest.remove() {
                self.by_request.remove(&request);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_for_a_thousand_frames_and_no_longer() {
        let mut answers = Answers::default();
        let id = |n: u8| MutationId([n; 16]);
        answers.insert(1, id(1), Decision::Done(vec![true]));
        answers.insert(limits::ANSWERED_FRAMES, id(2), Decision::Done(vec![true]));
        assert!(answers.get(id(1)).is_some());
        answers.insert(limits::ANSWERED_FRAMES + 1, id(3), Decision::Done(vec![true]));
        assert!(answers.get(id(1)).is_none());
    }
}
