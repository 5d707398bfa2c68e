//! How much of each table the app wants to keep, as it says so when it opens.

use crate::driver::Keeps;
use crate::engine::priority::Priority;
use crate::engine::retention::Keep;
use crate::protocol::{ErrorCode, Fault, Schema, Text};
use crate::query::age::has_age;
use serde::{Deserialize, Serialize};

/// A table to keep: whole, by its name, or within bounds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TableChoice {
    Whole(String),
    Bounded(TableOptions),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableOptions {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    days: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<f64>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<f64>,
    #[serde(default)]
    priority: Priority,
    #[serde(default)]
    urgent: bool,
}

impl TableChoice {
    pub fn name(&self) -> &str {
        match self {
            Self::Whole(name) => name,
            Self::Bounded(options) => &options.name,
        }
    }

    pub fn check(&self) -> Result<(), Fault> {
        let Self::Bounded(options) = self else { return Ok(()) };
        let bounds =
            [("days", options.days), ("rows", options.rows), ("bytes", options.bytes), ("ttl", options.ttl)];
        let wrong = bounds.iter().find(|(_, bound)| bound.is_some_and(|bound| !is_count(bound)));
        let Some((bound, given)) = wrong else { return Ok(()) };
        let given = given.unwrap_or_default();
        let message =
            format!("{bound} of table {:?} is {given}; it must be a whole number above 0", options.name);
        Err(Fault::new(ErrorCode::InvalidRequest, message))
    }

    fn keep(&self) -> Keep {
        let Self::Bounded(options) = self else { return Keep::default() };
        Keep {
            days: options.days.map(|days| days as u32),
            rows: options.rows.map(|rows| rows as u64),
            bytes: options.bytes.map(|bytes| bytes as u64),
            ttl_ms: options.ttl.map(|seconds| seconds as u64 * 1_000),
            priority: options.priority,
            urgent: options.urgent,
        }
    }
}

/// Counts cross as JavaScript's numbers.
fn is_count(number: f64) -> bool {
    number.fract() == 0.0 && (1.0..=9_007_199_254_740_991.0).contains(&number)
}

pub fn keeps(tables: &[TableChoice]) -> Keeps {
    tables.iter().map(|table| (Text::from(table.name()), table.keep())).collect()
}

/// What a table's definition makes impossible: rows without a time have no age.
pub fn check_ages(keeps: &Keeps, schema: &Schema) -> Result<(), Fault> {
    let ageless = keeps.iter().find(|(name, keep)| {
        keep.is_bounded() && schema.tables.get(*name).is_some_and(|table| !has_age(table))
    });
    let Some((name, _)) = ageless else { return Ok(()) };
    let message = format!(
        "table {name:?} is to be kept by days, rows or bytes, but has no time column; name one on the server \
         (select thermocline.enable('public.{name}', time_col => '…')) or keep it whole"
    );
    Err(Fault::new(ErrorCode::InvalidRequest, message))
}
