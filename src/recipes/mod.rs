//! Recipes: the domain logic of five kinds of app, on top of the generic engine.
//!
//! Owns formulas, folds, state machines and result shapes, and nothing that is stored: a recipe's rows are ordinary rows of
//! ordinary tables (supabase/recipes). Pure: rows, time and user come in as JSON text, the answer goes out as JSON text. Each recipe
//! is behind a Cargo feature of its name; without it nothing of it is in the module.

#[cfg(feature = "context")]
pub mod context;
pub mod figure;
#[cfg(feature = "path")]
pub mod path;
#[cfg(feature = "projects")]
pub mod projects;
pub mod time;

use crate::protocol::{ErrorCode, Fault};
use serde::{Deserialize, Serialize};

/// Carries out one call of one recipe: JSON text in, JSON text out.
#[cfg_attr(
    not(any(feature = "context", feature = "path", feature = "projects")),
    expect(unused_variables, reason = "there is no recipe to hand them to")
)]
pub fn call(recipe: &str, call: &str, input: &str) -> Result<String, Fault> {
    match recipe {
        #[cfg(feature = "context")]
        "context" => context::call(call, input),
        #[cfg(feature = "path")]
        "path" => path::call(call, input),
        #[cfg(feature = "projects")]
        "projects" => projects::call(call, input),
        _ => Err(invalid(format!(
            "the recipe {recipe:?} is not in this build; build with the Cargo feature of its name"
        ))),
    }
}

/// Reads the input, works on it, writes the answer.
pub fn answer<'i, I: Deserialize<'i>, O: Serialize>(
    call: &str,
    input: &'i str,
    work: impl FnOnce(I) -> Result<O, Fault>,
) -> Result<String, Fault> {
    let input = serde_json::from_str(input).map_err(|error| invalid(format!("{call}: {error}")))?;
    serde_json::to_string(&work(input)?).map_err(|error| invalid(format!("{call}: {error}")))
}

pub fn unknown_call(recipe: &str, call: &str) -> Fault {
    invalid(format!("the recipe {recipe:?} has no call {call:?}"))
}

pub fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(ErrorCode::InvalidRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_or_call_that_is_not_there_is_named() {
        let named = |recipe, name| call(recipe, name, "{}").expect_err("there is none").message;
        assert!(named("cooking", "stir").contains("\"cooking\" is not in this build"));
        assert!(named("context", "stir").contains("\"context\" has no call \"stir\""));
    }
}
