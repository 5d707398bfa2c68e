//! Push: mutations go out in groups, each is answered with one outcome.
//!
//! Writes the batch as SYNC 2 says and reads the answer. Row values stay raw JSON text both ways.
//! A group is one table, one operation and one set of columns: it becomes one SQL statement.

use super::{MutationId, Op, Rev, Stamp, Text, json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Version of push, pull and schema messages.
pub const PROTOCOL_VERSION: u32 = 1;

/// One mutation as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMutation {
    pub id: MutationId,
    pub user: Text,
    pub base: Option<Rev>,
    /// When the last of its edits was made.
    pub stamp: Stamp,
    /// Key columns with their raw values.
    pub key: Vec<(Text, Text)>,
    /// The other columns.
    pub cells: Vec<SentCell>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentCell {
    pub column: Text,
    pub value: Text,
    pub old: Option<Text>,
    pub stamp: Stamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub table: Text,
    pub op: Op,
    pub columns: Vec<Text>,
    pub mutations: Vec<SentMutation>,
}

/// What a mutation's answer says. Rows and values are raw JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Done; `set` holds the columns the server stores otherwise than they were sent.
    Applied {
        rev: Option<Rev>,
        #[serde(deserialize_with = "json::columns")]
        set: Vec<(Text, Text)>,
    },
    /// Done against a newer row.
    Merged {
        rev: Rev,
        #[serde(deserialize_with = "json::object")]
        row: Text,
    },
    /// The policy let the server's value stand.
    Superseded {
        rev: Option<Rev>,
        #[serde(deserialize_with = "json::optional_object")]
        row: Option<Text>,
    },
    /// Both sides changed a column under `ask`.
    Conflict {
        rev: Option<Rev>,
        #[serde(deserialize_with = "json::optional_object")]
        row: Option<Text>,
    },
    /// The row is gone, or row-level security hides it.
    Hidden,
    /// Refused for good.
    Rejected {
        code: Text,
        message: Text,
        #[serde(deserialize_with = "json::optional_object")]
        row: Option<Text>,
    },
    /// It refers to a row whose insert was not applied; no effect, not remembered.
    Blocked,
}

/// The answer to one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushAnswer {
    Done {
        xid: Option<u64>,
        outcomes: Vec<(MutationId, Outcome)>,
    },
    Busy,
    /// The protocol versions the server speaks.
    Version(Vec<u32>),
}

/// The request body of `thermocline_push`.
pub fn push_body(client: &str, groups: &[Group]) -> String {
    let mut body = format!(r#"{{"v":{PROTOCOL_VERSION},"client":{},"batch":["#, quoted(client));
    for (n, group) in groups.iter().enumerate() {
        if n > 0 {
            body.push(',');
        }
        push_group(&mut body, group);
    }
    body.push_str("]}");
    body
}

fn push_group(body: &mut String, group: &Group) {
    let columns: Vec<String> = group.columns.iter().map(|column| quoted(column)).collect();
    body.push_str(&format!(
        r#"{{"t":{},"op":"{}",{}"cols":[{}],"rows":["#,
        quoted(&group.table),
        group.op.as_str(),
        if group.op == Op::InsertIgnore { r#""ignore":true,"# } else { "" },
        columns.join(",")
    ));
    for (n, mutation) in group.mutations.iter().enumerate() {
        if n > 0 {
            body.push(',');
        }
        push_mutation(body, mutation);
    }
    body.push_str("]}");
}

fn push_mutation(body: &mut String, mutation: &SentMutation) {
    body.push_str(&format!(r#"{{"_m":"{}","_u":{}"#, mutation.id, quoted(&mutation.user)));
    if let Some(base) = mutation.base {
        body.push_str(&format!(r#","_b":"{base}""#));
    }
    push_stamps(body, mutation);
    let old: Vec<String> = mutation
        .cells
        .iter()
        .filter_map(|cell| cell.old.as_ref().map(|old| format!("{}:{old}", quoted(&cell.column))))
        .collect();
    if !old.is_empty() {
        body.push_str(&format!(r#","_w":{{{}}}"#, old.join(",")));
    }
    for (column, value) in &mutation.key {
        body.push_str(&format!(",{}:{value}", quoted(column)));
    }
    for cell in &mutation.cells {
        body.push_str(&format!(",{}:{}", quoted(&cell.column), cell.value));
    }
    body.push('}');
}

/// One stamp where all columns share it, else one a column: a coalesced mutation keeps the time of
/// each column's own edit.
fn push_stamps(body: &mut String, mutation: &SentMutation) {
    if mutation.cells.iter().all(|cell| cell.stamp == mutation.stamp) {
        body.push_str(&format!(r#","_t":"{}""#, mutation.stamp));
        return;
    }
    let stamp = |cell: &SentCell| format!(r#"{}:"{}""#, quoted(&cell.column), cell.stamp);
    let stamps: Vec<String> = mutation.cells.iter().map(stamp).collect();
    body.push_str(&format!(r#","_t":{{{}}}"#, stamps.join(",")));
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[derive(Deserialize)]
struct WireAnswer<'a> {
    status: String,
    #[serde(default)]
    v: Vec<u32>,
    xid: Option<String>,
    #[serde(borrow, default)]
    groups: Vec<Vec<&'a RawValue>>,
}

#[derive(Deserialize, Default)]
struct WireDetail<'a> {
    #[serde(borrow)]
    row: Option<&'a RawValue>,
    #[serde(borrow)]
    set: Option<BTreeMap<String, &'a RawValue>>,
    error: Option<WireError>,
}

#[derive(Deserialize)]
struct WireError {
    code: Text,
    message: Text,
}

/// Reads the answer to `groups`; an error says what does not fit.
pub fn read_push(answer: &str, groups: &[Group]) -> Result<PushAnswer, String> {
    let wire: WireAnswer = serde_json::from_str(answer).map_err(|e| format!("push answer: {e}"))?;
    match wire.status.as_str() {
        "busy" => return Ok(PushAnswer::Busy),
        "version" => return Ok(PushAnswer::Version(wire.v)),
        "ok" => {}
        other => return Err(format!("push answer: unknown status {other:?}")),
    }
    let counts = |groups: usize, rows: Option<usize>| format!("push answer: {groups} groups, {rows:?} rows");
    if wire.groups.len() != groups.len() {
        return Err(counts(wire.groups.len(), None));
    }
    let mut outcomes = Vec::new();
    for (answers, group) in wire.groups.iter().zip(groups) {
        if answers.len() != group.mutations.len() {
            return Err(counts(groups.len(), Some(answers.len())));
        }
        for (answer, mutation) in answers.iter().zip(&group.mutations) {
            outcomes.push((mutation.id, read_outcome(answer.get())?));
        }
    }
    let xid = wire.xid.map(|xid| xid.parse().map_err(|_| format!("push answer: xid {xid:?}"))).transpose()?;
    Ok(PushAnswer::Done { xid, outcomes })
}

fn read_outcome(json: &str) -> Result<Outcome, String> {
    let wrong = |e: &dyn std::fmt::Display| format!("push outcome {json}: {e}");
    let parts: Vec<&RawValue> = serde_json::from_str(json).map_err(|e| wrong(&e))?;
    let [name, rev, detail, ..] = parts.as_slice() else { return Err(wrong(&"three parts expected")) };
    let name: &str = serde_json::from_str(name.get()).map_err(|e| wrong(&e))?;
    let rev: Option<Rev> = serde_json::from_str(rev.get()).map_err(|e| wrong(&e))?;
    let detail: Option<WireDetail> = serde_json::from_str(detail.get()).map_err(|e| wrong(&e))?;
    let detail = detail.unwrap_or_default();
    let row = detail.row.map(|row| Text::from(row.get())).filter(|row| row.as_ref() != "null");
    if row.as_deref().is_some_and(|row| !json::is_object(row)) {
        return Err(wrong(&"its row is no object"));
    }
    let set = detail.set.unwrap_or_default();
    Ok(match name {
        "applied" => Outcome::Applied {
            rev,
            set: set.into_iter().map(|(column, value)| (column.into(), value.get().into())).collect(),
        },
        "merged" => Outcome::Merged {
            rev: rev.ok_or_else(|| wrong(&"no rev"))?,
            row: row.ok_or_else(|| wrong(&"no row"))?,
        },
        "superseded" => Outcome::Superseded { rev, row },
        "conflict" => Outcome::Conflict { rev, row },
        "hidden" => Outcome::Hidden,
        "rejected" => {
            let error = detail.error.ok_or_else(|| wrong(&"no error"))?;
            Outcome::Rejected { code: error.code, message: error.message, row }
        }
        "blocked" => Outcome::Blocked,
        other => return Err(wrong(&format!("unknown outcome {other:?}"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(stamps: [u64; 2]) -> Group {
        let cell = |column: &str, stamp| SentCell {
            column: column.into(),
            value: "1".into(),
            old: Some("null".into()),
            stamp,
        };
        Group {
            table: "entries".into(),
            op: Op::Update,
            columns: vec!["a".into(), "b".into()],
            mutations: vec![SentMutation {
                id: MutationId([7; 16]),
                user: "u".into(),
                base: Some(Rev(9)),
                stamp: stamps[1],
                key: vec![("id".into(), "\"k\"".into())],
                cells: vec![cell("a", stamps[0]), cell("b", stamps[1])],
            }],
        }
    }

    #[test]
    fn a_batch_is_written_as_the_wire_says() {
        assert_eq!(
            push_body("c", &[group([5, 5])]),
            r#"{"v":1,"client":"c","batch":[{"t":"entries","op":"upd","cols":["a","b"],"rows":[{"_m":"07070707-0707-0707-0707-070707070707","_u":"u","_b":"9","_t":"5","_w":{"a":null,"b":null},"id":"k","a":1,"b":1}]}]}"#
        );
    }

    #[test]
    fn columns_edited_at_different_times_keep_their_own_stamps() {
        assert!(push_body("c", &[group([5, 6])]).contains(r#""_t":{"a":"5","b":"6"}"#));
    }

    #[test]
    fn a_delete_carries_the_time_of_its_edit() {
        let mut group = group([5, 5]);
        (group.op, group.columns) = (Op::Delete, Vec::new());
        group.mutations[0].cells.clear();
        assert!(push_body("c", &[group]).contains(r#""_b":"9","_t":"5","id":"k"}"#));
    }

    #[test]
    fn an_insert_that_gives_way_says_so_for_its_group() {
        let group = Group { op: Op::InsertIgnore, ..group([5, 5]) };
        assert!(push_body("c", &[group]).contains(r#""op":"ins","ignore":true,"#));
    }

    #[test]
    fn every_outcome_is_read() {
        let groups = [group([5, 5])];
        let read = |outcome: &str| {
            let answer = format!(r#"{{"status":"ok","xid":"12","groups":[[{outcome}]]}}"#);
            match read_push(&answer, &groups) {
                Ok(PushAnswer::Done { outcomes, .. }) => outcomes[0].1.clone(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(
            read(r#"["applied","5",{"set":{"b":2}}]"#),
            Outcome::Applied { rev: Some(Rev(5)), set: vec![("b".into(), "2".into())] }
        );
        assert_eq!(
            read(r#"["merged","5",{"row":{"a":1}},"duplicate"]"#),
            Outcome::Merged { rev: Rev(5), row: "{\"a\":1}".into() }
        );
        assert_eq!(
            read(r#"["superseded","5",{"row":{}}]"#),
            Outcome::Superseded { rev: Some(Rev(5)), row: Some("{}".into()) }
        );
        assert_eq!(read(r#"["conflict",null,{"row":null}]"#), Outcome::Conflict { rev: None, row: None });
        assert_eq!(read(r#"["hidden",null,null]"#), Outcome::Hidden);
        assert_eq!(read(r#"["blocked",null,null]"#), Outcome::Blocked);
        assert_eq!(
            read(r#"["rejected",null,{"error":{"code":"23514","message":"no","constraint":"c"}}]"#),
            Outcome::Rejected { code: "23514".into(), message: "no".into(), row: None }
        );
    }

    #[test]
    fn an_answer_that_does_not_fit_the_batch_is_an_error_and_not_a_guess() {
        assert!(read_push(r#"{"status":"ok","xid":null,"groups":[]}"#, &[group([1, 1])]).is_err());
        assert!(read_push(r#"{"status":"ok","xid":null,"groups":[[]]}"#, &[group([1, 1])]).is_err());
        assert!(read_push(r#"{"status":"what"}"#, &[]).is_err());
    }
}
