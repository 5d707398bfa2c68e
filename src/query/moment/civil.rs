//! Timestamps and dates as numbers, for who works with rows rather than with requests.

use super::{DAY, Moment, stored};

/// A timestamp with time zone, as the server or anybody else writes it: microseconds since 1970. None if it is not finite.
pub fn micros(text: &str) -> Option<i64> {
    if stored::is_canonical_with_zone(text.as_bytes()) {
        let micros = stored::moment(Moment::TimestampTz, text)?;
        return micros.checked_add(stored::DAYS_FROM_1970_TO_2000 * DAY);
    }
    Moment::TimestampTz.parse(text, 6).ok()
}

/// Microseconds since 1970 as the server writes them, in UTC.
pub fn micros_text(micros: i64) -> String {
    unquoted(&Moment::TimestampTz.json(micros))
}

/// A date in its one form, `2026-03-10`: days since 1970.
pub fn days(text: &str) -> Option<i32> {
    let micros = if text.len() == 10 { Moment::Date.parse(text, 6).ok()? } else { return None };
    i32::try_from(micros.div_euclid(DAY)).ok()
}

/// Days since 1970 in that form.
pub fn days_text(days: i32) -> String {
    unquoted(&Moment::Date.json(i64::from(days).saturating_mul(DAY)))
}

fn unquoted(json: &str) -> String {
    json.trim_matches('"').to_owned()
}
