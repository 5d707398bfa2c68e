//! Which of the cached answers still hold (RECIPES 5.6): the sky of a day for six hours, charts while the birth data are the same.

use crate::recipes::time::{Day, Moment};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
pub struct Cosmic {
    pub cached_at: Moment,
    pub now: Moment,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Freshness {
    pub fresh: bool,
}

const FRESH_MIN: i64 = 6 * 60;
/// A clock that is ahead of ours by more than that fetched nothing just now.
const AHEAD_MIN: i64 = 5;

impl Cosmic {
    pub fn freshness(&self) -> Freshness {
        let (oldest, newest) = (self.now.minutes_before(FRESH_MIN), self.now.minutes_before(-AHEAD_MIN));
        Freshness { fresh: (oldest..=newest).contains(&self.cached_at) }
    }
}

#[derive(Deserialize)]
pub struct Astrology {
    /// The profile's birth data, and those that the row was made for.
    pub profile: Value,
    pub birth_data: Value,
    #[serde(default)]
    pub transits_on: Option<Day>,
    pub today: Day,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Holds {
    /// Natal chart and personal trading.
    pub charts: bool,
    pub transits: bool,
}

impl Astrology {
    pub fn holds(&self) -> Holds {
        let charts = self.profile == self.birth_data && !self.profile.is_null();
        Holds { charts, transits: charts && self.transits_on == Some(self.today) }
    }
}

#[cfg(test)]
mod tests {
    //! P-X6.
    use super::*;
    use serde_json::json;

    #[test]
    fn the_sky_is_fresh_for_six_hours_to_the_millisecond() {
        let fresh = |cached_at, now| {
            let moment = |time: &str| Moment::parse(&format!("2026-03-10T{time}Z")).expect("a moment");
            Cosmic { cached_at: moment(cached_at), now: moment(now) }.freshness().fresh
        };
        assert!(fresh("06:00:00", "12:00:00.000"));
        assert!(!fresh("06:00:00", "12:00:00.001"));
        assert!(fresh("12:05:00", "12:00:00"), "a clock may be five minutes ahead");
        assert!(!fresh("12:05:00.001", "12:00:00"));
    }

    #[test]
    fn charts_hold_while_the_birth_data_are_the_same_and_transits_for_a_day() {
        let today = Day::parse("2026-03-10").expect("a day");
        let holds = |profile: Value, birth_data: Value, transits_on| {
            let Holds { charts, transits } = Astrology { profile, birth_data, transits_on, today }.holds();
            [charts, transits]
        };
        let born = || json!({"date": "1990-01-01", "time": "06:00", "latitude": 1.5, "longitude": 2});
        let turned = json!({"longitude": 2, "latitude": 1.5, "time": "06:00", "date": "1990-01-01"});
        assert_eq!(holds(born(), turned, Some(today)), [true, true]);
        assert_eq!(holds(born(), born(), Some(today.plus(-1))), [true, false]);
        assert_eq!(holds(born(), json!({"date": "1990-01-02"}), Some(today)), [false, false]);
        assert_eq!(holds(Value::Null, Value::Null, None), [false, false]);
    }
}
