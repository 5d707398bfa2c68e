//! What a column's type means to this engine: how its values are read, written and compared.
//!
//! Read from Postgres's `format_type`. A built-in type that we do not parse is [`Kind::Opaque`]:
//! kept as given, never compared. A name that is not built in (an enum, a domain) is
//! [`Kind::Named`]: its values are equal when their text is, and have no order that we know.

use super::refusal::Unprepared;
use super::refusal::unsupported;
use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int(Int),
    /// Precision and scale, where the column has them.
    Numeric(Option<(usize, usize)>),
    Real,
    Double,
    Bool,
    /// `text` and `varchar`, with its length in characters.
    Text(Option<usize>),
    Uuid,
    Date,
    /// The three with their digits of seconds.
    Time(u32),
    Timestamp(u32),
    TimestampTz(u32),
    Json,
    Jsonb,
    Array(Box<Kind>),
    Named,
    Opaque,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Int {
    Small,
    Normal,
    Big,
}

/// Built-in and well-known types whose equality is not that of their text.
const OPAQUE: &[&str] = &[
    "bit",
    "bit varying",
    "box",
    "bytea",
    "character",
    "cidr",
    "circle",
    "citext",
    "geography",
    "geometry",
    "halfvec",
    "hstore",
    "inet",
    "interval",
    "line",
    "lseg",
    "ltree",
    "macaddr",
    "macaddr8",
    "money",
    "oid",
    "path",
    "point",
    "polygon",
    "sparsevec",
    "time with time zone",
    "tsquery",
    "tsvector",
    "vector",
    "xml",
    "int4range",
    "int8range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "int4multirange",
    "int8multirange",
    "nummultirange",
    "tsmultirange",
    "tstzmultirange",
    "datemultirange",
    "\"char\"",
];

impl Kind {
    pub(super) fn of(type_name: &str) -> Self {
        if let Some(element) = type_name.strip_suffix("[]") {
            return Self::Array(Box::new(Self::of(element)));
        }
        let (name, arguments) = split(type_name);
        let digits = arguments.first().copied().unwrap_or(6) as u32;
        match name.as_ref() {
            "smallint" => Self::Int(Int::Small),
            "integer" => Self::Int(Int::Normal),
            "bigint" => Self::Int(Int::Big),
            "numeric" => Self::Numeric(
                arguments.first().map(|precision| (*precision, arguments.get(1).copied().unwrap_or(0))),
            ),
            "real" => Self::Real,
            "double precision" => Self::Double,
            "boolean" => Self::Bool,
            "text" | "name" => Self::Text(None),
            "character varying" => Self::Text(arguments.first().copied()),
            "uuid" => Self::Uuid,
            "date" => Self::Date,
            "time without time zone" => Self::Time(digits),
            "timestamp without time zone" => Self::Timestamp(digits),
            "timestamp with time zone" => Self::TimestampTz(digits),
            "json" => Self::Json,
            "jsonb" => Self::Jsonb,
            known if OPAQUE.contains(&known.rsplit('.').next().unwrap_or(known)) => Self::Opaque,
            _ => Self::Named,
        }
    }

    /// The type's name as Postgres writes it in its messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Int(Int::Small) => "smallint",
            Self::Int(Int::Normal) => "integer",
            Self::Int(Int::Big) => "bigint",
            Self::Numeric(_) => "numeric",
            Self::Real => "real",
            Self::Double => "double precision",
            Self::Bool => "boolean",
            Self::Text(None) => "text",
            Self::Text(Some(_)) => "character varying",
            Self::Uuid => "uuid",
            Self::Date => "date",
            Self::Time(_) => "time",
            Self::Timestamp(_) => "timestamp",
            Self::TimestampTz(_) => "timestamp with time zone",
            Self::Json => "json",
            Self::Jsonb => "jsonb",
            Self::Array(_) => "array",
            Self::Named | Self::Opaque => "this",
        }
    }

    /// Whether equal values can be found by a key.
    pub(super) fn has_key(&self) -> bool {
        !matches!(self, Self::Json | Self::Jsonb | Self::Array(_) | Self::Opaque)
    }

    /// Whether `order`, `gt` and the like are answered here.
    pub(super) fn ordered(&self, type_name: &str) -> Result<(), Unprepared> {
        match self {
            Self::Jsonb | Self::Array(_) | Self::Named | Self::Opaque => {
                unsupported(format!("ordering by a column of type {type_name}"))
            }
            _ => Ok(()),
        }
    }
}

/// `timestamp(3) with time zone` → its name without and its numbers.
fn split(type_name: &str) -> (Cow<'_, str>, Vec<usize>) {
    match type_name.split_once('(') {
        Some((name, rest)) => {
            let (arguments, tail) = rest.split_once(')').unwrap_or((rest, ""));
            let numbers = arguments.split(',').filter_map(|n| n.trim().parse().ok()).collect();
            (Cow::Owned(format!("{name}{tail}")), numbers)
        }
        None => (Cow::Borrowed(type_name), Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_with_its_arguments() {
        assert_eq!(Kind::of("numeric(12,2)"), Kind::Numeric(Some((12, 2))));
        assert_eq!(Kind::of("timestamp(3) with time zone"), Kind::TimestampTz(3));
        assert_eq!(Kind::of("character varying(10)"), Kind::Text(Some(10)));
        assert_eq!(Kind::of("text[]"), Kind::Array(Box::new(Kind::Text(None))));
        assert_eq!(Kind::of("extensions.vector(384)"), Kind::Opaque);
        assert_eq!(Kind::of("entry_status"), Kind::Named);
    }
}
