//! Reading back what an import wrote: inserted rows equal the plan field by field, whatever form a value has.

use crate::protocol::Fault;
use crate::recipes::figure::Hundredths;
use crate::recipes::time::Moment;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The server's, from the first round on.
const NOT_OURS: &str = "updated_at";

/// The rows of one table.
#[derive(Deserialize)]
pub struct Written {
    planned: Vec<Map<String, Value>>,
    found: Vec<Map<String, Value>>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub id: String,
    /// Null: the whole row is missing.
    pub column: Option<String>,
    pub planned: Value,
    pub found: Value,
}

#[expect(clippy::needless_pass_by_value, reason = "the input of a call")]
pub fn verify(written: Written) -> Result<Vec<Difference>, Fault> {
    let id = |row: &Map<String, Value>| row.get("id").and_then(Value::as_str).unwrap_or_default().to_string();
    let found: BTreeMap<String, &Map<String, Value>> =
        written.found.iter().map(|row| (id(row), row)).collect();
    let mut differences = Vec::new();
    for row in &written.planned {
        let id = id(row);
        let Some(there) = found.get(&id) else {
            differences.push(Difference { id, column: None, planned: Value::Null, found: Value::Null });
            continue;
        };
        for (column, planned) in row.iter().filter(|(column, _)| *column != NOT_OURS) {
            let found = there.get(column).cloned().unwrap_or(Value::Null);
            if !is_same(planned, &found) {
                let (id, column, planned) = (id.clone(), Some(column.clone()), planned.clone());
                differences.push(Difference { id, column, planned, found });
            }
        }
    }
    Ok(differences)
}

fn is_same(planned: &Value, found: &Value) -> bool {
    match (planned, found) {
        (Value::String(a), Value::String(b)) => {
            a == b || Moment::parse(a).is_some_and(|a| Some(a) == Moment::parse(b))
        }
        (Value::Number(a), Value::Number(b)) => {
            Hundredths::parse(&a.to_string()) == Hundredths::parse(&b.to_string())
        }
        (a, b) => a == b,
    }
}
