//! `cs`, `cd` and `ov`: containment of arrays and of `jsonb`.
//!
//! Postgres's arrays are sets here: order and repetition do not count, and a null element is in
//! nothing. `jsonb` has rules of its own ([`super::jsonb::contains`]).

use super::cells::elements;
use super::jsonb;
use super::kind::Kind;
use super::value::Value;

pub(super) fn contains(kind: &Kind, whole: &Value<'_>, part: &Value<'_>) -> Option<bool> {
    let (Value::Json(whole), Value::Json(part)) = (whole, part) else { return None };
    if *kind == Kind::Jsonb {
        return Some(jsonb::contains(whole, part));
    }
    let (held, wanted) = (elements(whole)?, elements(part)?);
    Some(wanted.iter().all(|item| has(&held, item)))
}

pub(super) fn overlaps(a: &Value<'_>, b: &Value<'_>) -> Option<bool> {
    let (Value::Json(a), Value::Json(b)) = (a, b) else { return None };
    let (a, b) = (elements(a)?, elements(b)?);
    Some(a.iter().any(|item| has(&b, item)))
}

fn has(items: &[&str], wanted: &str) -> bool {
    wanted != "null" && items.iter().any(|item| *item != "null" && jsonb::equal(item, wanted))
}
