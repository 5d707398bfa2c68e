//! A slot: what memory knows of one row, instead of what the segments say.
//!
//! A row has a slot while it differs from the segments, has pending mutations, or was told by other
//! than a pull since the last round began. Everything else of a table rests in segments alone.

use crate::protocol::{Rev, Row, Seq};
use serde::{Deserialize, Serialize};

/// The last version of a row that the server told us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    pub rev: Rev,
    pub row: Row,
    /// The version that our own push turned into this one; rev 0 if it was our insert. An edit that saw
    /// that version, with our push still pending over it, saw this one.
    pub made_from: Option<Rev>,
}

/// What is known of a row's base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Known {
    Row(Base),
    /// Removed: a tombstone.
    Gone(Rev),
    /// Not held: it never was, or it left the device.
    Absent,
}

/// How a version came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Rounds bring versions in order: what comes later is later.
    Pull,
    /// A push or a fetch may know more than a round that began before it.
    Answer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    pub known: Known,
    /// The generation of the table in which it was told.
    pub generation: u32,
    /// The frame that brought it.
    pub since: Seq,
    /// Told by an answer, and no two rounds have begun and ended since: older pages must not replace it.
    pub recent: bool,
    /// When it was read through, by this device's clock: kept as long as that, however old its row is.
    pub fetched: Option<u64>,
    /// The segments say something else.
    pub changed: bool,
    /// The visible row where pending mutations make it another; derived, never stored.
    #[serde(skip)]
    pub over: Option<Option<Row>>,
}

impl Known {
    pub fn rev(&self) -> Option<Rev> {
        match self {
            Self::Row(base) => Some(base.rev),
            Self::Gone(rev) => Some(*rev),
            Self::Absent => None,
        }
    }

    pub fn base(&self) -> Option<&Base> {
        match self {
            Self::Row(base) => Some(base),
            Self::Gone(_) | Self::Absent => None,
        }
    }
}

impl Slot {
    /// A copy of what the segments say.
    pub fn copy(known: Known, generation: u32) -> Self {
        Self { known, generation, since: 0, recent: false, fetched: None, changed: false, over: None }
    }

    /// The visible row.
    pub fn shown(&self) -> Option<&Row> {
        match &self.over {
            Some(over) => over.as_ref(),
            None => self.known.base().map(|base| &base.row),
        }
    }

    /// Removed by our own delete, and no two rounds have ended since: what referred to it may not be pulled yet.
    pub fn is_buried(&self) -> bool {
        self.recent && matches!(self.known, Known::Gone(_))
    }

    /// Whether the segments would say the same, and nothing else needs it.
    pub fn is_idle(&self) -> bool {
        !self.changed && !self.recent && self.fetched.is_none() && self.over.is_none()
    }

    /// A round that began after it has ended, and another one after that.
    pub fn grow_old(&mut self) {
        self.recent = false;
        if let Known::Row(base) = &mut self.known {
            base.made_from = None;
        }
    }
}
