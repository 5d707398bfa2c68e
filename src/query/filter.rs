//! Filters: parsed from `column=op.value` and `or=(…)`, evaluated in three-valued logic.
//!
//! A condition on null is unknown, and only what is true matches. Literals are read by their column's
//! type when the request is parsed, so a bad one is refused before any row is looked at.

use super::Collate;
use super::cells::Cells;
use super::field::Field;
use super::kind::Kind;
use super::like::{Fold, Like};
use super::literal::literal;
use super::refusal::{Unprepared, no_array_type, no_operator, not_boolean, unsupported};
use super::syntax::Cursor;
use super::value::{Collation, Value};
use crate::protocol::{PgError, Table};
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

/// An operator with its operand, not yet bound to a column.
struct Operation {
    negated: bool,
    operator: String,
    operands: Vec<String>,
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

impl Operation {
    fn parse(cursor: &mut Cursor<'_>, in_group: bool) -> Result<Self, Unprepared> {
        let negated = cursor.eat("not.");
        let start = cursor.clone();
        let operator = cursor.until(&['.', '(', ',', ')']).to_string();
        let quantified = cursor.rest().starts_with("(any)") || cursor.rest().starts_with("(all)");
        if let Some((_, feature)) = ELSEWHERE.iter().find(|(name, _)| *name == operator) {
            return unsupported(*feature);
        }
        if quantified && OPERATORS.contains(&operator.as_str()) {
            return unsupported(format!("quantified operators ({operator}{})", &cursor.rest()[..5]));
        }
        let known = operator == "in" || operator == "is" || OPERATORS.contains(&operator.as_str());
        if !known || !cursor.eat(".") {
            let expected =
                if negated { "operator (eq, gt, ...)" } else { "\"not\" or operator (eq, gt, ...)" };
            return Err(start.expected(expected).into());
        }
        let operands = match operator.as_str() {
            "in" => cursor.list()?,
            "is" => vec![trilean(cursor)?],
            _ if in_group => vec![cursor.logic_value()],
            _ => vec![cursor.until(&[]).to_string()],
        };
        if !in_group && !cursor.done() {
            return Err(cursor.expected("end of input").into());
        }
        Ok(Self { negated, operator, operands })
    }

    fn on(self, field: Field) -> Result<Filter, Unprepared> {
        let operand = self.operands.first().map_or("", String::as_str);
        let test = match self.operator.as_str() {
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
                if self.operands == [""] && field.kind != Kind::Json {
                    return Ok(Filter::Leaf { field, negated: self.negated, test: Test::In(Vec::new()) });
                }
                let values: Result<_, _> =
                    self.operands.iter().map(|text| equatable(&field, "=", text)).collect();
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

fn trilean(cursor: &mut Cursor<'_>) -> Result<String, PgError> {
    let start = cursor.clone();
    let word = cursor.until(&[',', ')']).to_ascii_lowercase();
    match word.as_str() {
        "null" | "not_null" | "unknown" | "true" | "false" => Ok(word),
        _ => Err(start.expected("isVal: (null, not_null, true, false, unknown)")),
    }
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
