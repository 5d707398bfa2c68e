//! What is said between app, engine and server: the nouns everything else is made of.
//!
//! Owns rows, keys, revs, mutations, table definitions, the push and pull messages and the limits.
//! Holds no behaviour beyond parsing and writing them: decisions live in `query` and `engine`.
//! Outside text is parsed here once; past this layer every row is canonical and every key ordered.

pub mod audit;
pub mod error;
pub mod json;
pub mod key;
pub mod limits;
pub mod mutation;
pub mod pull;
pub mod push;
pub mod rev;
pub mod row;
pub mod schema;
mod segment_id;

pub use error::{ErrorCode, Fault, PgError};
pub use key::Key;
pub use mutation::{Change, Decision, Mutation, MutationId, Op, Request, Stamp};
pub use rev::Rev;
pub use row::Row;
pub use schema::{Column, ForeignKey, Schema, Table};
pub use segment_id::SegmentId;

/// Shared immutable text: cheap to clone, so a row or a name is stored once.
pub type Text = std::sync::Arc<str>;

/// Names one life of a local database: made with it, gone with it.
pub type Incarnation = [u8; 16];

/// Position of a frame: the key of its last record in the log.
pub type Seq = u64;
