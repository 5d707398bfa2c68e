//! Moments and civil days. No time zones: a row that needs a local day carries its date, or its offset from UTC (RECIPES 1.3).

use crate::query;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

const MINUTE_MICROS: i64 = 60_000_000;
const DAY_MICROS: i64 = 24 * 60 * MINUTE_MICROS;

/// A `timestamptz`: microseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

/// A `date`: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i32);

impl Moment {
    pub fn parse(text: &str) -> Option<Self> {
        query::micros(text).map(Self)
    }

    pub fn of_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    pub fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub fn minutes_before(self, minutes: i64) -> Self {
        Self(self.0.saturating_sub(minutes.saturating_mul(MINUTE_MICROS)))
    }

    /// Whole minutes from `earlier` to this.
    pub fn minutes_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(MINUTE_MICROS)
    }

    /// The date where clocks show UTC and so many minutes more.
    pub fn day_at(self, offset_min: i32) -> Day {
        Day(i32::try_from(self.at(offset_min).div_euclid(DAY_MICROS)).unwrap_or(i32::MAX))
    }

    /// The hour there, 0 to 23.
    pub fn hour_at(self, offset_min: i32) -> u8 {
        u8::try_from(self.at(offset_min).rem_euclid(DAY_MICROS) / (60 * MINUTE_MICROS)).unwrap_or(0)
    }

    fn at(self, offset_min: i32) -> i64 {
        self.0.saturating_add(i64::from(offset_min) * MINUTE_MICROS)
    }
}

impl Day {
    pub fn parse(text: &str) -> Option<Self> {
        query::days(text).map(Self)
    }

    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// 0 is Monday, 6 is Sunday.
    pub fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        u8::try_from((i64::from(self.0) + 3).rem_euclid(7)).unwrap_or(0)
    }

    /// The Monday of its week.
    pub fn monday(self) -> Self {
        self.plus(-i32::from(self.weekday()))
    }
}

impl fmt::Display for Moment {
    /// The text form of RECIPES 1.2: UTC, no trailing zeros in the fraction.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&query::micros_text(self.0))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&query::days_text(self.0))
    }
}

/// Reads a text where it stands, without a copy.
struct Text<T>(fn(&str) -> Option<T>, &'static str);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.1)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        self.0(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

macro_rules! as_text {
    ($type:ident, $kind:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_str(Text(Self::parse, $kind))
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    };
}

as_text!(Moment, "a time with a zone, like 2026-03-10T07:10:00Z");
as_text!(Day, "a date, like 2026-03-10");

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        Moment::parse(text).expect("a moment")
    }

    #[test]
    fn a_moment_is_written_in_the_form_of_natural_keys() {
        //
        assert_eq!(moment("2026-03-10T07:10:00Z").to_string(), "2026-03-10T07:10:00+00:00");
        assert_eq!(moment("2026-03-10T07:10:00.250Z").to_string(), "2026-03-10T07:10:00.25+00:00");
        for text in ["2026-02-30T00:00:00+00:00", "2026-03-10T25:00:00+00:00", "2026-03-10", "infinity", ""] {
            assert_eq!(Moment::parse(text).is_some(), text == "2026-03-10", "{text}");
        }
        assert_eq!(moment("1969-12-31T23:59:59.5Z").to_string(), "1969-12-31T23:59:59.5+00:00");
    }

    #[test]
    fn day_and_hour_are_those_of_the_place() {
        let late = moment("2026-03-10T23:30:00Z");
        assert_eq!((late.day_at(0).to_string(), late.hour_at(0)), ("2026-03-10".into(), 23));
        assert_eq!((late.day_at(60).to_string(), late.hour_at(60)), ("2026-03-11".into(), 0));
        assert_eq!((late.day_at(-840).to_string(), late.hour_at(-840)), ("2026-03-10".into(), 9));
    }

    #[test]
    fn a_week_begins_on_monday() {
        let wednesday = Day::parse("2026-03-11").expect("a day");
        assert_eq!((wednesday.weekday(), wednesday.monday().to_string()), (2, "2026-03-09".into()));
        assert_eq!(Day::parse("1969-12-28").expect("a day").weekday(), 6);
        for text in ["2026-02-29", "2026-3-1", "20260310", "2026-03-10T1", "2026-03-1é", "tomorrow", ""] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}
