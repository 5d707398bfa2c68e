//! The recipe `projects`: projects, weeks and todos, and an agent that judges them (RECIPES 7).

use super::unknown_call;
use crate::protocol::Fault;

/// Carries out one call; see [`super::call`].
pub fn call(call: &str, _input: &str) -> Result<String, Fault> {
    Err(unknown_call("projects", call))
}
