//! Errors as PostgREST and Postgres write them: status, code, message, details.
//!
//! Owns the texts, so that no other file spells one. Refuses nothing itself: whoever finds a fault
//! asks here for its wording. Codes `PGRST…` are PostgREST's, the others are Postgres's SQLSTATEs.

use crate::protocol::PgError;

/// Why a request did not become a plan, or a plan a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unprepared {
    /// PostgREST would refuse it too, in these words.
    Refused(PgError),
    /// PostgREST may answer it, this engine cannot; names the feature.
    Unsupported(String),
}

impl From<PgError> for Unprepared {
    fn from(error: PgError) -> Self {
        Self::Refused(error)
    }
}

pub(super) fn unsupported<T>(feature: impl Into<String>) -> Result<T, Unprepared> {
    Err(Unprepared::Unsupported(feature.into()))
}

/// A parameter that cannot be parsed. `column` counts characters from one.
pub(super) fn syntax(what: &str, text: &str, column: usize, details: &str) -> PgError {
    let message = format!("\"failed to parse {what} ({text})\" (line 1, column {column})");
    PgError::new(400, "PGRST100", message).with_details(details)
}

pub(super) fn invalid_body(message: &str) -> PgError {
    PgError::new(400, "PGRST102", message)
}

pub(super) fn invalid_range(details: &str) -> PgError {
    PgError::new(416, "PGRST103", "Requested range not satisfiable").with_details(details)
}

pub(super) fn out_of_bounds(offset: u64, total: usize) -> PgError {
    invalid_range(&format!("An offset of {offset} was requested, but there are only {total} rows."))
}

pub(super) fn not_single(rows: usize) -> PgError {
    PgError::new(406, "PGRST116", "Cannot coerce the result to a single JSON object")
        .with_details(format!("The result contains {rows} rows"))
}

pub(super) fn invalid_preferences(names: &[&str]) -> PgError {
    PgError::new(400, "PGRST122", "Invalid preferences given with handling=strict")
        .with_details(format!("Invalid preferences: {}", names.join(", ")))
}

pub(super) fn unknown_column(table: &str, column: &str) -> PgError {
    PgError::new(400, "42703", format!("column {table}.{column} does not exist"))
}

pub(super) fn unknown_body_column(table: &str, column: &str) -> PgError {
    let message = format!("Could not find the '{column}' column of '{table}' in the schema cache");
    PgError::new(400, "PGRST204", message)
}

pub(super) fn invalid_literal(type_name: &str, text: &str) -> PgError {
    PgError::new(400, "22P02", format!("invalid input syntax for type {type_name}: \"{text}\""))
}

pub(super) fn invalid_moment(type_name: &str, text: &str) -> PgError {
    PgError::new(400, "22007", format!("invalid input syntax for type {type_name}: \"{text}\""))
}

pub(super) fn moment_out_of_range(text: &str) -> PgError {
    PgError::new(400, "22008", format!("date/time field value out of range: \"{text}\""))
}

pub(super) fn zone_out_of_range(text: &str) -> PgError {
    PgError::new(400, "22009", format!("time zone displacement out of range: \"{text}\""))
}

pub(super) fn number_out_of_range(type_name: &str, text: &str) -> PgError {
    PgError::new(400, "22003", format!("value \"{text}\" is out of range for type {type_name}"))
}

pub(super) fn numeric_overflow(precision: usize, scale: usize) -> PgError {
    let details = if precision > scale {
        format!(
            "A field with precision {precision}, scale {scale} must round to an absolute value less than 10^{}.",
            precision - scale
        )
    } else {
        format!(
            "A field with precision {precision}, scale {scale} must round to an absolute value less than 1."
        )
    };
    PgError::new(400, "22003", "numeric field overflow").with_details(details)
}

pub(super) fn too_long(type_name: &str) -> PgError {
    PgError::new(400, "22001", format!("value too long for type {type_name}"))
}

pub(super) fn invalid_json(text: &str) -> PgError {
    PgError::new(400, "22P02", "invalid input syntax for type json")
        .with_details(format!("\"{text}\" is not valid JSON."))
}

pub(super) fn zero_character() -> PgError {
    PgError::new(400, "22P05", "unsupported Unicode escape sequence")
        .with_details("\\u0000 cannot be converted to text.")
}

pub(super) fn malformed_array(text: &str, details: impl Into<String>) -> PgError {
    PgError::new(400, "22P02", format!("malformed array literal: \"{text}\"")).with_details(details)
}

pub(super) fn expected_array() -> PgError {
    PgError::new(400, "22P02", "expected JSON array")
}

pub(super) fn no_operator(type_name: &str, operator: &str) -> PgError {
    PgError::new(404, "42883", format!("operator does not exist: {type_name} {operator} unknown")).with_hint(
        "No operator matches the given name and argument types. You might need to add explicit type casts.",
    )
}

pub(super) fn no_array_type(type_name: &str) -> PgError {
    PgError::new(400, "42704", format!("could not find array type for data type {type_name}"))
}

pub(super) fn not_boolean(test: &str, type_name: &str) -> PgError {
    let message = format!("argument of IS {test} must be type boolean, not type {type_name}");
    PgError::new(400, "42804", message)
}

/// Without the failing row in the details, which Postgres hides under row-level security; every table here has it.
pub(super) fn null_value(table: &str, column: &str) -> PgError {
    let message =
        format!("null value in column \"{column}\" of relation \"{table}\" violates not-null constraint");
    PgError::new(400, "23502", message)
}

/// Without the failing row in the details, for the same reason.
pub(super) fn check_violation(table: &str, constraint: &str) -> PgError {
    let message = format!("new row for relation \"{table}\" violates check constraint \"{constraint}\"");
    PgError::new(400, "23514", message)
}

/// As the server refuses it.
pub(super) fn read_only(table: &str) -> PgError {
    PgError::new(403, "42501", format!("table \"{table}\" is pull-only"))
}

pub(super) fn generated_column(column: &str) -> PgError {
    PgError::new(400, "428C9", format!("cannot insert a non-DEFAULT value into column \"{column}\""))
        .with_details(format!("Column \"{column}\" is a generated column."))
}

pub(super) fn generated_update(column: &str) -> PgError {
    PgError::new(400, "428C9", format!("column \"{column}\" can only be updated to DEFAULT"))
        .with_details(format!("Column \"{column}\" is a generated column."))
}

/// Without the key in the details, for the same reason.
pub(super) fn duplicate_key(table: &str) -> PgError {
    let message = format!("duplicate key value violates unique constraint \"{table}_pkey\"");
    PgError::new(409, "23505", message)
}

pub(super) fn duplicate_natural_key(table: &str, constraint: Option<&str>) -> PgError {
    let named = constraint.map_or_else(|| format!("{table}_natural_key"), str::to_owned);
    PgError::new(409, "23505", format!("duplicate key value violates unique constraint \"{named}\""))
}

/// In the words of the server's trigger.
pub(super) fn natural_key_stays(table: &str) -> PgError {
    let message =
        format!("the natural key of a row of \"{table}\" cannot be changed: its id is derived from it");
    PgError::new(400, "23514", message).with_hint("Delete the row and insert another one.")
}

pub(super) fn twice_in_one_upsert() -> PgError {
    PgError::new(500, "21000", "ON CONFLICT DO UPDATE command cannot affect row a second time")
        .with_hint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
}

pub(super) fn row_too_large(number: usize, bytes: usize, limit: usize) -> PgError {
    let message = format!("row {number} of the request has {bytes} bytes; a row may have {limit}");
    PgError::new(413, "invalid_request", message)
        .with_hint("Keep large content in a file (Storage) and its path in the row.")
}

pub(super) fn too_deep(limit: usize) -> PgError {
    PgError::new(400, "invalid_request", format!("the request's JSON is nested deeper than {limit} levels"))
        .with_hint("Flatten the value, or send it as text.")
}
