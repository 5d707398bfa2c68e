//! The contract between the sync machine and whoever carries it out: events in, effects out.
//!
//! A driver feeds every event to `Machine::step` and carries out the effects in order. `Append` is
//! answered by `Folded` or `NotStored` (`Resync`, too), `Send` by `Answered`, `Audit` by `Audited`, `Lease` by `Leased`; one
//! is under way at a time. The lease is held from `Leased` to `Ended`: one context of a client syncs at a time.

use super::frame::{Frame, Resync};
use crate::protocol::audit::{AuditAnswer, AuditRequest, BucketAnswer, BucketRequest};
use crate::protocol::pull::{PullAnswer, PullRequest, SchemaAnswer, Since};
use crate::protocol::push::{Group, PushAnswer};
use crate::protocol::{ErrorCode, Fault, Text};

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Start,
    Stop,
    /// Who is signed in; without a session nothing is sent.
    Session(Option<Text>),
    /// Whether the realm believes that there is a network.
    Network(bool),
    /// The server has answered something, to whomever.
    Reached,
    /// Whether the connection is metered: then only tables of high priority are pulled.
    Metered(bool),
    /// Whether a person sees this context.
    Visible(bool),
    /// A write of this context was folded.
    Wrote,
    /// The same, to a table that asks to be sent at once.
    Urgent,
    /// A write of another context was folded: that one sends it, if it can.
    Noticed,
    /// A round is wanted at once: by a return to the foreground, a worker that was woken for it.
    Now,
    /// Something has changed on the server, it says; by this transaction, if it names one.
    Poked(Option<u64>),
    /// The app asks for a round: of all tables, on any connection.
    Asked {
        /// And for an audit of each.
        audit: bool,
    },
    /// A time asked for by `Wake` has come.
    Wake,
    /// The lease is ours, and every frame of the last holder is folded.
    Leased,
    /// The frame of the last `Append` has been folded.
    Folded,
    /// The frame of the last `Append` could not be stored.
    NotStored(Fault),
    Answered(Result<Reply, Failure>),
    /// The audit of a table has ended, or could not be made.
    Audited(Result<(), Failure>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Take the sync lease, then catch up.
    Lease,
    Append(Frame),
    /// Append it, after the rows in doubt: those that this client wrote.
    Resync(Resync),
    Send(Message),
    /// Compare a table with the server, and mend what differs.
    Audit(Text),
    /// Step again at this time, in milliseconds since 1970; replaces an earlier one.
    Wake(u64),
    Ended(Result<(), Fault>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Schema(Vec<Text>),
    Push(Vec<Group>),
    /// With the horizons of its tables.
    Pull(PullRequest, Since),
    Audit(AuditRequest),
    Buckets(BucketRequest),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Schema(SchemaAnswer),
    Push(PushAnswer),
    Pull(PullAnswer),
    Audit(AuditAnswer),
    Buckets(BucketAnswer),
}

/// A message that got no usable answer. Never a refusal: nothing is dead-lettered for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub fault: Fault,
    pub retry_after_ms: Option<u64>,
    /// The batch was too large, or took too long: send half.
    pub too_large: bool,
}

/// Time and randomness of a step.
#[derive(Clone, Copy, Debug)]
pub struct At {
    pub now_ms: u64,
    pub entropy: u32,
}

/// Where the machine stands, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncState {
    Stopped,
    Idle,
    Pushing,
    Pulling,
    Retry,
    Offline,
    Limited,
}

impl Failure {
    /// Whether the server itself has answered, if only to refuse.
    pub fn is_an_answer(&self) -> bool {
        !matches!(self.fault.code, ErrorCode::Offline | ErrorCode::Timeout | ErrorCode::ServerError)
    }

    /// The server refused the message for its size, not for the time it took: a repeat would not help.
    pub fn is_too_large_for_ever(&self) -> bool {
        self.too_large && self.fault.code == ErrorCode::InvalidRequest
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { fault, retry_after_ms: None, too_large: false }
    }
}
