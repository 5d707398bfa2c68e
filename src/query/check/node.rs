//! A condition as it is evaluated: in SQL's three values, and a fourth, unknown, where only the server can tell.
//!
//! Unknown spreads like an error, but for what decides whatever the rest is: a false part of an `AND`, a true one of an
//! `OR`. Where PostgreSQL would raise an error (a division by zero, a cast that fails) the result is unknown too.

use super::call::Call;
use super::{Cells, Known, Unknown};
use crate::query::cells::elements;
use crate::query::decimal::Decimal;
use crate::query::kind::Kind;
use crate::query::value::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Not understood.
    Unknown,
    Constant(Option<Value<'static>>),
    Cell(usize, Kind),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// `IS [NOT] NULL`; and with a boolean `IS [NOT] TRUE`.
    Is(Box<Node>, Option<bool>, bool),
    /// The last says that null is a value like others: `IS NOT DISTINCT FROM` and its like.
    Compare(Comparison, Box<[Node; 2]>, bool),
    /// `= ANY (…)`; `<> ALL (…)`, where `all`. The kind is that of the list's items.
    Each {
        comparison: Comparison,
        all: bool,
        sides: Box<[Node; 2]>,
        kind: Kind,
    },
    /// `ARRAY[…]`
    Items(Vec<Node>),
    /// Conditions with their results, and what it is else.
    Case(Vec<[Node; 2]>, Box<Node>),
    Call(Call, Vec<Node>),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    pub operator: Operator,
    /// Values of a type whose equality may be wider than that of its text.
    pub is_named: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A list's items; none is null.
pub(super) type Items<'a> = Vec<Option<Value<'a>>>;

impl Comparison {
    fn holds(self, a: &Value<'_>, b: &Value<'_>) -> Result<bool, Unknown> {
        if std::mem::discriminant(a) != std::mem::discriminant(b) {
            return Err(Unknown); // a cell that is not of its type
        }
        if matches!(self.operator, Operator::Equal | Operator::NotEqual) {
            let equal = a.equals(b);
            let is_sure = equal || !self.is_named;
            return if is_sure { Ok(equal == (self.operator == Operator::Equal)) } else { Err(Unknown) };
        }
        let order = match (a, b) {
            (Value::Json(a), Value::Json(b)) => scalar_order(a, b).ok_or(Unknown)?,
            _ => a.compare_by(b, |a, b| a.cmp(b)),
        };
        Ok(match self.operator {
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual => order != Ordering::Greater,
            Operator::Greater => order == Ordering::Greater,
            _ => order != Ordering::Less,
        })
    }

    fn of(self, a: Option<&Value<'_>>, b: Option<&Value<'_>>) -> Result<Option<bool>, Unknown> {
        match (a, b) {
            (Some(a), Some(b)) => self.holds(a, b).map(Some),
            _ => Ok(None),
        }
    }
}

impl Node {
    pub(super) fn evaluate<'a>(&'a self, cells: Cells<'_, 'a>) -> Known<'a> {
        let truth = match self {
            Self::Unknown | Self::Items(_) => return Err(Unknown),
            Self::Constant(value) => return Ok(value.as_ref().map(borrowed)),
            Self::Cell(place, kind) => return Ok(Value::read(kind, cells(*place).ok_or(Unknown)?)),
            Self::Case(cases, otherwise) => {
                for [condition, result] in cases {
                    if condition.truth(cells)? == Some(true) {
                        return result.evaluate(cells);
                    }
                }
                return otherwise.evaluate(cells);
            }
            Self::Call(call, arguments) => return call.evaluate(arguments, cells),
            Self::And(parts) => junction(false, parts.iter().map(|part| part.truth(cells)))?,
            Self::Or(parts) => junction(true, parts.iter().map(|part| part.truth(cells)))?,
            Self::Not(part) => part.truth(cells)?.map(|holds| !holds),
            Self::Is(part, None, negated) => Some(part.is_null(cells)? != *negated),
            Self::Is(part, wanted, negated) => Some((part.truth(cells)? == *wanted) != *negated),
            Self::Compare(comparison, sides, false) => {
                let [a, b] = [sides[0].evaluate(cells)?, sides[1].evaluate(cells)?];
                comparison.of(a.as_ref(), b.as_ref())?
            }
            Self::Compare(comparison, sides, true) => {
                let [a, b] = [sides[0].evaluate(cells)?, sides[1].evaluate(cells)?];
                let is_same = a.is_none() && b.is_none();
                let told = comparison.of(a.as_ref(), b.as_ref())?;
                Some(told.unwrap_or(is_same == (comparison.operator == Operator::Equal)))
            }
            Self::Each { comparison, all, sides, kind } => {
                let a = sides[0].evaluate(cells)?;
                let Some(items) = sides[1].items(kind, cells)? else { return Ok(None) };
                junction(!all, items.iter().map(|b| comparison.of(a.as_ref(), b.as_ref())))?
            }
        };
        Ok(truth.map(Value::Bool))
    }

    pub(super) fn truth<'a>(&'a self, cells: Cells<'_, 'a>) -> Result<Option<bool>, Unknown> {
        match self.evaluate(cells)? {
            None => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(truth)),
            Some(_) => Err(Unknown),
        }
    }

    fn is_null<'a>(&'a self, cells: Cells<'_, 'a>) -> Result<bool, Unknown> {
        match self {
            Self::Items(_) => Ok(false),
            _ => Ok(self.evaluate(cells)?.is_none()),
        }
    }

    /// A list of one dimension.
    pub(super) fn items<'a>(
        &'a self,
        kind: &Kind,
        cells: Cells<'_, 'a>,
    ) -> Result<Option<Items<'a>>, Unknown> {
        if let Self::Items(items) = self {
            return items.iter().map(|item| item.evaluate(cells)).collect::<Result<_, _>>().map(Some);
        }
        let read = |json: &'a str| -> Result<Items<'a>, Unknown> {
            let items = elements(json).ok_or(Unknown)?;
            if items.iter().any(|item| item.starts_with('[')) {
                return Err(Unknown);
            }
            Ok(items.into_iter().map(|item| Value::read(kind, item)).collect())
        };
        match self.evaluate(cells)? {
            None => Ok(None),
            Some(Value::Json(Cow::Borrowed(json))) => read(json).map(Some),
            Some(_) => Err(Unknown),
        }
    }
}

/// `jsonb`'s order of scalars: null, strings (among them by a collation that we do not know), numbers, booleans.
fn scalar_order(a: &str, b: &str) -> Option<Ordering> {
    let rank = |json: &str| match json.as_bytes().first()? {
        b'{' | b'[' => None,
        b'n' => Some(0),
        b'"' => Some(1),
        b't' | b'f' => Some(3),
        _ => Some(2),
    };
    match (rank(a)?, rank(b)?) {
        (1, 1) => (a == b).then_some(Ordering::Equal),
        (2, 2) => Some(Decimal::parse(a)?.cmp(&Decimal::parse(b)?)),
        (3, 3) => Some(a.cmp(b)), // "false" before "true"
        (a, b) => Some(a.cmp(&b)),
    }
}

/// `OR` where `decisive` is true, else `AND`.
fn junction(
    decisive: bool,
    parts: impl Iterator<Item = Result<Option<bool>, Unknown>>,
) -> Result<Option<bool>, Unknown> {
    let mut open = Ok(Some(!decisive));
    for part in parts {
        match part {
            Ok(Some(truth)) if truth == decisive => return Ok(Some(decisive)),
            Ok(Some(_)) => {}
            Ok(None) => open = open.map(|_: Option<bool>| None),
            Err(unknown) => open = Err(unknown),
        }
    }
    open
}

fn borrowed<'a>(value: &'a Value<'static>) -> Value<'a> {
    match value {
        Value::Text(text) => Value::Text(Cow::Borrowed(text)),
        Value::Json(text) => Value::Json(Cow::Borrowed(text)),
        other => other.clone(),
    }
}
