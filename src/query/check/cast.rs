//! Casts that are exact here: of text by the types' input functions, and among numbers, dates and `jsonb`.

use super::{Known, Unknown};
use crate::query::cells::plain;
use crate::query::decimal::Decimal;
use crate::query::jsonb;
use crate::query::kind::Kind;
use crate::query::literal::literal;
use crate::query::value::Value;
use std::borrow::Cow;

const DAY: i64 = 86_400_000_000;

#[derive(Clone, Debug)]
pub(super) struct Cast {
    to: Kind,
    type_name: String,
}

impl Cast {
    /// None if it is not known, or would change nothing.
    pub(super) fn new(from: &Kind, type_name: &str) -> Option<Self> {
        let to = Kind::of(type_name);
        let is_known = match (from, &to) {
            (Kind::Text(_), to) => !matches!(to, Kind::Text(Some(_)) | Kind::Opaque | Kind::Named),
            (Kind::Int(_), Kind::Int(_) | Kind::Numeric(_) | Kind::Double | Kind::Text(None))
            | (Kind::Numeric(_), Kind::Int(_) | Kind::Numeric(_) | Kind::Double)
            | (Kind::Jsonb, Kind::Int(_) | Kind::Numeric(_) | Kind::Bool | Kind::Text(None))
            | (Kind::Bool | Kind::Uuid, Kind::Text(None))
            | (Kind::Date, Kind::Timestamp(_))
            | (Kind::Timestamp(_), Kind::Date)
            | (Kind::Real, Kind::Double) => true,
            _ => false,
        };
        is_known.then(|| Self { to, type_name: type_name.into() })
    }

    pub(super) fn run<'a>(&self, value: Value<'a>) -> Known<'a> {
        let known = match (value, &self.to) {
            (value @ Value::Float(_), Kind::Double) => Some(value),
            (value @ Value::Text(_), Kind::Text(None)) => Some(value),
            (Value::Text(text), _) => self.read(&text),
            (Value::Json(json), to) => return self.of_json(&json, to),
            (Value::Int(n), Kind::Double) => Some(Value::Float(n as f64)),
            (Value::Int(n), Kind::Text(None)) => Some(Value::Text(Cow::Owned(n.to_string()))),
            (Value::Bool(b), Kind::Text(None)) => Some(Value::Text(Cow::Owned(b.to_string()))),
            (Value::Int(n), _) => self.read(&n.to_string()),
            (Value::Decimal(number), _) => self.of_decimal(number),
            (Value::Moment(days), Kind::Timestamp(_)) if is_finite(days) => {
                days.checked_mul(DAY).map(Value::Moment)
            }
            (Value::Moment(micros), Kind::Date) if is_finite(micros) => {
                Some(Value::Moment(micros.div_euclid(DAY)))
            }
            _ => None,
        };
        known.map(Some).ok_or(Unknown)
    }

    fn read(&self, text: &str) -> Option<Value<'static>> {
        let json = literal(&self.to, &self.type_name, text).ok()?;
        Value::read(&self.to, &json).map(Value::into_owned)
    }

    fn of_decimal(&self, number: Decimal) -> Option<Value<'static>> {
        let Decimal::Finite(finite) = &number else { return None };
        match self.to {
            Kind::Numeric(None) => Some(Value::Decimal(number)),
            Kind::Double => finite.text().parse().ok().map(Value::Float),
            Kind::Int(_) => self.read(&finite.rounded(0).text()),
            _ => self.read(&finite.text()),
        }
    }

    fn of_json<'a>(&self, json: &str, to: &Kind) -> Known<'a> {
        let known = match to {
            Kind::Text(_) => jsonb::canonical(json).map(|text| Value::Text(Cow::Owned(text))),
            Kind::Bool if matches!(json, "true" | "false") => Some(Value::Bool(json == "true")),
            Kind::Bool => None,
            _ if json.starts_with('"') => None,
            _ => Decimal::parse(&plain(json)).and_then(|number| self.of_decimal(number)),
        };
        known.map(Some).ok_or(Unknown)
    }

    /// Whether values of both types are the same.
    pub(super) fn is_idle(from: &Kind, type_name: &str) -> bool {
        let (from, to) = match (from, &Kind::of(type_name)) {
            (Kind::Array(from), Kind::Array(to)) => ((**from).clone(), (**to).clone()),
            (from, to) => (from.clone(), to.clone()),
        };
        match (&from, &to) {
            (
                _,
                Kind::Text(Some(_)) | Kind::Numeric(Some(_)) | Kind::Opaque | Kind::Array(_) | Kind::Named,
            ) => false,
            (_, Kind::Time(digits) | Kind::Timestamp(digits) | Kind::TimestampTz(digits)) if *digits < 6 => {
                false
            }
            (Kind::Int(from), Kind::Int(to)) => from == to,
            _ => std::mem::discriminant(&from) == std::mem::discriminant(&to),
        }
    }
}

/// Neither of the infinities.
pub(super) fn is_finite(moment: i64) -> bool {
    moment != i64::MAX && moment != i64::MIN
}
