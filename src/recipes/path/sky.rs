//! The moon without any provider, from its age alone (RECIPES 5.6). The function `fetch_sky` has the same, and the same cases.

use crate::recipes::time::Moment;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Input {
    pub at: Moment,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moon {
    /// Days since new moon.
    pub age: f64,
    /// 0 new, 2 first quarter, 4 full, 6 last quarter.
    pub phase: u8,
    /// How much of it is lit, whole percent.
    pub lit_percent: u8,
}

/// A new moon: 2000-01-06T18:14Z.
const NEW_MOON_MICROS: i64 = 947_182_440_000_000;
const DAY_MICROS: f64 = 86_400_000_000.0;
const MONTH_DAYS: f64 = 29.530_588_853;

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "days of a month, shown"
)]
pub fn moon(at: Moment) -> Moon {
    let age = (at.0.saturating_sub(NEW_MOON_MICROS) as f64 / DAY_MICROS).rem_euclid(MONTH_DAYS);
    let turn = age / MONTH_DAYS;
    Moon {
        age: (age * 100.0).round() / 100.0,
        phase: (turn * 8.0 + 0.5) as u8 % 8,
        lit_percent: (lit(turn) * 100.0).round() as u8,
    }
}

/// `(1 − cos 2π·turn) / 2`, which is the squared cosine of π times the distance from full moon.
/// By its series: the general cosine would weigh more than all of this recipe's sky.
fn lit(turn: f64) -> f64 {
    let angle = std::f64::consts::PI * (turn - 0.5);
    let (mut cosine, mut term) = (1.0, 1.0);
    for n in 1..=10 {
        let n = f64::from(2 * n);
        term *= -angle * angle / (n * (n - 1.0));
        cosine += term;
    }
    cosine * cosine
}

#[cfg(test)]
mod tests {
    //! P-X7.
    use super::*;

    #[test]
    fn the_moon_of_two_days_in_march() {
        let moon = |text| moon(Moment::parse(text).expect("a moment"));
        assert_eq!(moon("2026-03-10T12:00:00Z"), Moon { age: 21.36, phase: 6, lit_percent: 58 });
        assert_eq!(moon("2026-03-03T12:00:00Z"), Moon { age: 14.36, phase: 4, lit_percent: 100 });
        assert_eq!(moon("2000-01-06T18:14:00Z"), Moon { age: 0.0, phase: 0, lit_percent: 0 });
        assert_eq!(moon("1999-12-23T18:14:00Z").phase, 4, "before the moon it is counted from");
    }

    #[test]
    fn the_series_is_the_cosine() {
        for step in 0..1000 {
            let turn = f64::from(step) / 1000.0;
            let exact = (1.0 - (2.0 * std::f64::consts::PI * turn).cos()) / 2.0;
            assert!((lit(turn) - exact).abs() < 1e-12, "{turn}");
        }
    }
}
