//! Column defaults that can be known here: constants, the time, fresh uuids, who is signed in.
//!
//! Read from the SQL expression as Postgres prints it back. What is not recognised is
//! [`Default::Unknown`]: null until the server answers, and named in `Thermocline-Pending`.

use super::WriteContext;
use super::cells::{plain, quote};
use super::kind::Kind;
use super::literal::literal;
use super::moment::Moment;
use crate::protocol::{Column, MutationId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Default {
    /// There is none: null.
    None,
    /// Canonical JSON text.
    Constant(String),
    Now,
    Uuid,
    User,
    /// The server knows.
    Unknown,
}

/// A default's value in this write, and whether the server would fill in the same by itself.
pub(super) struct Filled {
    pub json: String,
    pub server_agrees: bool,
}

/// Expressions in lower case, calls without their empty parentheses.
const NOW: &[&str] = &[
    "now",
    "current_timestamp",
    "transaction_timestamp",
    "statement_timestamp",
    "clock_timestamp",
    "localtimestamp",
    "current_date",
    "timezone('utc'::text, now)",
    "now at time zone 'utc'::text",
];
const UUID: &[&str] = &["gen_random_uuid", "uuid_generate_v4", "extensions.uuid_generate_v4"];
const USER: &[&str] = &["auth.uid", "select auth.uid as uid", "select auth.uid"];

impl Default {
    pub(super) fn of(column: &Column) -> Self {
        if column.generated || column.identity {
            return Self::Unknown;
        }
        let Some(expression) = &column.default else { return Self::None };
        let kind = Kind::of(&column.type_name);
        let bare = bare(expression);
        let word = bare.to_ascii_lowercase().replace("()", "");
        if NOW.contains(&word.as_str()) {
            let dated = matches!(kind, Kind::Date | Kind::Timestamp(_) | Kind::TimestampTz(_));
            return if dated { Self::Now } else { Self::Unknown };
        }
        if UUID.contains(&word.as_str()) {
            return Self::Uuid;
        }
        if USER.contains(&word.as_str()) {
            return Self::User;
        }
        match constant(bare) {
            Some(None) => Self::None,
            Some(Some(text)) => {
                literal(&kind, &column.type_name, &text).map_or(Self::Unknown, Self::Constant)
            }
            None => Self::Unknown,
        }
    }

    /// `None` where only the server knows; `key` asks for uuids that sort by time.
    pub(super) fn fill(&self, column: &Column, key: bool, context: &mut WriteContext<'_>) -> Option<Filled> {
        let (json, server_agrees) = match self {
            Self::None => ("null".to_string(), true),
            Self::Constant(json) => (json.clone(), true),
            Self::User => (context.user.map_or("null".to_string(), quote), true),
            Self::Uuid => (quote(&fresh_uuid(key, context)), false),
            Self::Now => {
                let micros = i64::try_from(context.now_ms).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000);
                let text = Moment::TimestampTz.json(micros);
                let kind = Kind::of(&column.type_name);
                (literal(&kind, &column.type_name, &plain(&text)).ok()?, false)
            }
            Self::Unknown => return None,
        };
        Some(Filled { json, server_agrees })
    }
}

/// Whether a row's user is filled in where nothing is given.
pub fn holds_user(column: &Column) -> bool {
    Default::of(column) == Default::User
}

fn fresh_uuid(sorted: bool, context: &mut WriteContext<'_>) -> String {
    let random = (context.random)();
    if sorted {
        mutation_id(context.now_ms, random).to_string()
    } else {
        uuid::Builder::from_random_bytes(random).into_uuid().to_string()
    }
}

/// A UUIDv7 of this time; ten of the random bytes are needed.
pub fn mutation_id(now_ms: u64, random: [u8; 16]) -> MutationId {
    let mut ten = [0; 10];
    ten.copy_from_slice(&random[..10]);
    MutationId::new(now_ms, ten)
}

/// Without the parentheses and casts around it.
fn bare(expression: &str) -> &str {
    let text = expression.trim();
    if !text.starts_with('(') {
        // A cast of what is neither quoted nor an argument: `0::numeric`, `now()::date`.
        let cast =
            text.rfind("::").filter(|at| !text[*at..].contains([')', '\'']) || text[..*at].ends_with(')'));
        return match cast {
            Some(at) if !text.starts_with('\'') && !text[..at].contains('\'') => text[..at].trim(),
            _ => text,
        };
    }
    let mut depth = 0usize;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let rest = text[at + 1..].trim();
            return if rest.is_empty() || is_cast(rest) { bare(&text[1..at]) } else { text };
        }
    }
    text
}

/// `::type` and nothing that would compute.
fn is_cast(text: &str) -> bool {
    text.strip_prefix("::").is_some_and(|name| {
        name.chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | '"' | '(' | ')' | ',' | '[' | ']'))
    })
}

/// The text of a constant; `Some(None)` for null, `None` if it is no constant.
fn constant(text: &str) -> Option<Option<String>> {
    if let Some(rest) = text.strip_prefix('\'') {
        let mut value = String::new();
        let mut chars = rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c != '\'' {
                value.push(c);
            } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
                value.push('\'');
            } else {
                let after = rest[at + 1..].trim();
                return (after.is_empty() || is_cast(after)).then_some(Some(value));
            }
        }
        return None;
    }
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "null" => Some(None),
        "true" | "false" => Some(Some(lower)),
        "array[]" => Some(Some("{}".into())),
        _ => super::decimal::Decimal::parse(text)
            .filter(|_| lower.ends_with(|c: char| c.is_ascii_digit()))
            .map(|_| Some(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(type_name: &str, default: Option<&str>) -> Default {
        Default::of(&Column {
            name: "c".into(),
            type_name: type_name.into(),
            not_null: false,
            default: default.map(Into::into),
            collation: None,
            generated: false,
            identity: false,
        })
    }

    #[test]
    fn defaults_are_read_as_postgres_prints_them() {
        let constant = |json: &str| Default::Constant(json.into());
        for (type_name, default, expected) in [
            ("text", "'open'::text", constant("\"open\"")),
            ("text", "'it''s (a) :: b'::text", constant("\"it's (a) :: b\"")),
            ("integer", "0", constant("0")),
            ("integer", "'-1'::integer", constant("-1")),
            ("numeric(12,2)", "(0)::numeric", constant("0.00")),
            ("numeric", "0::numeric", constant("0")),
            ("boolean", "false", constant("false")),
            ("jsonb", "'[]'::jsonb", constant("[]")),
            ("text[]", "'{}'::text[]", constant("[]")),
            ("text[]", "ARRAY[]::text[]", constant("[]")),
            ("character varying(9)", "('x'::text)::character varying", constant("\"x\"")),
            ("entry_status", "'open'::public.entry_status", constant("\"open\"")),
            ("timestamp with time zone", "now()", Default::Now),
            ("timestamp with time zone", "CURRENT_TIMESTAMP", Default::Now),
            ("timestamp with time zone", "timezone('utc'::text, now())", Default::Now),
            ("timestamp without time zone", "(now() AT TIME ZONE 'utc'::text)", Default::Now),
            ("date", "(now())::date", Default::Now),
            ("date", "CURRENT_DATE", Default::Now),
            ("uuid", "gen_random_uuid()", Default::Uuid),
            ("text", "(gen_random_uuid())::text", Default::Uuid),
            ("uuid", "auth.uid()", Default::User),
            ("text", "NULL::text", Default::None),
            ("bigint", "nextval('s'::regclass)", Default::Unknown),
            ("timestamp with time zone", "(now() + '1 day'::interval)", Default::Unknown),
            ("text", "('a'::text || 'b'::text)", Default::Unknown),
        ] {
            assert_eq!(read(type_name, Some(default)), expected, "{default}");
        }
        assert_eq!(read("text", None), Default::None);
    }
}
