//! Dates and times: Postgres's literals read, and its JSON text written.
//!
//! Reads the ISO forms (`2026-11-21`, a space or `T`, fractions, `Z`, `+02`, `+02:00`, `+0200`); the
//! server's time zone is UTC, as at Supabase. Postgres knows many more forms: they are unsupported here
//! rather than guessed, and text without a digit is an error. Everything becomes microseconds.
//! What the server has stored is read by [`stored`], which knows every form that it writes.

pub(super) mod civil;
mod stored;

use super::refusal::{Unprepared, invalid_moment, moment_out_of_range, unsupported, zone_out_of_range};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};

const DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;
/// Words that Postgres reads as a moment.
const WORDS: &[&str] =
    &["now", "today", "tomorrow", "yesterday", "epoch", "infinity", "-infinity", "allballs"];

/// What was written, before a type decides what of it counts.
struct Parts {
    date: Option<NaiveDate>,
    time: Option<i64>,
    /// Minutes east of UTC.
    offset: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Date,
    Time,
    Timestamp,
    TimestampTz,
}

impl Moment {
    fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Time => "time",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamp with time zone",
        }
    }

    /// Microseconds since 1970 (of a time: since midnight), rounded to `digits` of a second.
    pub(super) fn parse(self, text: &str, digits: u32) -> Result<i64, Unprepared> {
        let parts = self.parts(text.trim(), text)?;
        let date = parts.date.map(|date| date.signed_duration_since(NaiveDate::default()).num_days() * DAY);
        let time = parts.time.unwrap_or(0);
        let micros = match (self, date) {
            (Self::Time, _) => parts.time.ok_or_else(|| invalid_moment(self.name(), text))?,
            (_, None) => return Err(invalid_moment(self.name(), text).into()),
            (Self::Date, Some(date)) => date,
            (Self::Timestamp, Some(date)) => date + time,
            (Self::TimestampTz, Some(date)) => date + time - parts.offset.unwrap_or(0) * 60 * SECOND,
        };
        let unit = 10i64.pow(6 - digits.min(6));
        Ok((micros + unit / 2).div_euclid(unit) * unit)
    }

    /// A cell's place on its type's scale: microseconds since 2000 or midnight, days since 2000. The
    /// server's own form is read without a detour, infinities and years before Christ included.
    pub(super) fn of_cell(self, json: &str) -> Option<i64> {
        let text = json.strip_prefix('"')?.strip_suffix('"')?;
        let canonical = match self {
            Self::TimestampTz | Self::Timestamp | Self::Date => stored::moment(self, text),
            Self::Time => stored::clock(text.as_bytes()),
        };
        canonical.or_else(|| Some(self.on_scale(self.parse(text, 6).ok()?)))
    }

    /// Whether text is surely as the server would write it, so that it need not be read to be kept.
    pub(super) fn is_canonical(self, text: &str) -> bool {
        self == Self::TimestampTz && stored::is_canonical_with_zone(text.as_bytes())
    }

    /// From microseconds since 1970.
    pub(super) fn on_scale(self, micros: i64) -> i64 {
        match self {
            Self::Date => micros.div_euclid(DAY) - stored::DAYS_FROM_1970_TO_2000,
            Self::Time => micros,
            Self::Timestamp | Self::TimestampTz => micros - stored::DAYS_FROM_1970_TO_2000 * DAY,
        }
    }

    fn parts(self, text: &str, given: &str) -> Result<Parts, Unprepared> {
        let (date_text, time_text) = match text.find(['T', 't', ' ']) {
            Some(at) => (&text[..at], text[at + 1..].trim_start()),
            None if text.contains(':') => ("", text),
            None => (text, ""),
        };
        let Some(shape) = Shape::read(date_text, time_text) else {
            let lower = text.to_ascii_lowercase();
            if text.bytes().any(|b| b.is_ascii_digit()) || WORDS.contains(&lower.as_str()) {
                return unsupported(format!("the {} \"{given}\" in this form", self.name()));
            }
            return Err(invalid_moment(self.name(), given).into());
        };
        if shape.offset.is_some_and(|(_, hours, minutes)| hours > 15 || minutes > 59) {
            return Err(zone_out_of_range(given).into());
        }
        if shape.date.is_some_and(|[_, month, day]| !(1..=12).contains(&month) || !(1..=31).contains(&day)) {
            let hint = "Perhaps you need a different \"datestyle\" setting.";
            return Err(moment_out_of_range(given).with_hint(hint).into());
        }
        shape.check().ok_or_else(|| moment_out_of_range(given).into())
    }

    /// JSON text, as Postgres's `to_jsonb` writes it.
    pub(super) fn json(self, micros: i64) -> String {
        let Some(moment) = DateTime::from_timestamp_micros(micros) else { return "null".into() };
        let mut text = String::with_capacity(36);
        text.push('"');
        if self != Self::Time {
            let (_, year) = moment.year_ce();
            push_padded(&mut text, year, 4);
            text.push('-');
            push_padded(&mut text, moment.month(), 2);
            text.push('-');
            push_padded(&mut text, moment.day(), 2);
        }
        if matches!(self, Self::Timestamp | Self::TimestampTz) {
            text.push('T');
        }
        if self != Self::Date {
            push_padded(&mut text, moment.hour(), 2);
            text.push(':');
            push_padded(&mut text, moment.minute(), 2);
            text.push(':');
            push_padded(&mut text, moment.second(), 2);
            push_fraction(&mut text, moment.nanosecond() / 1_000);
        }
        if self == Self::TimestampTz {
            text.push_str("+00:00");
        }
        if self != Self::Time && !moment.year_ce().0 {
            text.push_str(" BC");
        }
        text.push('"');
        text
    }
}

fn push_padded(text: &mut String, number: u32, width: u32) {
    let mut unit = 10u32.pow(width - 1);
    while number / unit >= 10 {
        unit *= 10;
    }
    while unit > 0 {
        text.push(char::from(b'0' + (number / unit % 10) as u8));
        unit /= 10;
    }
}

fn push_fraction(text: &mut String, micros: u32) {
    if micros > 0 {
        text.push('.');
        push_padded(text, micros, 6);
        text.truncate(text.trim_end_matches('0').len());
    }
}

/// Numbers found in their places, not yet checked against the calendar.
struct Shape {
    date: Option<[u32; 3]>,
    /// Hours, minutes, seconds, microseconds.
    time: Option<[u32; 4]>,
    offset: Option<(bool, u32, u32)>,
}

impl Shape {
    fn read(date: &str, time: &str) -> Option<Self> {
        let date = if date.is_empty() { None } else { Some(read_date(date)?) };
        if time.is_empty() {
            return date.map(|date| Self { date: Some(date), time: None, offset: None });
        }
        let zone_at =
            time.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(time.len());
        let (clock, zone) = time.split_at(zone_at);
        Some(Self { date, time: Some(read_clock(clock)?), offset: read_zone(zone.trim())? })
    }

    fn check(self) -> Option<Parts> {
        let date = match self.date {
            Some([0, ..]) => return None,
            Some([year, month, day]) => Some(NaiveDate::from_ymd_opt(year as i32, month, day)?),
            None => None,
        };
        let time = match self.time {
            Some([hour, minute, second, micros]) => {
                let time = NaiveTime::from_hms_opt(hour, minute, second)?;
                Some(i64::from(time.num_seconds_from_midnight()) * SECOND + i64::from(micros))
            }
            None => None,
        };
        let offset = match self.offset {
            Some((west, hours, minutes)) => {
                let east = i64::from(hours * 60 + minutes);
                Some(if west { -east } else { east })
            }
            None => None,
        };
        Some(Parts { date, time, offset })
    }
}

fn number(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let whole = lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if whole { text.parse().ok() } else { None }
}

fn read_date(text: &str) -> Option<[u32; 3]> {
    let mut fields = text.split('-');
    let year = number(fields.next()?, 4..=4)?;
    let month = number(fields.next()?, 1..=2)?;
    let day = number(fields.next()?, 1..=2)?;
    fields.next().is_none().then_some([year, month, day])
}

/// Microseconds may come out as a whole second (`.9999999`); adding carries it.
fn read_clock(text: &str) -> Option<[u32; 4]> {
    let (clock, fraction) = text.split_once('.').map_or((text, None), |(clock, rest)| (clock, Some(rest)));
    let mut fields = clock.split(':');
    let hour = number(fields.next()?, 1..=2)?;
    let minute = number(fields.next()?, 2..=2)?;
    let second = fields.next();
    if fields.next().is_some()
        || (second.is_none() && fraction.is_some())
        || hour == 24
        || second == Some("60")
    {
        return None;
    }
    let micros = match fraction {
        Some(digits) if digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            let padded: u64 = format!("{digits:0<15}").parse().ok()?;
            ((padded + 500_000_000) / 1_000_000_000) as u32
        }
        Some(_) => return None,
        None => 0,
    };
    Some([hour, minute, second.map_or(Some(0), |s| number(s, 2..=2))?, micros])
}

fn read_zone(text: &str) -> Option<Option<(bool, u32, u32)>> {
    if text.is_empty() {
        return Some(None);
    }
    if matches!(text.to_ascii_lowercase().as_str(), "z" | "utc" | "gmt") {
        return Some(Some((false, 0, 0)));
    }
    let west = match text.as_bytes()[0] {
        b'-' => true,
        b'+' => false,
        _ => return None,
    };
    let digits = &text[1..];
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some((hours, minutes)), _) => (number(hours, 1..=2)?, number(minutes, 2..=2)?),
        (None, 4) if digits.is_ascii() => (number(&digits[..2], 2..=2)?, number(&digits[2..], 2..=2)?),
        (None, _) => (number(digits, 1..=2)?, 0),
    };
    Some(Some((west, hours, minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tz(text: &str) -> String {
        Moment::TimestampTz
            .parse(text, 6)
            .map(|m| Moment::TimestampTz.json(m))
            .unwrap_or_else(|e| format!("{e:?}"))
    }

    #[test]
    fn every_iso_form_of_one_instant_is_one_text() {
        for form in [
            "2026-11-21T10:00:00Z",
            "2026-11-21 10:00:00",
            "2026-11-21 12:00:00+02",
            "2026-11-21T12:00:00+02:00",
            "2026-11-21T05:30:00-0430",
            " 2026-11-21T10:00 ",
            "2026-11-21 10:00:00.0000001 UTC",
        ] {
            assert_eq!(tz(form), "\"2026-11-21T10:00:00+00:00\"", "{form}");
        }
        assert_eq!(tz("2026-11-21"), "\"2026-11-21T00:00:00+00:00\"");
        assert_eq!(tz("2026-11-21T10:00:00.120Z"), "\"2026-11-21T10:00:00.12+00:00\"");
        assert_eq!(tz("1969-12-31T23:59:59.9999996Z"), "\"1970-01-01T00:00:00+00:00\"");
    }

    #[test]
    fn a_wrong_moment_is_refused_with_postgres_code_and_a_rare_one_is_not_guessed() {
        let code = |text: &str| match Moment::TimestampTz.parse(text, 6) {
            Err(Unprepared::Refused(error)) => error.code,
            Err(Unprepared::Unsupported(_)) => "unsupported".into(),
            Ok(_) => "ok".into(),
        };
        assert_eq!(code("soon"), "22007");
        assert_eq!(code("2026-13-01"), "22008");
        assert_eq!(code("2026-02-30 10:00"), "22008");
        assert_eq!(code("2026-01-01 25:00"), "22008");
        assert_eq!(code("now"), "unsupported");
        assert_eq!(code("Nov 21 2026"), "unsupported");
        assert_eq!(code("10:00"), "22007");
    }

    #[test]
    fn dates_times_and_local_timestamps_have_their_own_text() {
        let json =
            |moment: Moment, text: &str| moment.parse(text, 6).map(|m| moment.json(m)).expect("a moment");
        assert_eq!(json(Moment::Date, "2026-1-2T10:00"), "\"2026-01-02\"");
        assert_eq!(json(Moment::Time, "9:05:06.50"), "\"09:05:06.5\"");
        assert_eq!(json(Moment::Timestamp, "2026-11-21 10:00:00+02"), "\"2026-11-21T10:00:00\"");
    }
}
