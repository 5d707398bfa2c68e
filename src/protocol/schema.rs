//! Table definitions, as `thermocline_schema` answers them and as a `Schema` frame keeps them.

pub mod v1;
pub mod v3;
pub mod v4;

use super::Text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The definitions of all synced tables, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    pub tables: BTreeMap<Text, Table>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// In the server's order, without `_rev` and `_at`.
    pub columns: Vec<Column>,
    /// Primary key columns.
    pub key: Vec<Text>,
    #[serde(default)]
    pub unique: Vec<Unique>,
    #[serde(default)]
    pub foreign_keys: Vec<ForeignKey>,
    /// The column compared with `auth.uid()`.
    pub owner: Option<Text>,
    /// The column a row's age is taken from.
    pub time: Option<Text>,
    pub policy: Text,
    pub direction: Text,
    /// Columns of the server's plain btree indexes, the primary key's left out.
    #[serde(default)]
    pub indexes: Vec<Vec<Text>>,
    /// Columns of the natural key from whose values the primary key is derived.
    #[serde(default)]
    pub natural_key: Option<Vec<Text>>,
    /// CHECK constraints, by name.
    #[serde(default)]
    pub checks: Vec<Check>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: Text,
    /// Postgres's `format_type`: `numeric(12,2)`, `timestamp with time zone`, `text[]`.
    #[serde(rename = "type")]
    pub type_name: Text,
    pub not_null: bool,
    /// The default as an SQL expression.
    pub default: Option<Text>,
    /// Of text columns; `C` orders by bytes.
    pub collation: Option<Text>,
    pub generated: bool,
    pub identity: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unique {
    pub name: Text,
    pub columns: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub name: Text,
    /// As the server prints it.
    pub expression: Text,
    /// Whether a device may decide it: no trigger of the server's changes first what it looks at.
    #[serde(default)]
    pub local: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    pub name: Text,
    pub columns: Vec<Text>,
    pub table: Text,
    pub references: Vec<Text>,
    pub on_delete: Text,
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.as_ref() == name)
    }

    /// The place of the column that a row's age is taken from.
    pub fn time_place(&self) -> Option<usize> {
        let name = self.time.as_ref()?;
        self.columns.iter().position(|column| column.name == *name)
    }

    /// Whether it is on this device alone: nothing of it is sent or pulled.
    pub fn is_local(&self) -> bool {
        &*self.direction == "local-only"
    }

    /// Whether rounds bring its rows.
    pub fn is_pulled(&self) -> bool {
        !self.is_local() && &*self.direction != "push-only"
    }

    /// Whether the server takes changes of it from devices.
    pub fn is_read_only(&self) -> bool {
        &*self.direction == "pull-only"
    }

    pub fn is_key(&self, column: &str) -> bool {
        self.key.iter().any(|key| key.as_ref() == column)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// `entries (id text primary key, title text not null, n numeric)` for unit tests.
    pub(crate) fn entries() -> Table {
        serde_json::from_str(
            r#"{"columns":[
                {"name":"id","type":"text","not_null":true,"default":null,"collation":"C","generated":false,"identity":false},
                {"name":"title","type":"text","not_null":true,"default":null,"collation":"C","generated":false,"identity":false},
                {"name":"n","type":"numeric","not_null":false,"default":null,"collation":null,"generated":false,"identity":false}],
               "key":["id"],"unique":[],"foreign_keys":[],"owner":null,"time":null,"policy":"merge","direction":"both"}"#,
        )
        .expect("a definition")
    }

    #[test]
    fn a_definition_reads_what_the_server_writes_and_ignores_what_it_does_not_know() {
        let json = r#"{"tables":{"entries":{"columns":[{"name":"id","type":"uuid","not_null":true,"default":"gen_random_uuid()","collation":null,"generated":false,"identity":false,"later":1}],
            "key":["id"],"unique":[{"name":"u","columns":["id"]}],"checks":[{"name":"c","expression":"true"}],"foreign_keys":[],"owner":"user_id","time":null,"policy":"merge","direction":"both"}}}"#;
        let schema: Schema = serde_json::from_str(json).expect("a schema");
        let table = &schema.tables["entries"];
        assert_eq!(table.column("id").map(|c| c.type_name.as_ref()), Some("uuid"));
        assert!(table.is_key("id"));
        assert!(!table.checks[0].local, "a server that does not say whether triggers come first");
    }
}
