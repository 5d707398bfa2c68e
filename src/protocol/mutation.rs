//! A mutation: insert, update, upsert or delete of one row, with a client-made id for life.
//!
//! A request is one call that writes: one or more mutations, all or nothing. What the writer saw
//! travels with it (old values, base rev), because a pull may move the row before it is sent.

use super::{Key, PgError, Rev, Text, json};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// UUIDv7, sixteen bytes; text in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MutationId(pub [u8; 16]);

/// Edit time in microseconds since 1970, strictly increasing along the log.
pub type Stamp = u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    Insert,
    /// An insert that gives way to a row that is already there (`resolution=ignore-duplicates`).
    InsertIgnore,
    /// Only the changed columns.
    Update,
    /// An insert that updates a row that is already there (`resolution=merge-duplicates`).
    Upsert,
    Delete,
}

/// A column's new value, as raw canonical JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub column: Text,
    #[serde(deserialize_with = "json::value")]
    pub value: Text,
    /// What the edit replaced in the visible row; none for an insert.
    #[serde(deserialize_with = "json::optional_value")]
    pub old: Option<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutation {
    pub id: MutationId,
    pub table: Text,
    pub key: Key,
    pub op: Op,
    /// What is sent. An insert names its key columns too; an update never does.
    pub changes: Vec<Change>,
    /// Columns of an insert that the server will fill with the same value: shown, not sent.
    #[serde(deserialize_with = "json::columns")]
    pub shown: Vec<(Text, Text)>,
    /// The rev of the base row that the edit saw.
    pub base: Option<Rev>,
}

/// One call that writes. All of it takes effect, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub id: MutationId,
    /// Whose change it is; never sent under another identity.
    pub user: Option<Text>,
    /// The writer's wall time, milliseconds since 1970.
    pub time_ms: u64,
    pub mutations: Vec<Mutation>,
}

/// What the fold decided about a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// One flag a mutation: whether it changed a row.
    Done(Vec<bool>),
    Refused(PgError),
}

impl MutationId {
    /// A UUIDv7 of a time and ten random bytes.
    pub fn new(time_ms: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(time_ms, &random).into_uuid().into_bytes())
    }

    /// The id of what a mutation becomes whose key was left: the UUIDv5 of "rekeyed" in its own.
    pub fn after_rekeying(self) -> Self {
        Self(uuid::Uuid::new_v5(&uuid::Uuid::from_bytes(self.0), b"rekeyed").into_bytes())
    }

    /// The id under which a user adopts a mutation of nobody's: the UUIDv5 of "adopted by" and theirs in its own.
    pub fn after_adoption(self, user: &str) -> Self {
        let name = format!("adopted by {user}");
        Self(uuid::Uuid::new_v5(&uuid::Uuid::from_bytes(self.0), name.as_bytes()).into_bytes())
    }
}

impl FromStr for MutationId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(uuid::Uuid::parse_str(text)?.into_bytes()))
    }
}

impl fmt::Display for MutationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).fmt(f)
    }
}

impl fmt::Debug for MutationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for MutationId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for MutationId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            <[u8; 16]>::deserialize(deserializer).map(Self)
        }
    }
}

impl Op {
    /// The wire's three letters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Insert | Self::InsertIgnore => "ins",
            Self::Update => "upd",
            Self::Upsert => "ups",
            Self::Delete => "del",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutation_id_is_a_uuid_v7_and_sorts_by_time() {
        let early = MutationId::new(1_000, [255; 10]);
        let late = MutationId::new(1_001, [0; 10]);
        assert!(early < late);
        assert_eq!(&early.to_string()[14..15], "7");
    }
}
