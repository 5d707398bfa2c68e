//! JSON that passes through as text: what makes it valid, checked where bytes become values.
//!
//! Rows, keys and column values are never taken apart further than a decision needs, so a text that is no
//! JSON would travel on to the app, or to a parser that trusts it. A frame that holds one is damaged
//! (invariant 12). For serde's `deserialize_with`: each function reads one shape of field.

use super::Text;
use super::row::fields;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny};

/// Whether a text is one JSON value.
pub fn is_value(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Whether a text is a JSON array.
pub fn is_array(text: &str) -> bool {
    serde_json::from_str::<Vec<IgnoredAny>>(text).is_ok()
}

/// Whether a text is a JSON object whose names can be read.
pub fn is_object(text: &str) -> bool {
    fields(text).is_ok()
}

/// A column's value.
pub fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    checked(Text::deserialize(deserializer)?, is_value)
}

pub fn optional_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text>, D::Error> {
    Option::<Text>::deserialize(deserializer)?.map(|text| checked(text, is_value)).transpose()
}

/// Columns with their values.
pub fn columns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(Text, Text)>, D::Error> {
    let columns = Vec::<(Text, Text)>::deserialize(deserializer)?;
    columns.iter().try_for_each(|(_, value)| check(value, is_value))?;
    Ok(columns)
}

/// A row as the server sent it.
pub fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    checked(Text::deserialize(deserializer)?, is_object)
}

pub fn optional_object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text>, D::Error> {
    Option::<Text>::deserialize(deserializer)?.map(|text| checked(text, is_object)).transpose()
}

/// Rows, or keys, each behind its rev.
pub fn objects<'de, D: Deserializer<'de>, R: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<(R, Text)>, D::Error> {
    let objects = Vec::<(R, Text)>::deserialize(deserializer)?;
    objects.iter().try_for_each(|(_, text)| check(text, is_object))?;
    Ok(objects)
}

/// Rows, each behind its place and its rev.
pub fn placed_objects<'de, D: Deserializer<'de>, P: Deserialize<'de>, R: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<(P, R, Text)>, D::Error> {
    let objects = Vec::<(P, R, Text)>::deserialize(deserializer)?;
    objects.iter().try_for_each(|(_, _, text)| check(text, is_object))?;
    Ok(objects)
}

fn checked<E: Error>(text: Text, is_valid: fn(&str) -> bool) -> Result<Text, E> {
    check(&text, is_valid).map(|()| text)
}

fn check<E: Error>(text: &str, is_valid: fn(&str) -> bool) -> Result<(), E> {
    if is_valid(text) { Ok(()) } else { Err(E::custom("not the JSON that belongs here")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_values_of_the_right_shape_pass() {
        assert!(["null", "1.50", "\"a\"", "{\"a\":[1]}", " true "].into_iter().all(is_value));
        assert!(!["", "nul", "1,2", "\"a", "{\"a\"}", "'a'", "NaN"].into_iter().any(is_value));
        assert!(is_array("[\"a\",1]") && !is_array("{}") && !is_array("[1]2"));
        assert!(is_object("{\"a\":1}") && is_object("{}") && !is_object("[]") && !is_object("{\"a\":1}}"));
    }

    #[test]
    fn a_name_that_cannot_be_read_makes_no_object() {
        assert!(!is_object(r#"{"\ud800":1}"#));
    }
}
