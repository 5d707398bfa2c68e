//! The recipe `context`: the state of a person over the day: focus, energy, mood, activity, and insights from it (RECIPES 4).

use super::unknown_call;
use crate::protocol::Fault;

/// Carries out one call; see [`super::call`].
pub fn call(call: &str, _input: &str) -> Result<String, Fault> {
    Err(unknown_call("context", call))
}
