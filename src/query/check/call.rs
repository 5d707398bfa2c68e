//! Functions and operators of which the result is exact here.
//!
//! All but a few are strict: null where an argument is null. What depends on a locale is done for ASCII alone.

use super::cast::{Cast, is_finite};
use super::node::Node;
use super::number::{Arithmetic, of_decimals, of_integers};
use super::pattern::Pattern;
use super::{Cells, Known, Unknown};
use crate::protocol::row::fields;
use crate::query::cells::{elements, plain};
use crate::query::jsonb;
use crate::query::kind::Kind;
use crate::query::like::Like;
use crate::query::value::Value;
use chrono::{Datelike, NaiveDate, TimeDelta};
use std::borrow::Cow;

const DAY: i64 = 86_400_000_000;

#[derive(Clone, Debug)]
pub(super) enum Call {
    Coalesce,
    CountNulls {
        nulls: bool,
    },
    Cast(Box<Cast>),
    Arithmetic(Arithmetic),
    Abs,
    Length,
    Octets,
    Lower,
    Upper,
    /// At its start, at its end.
    Trim(bool, bool),
    StartsWith,
    Position,
    Like(Like),
    Matches(Box<Pattern>),
    JsonType,
    JsonLength,
    /// As text, or as json.
    JsonField {
        text: bool,
    },
    JsonContains,
    /// Without a name or several.
    JsonWithout,
    HasKey,
    HasKeys {
        all: bool,
    },
    /// Of a list of one dimension; null where it is empty.
    ArrayLength {
        empty: Option<i64>,
    },
    Same(Kind),
    Contains(Kind),
    Overlaps(Kind),
    /// A field of a date, or of a timestamp; as a float, or exactly.
    Extract {
        field: Field,
        of_days: bool,
        float: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    IsoDow,
    Dow,
    Day,
    Month,
    Year,
    DayOfYear,
    Quarter,
    Week,
    Hour,
    Minute,
}

impl Call {
    pub(super) fn evaluate<'a>(&'a self, arguments: &'a [Node], cells: Cells<'_, 'a>) -> Known<'a> {
        let lists = |kind: &Kind| -> Result<_, Unknown> {
            Ok(match arguments {
                [a, b] => a.items(kind, cells)?.zip(b.items(kind, cells)?),
                _ => None,
            })
        };
        let held = match self {
            Self::Coalesce => {
                for argument in arguments {
                    if let Some(value) = argument.evaluate(cells)? {
                        return Ok(Some(value));
                    }
                }
                return Ok(None);
            }
            Self::CountNulls { nulls } => {
                let mut count = 0;
                for argument in arguments {
                    count += i64::from(argument.evaluate(cells)?.is_none() == *nulls);
                }
                return Ok(Some(Value::Int(count)));
            }
            Self::ArrayLength { empty } => {
                let Some(items) = arguments[0].items(&Kind::Text(None), cells)? else { return Ok(None) };
                let length = if items.is_empty() { *empty } else { Some(items.len() as i64) };
                return Ok(length.map(Value::Int));
            }
            Self::HasKeys { all } => {
                let (Some(json), Some(keys)) =
                    (arguments[0].evaluate(cells)?, arguments[1].items(&Kind::Text(None), cells)?)
                else {
                    return Ok(None);
                };
                let mut told = keys.iter().flatten().map(|key| has_key(&json, key));
                if *all {
                    told.try_fold(true, |held, key| Some(held && key?))
                } else {
                    told.try_fold(false, |held, key| Some(held || key?))
                }
            }
            Self::Same(kind) => lists(kind)?.map(|(a, b)| {
                let same = |(a, b): (&Option<Value<'_>>, &Option<Value<'_>>)| match (a, b) {
                    (Some(a), Some(b)) => a.equals(b),
                    _ => a.is_none() && b.is_none(),
                };
                a.len() == b.len() && a.iter().zip(&b).all(same)
            }),
            Self::Contains(kind) => lists(kind)?.map(|(whole, part)| {
                part.iter().all(|item| item.as_ref().is_some_and(|item| has(&whole, item)))
            }),
            Self::Overlaps(kind) => lists(kind)?.map(|(a, b)| a.iter().flatten().any(|item| has(&b, item))),
            _ => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    let Some(value) = argument.evaluate(cells)? else { return Ok(None) };
                    values.push(value);
                }
                return self.strict(values);
            }
        };
        let is_null = held.is_none() && !matches!(self, Self::HasKeys { .. });
        if is_null { Ok(None) } else { held.map(Value::Bool).map(Some).ok_or(Unknown) }
    }

    fn strict<'a>(&'a self, mut values: Vec<Value<'a>>) -> Known<'a> {
        let last = values.pop().ok_or(Unknown)?;
        let first = values.pop();
        let known = match (self, first, last) {
            (Self::Cast(cast), None, value) => return cast.run(value),
            (Self::JsonField { text }, Some(Value::Json(json)), place) => {
                return field(&json, &place, *text);
            }
            (Self::Arithmetic(operation), Some(a), b) => arithmetic(*operation, &a, &b),
            (Self::Abs, None, Value::Int(n)) => {
                n.checked_abs().filter(|n| i32::try_from(*n).is_ok()).map(Value::Int)
            }
            (Self::Abs, None, Value::Decimal(n)) => {
                let zero = crate::query::decimal::Decimal::parse("0");
                match zero.filter(|zero| n < *zero) {
                    Some(zero) => of_decimals(Arithmetic::Subtract, &zero, &n).map(Value::Decimal),
                    None => Some(Value::Decimal(n)),
                }
            }
            (Self::Length, None, Value::Text(text)) => Some(Value::Int(text.chars().count() as i64)),
            (Self::Octets, None, Value::Text(text)) => Some(Value::Int(text.len() as i64)),
            (Self::Lower, None, Value::Text(text)) if text.is_ascii() => {
                Some(owned(text.to_ascii_lowercase()))
            }
            (Self::Upper, None, Value::Text(text)) if text.is_ascii() => {
                Some(owned(text.to_ascii_uppercase()))
            }
            (Self::Trim(start, end), None, Value::Text(text)) => Some(trimmed(&text, " ", (*start, *end))),
            (Self::Trim(start, end), Some(Value::Text(text)), Value::Text(set)) => {
                Some(trimmed(&text, &set, (*start, *end)))
            }
            (Self::StartsWith, Some(Value::Text(text)), Value::Text(start)) => {
                Some(Value::Bool(text.starts_with(&*start)))
            }
            (Self::Position, Some(Value::Text(text)), Value::Text(part)) => {
                let place = text.find(&*part).map_or(0, |at| text[..at].chars().count() as i64 + 1);
                Some(Value::Int(place))
            }
            (Self::Like(like), None, Value::Text(text)) => Some(Value::Bool(like.matches(&text))),
            (Self::Matches(pattern), None, Value::Text(text)) => pattern.matches(&text).map(Value::Bool),
            (Self::JsonType, None, Value::Json(json)) => json_type(&json).map(|name| owned(name.into())),
            (Self::JsonLength, None, Value::Json(json)) => {
                elements(&json).map(|items| Value::Int(items.len() as i64))
            }
            (Self::JsonContains, Some(Value::Json(whole)), Value::Json(part)) => {
                Some(Value::Bool(jsonb::contains(&whole, &part)))
            }
            (Self::JsonWithout, Some(Value::Json(json)), Value::Text(name)) => without(&json, &name),
            (Self::HasKey, Some(json), key) => has_key(&json, &key).map(Value::Bool),
            (Self::Extract { field, of_days, float }, None, Value::Moment(moment)) => {
                let number = part_of(*field, moment, *of_days);
                number.and_then(|number| {
                    if *float {
                        Some(Value::Float(number as f64))
                    } else {
                        crate::query::decimal::Decimal::parse(&number.to_string()).map(Value::Decimal)
                    }
                })
            }
            _ => None,
        };
        known.map(Some).ok_or(Unknown)
    }
}

fn owned<'a>(text: String) -> Value<'a> {
    Value::Text(Cow::Owned(text))
}

fn trimmed<'a>(text: &str, set: &str, (start, end): (bool, bool)) -> Value<'a> {
    let is_in = |c: char| set.contains(c);
    let text = if start { text.trim_start_matches(is_in) } else { text };
    owned(if end { text.trim_end_matches(is_in) } else { text }.into())
}

fn arithmetic<'a>(operation: Arithmetic, a: &Value<'_>, b: &Value<'_>) -> Option<Value<'a>> {
    match (operation, a, b) {
        (_, Value::Int(a), Value::Int(b)) => of_integers(operation, *a, *b).map(Value::Int),
        (_, Value::Decimal(a), Value::Decimal(b)) => of_decimals(operation, a, b).map(Value::Decimal),
        (_, Value::Moment(day), Value::Int(_)) | (_, Value::Int(_), Value::Moment(day))
            if !is_finite(*day) =>
        {
            None
        }
        (Arithmetic::Add, Value::Moment(day), Value::Int(n))
        | (Arithmetic::Add, Value::Int(n), Value::Moment(day)) => day.checked_add(*n).map(Value::Moment),
        (Arithmetic::Subtract, Value::Moment(day), Value::Int(n)) => day.checked_sub(*n).map(Value::Moment),
        (Arithmetic::Subtract, Value::Moment(a), Value::Moment(b)) if is_finite(*a) && is_finite(*b) => {
            a.checked_sub(*b).map(Value::Int)
        }
        _ => None,
    }
}

fn has(items: &[Option<Value<'_>>], wanted: &Value<'_>) -> bool {
    items.iter().flatten().any(|item| item.equals(wanted))
}

fn json_type(json: &str) -> Option<&'static str> {
    Some(match json.as_bytes().first()? {
        b'{' => "object",
        b'[' => "array",
        b'"' => "string",
        b't' | b'f' => "boolean",
        b'n' => "null",
        _ => "number",
    })
}

/// A field by its name, an item by its place; from the end where it is negative.
fn field<'a>(json: &str, place: &Value<'_>, text: bool) -> Known<'a> {
    let found = match place {
        Value::Text(name) if json.starts_with('{') => {
            let fields = fields(json).map_err(|_| Unknown)?;
            fields.into_iter().rev().find(|(other, _)| other == name).map(|(_, value)| value)
        }
        Value::Int(place) if json.starts_with('[') => {
            let items = elements(json).ok_or(Unknown)?;
            let place = if *place < 0 { place + items.len() as i64 } else { *place };
            usize::try_from(place).ok().and_then(|place| items.get(place).copied())
        }
        // To PostgreSQL a scalar is a list of itself.
        Value::Int(_) if !json.starts_with('{') => return Err(Unknown),
        Value::Text(_) | Value::Int(_) => None,
        _ => return Err(Unknown),
    };
    Ok(match (found, text) {
        (None, _) | (Some("null"), true) => None,
        (Some(found), false) => Some(Value::Json(Cow::Owned(found.into()))),
        (Some(found), true) if found.starts_with(['{', '[']) => {
            Some(owned(jsonb::canonical(found).ok_or(Unknown)?))
        }
        (Some(found), true) => Some(owned(plain(found).into_owned())),
    })
}

/// Names of an object, strings of an array, or a string itself.
fn has_key(json: &Value<'_>, key: &Value<'_>) -> Option<bool> {
    let (Value::Json(json), Value::Text(key)) = (json, key) else { return None };
    Some(match json.as_bytes().first()? {
        b'{' => fields(json).ok()?.iter().any(|(name, _)| name == key),
        b'[' => elements(json)?.iter().any(|item| item.starts_with('"') && plain(item) == *key),
        b'"' => plain(json) == *key,
        _ => false,
    })
}

fn without<'a>(json: &str, name: &str) -> Option<Value<'a>> {
    if !json.starts_with('{') {
        return None;
    }
    let mut kept = fields(json).ok()?;
    kept.retain(|(other, _)| other != name);
    let kept: Vec<String> =
        kept.iter().map(|(name, value)| format!("{}:{value}", crate::query::cells::quote(name))).collect();
    Some(Value::Json(Cow::Owned(format!("{{{}}}", kept.join(",")))))
}

/// Of days or microseconds since 2000, after the birth of Christ.
fn part_of(field: Field, moment: i64, of_days: bool) -> Option<i64> {
    if !is_finite(moment) {
        return None;
    }
    let (days, micros) = if of_days { (moment, 0) } else { (moment.div_euclid(DAY), moment.rem_euclid(DAY)) };
    let date = NaiveDate::from_ymd_opt(2000, 1, 1)?.checked_add_signed(TimeDelta::try_days(days)?)?;
    if date.year() < 1 {
        return None;
    }
    Some(match field {
        Field::IsoDow => i64::from(date.weekday().number_from_monday()),
        Field::Dow => i64::from(date.weekday().num_days_from_sunday()),
        Field::Day => i64::from(date.day()),
        Field::Month => i64::from(date.month()),
        Field::Year => i64::from(date.year()),
        Field::DayOfYear => i64::from(date.ordinal()),
        Field::Quarter => i64::from(date.month0() / 3 + 1),
        Field::Week => i64::from(date.iso_week().week()),
        Field::Hour => micros / 3_600_000_000,
        Field::Minute => micros / 60_000_000 % 60,
    })
}
