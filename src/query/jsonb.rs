//! JSON as `jsonb` prints it, so that a value written here is the text the server will answer.
//!
//! Objects keep the last of equal keys, sorted by length and then bytes; `, ` and `: ` separate;
//! numbers are `numeric`: every digit kept, no exponent. Also containment (`@>`), on that text.

use super::cells::{elements, plain, quote};
use super::decimal::Decimal;
use crate::protocol::row::fields;
use std::cmp::Ordering;

/// The canonical text; `None` if the input is not JSON.
pub(super) fn canonical(json: &str) -> Option<String> {
    let mut text = String::with_capacity(json.len() + 8);
    let raw: &serde_json::value::RawValue = serde_json::from_str(json).ok()?;
    write(raw.get(), &mut text)?;
    Some(text)
}

fn write(json: &str, out: &mut String) -> Option<()> {
    match json.as_bytes().first()? {
        b'{' => {
            out.push('{');
            for (n, (name, value)) in sorted(json)?.into_iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                out.push_str(&quote(&name));
                out.push_str(": ");
                write(value, out)?;
            }
            out.push('}');
        }
        b'[' => {
            out.push('[');
            for (n, value) in elements(json)?.into_iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                write(value, out)?;
            }
            out.push(']');
        }
        b'"' => out.push_str(&quote(&plain(json))),
        b'-' | b'0'..=b'9' => match Decimal::parse(json)? {
            Decimal::Finite(number) => out.push_str(&number.text()),
            _ => return None,
        },
        _ => out.push_str(json),
    }
    Some(())
}

/// An object's fields: the last of equal names, in `jsonb`'s order.
fn sorted(json: &str) -> Option<Vec<(String, &str)>> {
    let mut all: Vec<(String, &str)> =
        fields(json).ok()?.into_iter().rev().map(|(name, value)| (name.into_owned(), value)).collect();
    // Stable: of equal names the later one in the text comes first and stays.
    all.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.as_bytes().cmp(b.as_bytes())));
    all.dedup_by(|(later, _), (kept, _)| later == kept);
    Some(all)
}

/// `jsonb`'s equality: numbers by value, all else by canonical text.
pub(super) fn equal(a: &str, b: &str) -> bool {
    match (a.as_bytes().first(), b.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => match (sorted(a), sorted(b)) {
            (Some(a), Some(b)) => {
                a.len() == b.len() && a.iter().zip(&b).all(|((an, av), (bn, bv))| an == bn && equal(av, bv))
            }
            _ => false,
        },
        (Some(b'['), Some(b'[')) => match (elements(a), elements(b)) {
            (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| equal(a, b)),
            _ => false,
        },
        _ => scalar_equal(a, b),
    }
}

fn scalar_equal(a: &str, b: &str) -> bool {
    let number = |text: &str| text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    if number(a) && number(b) {
        return matches!((Decimal::parse(a), Decimal::parse(b)), (Some(a), Some(b)) if a.cmp(&b) == Ordering::Equal);
    }
    a == b || (a.starts_with('"') && b.starts_with('"') && plain(a) == plain(b))
}

/// Whether `whole @> part`.
pub(super) fn contains(whole: &str, part: &str) -> bool {
    let kind = |text: &str| text.as_bytes().first().copied();
    match (kind(whole), kind(part)) {
        // An array contains a bare scalar, at the top only.
        (Some(b'['), Some(b'{')) => false,
        (Some(b'['), first) if first != Some(b'[') => {
            elements(whole).is_some_and(|items| items.iter().any(|item| scalar_equal(item, part)))
        }
        _ => contains_deep(whole, part),
    }
}

fn contains_deep(whole: &str, part: &str) -> bool {
    match (whole.as_bytes().first(), part.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => match (sorted(whole), sorted(part)) {
            (Some(whole), Some(part)) => part.iter().all(|(name, value)| {
                whole.iter().any(|(other, held)| other == name && contains_deep(held, value))
            }),
            _ => false,
        },
        (Some(b'['), Some(b'[')) => match (elements(whole), elements(part)) {
            (Some(whole), Some(part)) => {
                part.iter().all(|value| whole.iter().any(|held| contains_deep(held, value)))
            }
            _ => false,
        },
        (Some(b'{' | b'['), _) | (_, Some(b'{' | b'[')) => false,
        _ => scalar_equal(whole, part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jsonb_text_is_sorted_by_length_spaced_and_keeps_every_digit() {
        assert_eq!(
            canonical(r#"{"bb":1.50,"a":[1,{"z":null,"y":"\u00e9"}],"c":1e3,"a":[true , "x"]}"#).as_deref(),
            Some(r#"{"a": [true, "x"], "c": 1000, "bb": 1.50}"#)
        );
        assert_eq!(canonical("[]").as_deref(), Some("[]"));
        assert_eq!(canonical("{} x"), None);
    }

    #[test]
    fn containment_is_postgres() {
        assert!(contains(r#"{"a": 1, "b": [1, 2, 3]}"#, r#"{"b": [3, 1.0]}"#));
        assert!(contains(r#"["x", "y"]"#, r#""x""#));
        assert!(!contains(r#""x""#, r#"["x"]"#));
        assert!(!contains(r#"{"a": {"b": 1}}"#, r#"{"b": 1}"#));
        assert!(contains(r#"[[1, 2]]"#, "[[1]]"));
        assert!(!contains("[[1, 2]]", "[1]"));
        assert!(equal(r#"{"a": 1.0}"#, r#"{"a":1}"#));
    }
}
