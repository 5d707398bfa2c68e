//! Definitions as frames and state records of format 4 hold them: a table did not have its checks.
//!
//! Read only. postcard knows fields by their place, so the shape is kept here as it was; the parts of a
//! table have not changed since.

use super::{Column, ForeignKey, Text, Unique};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub struct Schema {
    tables: BTreeMap<Text, Table>,
}

#[derive(Deserialize)]
struct Table {
    columns: Vec<Column>,
    key: Vec<Text>,
    unique: Vec<Unique>,
    foreign_keys: Vec<ForeignKey>,
    owner: Option<Text>,
    time: Option<Text>,
    policy: Text,
    direction: Text,
    indexes: Vec<Vec<Text>>,
    natural_key: Option<Vec<Text>>,
}

impl From<Schema> for super::Schema {
    fn from(schema: Schema) -> Self {
        Self { tables: schema.tables.into_iter().map(|(name, table)| (name, table.into())).collect() }
    }
}

impl From<Table> for super::Table {
    fn from(table: Table) -> Self {
        Self {
            columns: table.columns,
            key: table.key,
            unique: table.unique,
            foreign_keys: table.foreign_keys,
            owner: table.owner,
            time: table.time,
            policy: table.policy,
            direction: table.direction,
            indexes: table.indexes,
            natural_key: table.natural_key,
            checks: Vec::new(),
        }
    }
}
