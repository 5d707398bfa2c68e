//! What a fold did, for those who watch: rows to look at again, requests to answer.

use super::rows::RowId;
use crate::protocol::{Decision, MutationId, Row, Text};

/// A row that may look different now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub row: RowId,
    pub before: Before,
    /// The visible row now.
    pub after: Option<Row>,
}

/// The visible row as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// Only a segment could tell.
    Unknown,
    Row(Option<Row>),
}

/// What a fold did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub rows: Vec<Changed>,
    /// Tables that may look different as a whole: their definition changed, or what is held of them.
    pub tables: Vec<Text>,
    /// A page of the server's told of them.
    pub pulled: bool,
    /// Tables over which a round has ended.
    pub rounds: Vec<Text>,
    /// What was decided about the requests of a `Write`.
    pub decisions: Vec<(MutationId, Decision)>,
    /// Requests of this context were among them; its driver says so.
    pub ours: bool,
    /// The frame no longer fitted the state and did nothing.
    pub dropped: bool,
}

impl Changes {
    pub(super) fn note(&mut self, row: RowId, before: Before, after: Option<Row>) {
        self.rows.push(Changed { row, before, after });
    }
}
