//! Exact figures: numerics with two decimals and whole percentages, rounded half away from zero as PostgreSQL's `round` does.
//!
//! No binary floating point takes part: a figure is read from its digits, kept in hundredths, and only rounded to be shown or stored.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// So many are read of a number; with more, its hundredths would not fit.
const DIGITS_MAX: usize = 18;

/// A `numeric(…, 2)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hundredths(pub i64);

impl Hundredths {
    /// Reads a JSON number, exponent included; more decimals than two are rounded.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (sign, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, mantissa),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let count = whole.len() + decimals.len();
        if count == 0 || count > DIGITS_MAX {
            return None;
        }
        let mut number = 0_i64;
        for byte in whole.bytes().chain(decimals.bytes()) {
            let digit = byte.wrapping_sub(b'0');
            number = number * 10 + i64::from((digit < 10).then_some(digit)?);
        }
        let shift = exponent.checked_add(2)?.checked_sub(i32::try_from(decimals.len()).ok()?)?;
        if shift < 0 {
            let power = 10i128.checked_pow(shift.unsigned_abs())?;
            return Some(Self(sign * quotient(number.into(), power)));
        }
        number.checked_mul(10i64.checked_pow(shift.unsigned_abs())?).map(|value| Self(sign * value))
    }

    /// The mean of values that sum up to this, to two decimals; 0 for none.
    pub fn mean(self, count: usize) -> Self {
        Self(quotient(i128::from(self.0), count as i128))
    }
}

/// `numerator / denominator`, rounded half away from zero; 0 over nothing.
pub fn quotient(numerator: i128, denominator: i128) -> i64 {
    if denominator == 0 {
        return 0;
    }
    let (top, bottom) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    let rounded = top / bottom + u128::from(top % bottom >= bottom.div_ceil(2));
    let value = i64::try_from(rounded).unwrap_or(i64::MAX);
    if (numerator < 0) == (denominator < 0) { value } else { -value }
}

/// The whole percentage that `part` is of `whole`; 0 of nothing.
pub fn percent(part: i64, whole: i64) -> i64 {
    quotient(i128::from(part) * 100, i128::from(whole))
}

impl fmt::Display for Hundredths {
    /// With both decimals, as PostgreSQL prints it.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, digits) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(to, "{sign}{}.{:02}", digits / 100, digits % 100)
    }
}

impl<'de> Deserialize<'de> for Hundredths {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw: &RawValue = Deserialize::deserialize(from)?;
        Self::parse(raw.get())
            .ok_or_else(|| D::Error::custom(format!("{} is no number with two decimals", raw.get())))
    }
}

impl Serialize for Hundredths {
    /// A JSON number: the shortest text of a hundredth is exact.
    #[expect(clippy::cast_precision_loss, reason = "stored figures have at most 15 digits")]
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.0 as f64 / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_by_its_digits_and_rounded_half_away_from_zero() {
        let cases = [
            ("4", 400),
            ("4.00", 400),
            ("4.005", 401),
            ("4.004", 400),
            ("-4.005", -401),
            ("0.1", 10),
            ("1e1", 1000),
            ("1.5E-1", 15),
            ("5e-3", 1),
            ("4e-3", 0),
        ];
        for (text, hundredths) in cases {
            assert_eq!(Hundredths::parse(text), Some(Hundredths(hundredths)), "{text}");
        }
        for text in ["", "-", "x", "1e99", "99999999999999999999999999999", "NaN", "\"4\""] {
            assert_eq!(Hundredths::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_mean_and_a_percentage_are_rounded_half_away_from_zero() {
        assert_eq!(Hundredths(5150).mean(8), Hundredths(644));
        assert_eq!(Hundredths(-1).mean(2), Hundredths(-1));
        assert_eq!(Hundredths(0).mean(0), Hundredths(0));
        assert_eq!(
            (Hundredths(550).to_string(), Hundredths(-5).to_string()),
            ("5.50".into(), "-0.05".into())
        );
        assert_eq!((percent(1, 8), percent(3, 8), percent(23, 60), percent(0, 0)), (13, 38, 38, 0));
    }

    #[test]
    fn a_figure_goes_through_json_unchanged() {
        let figures: Vec<Hundredths> = serde_json::from_str("[4.04, 0.29, 10]").expect("numbers");
        assert_eq!(serde_json::to_string(&figures).expect("text"), "[4.04,0.29,10.0]");
    }
}
