//! The recipe `path`: practice and self-knowledge: log, streaks, achievements, derived insights, caches (RECIPES 5).

use super::unknown_call;
use crate::protocol::Fault;

/// Carries out one call; see [`super::call`].
pub fn call(call: &str, _input: &str) -> Result<String, Fault> {
    Err(unknown_call("path", call))
}
