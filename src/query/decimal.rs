//! Exact decimal numbers: Postgres's `numeric`, compared and written without losing a digit.
//!
//! A number is its sign, its significant digits and the power of ten of the first; `NaN` and the
//! infinities are ordered as in Postgres (NaN above all). No binary floating point anywhere.

use std::cmp::Ordering;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decimal {
    NegativeInfinity,
    Finite(Finite),
    Infinity,
    NaN,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finite {
    negative: bool,
    /// Significant digits, without zeros at either end; none for zero.
    digits: Vec<u8>,
    /// 0.d₁d₂… × 10^point.
    point: i64,
    /// Digits after the point as written.
    scale: usize,
}

/// Largest exponent that is read: Postgres's own limits are 131,072 and 16,383 digits.
const EXPONENT_LIMIT: i64 = 131_072;

impl Decimal {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, body) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        if body.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let is = |word: &str| body.eq_ignore_ascii_case(word);
            return match negative {
                _ if is("nan") && body.len() == text.len() => Some(Self::NaN),
                true if is("infinity") || is("inf") => Some(Self::NegativeInfinity),
                false if is("infinity") || is("inf") => Some(Self::Infinity),
                _ => None,
            };
        }
        Finite::parse(negative, body).map(Self::Finite)
    }

    fn rank(&self) -> u8 {
        match self {
            Self::NegativeInfinity => 0,
            Self::Finite(_) => 1,
            Self::Infinity => 2,
            Self::NaN => 3,
        }
    }
}

impl Finite {
    fn parse(negative: bool, body: &str) -> Option<Self> {
        let (mantissa, exponent) = match body.find(['e', 'E']) {
            Some(at) => (&body[..at], body[at + 1..].parse::<i64>().ok()?),
            None => (body, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        if whole.len() + fraction.len() == 0
            || !digits().all(|b| b.is_ascii_digit())
            || exponent.abs() > EXPONENT_LIMIT
        {
            return None;
        }
        let leading = digits().take_while(|b| *b == b'0').count();
        let mut significant: Vec<u8> = digits().skip(leading).collect();
        while significant.last() == Some(&b'0') {
            significant.pop();
        }
        let zero = significant.is_empty();
        Some(Self {
            negative: negative && !zero,
            point: if zero { 0 } else { whole.len() as i64 - leading as i64 + exponent },
            digits: significant,
            scale: (fraction.len() as i64 - exponent).max(0) as usize,
        })
    }

    /// Whether it is negative, the power of ten of the first digit, and the significant digits in ASCII.
    pub(super) fn parts(&self) -> (bool, i64, &[u8]) {
        (self.negative, self.point, &self.digits)
    }

    /// Digits before the point that are not leading zeros.
    pub(super) fn whole_digits(&self) -> usize {
        self.point.max(0) as usize
    }

    /// Rounded half away from zero, and written with exactly this many digits after the point.
    pub(super) fn rounded(&self, scale: usize) -> Self {
        let keep = self.point + scale as i64;
        let mut out = Self { scale, ..self.clone() };
        if keep < self.digits.len() as i64 {
            let up = keep >= 0 && self.digits[keep as usize] >= b'5';
            out.digits.truncate(keep.max(0) as usize);
            if up {
                out.carry();
            }
            while out.digits.last() == Some(&b'0') {
                out.digits.pop();
            }
        }
        if out.digits.is_empty() {
            (out.point, out.negative) = (0, false);
        }
        out
    }

    /// Adds one in the last kept place.
    fn carry(&mut self) {
        while let Some(last) = self.digits.pop() {
            if last < b'9' {
                self.digits.push(last + 1);
                return;
            }
        }
        self.digits.push(b'1');
        self.point += 1;
    }

    /// As Postgres prints it: no exponent, the scale as it was written.
    pub(super) fn text(&self) -> String {
        let digit = |place: i64| -> char {
            // `place` counts from the first significant digit.
            usize::try_from(place).ok().and_then(|n| self.digits.get(n)).map_or('0', |b| *b as char)
        };
        let mut text = String::with_capacity(self.digits.len() + 4);
        if self.negative {
            text.push('-');
        }
        if self.point <= 0 {
            text.push('0');
        }
        (0..self.point).for_each(|place| text.push(digit(place)));
        if self.scale > 0 {
            text.push('.');
            (0..self.scale as i64).for_each(|place| text.push(digit(self.point + place)));
        }
        text
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Finite(a), Self::Finite(b)) => a.compare(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Finite {
    fn compare(&self, other: &Self) -> Ordering {
        let sign = |n: &Self| {
            if n.digits.is_empty() {
                0
            } else if n.negative {
                -1
            } else {
                1
            }
        };
        let magnitude = || self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits));
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            1 => magnitude(),
            -1 => magnitude().reverse(),
            _ => Ordering::Equal,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finite(text: &str) -> Finite {
        match Decimal::parse(text) {
            Some(Decimal::Finite(n)) => n,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_digit_counts() {
        let big =
            |tail: &str| Decimal::parse(&format!("123456789012345678901234567890.{tail}")).expect("a number");
        assert!(big("1") < big("2"));
        assert_eq!(Decimal::parse("1.50").cmp(&Decimal::parse("15e-1")), Ordering::Equal);
        assert!(Decimal::parse("-2") < Decimal::parse("-1.9"));
        assert!(Decimal::parse("NaN") > Decimal::parse("Infinity"));
        assert_eq!(Decimal::parse("-0.0").cmp(&Decimal::parse("0")), Ordering::Equal);
        for wrong in ["", ".", "1.2.3", "abc", "1e", "--1", "0x10"] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero_and_keeps_the_scale() {
        for (given, scale, text) in [
            ("1.005", 2, "1.01"),
            ("-1.005", 2, "-1.01"),
            ("9.995", 2, "10.00"),
            ("0.004", 2, "0.00"),
            ("-0.004", 2, "0.00"),
            ("1e3", 2, "1000.00"),
            ("0.5", 0, "1"),
            ("0.05", 0, "0"),
            ("12", 0, "12"),
        ] {
            assert_eq!(finite(given).rounded(scale).text(), text, "{given} to {scale}");
        }
    }

    #[test]
    fn a_number_is_written_as_postgres_prints_it() {
        for (given, text) in [
            ("1.50", "1.50"),
            (".5", "0.5"),
            ("007", "7"),
            ("1.5e-3", "0.0015"),
            ("1E2", "100"),
            ("-0.0", "0.0"),
            ("0.0010", "0.0010"),
        ] {
            assert_eq!(finite(given).text(), text, "{given}");
        }
    }

    proptest! {
        #[test]
        fn decimals_compare_as_integers_do(a in -1_000_000_000_000i64..1_000_000_000_000, b in -1_000_000_000_000i64..1_000_000_000_000, scale in 0usize..9) {
            let text = |n: i64| format!("{}{}.{:0width$}", if n < 0 { "-" } else { "" }, n.unsigned_abs() / 10u64.pow(scale as u32), n.unsigned_abs() % 10u64.pow(scale as u32), width = scale.max(1));
            prop_assert_eq!(Decimal::parse(&text(a)).cmp(&Decimal::parse(&text(b))), a.cmp(&b));
        }
    }
}
