//! From what a request says to a column's canonical JSON text.
//!
//! [`literal`] reads text as Postgres's input functions do (a filter's value, a default's constant),
//! [`from_json`] a body's value as `json_to_recordset` does. Both give the text that the server will
//! answer for the stored value, or its error. `null` stays `null` and is not checked here.

use super::cells::{elements, plain, quote};
use super::decimal::Decimal;
use super::jsonb;
use super::kind::{Int, Kind};
use super::moment::Moment;
use super::refusal::*;
use super::value::Value;
use std::borrow::Cow;

/// The canonical JSON text of a value written as text.
pub(super) fn literal(kind: &Kind, type_name: &str, text: &str) -> Result<String, Unprepared> {
    Ok(match kind {
        Kind::Int(size) => integer(*size, text)?.to_string(),
        Kind::Numeric(limits) => numeric(*limits, text)?,
        Kind::Real => float(text, kind.name(), true)?,
        Kind::Double => float(text, kind.name(), false)?,
        Kind::Bool => boolean(text)?.to_string(),
        Kind::Text(limit) => quote(fit(text, *limit, type_name)?),
        Kind::Uuid => quote(&uuid(text)?),
        Kind::Date => Moment::Date.json(Moment::Date.parse(text, 6)?),
        Kind::Time(digits) => Moment::Time.json(Moment::Time.parse(text, *digits)?),
        Kind::Timestamp(digits) => Moment::Timestamp.json(Moment::Timestamp.parse(text, *digits)?),
        Kind::TimestampTz(digits) => Moment::TimestampTz.json(Moment::TimestampTz.parse(text, *digits)?),
        Kind::Json if jsonb::canonical(text).is_some() => text.trim().to_string(),
        Kind::Jsonb if names_zero(text) => return Err(zero_character().into()),
        Kind::Jsonb => jsonb::canonical(text).ok_or_else(|| invalid_json(text))?,
        Kind::Json => return Err(invalid_json(text).into()),
        Kind::Array(element) => array_literal(element, type_name, text)?,
        Kind::Named | Kind::Opaque => quote(text),
    })
}

/// A value written as text, where its canonical JSON text would only be written to be read again. None
/// leaves it to [`literal`], which knows what is wrong with it.
pub(super) fn plain_literal(kind: &Kind, text: &str) -> Option<Value<'static>> {
    match kind {
        Kind::Int(size) => Some(Value::Int(integer(*size, text).ok()?)),
        Kind::Text(None) | Kind::Named => Some(Value::Text(Cow::Owned(text.into()))),
        Kind::Uuid => Some(Value::Text(Cow::Owned(uuid(text).ok()?))),
        _ => None,
    }
}

/// The canonical JSON text of a value in a request's body; itself where it is that already.
pub(super) fn from_json<'a>(kind: &Kind, type_name: &str, json: &'a str) -> Result<Cow<'a, str>, Unprepared> {
    if is_canonical(kind, json) {
        return Ok(json.into());
    }
    made_canonical(kind, type_name, json).map(Cow::Owned)
}

/// Whether a value is known to be stored as it is written.
fn is_canonical(kind: &Kind, json: &str) -> bool {
    let inner = || json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match kind {
        _ if json == "null" => true,
        Kind::Text(None) => inner().is_some_and(|text| !text.contains('\\')),
        Kind::Uuid => inner().is_some_and(is_canonical_uuid),
        Kind::TimestampTz(6) => inner().is_some_and(|text| Moment::TimestampTz.is_canonical(text)),
        Kind::Bool => matches!(json, "true" | "false"),
        Kind::Named | Kind::Opaque => true,
        _ => false,
    }
}

fn made_canonical(kind: &Kind, type_name: &str, json: &str) -> Result<String, Unprepared> {
    match kind {
        Kind::Json if names_zero(json) => Err(zero_character().into()),
        // A string is written anew, all else is kept as it came.
        Kind::Json if json.starts_with('"') => Ok(quote(&plain(json))),
        Kind::Json => Ok(json.into()),
        Kind::Jsonb => literal(kind, type_name, json),
        Kind::Array(element) if json.starts_with('[') => {
            let items = elements(json).ok_or_else(expected_array)?;
            let element_type = type_name.trim_end_matches("[]");
            let items: Result<Vec<Cow<'_, str>>, _> =
                items.into_iter().map(|item| from_json(element, element_type, item)).collect();
            Ok(format!("[{}]", items?.join(",")))
        }
        Kind::Array(_) if !json.starts_with('"') => Err(expected_array().into()),
        _ if names_zero(json) => Err(zero_character().into()),
        _ => literal(kind, type_name, &plain(json)),
    }
}

/// Whether JSON text holds the one character that Postgres's text cannot.
fn names_zero(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json[..at].bytes().rev().take_while(|b| *b == b'\\').count();
        before % 2 == 0
    })
}

fn integer(size: Int, text: &str) -> Result<i64, Unprepared> {
    let name = Kind::Int(size).name();
    let trimmed = text.trim();
    let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid_literal(name, text).into());
    }
    let (least, most) = match size {
        Int::Small => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Int::Normal => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Int::Big => (i64::MIN, i64::MAX),
    };
    match trimmed.parse::<i64>() {
        Ok(n) if (least..=most).contains(&n) => Ok(n),
        _ => Err(number_out_of_range(name, text).into()),
    }
}

fn numeric(limits: Option<(usize, usize)>, text: &str) -> Result<String, Unprepared> {
    let number = Decimal::parse(text).ok_or_else(|| invalid_literal("numeric", text))?;
    let (number, limits) = match (number, limits) {
        (Decimal::NaN, _) => return Ok("\"NaN\"".into()),
        (Decimal::Finite(number), limits) => (number, limits),
        (_, Some((precision, scale))) => return Err(numeric_overflow(precision, scale).into()),
        (Decimal::Infinity, None) => return Ok("\"Infinity\"".into()),
        (Decimal::NegativeInfinity, None) => return Ok("\"-Infinity\"".into()),
    };
    let Some((precision, scale)) = limits else { return Ok(number.text()) };
    let rounded = number.rounded(scale);
    if rounded.whole_digits() > precision.saturating_sub(scale) {
        return Err(numeric_overflow(precision, scale).into());
    }
    Ok(rounded.text())
}

fn float(text: &str, name: &str, single: bool) -> Result<String, Unprepared> {
    let trimmed = text.trim();
    if Decimal::parse(trimmed).is_none() {
        return Err(invalid_literal(name, text).into());
    }
    let (value, digits) = if single {
        let value: f32 = trimmed.parse().map_err(|_| invalid_literal(name, text))?;
        (f64::from(value), format!("{value:e}"))
    } else {
        let value: f64 = trimmed.parse().map_err(|_| invalid_literal(name, text))?;
        (value, format!("{value:e}"))
    };
    let vanished = value == 0.0
        && trimmed.split(['e', 'E']).next().is_some_and(|m| m.contains(|c| matches!(c, '1'..='9')));
    if value.is_finite() && !vanished {
        return Ok(float_text(&digits, if single { 6 } else { 15 }));
    }
    if (value.is_infinite() || vanished) && trimmed.bytes().any(|b| b.is_ascii_digit()) {
        let message = format!("\"{text}\" is out of range for type {name}");
        return Err(crate::protocol::PgError::new(400, "22003", message).into());
    }
    Ok(if value.is_nan() {
        "\"NaN\""
    } else if value > 0.0 {
        "\"Infinity\""
    } else {
        "\"-Infinity\""
    }
    .into())
}

/// Rust's shortest `1.25e-7` in Postgres's layout: an exponent below -4 or from `wide` digits on.
fn float_text(shortest: &str, wide: i32) -> String {
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= wide {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    match Decimal::parse(shortest) {
        Some(Decimal::Finite(_)) if mantissa == "-0" => "-0".into(),
        Some(Decimal::Finite(number)) => number.text(),
        _ => shortest.into(),
    }
}

fn boolean(text: &str) -> Result<bool, Unprepared> {
    let word = text.trim().to_ascii_lowercase();
    let starts = |full: &str| !word.is_empty() && full.starts_with(&word);
    if starts("true") || starts("yes") || word == "on" || word == "1" {
        Ok(true)
    } else if starts("false") || starts("no") || word == "off" || word == "of" || word == "0" {
        Ok(false)
    } else {
        Err(invalid_literal("boolean", text).into())
    }
}

/// A varchar's text: what is too long is refused, unless only spaces are.
fn fit<'a>(text: &'a str, limit: Option<usize>, type_name: &str) -> Result<&'a str, Unprepared> {
    let cut = limit.and_then(|limit| text.char_indices().nth(limit)).map(|(at, _)| at);
    match cut {
        Some(at) if text[at..].bytes().all(|b| b == b' ') => Ok(&text[..at]),
        Some(_) => Err(too_long(type_name).into()),
        None => Ok(text),
    }
}

fn is_canonical_uuid(text: &str) -> bool {
    let fits = |(at, b): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *b == b'-',
        _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.as_bytes().iter().enumerate().all(fits)
}

/// Postgres's forms: hyphens optional after each group of four digits, braces allowed.
fn uuid(text: &str) -> Result<String, Unprepared> {
    if is_canonical_uuid(text) {
        return Ok(text.into());
    }
    let wrong = || invalid_literal("uuid", text);
    let inner = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}').ok_or_else(wrong)?,
        None => text,
    };
    let mut digits = String::with_capacity(32);
    for c in inner.chars() {
        match c {
            '-' if !digits.is_empty() && digits.len().is_multiple_of(4) && digits.len() < 32 => {}
            c if c.is_ascii_hexdigit() => digits.push(c.to_ascii_lowercase()),
            _ => return Err(wrong().into()),
        }
    }
    if digits.len() != 32 {
        return Err(wrong().into());
    }
    Ok([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

/// `{a,"b c",NULL}` → a JSON array. Of one dimension: nested ones are left to the server.
fn array_literal(element: &Kind, type_name: &str, text: &str) -> Result<String, Unprepared> {
    let inner = text.trim().strip_prefix('{').ok_or_else(|| {
        malformed_array(text, "Array value must start with \"{\" or dimension information.")
    })?;
    let ends =
        if inner.contains('}') { "Junk after closing right brace." } else { "Unexpected end of input." };
    let inner = inner.strip_suffix('}').ok_or_else(|| malformed_array(text, ends))?;
    if inner.trim().is_empty() {
        return Ok("[]".into());
    }
    let element_type = type_name.trim_end_matches("[]");
    let mut items = Vec::new();
    for item in array_items(inner, text)? {
        items.push(match item {
            Some(item) => literal(element, element_type, &item)?,
            None => "null".into(),
        });
    }
    Ok(format!("[{}]", items.join(",")))
}

const ODD_ELEMENT: &str = "Unexpected array element.";

fn array_items(inner: &str, text: &str) -> Result<Vec<Option<String>>, Unprepared> {
    let mut items = Vec::new();
    let mut chars = inner.chars().peekable();
    loop {
        let (mut item, mut quoted) = (String::new(), false);
        while let Some(c) = chars.next_if(|c| *c != ',') {
            match c {
                '"' if quoted || !item.trim().is_empty() => {
                    return Err(malformed_array(text, ODD_ELEMENT).into());
                }
                '"' => {
                    (item, quoted) = (String::new(), true);
                    loop {
                        match chars.next().ok_or_else(|| malformed_array(text, "Unexpected end of input."))? {
                            '"' => break,
                            '\\' => item.extend(chars.next()),
                            c => item.push(c),
                        }
                    }
                }
                '{' | '}' => return unsupported("arrays of more than one dimension"),
                '\\' => item.extend(chars.next()),
                c if quoted && !c.is_whitespace() => return Err(malformed_array(text, ODD_ELEMENT).into()),
                c if !quoted => item.push(c),
                _ => {}
            }
        }
        let bare = item.trim();
        match quoted {
            true => items.push(Some(item)),
            false if bare.is_empty() => {
                let found = chars.next().unwrap_or('}');
                return Err(malformed_array(text, format!("Unexpected \"{found}\" character.")).into());
            }
            false if bare.eq_ignore_ascii_case("null") => items.push(None),
            false => items.push(Some(bare.to_string())),
        }
        if chars.next().is_none() {
            return Ok(items);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(type_name: &str, json: &str) -> String {
        match from_json(&Kind::of(type_name), type_name, json) {
            Ok(text) => text.into_owned(),
            Err(Unprepared::Refused(error)) => format!("{}: {}", error.code, error.message),
            Err(Unprepared::Unsupported(what)) => format!("unsupported: {what}"),
        }
    }

    #[test]
    fn a_value_becomes_the_text_that_the_server_will_answer() {
        for (type_name, given, text) in [
            ("integer", "\" 42 \"", "42"),
            ("bigint", "-9223372036854775808", "-9223372036854775808"),
            ("numeric(12,2)", "1.005", "1.01"),
            ("numeric", "12345678901234567890.1234567890", "12345678901234567890.1234567890"),
            ("double precision", "1e20", "1e+20"),
            ("double precision", "0.00001", "1e-05"),
            ("double precision", "100.50", "100.5"),
            ("double precision", "-0.0", "-0"),
            ("json", "\"\\u00e9\"", "\"é\""),
            ("real", "1000000", "1e+06"),
            ("boolean", "\"t\"", "true"),
            ("boolean", "\"OFF\"", "false"),
            ("text", "1.50", "\"1.50\""),
            ("text", "{\"a\": 1}", "\"{\\\"a\\\": 1}\""),
            ("character varying(3)", "\"abc  \"", "\"abc\""),
            ("uuid", "\"{A0EEBC999C0B4EF8BB6D6BB9BD380A11}\"", "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""),
            ("jsonb", "{\"b\":1,\"a\":[]}", "{\"a\": [], \"b\": 1}"),
            ("json", "{\"b\":1, \"a\":[]}", "{\"b\":1, \"a\":[]}"),
            ("text[]", "[\"a\", 1, null]", "[\"a\",\"1\",null]"),
            ("text[]", "\"{a,\\\"b c\\\",NULL}\"", "[\"a\",\"b c\",null]"),
            ("date", "\"2026-11-21T10:00:00Z\"", "\"2026-11-21\""),
            ("entry_status", "\"open\"", "\"open\""),
            ("integer", "null", "null"),
        ] {
            assert_eq!(stored(type_name, given), text, "{type_name} {given}");
        }
    }

    #[test]
    fn a_malformed_array_is_refused_with_postgres_details() {
        for (text, details) in [
            ("a", "Array value must start with \"{\" or dimension information."),
            ("{", "Unexpected end of input."),
            ("{\"a}", "Unexpected end of input."),
            ("{a}b", "Junk after closing right brace."),
            ("{a,}", "Unexpected \"}\" character."),
            ("{,a}", "Unexpected \",\" character."),
            ("{a\"b\"}", "Unexpected array element."),
            ("{\"a\"b}", "Unexpected array element."),
        ] {
            let refused = literal(&Kind::of("text[]"), "text[]", text).expect_err(text);
            let Unprepared::Refused(error) = refused else { panic!("{text} is not left to the server") };
            assert_eq!(error.details.as_deref(), Some(details), "{text}");
        }
    }

    #[test]
    fn a_wrong_value_is_refused_with_postgres_code_and_text() {
        for (type_name, given, error) in [
            ("integer", "\"x\"", "22P02: invalid input syntax for type integer: \"x\""),
            ("integer", "1.5", "22P02: invalid input syntax for type integer: \"1.5\""),
            ("integer", "2147483648", "22003: value \"2147483648\" is out of range for type integer"),
            ("smallint", "40000", "22003: value \"40000\" is out of range for type smallint"),
            ("numeric(4,2)", "99.995", "22003: numeric field overflow"),
            ("boolean", "\"maybe\"", "22P02: invalid input syntax for type boolean: \"maybe\""),
            ("uuid", "\"1\"", "22P02: invalid input syntax for type uuid: \"1\""),
            ("character varying(2)", "\"abc\"", "22001: value too long for type character varying(2)"),
            ("date", "\"soon\"", "22007: invalid input syntax for type date: \"soon\""),
            ("date", "\"0000-01-01\"", "22008: date/time field value out of range: \"0000-01-01\""),
            (
                "timestamp with time zone",
                "\"2026-01-01 10:00+16\"",
                "22009: time zone displacement out of range: \"2026-01-01 10:00+16\"",
            ),
            ("double precision", "\"1e-400\"", "22003: \"1e-400\" is out of range for type double precision"),
            ("text[]", "{}", "22P02: expected JSON array"),
            ("text", "\"a\\u0000\"", "22P05: unsupported Unicode escape sequence"),
        ] {
            assert_eq!(stored(type_name, given), error, "{type_name} {given}");
        }
    }
}
