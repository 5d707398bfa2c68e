//! Filters: parsed from `column=op.value` and `or=(…)`, evaluated in three-valued logic.
//!
//! A condition on null is unknown, and only what is true matches. Literals are read by their column's
//! type when the request is parsed, so a bad one is refused before any row is looked at.

mod operation;

use super::Collate;
use super::cells::Cells;
use super::field::Field;
use super::like::Like;
use super::refusal::{Unprepared, unsupported};
use super::syntax::Cursor;
use super::value::Value;
use crate::protocol::Table;
use operation::Operation;
use std::cmp::Ordering;

#[derive(Clone, Debug)]
pub(super) enum Filter {
    Leaf { field: Field, negated: bool, test: Test },
    Group { negated: bool, any: bool, parts: Vec<Filter> },
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    Compare(Comparison, Value<'static>),
    In(Vec<Value<'static>>),
    IsNull,
    IsNotNull,
    IsUnknown,
    Is(bool),
    Like(Like),
    Distinct(Value<'static>),
    Contains(Value<'static>),
    ContainedIn(Value<'static>),
    Overlaps(Value<'static>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
}

/// One parameter that is a filter: `title=eq.x`, `meta->>a=not.is.null`.
pub(super) fn parse_filter(name: &str, table: &Table, key: &str, value: &str) -> Result<Filter, Unprepared> {
    let mut path = Cursor::new("tree path", key);
    let column = path.path()?;
    if path.rest().starts_with('.') {
        return unsupported(format!("filters on embedded tables ({key})"));
    }
    if !path.done() {
        return Err(path.expected("\"->>\", \"->\", delimiter (.) or end of input").into());
    }
    let mut cursor = Cursor::new("filter", value);
    let operation = Operation::parse(&mut cursor, false)?;
    operation.on(Field::resolve(name, table, &column)?)
}

/// `and=(…)`, `or=(…)`, `not.and=(…)`, `not.or=(…)`; `None` if the key is none of these.
pub(super) fn parse_logic(
    name: &str,
    table: &Table,
    key: &str,
    value: &str,
) -> Result<Option<Filter>, Unprepared> {
    let (negated, operator) = match key.strip_prefix("not.") {
        Some(operator) => (true, operator),
        None => (false, key),
    };
    let any = match operator {
        "or" => true,
        "and" => false,
        _ if operator.ends_with(".or") || operator.ends_with(".and") => {
            return unsupported(format!("conditions on embedded tables ({key})"));
        }
        _ => return Ok(None),
    };
    let mut cursor = Cursor::after(key, "logic tree", value);
    // What follows the closing parenthesis is ignored, as by PostgREST's parser.
    let parts = group(name, table, &mut cursor, 0)?;
    Ok(Some(Filter::Group { negated, any, parts }))
}

/// Deepest nesting of `and(…)` and `or(…)`.
const GROUP_DEPTH: usize = 32;

fn group(
    name: &str,
    table: &Table,
    cursor: &mut Cursor<'_>,
    depth: usize,
) -> Result<Vec<Filter>, Unprepared> {
    if depth > GROUP_DEPTH {
        return unsupported("conditions nested this deep");
    }
    if !cursor.lexeme("(") {
        return Err(cursor.expected("\"(\"").into());
    }
    let mut parts = vec![condition(name, table, cursor, depth)?];
    while cursor.lexeme(",") {
        parts.push(condition(name, table, cursor, depth)?);
    }
    if !cursor.lexeme(")") {
        return Err(cursor.expected("\",\" or \")\"").into());
    }
    Ok(parts)
}

fn condition(name: &str, table: &Table, cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, Unprepared> {
    let mut ahead = cursor.clone();
    let negated = ahead.eat("not.");
    let any = ahead.rest().starts_with("or");
    if ahead.eat("or") || ahead.eat("and") {
        ahead.spaces();
        if ahead.peek() == Some('(') {
            *cursor = ahead;
            return Ok(Filter::Group { negated, any, parts: group(name, table, cursor, depth + 1)? });
        }
    }
    cursor.spaces();
    let path = cursor.path()?;
    cursor.spaces();
    if cursor.peek() == Some('(') {
        return Err(cursor.expected("\"->>\", \"->\" or delimiter (.)").into());
    }
    if !cursor.eat(".") {
        return Err(cursor.expected("\"->>\", \"->\" or delimiter (.)").into());
    }
    let operation = Operation::parse(cursor, true)?;
    operation.on(Field::resolve(name, table, &path)?)
}

impl Filter {
    /// `None` is SQL's unknown.
    pub(super) fn holds(&self, cells: &Cells<'_, '_>, collate: &dyn Collate) -> Option<bool> {
        let (negated, result) = match self {
            Self::Leaf { field, negated, test } => (*negated, test.holds(field, cells, collate)),
            Self::Group { negated, any, parts } => {
                // `or` is decided by the first true, `and` by the first false; else one unknown makes unknown.
                let mut result = Some(!any);
                for part in parts {
                    match part.holds(cells, collate) {
                        Some(held) if held == *any => {
                            result = Some(*any);
                            break;
                        }
                        Some(_) => {}
                        None => result = None,
                    }
                }
                (*negated, result)
            }
        };
        result.map(|held| held != negated)
    }

    pub(super) fn matches(&self, cells: &Cells<'_, '_>, collate: &dyn Collate) -> bool {
        self.holds(cells, collate) == Some(true)
    }

    /// What this filter asks one whole column to be equal to, if that is all it does.
    pub(super) fn equality(&self) -> Option<(usize, &[Value<'static>])> {
        match self {
            Self::Leaf { field, negated: false, test } if field.is_column() => match test {
                Test::Compare(Comparison::Eq, value) => Some((field.column, std::slice::from_ref(value))),
                Test::In(values) => Some((field.column, values)),
                _ => None,
            },
            _ => None,
        }
    }

    /// How many of the first columns it looks at.
    pub(super) fn reach(&self) -> usize {
        match self {
            Self::Leaf { field, .. } => field.column + 1,
            Self::Group { parts, .. } => parts.iter().map(Self::reach).max().unwrap_or(0),
        }
    }
}

impl Test {
    fn holds(&self, field: &Field, cells: &Cells<'_, '_>, collate: &dyn Collate) -> Option<bool> {
        let value = field.value(cells);
        match (self, value) {
            (Self::IsNull | Self::IsUnknown, value) => Some(value.is_none()),
            (Self::IsNotNull, value) => Some(value.is_some()),
            (Self::Is(wanted), value) => Some(matches!(value, Some(Value::Bool(b)) if b == *wanted)),
            (Self::Distinct(other), value) => Some(value.is_none_or(|value| !value.equals(other))),
            (Self::In(values), _) if values.is_empty() => Some(false),
            (_, None) => None,
            (Self::In(values), Some(value)) => Some(values.iter().any(|other| value.equals(other))),
            (Self::Compare(comparison, other), Some(value)) => Some(match comparison {
                Comparison::Eq => value.equals(other),
                Comparison::Neq => !value.equals(other),
                ordered => ordered.accepts(value.compare(other, &field.collation, collate)),
            }),
            (Self::Like(like), Some(value)) => {
                Some(matches!(value, Value::Text(text) if like.matches(&text)))
            }
            (Self::Contains(part), Some(value)) => super::array::contains(&field.kind, &value, part),
            (Self::ContainedIn(whole), Some(value)) => super::array::contains(&field.kind, whole, &value),
            (Self::Overlaps(other), Some(value)) => super::array::overlaps(&value, other),
        }
    }
}

impl Comparison {
    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Eq => ordering.is_eq(),
            Self::Neq => ordering.is_ne(),
            Self::Gt => ordering.is_gt(),
            Self::Gte => ordering.is_ge(),
            Self::Lt => ordering.is_lt(),
            Self::Lte => ordering.is_le(),
        }
    }
}
