//! Pull: what changed since each table's cursor, page by page, up to one snapshot.
//!
//! Cursors and round tokens are the server's and opaque: stored, compared, sent back, never read.

use super::push::PROTOCOL_VERSION;
use super::{Rev, Schema, Seq, Text, json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What a page was asked with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// Each table of the round with the cursor it started from.
    pub tables: Vec<(Text, Option<Text>)>,
    /// The round's token, once its first page has come.
    pub round: Option<Text>,
    /// Own pushes that need not come back.
    pub own_xids: Vec<u64>,
}

/// The horizons under which a page is asked: of rows with an earlier time only the keys come.
pub type Since = BTreeMap<Text, Text>;

/// Stands in a cursor before the number of the frame that moved the table's horizon: pages that were asked
/// under another horizon are told by it, and no server ever sees it.
const MARK: char = '~';

/// A table's cursor from a moved horizon on; from nothing if the server has not told one.
pub fn marked(cursor: Option<&str>, seq: Seq) -> Text {
    format!("{}{MARK}{seq}", cursor.unwrap_or_default()).into()
}

/// What the server told; `None`: pull from nothing.
pub fn told(cursor: Option<&Text>) -> Option<&str> {
    cursor.and_then(|cursor| cursor.split(MARK).next()).filter(|told| !told.is_empty())
}

/// Rows and removals of one table, as raw JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub table: Text,
    #[serde(deserialize_with = "json::objects")]
    pub rows: Vec<(Rev, Text)>,
    /// Keys as JSON objects.
    #[serde(deserialize_with = "json::objects")]
    pub gone: Vec<(Rev, Text)>,
    /// Keys of rows that lie before the horizon.
    #[serde(deserialize_with = "json::objects")]
    pub cold: Vec<(Rev, Text)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullAnswer {
    Page {
        pages: Vec<Page>,
        /// Set while there is more.
        round: Option<Text>,
        /// Set by the last page.
        cursor: Option<Text>,
    },
    /// The cursors lead nowhere any more: pull afresh.
    Resync(Text),
    Later,
    Version(Vec<u32>),
}

impl PullRequest {
    /// The request body of `thermocline_pull`.
    pub fn body(&self, client: &str, max_rows: u32, since: &Since) -> String {
        let wanted = |(table, cursor): &(Text, Option<Text>)| serde_json::json!({"cursor": told(cursor.as_ref()), "since": since.get(table)});
        let tables: BTreeMap<&str, _> =
            self.tables.iter().map(|table| (table.0.as_ref(), wanted(table))).collect();
        let own_xids: Vec<String> = self.own_xids.iter().map(u64::to_string).collect();
        serde_json::json!({
            "v": PROTOCOL_VERSION, "client": client, "tables": tables,
            "round": self.round, "max_rows": max_rows, "own_xids": own_xids,
        })
        .to_string()
    }
}

#[derive(Deserialize)]
struct WireAnswer<'a> {
    status: String,
    #[serde(default)]
    v: Vec<u32>,
    reason: Option<Text>,
    #[serde(default)]
    more: bool,
    round: Option<Text>,
    cursor: Option<Text>,
    #[serde(borrow, default)]
    pages: Vec<WirePage<'a>>,
}

#[derive(Deserialize)]
struct WirePage<'a> {
    t: Text,
    #[serde(borrow, default)]
    rows: Vec<(Rev, &'a RawValue)>,
    #[serde(borrow, default)]
    gone: Vec<(Rev, &'a RawValue)>,
    #[serde(borrow, default)]
    cold: Vec<(Rev, &'a RawValue)>,
}

pub fn read_pull(answer: &str) -> Result<PullAnswer, String> {
    let wire: WireAnswer = serde_json::from_str(answer).map_err(|e| format!("pull answer: {e}"))?;
    match wire.status.as_str() {
        "later" => return Ok(PullAnswer::Later),
        "version" => return Ok(PullAnswer::Version(wire.v)),
        "resync" => return Ok(PullAnswer::Resync(wire.reason.unwrap_or_else(|| "unknown".into()))),
        "ok" => {}
        other => return Err(format!("pull answer: unknown status {other:?}")),
    }
    let (round, cursor) = if wire.more { (wire.round, None) } else { (None, wire.cursor) };
    if round.is_none() && cursor.is_none() {
        return Err("pull answer: neither round nor cursor".into());
    }
    let pages = wire.pages.into_iter().map(WirePage::read).collect::<Result<_, _>>()?;
    Ok(PullAnswer::Page { pages, round, cursor })
}

impl WirePage<'_> {
    fn read(self) -> Result<Page, String> {
        let own = |list: Vec<(Rev, &RawValue)>| -> Result<Vec<(Rev, Text)>, String> {
            let not_an_object = list.iter().find(|(_, raw)| !json::is_object(raw.get()));
            match not_an_object {
                Some((rev, _)) => Err(format!("pull answer: {} at rev {rev} is no object", self.t)),
                None => Ok(list.into_iter().map(|(rev, raw)| (rev, raw.get().into())).collect()),
            }
        };
        let (rows, gone, cold) = (own(self.rows)?, own(self.gone)?, own(self.cold)?);
        Ok(Page { table: self.t, rows, gone, cold })
    }
}

#[derive(Deserialize)]
struct WireSchema {
    status: String,
    #[serde(default)]
    v: Vec<u32>,
    #[serde(flatten)]
    schema: Option<Schema>,
    #[serde(default)]
    unknown: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaAnswer {
    Tables {
        schema: Schema,
        /// Asked for, but not enabled on the server.
        unknown: Vec<Text>,
    },
    Version(Vec<u32>),
}

/// The request body of `thermocline_schema`.
pub fn schema_body(tables: &[Text]) -> String {
    serde_json::json!({"v": PROTOCOL_VERSION, "tables": tables}).to_string()
}

pub fn read_schema(answer: &str) -> Result<SchemaAnswer, String> {
    let wire: WireSchema = serde_json::from_str(answer).map_err(|e| format!("schema answer: {e}"))?;
    match (wire.status.as_str(), wire.schema) {
        ("version", _) => Ok(SchemaAnswer::Version(wire.v)),
        ("ok", Some(schema)) => Ok(SchemaAnswer::Tables { schema, unknown: wire.unknown }),
        (other, _) => Err(format!("schema answer: status {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_row_text_and_the_last_one_carries_the_cursor() {
        let answer = r#"{"status":"ok","more":false,"round":null,"cursor":"c1","pages":[
            {"t":"entries","rows":[["5",{"id": "a", "n": 1.50}]],"gone":[["6",{"id": "b"}]],"cold":[]}]}"#;
        let Ok(PullAnswer::Page { pages, round: None, cursor: Some(cursor) }) = read_pull(answer) else {
            panic!("a last page")
        };
        assert_eq!(cursor.as_ref(), "c1");
        assert_eq!(pages[0].rows, [(Rev(5), r#"{"id": "a", "n": 1.50}"#.into())]);
        assert_eq!(pages[0].gone, [(Rev(6), r#"{"id": "b"}"#.into())]);
    }

    #[test]
    fn a_request_names_its_tables_with_their_cursors() {
        let request = PullRequest {
            tables: vec![("entries".into(), Some("c".into()))],
            round: None,
            own_xids: vec![5],
        };
        assert_eq!(
            request.body("me", 10, &Since::new()),
            r#"{"client":"me","max_rows":10,"own_xids":["5"],"round":null,"tables":{"entries":{"cursor":"c","since":null}},"v":1}"#
        );
    }

    #[test]
    fn the_server_never_sees_the_mark_of_a_moved_horizon() {
        let tables = vec![("a".into(), Some(marked(Some("c"), 7))), ("b".into(), Some(marked(None, 7)))];
        let request = PullRequest { tables, round: None, own_xids: Vec::new() };
        let since = Since::from([("a".into(), "2026-01-01".into())]);
        let body = request.body("me", 10, &since);
        assert!(
            body.contains(r#"{"a":{"cursor":"c","since":"2026-01-01"},"b":{"cursor":null,"since":null}}"#)
        );
    }

    #[test]
    fn other_answers_are_told_apart() {
        assert_eq!(read_pull(r#"{"status":"later"}"#), Ok(PullAnswer::Later));
        assert_eq!(
            read_pull(r#"{"status":"resync","reason":"epoch"}"#),
            Ok(PullAnswer::Resync("epoch".into()))
        );
        assert!(read_pull(r#"{"status":"ok","more":true,"pages":[]}"#).is_err());
        assert!(matches!(
            read_schema(r#"{"status":"ok","v":[1],"tables":{},"unknown":["x"]}"#),
            Ok(SchemaAnswer::Tables { unknown, .. }) if unknown == [Text::from("x")]
        ));
    }
}
