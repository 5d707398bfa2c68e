//! The recipe `context`: the state of a person over the day: focus, energy, mood, activity, and insights from it (RECIPES 4).
//!
//! Figures are computed from snapshots as they come from a query, in any order, exact; days and hours are those of each row's offset.

mod daily;
mod figures;
mod reading;
mod sampling;
mod series;
mod snapshot;
mod words;
#[cfg(test)]
mod worked_day;

use super::{answer, unknown_call};
use crate::protocol::Fault;

/// Carries out one call; see [`super::call`].
pub fn call(call: &str, input: &str) -> Result<String, Fault> {
    match call {
        "row" => answer(call, input, reading::row),
        "sample" => answer(call, input, |input| Ok(sampling::next(input))),
        "insights" => answer(call, input, |input| Ok(figures::insights(input))),
        "daily" => answer(call, input, |input| Ok(daily::answers(input))),
        "series" => answer(call, input, |input| Ok(series::series(input))),
        "aura" => answer(call, input, |input| Ok(words::aura(&input))),
        "text" => answer(call, input, |input| Ok(words::text(&input))),
        _ => Err(unknown_call("context", call)),
    }
}
