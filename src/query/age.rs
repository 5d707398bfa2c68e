//! How old rows are: a horizon's place among the keys of the time column.
//!
//! A horizon is a moment as text, in any ISO form, UTC where it names no offset: the server compares the time
//! column with it as a `timestamptz`, and so do these keys.

use super::index::push_value;
use super::kind::Kind;
use super::moment::Moment;
use super::value::Value;
use crate::protocol::Table;

const MILLI: i64 = 1_000;
const DAY: i64 = 86_400_000_000;

/// The key in the time column's index at which a horizon lies: rows with a lesser key are before it. None
/// where the table has no time column that is a moment, or the text is none.
pub fn horizon_key(table: &Table, horizon: &str) -> Option<Vec<u8>> {
    let kind = Kind::of(&table.column(table.time.as_ref()?)?.type_name);
    let moment = match kind {
        Kind::Date => Moment::Date,
        Kind::Timestamp(_) => Moment::Timestamp,
        Kind::TimestampTz(_) => Moment::TimestampTz,
        _ => return None,
    };
    let micros = micros(horizon)?;
    // A date is its first moment: the day in which the horizon lies has begun before it.
    let micros = if moment == Moment::Date { micros + (DAY - 1) } else { micros };
    let mut key = Vec::with_capacity(9);
    push_value(&kind, Some(&Value::Moment(moment.on_scale(micros))), &mut key);
    Some(key)
}

/// Whether rows of the table have an age.
pub fn has_age(table: &Table) -> bool {
    horizon_key(table, "2000-01-01").is_some()
}

/// Milliseconds since 1970; 0 for what lies before.
pub fn millis(time: &str) -> Option<u64> {
    Some(u64::try_from(micros(time)?.div_euclid(MILLI)).unwrap_or(0))
}

/// The moment as a horizon, in UTC.
pub fn text(time_ms: u64) -> String {
    let micros = i64::try_from(time_ms).unwrap_or(i64::MAX / MILLI).saturating_mul(MILLI);
    written(micros)
}

/// The first horizon that a row of this time is before.
pub fn just_after(time: &str) -> Option<String> {
    Some(written(micros(time)? + 1))
}

fn written(micros: i64) -> String {
    Moment::TimestampTz.json(micros).trim_matches('"').replace("+00:00", "Z")
}

fn micros(time: &str) -> Option<i64> {
    Moment::TimestampTz.parse(time, 6).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::index::{Indexer, indexes};

    fn table(type_name: &str) -> Table {
        let column = format!(
            r#"{{"name":"at","type":"{type_name}","not_null":false,"default":null,"collation":null,"generated":false,"identity":false}}"#
        );
        let json = format!(
            r#"{{"columns":[{column}],"key":["at"],"owner":null,"time":"at","policy":"merge","direction":"both"}}"#
        );
        serde_json::from_str(&json).expect("a definition")
    }

    fn is_before(type_name: &str, row: &str, horizon: &str) -> bool {
        let table = table(type_name);
        let key = Indexer::new(&table, &indexes(&table)).keys(&format!(r#"{{"at":{row}}}"#)).remove(0);
        key < horizon_key(&table, horizon).expect("a time column")
    }

    #[test]
    fn a_row_is_before_a_horizon_where_the_server_says_so() {
        let horizon = "2026-01-02T12:00:00Z";
        assert!(is_before("timestamp with time zone", "\"2026-01-02T11:59:59.999+00:00\"", horizon));
        assert!(!is_before("timestamp with time zone", "\"2026-01-02T12:00:00+00:00\"", horizon));
        assert!(is_before("timestamp without time zone", "\"2026-01-02T11:00:00\"", horizon));
        assert!(is_before("date", "\"2026-01-02\"", horizon), "its first moment");
        assert!(!is_before("date", "\"2026-01-03\"", horizon));
        assert!(!is_before("date", "\"2026-01-02\"", "2026-01-02"));
        assert!(!is_before("timestamp with time zone", "null", horizon), "no age is no old age");
    }

    #[test]
    fn a_table_without_moments_has_no_horizon() {
        assert!(!has_age(&table("text")));
        assert!(has_age(&table("date")));
    }

    #[test]
    fn a_moment_comes_back_from_its_text() {
        assert_eq!(text(1_795_254_127_250), "2026-11-21T09:42:07.25Z");
        assert_eq!(millis("2026-11-21T09:42:07.25Z"), Some(1_795_254_127_250));
        assert_eq!(millis("2026-11-21T10:42:07.25+01:00"), Some(1_795_254_127_250));
        assert_eq!(millis("1960-01-01"), Some(0));
    }
}
