//! A value as its type compares it: numbers exactly, moments as instants, text by its collation.
//!
//! Read from canonical JSON text, once a comparison or a sort key needs it. Two values are compared
//! only if they were read with the same kind; SQL's null is `None` and never reaches a comparison.

use super::Collate;
use super::cells::plain;
use super::decimal::Decimal;
use super::jsonb;
use super::kind::Kind;
use super::moment::Moment;
use crate::protocol::Text;
use std::borrow::Cow;
use std::cmp::Ordering;

#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Float(f64),
    /// Text, uuids and named types.
    Text(Cow<'a, str>),
    /// Microseconds since 2000 (of a time: since midnight; of a date: days since 2000), as Postgres counts.
    Moment(i64),
    /// `jsonb` and arrays, as their JSON text.
    Json(Cow<'a, str>),
}

impl<'a> Value<'a> {
    /// `None` is SQL's null. A cell that is not of its type (never from a server) reads as text.
    pub(super) fn read(kind: &Kind, json: &'a str) -> Option<Self> {
        if json == "null" {
            return None;
        }
        let moment = |moment: Moment| moment.of_cell(json).map(Self::Moment);
        let typed = match kind {
            Kind::Int(_) => json.parse().ok().map(Self::Int),
            Kind::Numeric(_) => Decimal::parse(&plain(json)).map(Self::Decimal),
            Kind::Real => plain(json).parse::<f32>().ok().map(|n| Self::Float(f64::from(n))),
            Kind::Double => plain(json).parse().ok().map(Self::Float),
            Kind::Bool => Some(Self::Bool(json == "true")),
            Kind::Date => moment(Moment::Date),
            Kind::Time(_) => moment(Moment::Time),
            Kind::Timestamp(_) => moment(Moment::Timestamp),
            Kind::TimestampTz(_) => moment(Moment::TimestampTz),
            Kind::Json | Kind::Jsonb | Kind::Array(_) => Some(Self::Json(Cow::Borrowed(json))),
            Kind::Text(_) | Kind::Uuid | Kind::Named | Kind::Opaque => None,
        };
        Some(typed.unwrap_or_else(|| Self::Text(plain(json))))
    }

    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Bool(b) => Value::Bool(b),
            Self::Int(n) => Value::Int(n),
            Self::Decimal(n) => Value::Decimal(n),
            Self::Float(n) => Value::Float(n),
            Self::Text(t) => Value::Text(Cow::Owned(t.into_owned())),
            Self::Moment(m) => Value::Moment(m),
            Self::Json(t) => Value::Json(Cow::Owned(t.into_owned())),
        }
    }

    pub(super) fn equals(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Self::Text(a), Value::Text(b)) => a == b,
            (Self::Json(a), Value::Json(b)) => a == b || jsonb::equal(a, b),
            _ => self.compare_by(other, |a, b| a.cmp(b)) == Ordering::Equal,
        }
    }

    pub(super) fn compare(
        &self,
        other: &Value<'_>,
        collation: &Collation,
        collate: &dyn Collate,
    ) -> Ordering {
        self.compare_by(other, |a, b| collation.compare(collate, a, b))
    }

    pub(super) fn compare_by(&self, other: &Value<'_>, text: impl Fn(&str, &str) -> Ordering) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Self::Int(a), Value::Int(b)) => a.cmp(b),
            (Self::Decimal(a), Value::Decimal(b)) => a.cmp(b),
            (Self::Float(a), Value::Float(b)) => compare_floats(*a, *b),
            (Self::Moment(a), Value::Moment(b)) => a.cmp(b),
            (Self::Json(a), Value::Json(b)) => a.cmp(b),
            (Self::Text(a), Value::Text(b)) => text(a, b),
            // Only cells that are not of their type: any fixed order will do.
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Int(_) => 1,
            Self::Decimal(_) => 2,
            Self::Float(_) => 3,
            Self::Moment(_) => 4,
            Self::Json(_) => 5,
            Self::Text(_) => 6,
        }
    }
}

/// NaN is equal to itself and above all, as in Postgres.
fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// How a text column orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Collation {
    Bytes,
    Locale(Text),
}

impl Collation {
    /// Of a column; types without a collation order by bytes.
    pub(super) fn of(kind: &Kind, collation: Option<&Text>) -> Self {
        match (kind, collation) {
            (Kind::Text(_), Some(name))
                if !matches!(name.as_ref(), "C" | "POSIX" | "ucs_basic" | "C.UTF-8") =>
            {
                Self::Locale(name.clone())
            }
            (Kind::Text(_), None) => Self::Locale("default".into()),
            _ => Self::Bytes,
        }
    }

    fn compare(&self, collate: &dyn Collate, a: &str, b: &str) -> Ordering {
        match self {
            Self::Bytes => a.cmp(b),
            Self::Locale(locale) => collate.compare(locale, a, b).then_with(|| a.cmp(b)),
        }
    }
}
