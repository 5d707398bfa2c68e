//! Moments as Postgres writes them into JSON: one form each, read digit by digit.
//!
//! `2026-11-21T10:00:00.12+00:00`, `12026-01-01T00:00:00`, `0044-03-15 BC`, `infinity`. Years have at
//! least four digits; the calendar is Gregorian in both directions, and 1 BC is the year before 1. What
//! has another form (an offset of another time zone) is none of these.

use super::{DAY, Moment, SECOND};

pub(super) const DAYS_FROM_1970_TO_2000: i64 = 10_957;

/// A timestamp's microseconds, or a date's days, since 2000.
pub(super) fn moment(kind: Moment, text: &str) -> Option<i64> {
    match text {
        "infinity" => return Some(i64::MAX),
        "-infinity" => return Some(i64::MIN),
        _ => {}
    }
    let (text, before_christ) = match text.strip_suffix(" BC") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let text = if kind == Moment::TimestampTz { text.strip_suffix("+00:00")? } else { text };
    let bytes = text.as_bytes();
    let year_end = 4 + bytes.get(4..)?.iter().position(|b| *b == b'-')?;
    let (date, rest) = bytes.split_at_checked(year_end + 6)?;
    if date[year_end + 3] != b'-' || year_end > 7 {
        return None;
    }
    let year = number(&date[..year_end])?;
    let year = if before_christ { 1 - year } else { year };
    let days =
        days_since_1970(year, number(&date[year_end + 1..year_end + 3])?, number(&date[year_end + 4..])?)
            - DAYS_FROM_1970_TO_2000;
    match (kind, rest.split_first()) {
        (Moment::Date, None) => Some(days),
        (Moment::Timestamp | Moment::TimestampTz, Some((b'T', rest))) => {
            days.checked_mul(DAY)?.checked_add(clock(rest)?)
        }
        _ => None,
    }
}

/// Microseconds of `10:00:00` or `10:00:00.123456`.
pub(super) fn clock(bytes: &[u8]) -> Option<i64> {
    let fits = (bytes.len() == 8 || (10..=15).contains(&bytes.len()))
        && bytes[2] == b':'
        && bytes[5] == b':'
        && bytes.get(8).is_none_or(|mark| *mark == b'.');
    if !fits {
        return None;
    }
    let fraction = match bytes.len() {
        8 => 0,
        length => number(&bytes[9..])? * 10i64.pow(15 - length as u32),
    };
    let seconds = number(&bytes[..2])? * 3_600 + number(&bytes[3..5])? * 60 + number(&bytes[6..8])?;
    Some(seconds * SECOND + fraction)
}

/// Whether bytes surely are a timestamp with time zone as it is written. Of years with four digits, and days that
/// every month has.
pub(super) fn is_canonical_with_zone(text: &[u8]) -> bool {
    let Some(text) = text.strip_suffix(b"+00:00") else { return false };
    let Some((whole, fraction)) = text.split_at_checked(19) else { return false };
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let within = |at: usize, length: usize, least: i64, most: i64| {
        number(&whole[at..at + length]).is_some_and(|found| (least..=most).contains(&found))
    };
    marks.iter().all(|(at, mark)| whole[*at] == *mark)
        && within(0, 4, 1, 9_999)
        && within(5, 2, 1, 12)
        && within(8, 2, 1, 28)
        && within(11, 2, 0, 23)
        && within(14, 2, 0, 59)
        && within(17, 2, 0, 59)
        && match fraction {
            [] => true,
            [b'.', digits @ ..] => {
                digits.len() <= 6
                    && digits.last().is_some_and(|last| *last != b'0')
                    && number(digits).is_some()
            }
            _ => false,
        }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0i64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
}

/// Of the Gregorian calendar, counted in eras of 400 years that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_any_other(text: &str) -> Option<i64> {
        Moment::Timestamp.parse(text, 6).ok().map(|micros| Moment::Timestamp.on_scale(micros))
    }

    #[test]
    fn what_is_kept_as_it_came_is_what_would_be_written() {
        let kept = |text: &str| {
            let written = Moment::TimestampTz.parse(text, 6).map(|micros| Moment::TimestampTz.json(micros));
            let same = written.is_ok_and(|written| written == format!("\"{text}\""));
            (is_canonical_with_zone(text.as_bytes()), same)
        };
        for text in
            ["2026-11-21T10:00:00+00:00", "0001-01-28T23:59:59.000001+00:00", "9999-12-01T00:00:00.12+00:00"]
        {
            assert_eq!(kept(text), (true, true), "{text}");
        }
        let others = "2026-11-21T10:00:00Z 2026-11-21T10:00:00.120+00:00 2026-11-21T10:00:00.+00:00 2026-13-01T10:00:00+00:00 \
            2026-02-31T10:00:00+00:00 2026-11-21T24:00:00+00:00 0000-01-01T00:00:00+00:00 2026-11-21T10:00:00.1234567+00:00";
        for text in others.split_whitespace() {
            assert_eq!(kept(text), (false, false), "{text}");
        }
    }

    #[test]
    fn years_of_five_digits_and_before_christ_are_written_as_postgres_does() {
        let text =
            |given: &str| Moment::TimestampTz.parse(given, 6).map(|micros| Moment::TimestampTz.json(micros));
        assert!(text("9999-12-31T23:00:00-02").is_ok_and(|text| text == "\"10000-01-01T01:00:00+00:00\""));
        assert!(text("0001-01-01T00:00:00+02").is_ok_and(|text| text == "\"0001-12-31T22:00:00+00:00 BC\""));
    }

    #[test]
    fn the_servers_own_form_is_read_as_any_other() {
        for text in [
            "2000-02-29T23:59:59.000001",
            "1900-03-01T00:00:00",
            "2026-11-21T10:00:00.12",
            "9999-12-31T23:59:59.999999",
        ] {
            assert_eq!(moment(Moment::Timestamp, text), as_any_other(text), "{text}");
        }
        for year in 1..=9999 {
            for month in [1, 2, 3, 12] {
                let text = format!("{year:04}-{month:02}-28T00:00:00");
                assert_eq!(moment(Moment::Timestamp, &text), as_any_other(&text), "{text}");
            }
        }
        assert_eq!(moment(Moment::Timestamp, "2026-11-21 10:00:00"), None);
        assert_eq!(moment(Moment::Timestamp, "2026-11-21T1x:00:00"), None);
        assert_eq!(moment(Moment::TimestampTz, "2026-11-21T10:00:00+02:00"), None);
    }

    /// Postgres's own numbers: `extract(epoch from …)`, less that of 2000.
    #[test]
    fn the_ends_of_postgres_calendar_are_read() {
        let micros = |text: &str| moment(Moment::TimestampTz, text);
        assert_eq!(micros("4714-11-24T00:00:00+00:00 BC"), Some(-211_813_488_000 * SECOND));
        assert_eq!(micros("294276-12-31T23:59:59.999999+00:00"), Some(9_223_371_331_200_000_000 - 1));
        assert_eq!(
            micros("0001-12-31T00:00:00+00:00 BC"),
            micros("0001-01-01T00:00:00+00:00").map(|m| m - DAY)
        );
        assert_eq!(moment(Moment::Date, "5874897-12-31"), Some(2_147_483_493 - 2_451_545));
        assert_eq!(moment(Moment::Date, "4714-11-24 BC"), Some(-2_451_545));
        assert_eq!([micros("infinity"), micros("-infinity")], [Some(i64::MAX), Some(i64::MIN)]);
        assert_eq!(clock(b"24:00:00"), Some(DAY));
    }
}
