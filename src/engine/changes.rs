//! What a fold did, for those who watch: rows to look at again, requests to answer.

use super::rows::RowId;
use crate::protocol::{Decision, MutationId, Text};

/// What a fold did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rows that may look different now.
    pub rows: Vec<RowId>,
    /// Tables whose definition changed.
    pub tables: Vec<Text>,
    /// What was decided about the requests of a `Write`.
    pub decisions: Vec<(MutationId, Decision)>,
    /// The frame no longer fitted the state and did nothing.
    pub dropped: bool,
}
