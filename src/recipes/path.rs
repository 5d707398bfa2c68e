//! The recipe `path`: practice and self-knowledge: log, streaks, achievements, derived insights, caches (RECIPES 5).
//!
//! ```text
//! rows of completions ─ streak ──┐
//! rows of the log ─ patterns ────┼─ achievements
//!                 └ archetype    │   attunement: the day's question and answer
//! rows of answers ─ oejts ───────┘   cache, sky: what is fresh, and the moon without a provider
//! ```

mod achievements;
mod archetype;
mod attunement;
mod bulk;
mod cache;
mod embedded;
mod entry;
mod oejts;
mod patterns;
mod sky;
mod streak;
mod validate;
mod words;

use super::{answer, unknown_call};
use crate::protocol::Fault;

/// Carries out one call; see [`super::call`].
pub fn call(call: &str, input: &str) -> Result<String, Fault> {
    match call {
        "validate" => answer(call, input, |given: validate::Input| Ok(validate::check(&given))),
        "progress" => answer(call, input, |given: streak::Input| Ok(streak::progress(given))),
        "achievements" => answer(call, input, |given: achievements::Input| Ok(achievements::step(given))),
        "patterns" => answer(call, input, |given: patterns::Input| Ok(patterns::patterns(given))),
        "archetype" => answer(call, input, |given: archetype::Input| Ok(archetype::analyse(given))),
        "oejts" => answer(call, input, |given: oejts::Input| Ok(oejts::result(&given))),
        "cosmic" => answer(call, input, |given: cache::Cosmic| Ok(given.freshness())),
        "astrology" => answer(call, input, |given: cache::Astrology| Ok(given.holds())),
        "sky" => answer(call, input, |given: sky::Input| Ok(sky::moon(given.at))),
        "attunement" => answer(call, input, |given: attunement::Input| Ok(attunement::of_day(given))),
        "embedded" => answer(call, input, |given: embedded::Input| Ok(embedded::selected(given))),
        "search" => answer(call, input, |given: words::Search| Ok(words::search(given))),
        "kata_key" => answer(call, input, |given: words::Name| words::key_of(&given.name)),
        "bulk" => answer(call, input, |given: bulk::Input| Ok(bulk::counts(&given))),
        _ => Err(unknown_call("path", call)),
    }
}
