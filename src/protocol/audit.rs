//! Audit: sums over the rows that the server would show, by buckets of keys, and the rows of buckets that differ.

use super::push::PROTOCOL_VERSION;
use super::{Rev, Text, json};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A key's bucket is one byte.
pub const BUCKETS: usize = 256;

/// A table as the cursor's snapshot has it, from its horizon on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRequest {
    pub table: Text,
    /// As the server told it.
    pub cursor: Text,
    pub since: Option<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditAnswer {
    /// Of buckets that hold anything, or have changed.
    Sums(Vec<BucketSum>),
    /// The cursor leads nowhere any more.
    Resync(Text),
    Later,
    Version(Vec<u32>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketSum {
    pub bucket: u8,
    pub rows: u64,
    pub sum: u64,
    /// Something in it has changed since the cursor: its sum says nothing.
    pub changed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketRequest {
    pub table: Text,
    pub since: Option<Text>,
    pub buckets: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BucketAnswer {
    /// All rows of the buckets that were answered: at least one of those asked for.
    Rows {
        answered: Vec<u8>,
        rows: Vec<(Rev, Text)>,
    },
    Later,
    Version(Vec<u32>),
}

impl AuditRequest {
    /// The request body of `thermocline_audit`.
    pub fn body(&self, client: &str) -> String {
        let wanted = serde_json::json!({"cursor": self.cursor, "since": self.since});
        let tables = BTreeMap::from([(&self.table, wanted)]);
        serde_json::json!({"v": PROTOCOL_VERSION, "client": client, "tables": tables}).to_string()
    }
}

impl BucketRequest {
    /// The request body of `thermocline_bucket`.
    pub fn body(&self, client: &str) -> String {
        serde_json::json!({"v": PROTOCOL_VERSION, "client": client, "t": self.table, "since": self.since, "buckets": self.buckets})
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
    tables: BTreeMap<Text, Vec<(u8, u64, String, bool)>>,
    #[serde(default)]
    answered: Vec<u8>,
    #[serde(borrow, default)]
    rows: Vec<(Rev, &'a RawValue)>,
}

pub fn read_audit(answer: &str, request: &AuditRequest) -> Result<AuditAnswer, String> {
    let mut wire: WireAnswer = serde_json::from_str(answer).map_err(|e| format!("audit answer: {e}"))?;
    match wire.status.as_str() {
        "later" => return Ok(AuditAnswer::Later),
        "version" => return Ok(AuditAnswer::Version(wire.v)),
        "resync" => return Ok(AuditAnswer::Resync(wire.reason.unwrap_or_else(|| "unknown".into()))),
        "ok" => {}
        other => return Err(format!("audit answer: unknown status {other:?}")),
    }
    let sums = wire.tables.remove(&request.table);
    let sums = sums.ok_or_else(|| format!("audit answer: nothing about {:?}", request.table))?;
    let read = |(bucket, rows, sum, changed): (u8, u64, String, bool)| {
        let sum = sum.parse().map_err(|_| format!("audit answer: sum {sum:?}"))?;
        Ok(BucketSum { bucket, rows, sum, changed })
    };
    sums.into_iter().map(read).collect::<Result<_, String>>().map(AuditAnswer::Sums)
}

pub fn read_buckets(answer: &str, request: &BucketRequest) -> Result<BucketAnswer, String> {
    let wire: WireAnswer = serde_json::from_str(answer).map_err(|e| format!("bucket answer: {e}"))?;
    match wire.status.as_str() {
        "later" => return Ok(BucketAnswer::Later),
        "version" => return Ok(BucketAnswer::Version(wire.v)),
        "ok" => {}
        other => return Err(format!("bucket answer: unknown status {other:?}")),
    }
    if !wire.answered.iter().any(|bucket| request.buckets.contains(bucket)) {
        return Err("bucket answer: none of the buckets asked for".into());
    }
    if let Some((rev, _)) = wire.rows.iter().find(|(_, row)| !json::is_object(row.get())) {
        return Err(format!("bucket answer: {} at rev {rev} is no object", request.table));
    }
    let rows = wire.rows.into_iter().map(|(rev, row)| (rev, row.get().into())).collect();
    Ok(BucketAnswer::Rows { answered: wire.answered, rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit() -> AuditRequest {
        AuditRequest { table: "entries".into(), cursor: "e.1:1:".into(), since: None }
    }

    #[test]
    fn an_audit_names_its_cursor_and_reads_the_sums() {
        assert_eq!(
            audit().body("me"),
            r#"{"client":"me","tables":{"entries":{"cursor":"e.1:1:","since":null}},"v":1}"#
        );
        let answer = r#"{"status":"ok","tables":{"entries":[[7,2,"281474976710655",false]]}}"#;
        let sum = BucketSum { bucket: 7, rows: 2, sum: 281_474_976_710_655, changed: false };
        assert_eq!(read_audit(answer, &audit()), Ok(AuditAnswer::Sums(vec![sum])));
        assert_eq!(
            read_audit(r#"{"status":"resync","reason":"epoch"}"#, &audit()),
            Ok(AuditAnswer::Resync("epoch".into()))
        );
        assert!(read_audit(r#"{"status":"ok","tables":{}}"#, &audit()).is_err());
    }

    #[test]
    fn buckets_come_whole_and_only_those_asked_for() {
        let request = BucketRequest { table: "entries".into(), since: None, buckets: vec![7, 9] };
        assert_eq!(request.body("me"), r#"{"buckets":[7,9],"client":"me","since":null,"t":"entries","v":1}"#);
        let answer = r#"{"status":"ok","answered":[7],"rows":[["5",{"id":"a"}]]}"#;
        let rows = vec![(Rev(5), r#"{"id":"a"}"#.into())];
        assert_eq!(read_buckets(answer, &request), Ok(BucketAnswer::Rows { answered: vec![7], rows }));
        assert!(read_buckets(r#"{"status":"ok","answered":[8],"rows":[]}"#, &request).is_err());
        assert!(read_buckets(r#"{"status":"ok","answered":[7],"rows":[["5",1]]}"#, &request).is_err());
    }
}
