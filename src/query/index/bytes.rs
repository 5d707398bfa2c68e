//! One value as bytes: its order in the bytes' order, its end known from the bytes themselves.
//!
//! ```text
//! 01 │ a value of its column's type      02 │ text where the type asks for something else      ff   null
//! ```
//!
//! Integers and moments are 8 bytes with the sign turned over; numbers of any length are class, power of
//! ten and digits in pairs; text ends with 00, and what is 00 or 01 in it becomes 01 01 or 01 02.

use crate::query::decimal::{Decimal, Finite};
use crate::query::kind::Kind;
use crate::query::value::Value;

const TYPED: u8 = 0x01;
const MISTYPED: u8 = 0x02;
/// The whole of a null.
pub(in crate::query) const NULL: u8 = 0xff;

const SIGN: u64 = 1 << 63;

/// Appends a value that was read with this kind; `None` is SQL's null.
pub(in crate::query) fn push_value(kind: &Kind, value: Option<&Value<'_>>, out: &mut Vec<u8>) {
    match (kind, value) {
        (_, None) => out.push(NULL),
        (Kind::Uuid, Some(Value::Text(text))) => match uuid_bytes(text) {
            Some(bytes) => {
                out.push(TYPED);
                out.extend_from_slice(&bytes);
            }
            None => push_mistyped(text, out),
        },
        (Kind::Text(_) | Kind::Named, Some(Value::Text(text))) => {
            out.push(TYPED);
            push_text(text, out);
        }
        (_, Some(Value::Text(text) | Value::Json(text))) => push_mistyped(text, out),
        (_, Some(Value::Bool(value))) => out.extend_from_slice(&[TYPED, u8::from(*value)]),
        (_, Some(Value::Int(number) | Value::Moment(number))) => push_word(*number as u64 ^ SIGN, out),
        (_, Some(Value::Float(number))) => push_word(float_word(*number), out),
        (_, Some(Value::Decimal(number))) => {
            out.push(TYPED);
            push_decimal(number, out);
        }
    }
}

/// Where the value that starts at `at` ends, in a key that [`push_value`] made.
pub(in crate::query) fn value_end(kind: &Kind, key: &[u8], at: usize) -> usize {
    let until = |end: u8, from: usize| {
        key.get(from..)
            .and_then(|rest| rest.iter().position(|b| *b == end))
            .map_or(key.len(), |n| from + n + 1)
    };
    let end = match (key.get(at), kind) {
        (Some(&TYPED), Kind::Uuid) => at + 17,
        (Some(&TYPED), Kind::Bool) => at + 2,
        (Some(&TYPED), Kind::Numeric(_)) => match key.get(at + 1) {
            Some(1) => until(u8::MAX, at + 6),
            Some(3) => until(0, at + 6),
            _ => at + 2,
        },
        (Some(&TYPED), Kind::Text(_) | Kind::Named) | (Some(&MISTYPED), _) => until(0, at + 1),
        (Some(&TYPED), _) => at + 9,
        _ => at + 1,
    };
    end.min(key.len())
}

fn push_word(word: u64, out: &mut Vec<u8>) {
    out.push(TYPED);
    out.extend_from_slice(&word.to_be_bytes());
}

fn push_mistyped(text: &str, out: &mut Vec<u8>) {
    out.push(MISTYPED);
    push_text(text, out);
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    if bytes.iter().all(|b| *b > 1) {
        out.extend_from_slice(bytes);
    } else {
        for b in bytes {
            match b {
                0 | 1 => out.extend_from_slice(&[1, b + 1]),
                _ => out.push(*b),
            }
        }
    }
    out.push(0);
}

/// Both zeros are one, and so is every NaN, which is above all.
fn float_word(number: f64) -> u64 {
    let number = if number == 0.0 { 0.0 } else { number };
    let bits = if number.is_nan() { f64::NAN.to_bits() & !SIGN } else { number.to_bits() };
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn push_decimal(number: &Decimal, out: &mut Vec<u8>) {
    match number {
        Decimal::NegativeInfinity => out.push(0),
        Decimal::Finite(number) => push_finite(number, out),
        Decimal::Infinity => out.push(4),
        Decimal::NaN => out.push(5),
    }
}

/// The greater the power of ten and the digits, the further from zero.
fn push_finite(number: &Finite, out: &mut Vec<u8>) {
    let (negative, point, digits) = number.parts();
    if digits.is_empty() {
        return out.push(2);
    }
    out.push(if negative { 1 } else { 3 });
    let start = out.len();
    let point = point.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
    out.extend_from_slice(&(point as u32 ^ (1 << 31)).to_be_bytes());
    for pair in digits.chunks(2) {
        let low = pair.get(1).map_or(0, |digit| digit - b'0');
        out.push((pair[0] - b'0') * 10 + low + 1);
    }
    out.push(0);
    if negative {
        out[start..].iter_mut().for_each(|b| *b = !*b);
    }
}

/// Of the form that Postgres writes; its text orders as these bytes do.
fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let text = text.as_bytes();
    if text.len() != 36 || [8, 13, 18, 23].iter().any(|at| text[*at] != b'-') {
        return None;
    }
    let mut bytes = [0; 16];
    let mut digits = text.iter().enumerate().filter(|(at, _)| ![8, 13, 18, 23].contains(at)).map(|(_, b)| b);
    for byte in &mut bytes {
        *byte = hex(*digits.next()?)? << 4 | hex(*digits.next()?)?;
    }
    Some(bytes)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
