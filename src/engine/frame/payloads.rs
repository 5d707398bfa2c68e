//! What the kinds of frames hold.

use crate::engine::audited::Audit;
use crate::engine::outbox::{Pending, Place};
use crate::engine::rows::RowId;
use crate::protocol::pull::{Page, PullRequest};
use crate::protocol::push::Outcome;
use crate::protocol::{Incarnation, Key, MutationId, Rev, SegmentId, Seq, Text, json};
use serde::{Deserialize, Serialize};

/// Seals mutations: what `Sent` names is never coalesced again, and repeated as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub mutations: Vec<MutationId>,
    pub time_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    pub outcomes: Vec<(MutationId, Outcome)>,
    /// The push's transaction, if it need not come back by a pull.
    pub xid: Option<u64>,
    pub time_ms: u64,
}

/// Dropped whole by the fold if `request` no longer names the current cursors and round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulled {
    pub request: PullRequest,
    pub pages: Vec<Page>,
    pub round: Option<Text>,
    pub cursor: Option<Text>,
    pub time_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resync {
    pub request: PullRequest,
    pub reason: Text,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    pub table: Text,
    pub segment: SegmentId,
}

/// Rows as the server has them, without a cursor. Dropped by the fold if a page of the table came meanwhile:
/// it may know better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    pub table: Text,
    #[serde(deserialize_with = "json::objects")]
    pub rows: Vec<(Rev, Text)>,
    /// The last frame that was folded when they were asked for.
    pub as_of: Seq,
    pub time_ms: u64,
}

/// Rows before a horizon leave the device; the server keeps them, and they are no longer pulled. The same
/// horizon again drops what was read through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evicted {
    pub table: Text,
    /// A moment in any ISO form. None: all rows are wanted.
    pub horizon: Option<Text>,
    /// By the app: retention does not move it back.
    pub asked: bool,
}

/// Mutations keep their ids, so that those which had been sent are answered as before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The database they come from.
    pub from: Incarnation,
    /// All of its outbox from the first place here to this one, which is not part of it.
    pub until: Place,
    #[serde(deserialize_with = "json::placed_objects")]
    pub rows: Vec<(RowId, Rev, Text)>,
    /// With their places there, oldest first.
    pub pending: Vec<(Place, Pending)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The refused mutation, or the one in conflict.
    pub mutation: MutationId,
    pub choice: Choice,
    pub time_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// The server's row stands.
    Discard,
    /// Once more, as a new mutation with this id and these values in place of those it had.
    Retry {
        id: MutationId,
        #[serde(deserialize_with = "json::columns")]
        values: Vec<(Text, Text)>,
    },
}

/// Dropped whole by the fold if the table's cursor is another by then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audited {
    pub table: Text,
    /// As the state has it.
    pub cursor: Text,
    /// What was missing, or in another version.
    #[serde(deserialize_with = "json::objects")]
    pub rows: Vec<(Rev, Text)>,
    /// What the server does not show, with the versions that were held.
    pub gone: Vec<(Rev, Key)>,
    /// With the last frame of an audit.
    pub found: Option<Audit>,
}

/// Each row with the id under which it becomes a mutation, should a person want it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubted {
    pub rows: Vec<(RowId, MutationId)>,
    pub user: Option<Text>,
    pub time_ms: u64,
}

impl Pulled {
    /// The last page of a round that brought a table from nothing.
    pub fn ends_first_round(&self) -> bool {
        self.cursor.is_some() && self.request.tables.iter().any(|(_, cursor)| cursor.is_none())
    }
}
