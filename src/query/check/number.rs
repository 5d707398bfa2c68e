//! Arithmetic as PostgreSQL does it, where it is exact: whole numbers of 32 bits, and `numeric` of up to 38 digits.
//!
//! What overflows, divides by zero or must be rounded is left to the server.

use crate::query::decimal::Decimal;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

pub(super) fn of_integers(operation: Arithmetic, a: i64, b: i64) -> Option<i64> {
    let result = match operation {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide => a.checked_div(b),
        Arithmetic::Remainder => a.checked_rem(b),
    };
    result.filter(|result| i32::try_from(*result).is_ok())
}

pub(super) fn of_decimals(operation: Arithmetic, a: &Decimal, b: &Decimal) -> Option<Decimal> {
    let ((a, a_scale), (b, b_scale)) = (scaled(a)?, scaled(b)?);
    if operation == Arithmetic::Multiply {
        return from_scaled(a.checked_mul(b)?, a_scale + b_scale);
    }
    let scale = a_scale.max(b_scale);
    let widened = |n: i128, by: usize| n.checked_mul(10i128.checked_pow(u32::try_from(by).ok()?)?);
    let (a, b) = (widened(a, scale - a_scale)?, widened(b, scale - b_scale)?);
    match operation {
        Arithmetic::Add => from_scaled(a.checked_add(b)?, scale),
        Arithmetic::Subtract => from_scaled(a.checked_sub(b)?, scale),
        Arithmetic::Remainder => from_scaled(a.checked_rem(b)?, scale),
        // The scale of a quotient is PostgreSQL's to choose; a whole one needs none.
        Arithmetic::Divide if a.checked_rem(b)? == 0 => from_scaled(a.checked_div(b)?, 0),
        _ => None,
    }
}

/// Its digits as a whole number, and how many of them stand after the point.
fn scaled(number: &Decimal) -> Option<(i128, usize)> {
    let Decimal::Finite(number) = number else { return None };
    let text = number.text();
    let scale = text.find('.').map_or(0, |at| text.len() - at - 1);
    text.replace('.', "").parse().ok().map(|digits| (digits, scale))
}

fn from_scaled(digits: i128, scale: usize) -> Option<Decimal> {
    let text = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = text.split_at(text.len() - scale);
    let sign = if digits < 0 { "-" } else { "" };
    Decimal::parse(&if scale > 0 { format!("{sign}{whole}.{fraction}") } else { format!("{sign}{whole}") })
}
