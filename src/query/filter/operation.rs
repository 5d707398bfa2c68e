//! Operators with their operands, and what they mean on a column.
//!
//! A literal is read by its column's type when it meets the column; an operator that the type does not
//! have is refused in Postgres's words, one that we do not have is named.

use super::{Comparison, Filter, Test};
use crate::protocol::PgError;
use crate::query::field::Field;
use crate::query::kind::Kind;
use crate::query::like::{Fold, Like};
use crate::query::literal::{literal, plain_literal};
use crate::query::refusal::{Unprepared, no_array_type, no_operator, not_boolean, unsupported};
use crate::query::syntax::Cursor;
use crate::query::value::{Collation, Value};
use std::borrow::Cow;

/// An operator with its operand, not yet bound to a column.
pub(super) struct Operation<'a> {
    negated: bool,
    operator: &'a str,
    operand: Cow<'a, str>,
    /// Of `in`.
    list: Vec<Cow<'a, str>>,
}

const OPERATORS: &[&str] =
    &["eq", "neq", "gte", "gt", "lte", "lt", "like", "ilike", "isdistinct", "cs", "cd", "ov"];
const ELSEWHERE: &[(&str, &str)] = &[
    ("match", "regular expressions (match)"),
    ("imatch", "regular expressions (imatch)"),
    ("fts", "full-text search (fts)"),
    ("plfts", "full-text search (plfts)"),
    ("phfts", "full-text search (phfts)"),
    ("wfts", "full-text search (wfts)"),
    ("sl", "range operators (sl)"),
    ("sr", "range operators (sr)"),
    ("nxl", "range operators (nxl)"),
    ("nxr", "range operators (nxr)"),
    ("adj", "range operators (adj)"),
];

impl<'a> Operation<'a> {
    pub(super) fn parse(cursor: &mut Cursor<'a>, in_group: bool) -> Result<Self, Unprepared> {
        let negated = cursor.eat("not.");
        let start = cursor.clone();
        let operator = cursor.until(&['.', '(', ',', ')']);
        let quantified = cursor.rest().starts_with("(any)") || cursor.rest().starts_with("(all)");
        if let Some((_, feature)) = ELSEWHERE.iter().find(|(name, _)| *name == operator) {
            return unsupported(*feature);
        }
        if quantified && OPERATORS.contains(&operator) {
            return unsupported(format!("quantified operators ({operator}{})", &cursor.rest()[..5]));
        }
        let known = operator == "in" || operator == "is" || OPERATORS.contains(&operator);
        if !known || !cursor.eat(".") {
            let expected =
                if negated { "operator (eq, gt, ...)" } else { "\"not\" or operator (eq, gt, ...)" };
            return Err(start.expected(expected).into());
        }
        let mut list = Vec::new();
        let operand = match operator {
            "in" => {
                list = cursor.list()?;
                Cow::Borrowed("")
            }
            "is" => Cow::Borrowed(trilean(cursor)?),
            _ if in_group => cursor.logic_value(),
            _ => Cow::Borrowed(cursor.take_rest()),
        };
        if !in_group && !cursor.done() {
            return Err(cursor.expected("end of input").into());
        }
        Ok(Self { negated, operator, operand, list })
    }

    pub(super) fn on(self, field: Field) -> Result<Filter, Unprepared> {
        let operand = self.operand.as_ref();
        let test = match self.operator {
            "eq" => Test::Compare(Comparison::Eq, equatable(&field, "=", operand)?),
            "neq" => Test::Compare(Comparison::Neq, equatable(&field, "<>", operand)?),
            "gt" => Test::Compare(Comparison::Gt, ordered(&field, ">", operand)?),
            "gte" => Test::Compare(Comparison::Gte, ordered(&field, ">=", operand)?),
            "lt" => Test::Compare(Comparison::Lt, ordered(&field, "<", operand)?),
            "lte" => Test::Compare(Comparison::Lte, ordered(&field, "<=", operand)?),
            "isdistinct" => Test::Distinct(equatable(&field, "=", operand)?),
            "in" => {
                if let Kind::Array(_) = field.kind {
                    return Err(no_array_type(&field.type_name).into());
                }
                // An empty list still needs a type that can be compared.
                if self.list == [""] && field.kind != Kind::Json {
                    return Ok(Filter::Leaf { field, negated: self.negated, test: Test::In(Vec::new()) });
                }
                let values: Result<_, _> =
                    self.list.iter().map(|text| equatable(&field, "=", text)).collect();
                Test::In(values?)
            }
            "like" => Test::Like(pattern(&field, operand, false)?),
            "ilike" => Test::Like(pattern(&field, operand, true)?),
            "is" => truth(&field, operand)?,
            other => containment(&field, other, operand)?,
        };
        Ok(Filter::Leaf { field, negated: self.negated, test })
    }
}

fn trilean(cursor: &mut Cursor<'_>) -> Result<&'static str, PgError> {
    let start = cursor.clone();
    let word = cursor.until(&[',', ')']);
    let known = ["null", "not_null", "unknown", "true", "false"];
    let found = known.into_iter().find(|known| word.eq_ignore_ascii_case(known));
    found.ok_or_else(|| start.expected("isVal: (null, not_null, true, false, unknown)"))
}

fn truth(field: &Field, word: &str) -> Result<Test, Unprepared> {
    if field.kind != Kind::Bool && !matches!(word, "null" | "not_null") {
        return match field.kind {
            Kind::Named => unsupported(format!("is.{word} on a column of type {}", field.type_name)),
            _ => Err(not_boolean(&word.to_uppercase(), &field.type_name).into()),
        };
    }
    Ok(match word {
        "null" => Test::IsNull,
        "not_null" => Test::IsNotNull,
        "unknown" => Test::IsUnknown,
        word => Test::Is(word == "true"),
    })
}

/// A literal for a comparison: read by the column's type without its length or precision.
fn read(field: &Field, text: &str) -> Result<Value<'static>, Unprepared> {
    let bare = match &field.kind {
        Kind::Text(_) => Kind::Text(None),
        Kind::Numeric(_) => Kind::Numeric(None),
        Kind::Time(_) => Kind::Time(6),
        Kind::Timestamp(_) => Kind::Timestamp(6),
        Kind::TimestampTz(_) => Kind::TimestampTz(6),
        other => other.clone(),
    };
    if let Some(value) = plain_literal(&bare, text) {
        return Ok(value);
    }
    let json = literal(&bare, &field.type_name, text)?;
    // `null` as a JSON literal is a JSON value, not SQL's null.
    Ok(Value::read(&bare, &json).map_or_else(|| Value::Json("null".into()), Value::into_owned))
}

fn equatable(field: &Field, operator: &str, text: &str) -> Result<Value<'static>, Unprepared> {
    match field.kind {
        Kind::Opaque => unsupported(format!("filters on a column of type {}", field.type_name)),
        Kind::Json => Err(no_operator("json", operator).into()),
        _ => read(field, text),
    }
}

fn ordered(field: &Field, operator: &str, text: &str) -> Result<Value<'static>, Unprepared> {
    if field.kind == Kind::Json {
        return Err(no_operator("json", operator).into());
    }
    field.kind.ordered(&field.type_name)?;
    equatable(field, operator, text)
}

fn pattern(field: &Field, text: &str, any_case: bool) -> Result<Like, Unprepared> {
    match field.kind {
        Kind::Text(_) => {}
        Kind::Named | Kind::Opaque => {
            return unsupported(format!("like on a column of type {}", field.type_name));
        }
        _ => return Err(no_operator(&field.type_name, if any_case { "~~*" } else { "~~" }).into()),
    }
    let fold = match &field.collation {
        _ if !any_case => Fold::Nothing,
        Collation::Bytes => Fold::Ascii,
        Collation::Locale(_) => Fold::Unicode,
    };
    // Postgres refuses such a pattern only once some text gets as far as its end.
    Like::new(&text.replace('*', "%"), fold)
        .map_or_else(|| unsupported("a pattern that ends with its escape character"), Ok)
}

fn containment(field: &Field, operator: &str, text: &str) -> Result<Test, Unprepared> {
    match (&field.kind, operator) {
        (Kind::Jsonb, "cs") => Ok(Test::Contains(read(field, text)?)),
        (Kind::Jsonb, "cd") => Ok(Test::ContainedIn(read(field, text)?)),
        (Kind::Array(_), "cs") => Ok(Test::Contains(read(field, text)?)),
        (Kind::Array(_), "cd") => Ok(Test::ContainedIn(read(field, text)?)),
        (Kind::Array(_), _) => Ok(Test::Overlaps(read(field, text)?)),
        _ => unsupported(format!("{operator} on a column of type {}", field.type_name)),
    }
}
