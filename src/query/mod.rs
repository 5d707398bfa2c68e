//! How rows are asked for: PostgREST's requests, answered over the visible rows.
//!
//! Owns the query language: [`parse`] turns what supabase-js would have sent into a plan, a plan runs
//! over [`Rows`] and gives back status, headers and body as PostgREST would. What is not supported is
//! named, so the caller can pass it to the server. Pure: time, ids and text order come in as arguments.

use crate::protocol::{Key, Rev, Row};
use std::cmp::Ordering;

pub use crate::protocol::Decision;

/// A request to `/rest/v1/<table>`.
#[derive(Clone, Debug)]
pub struct HttpRequest<'a> {
    pub method: &'a str,
    pub table: &'a str,
    /// What follows `?`, still percent-encoded.
    pub query: &'a str,
    /// Names in lower case.
    pub headers: &'a [(String, String)],
    pub body: &'a str,
}

/// What the app gets back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// The visible rows: base rows with pending mutations applied.
pub trait Rows {
    fn row(&self, table: &str, key: &Key) -> Option<Row>;
    /// Every visible row of a table, in key order.
    fn scan(&self, table: &str, visit: &mut dyn FnMut(&Key, &Row));
    /// The rev of a row's base, if the server has told us one.
    fn base(&self, table: &str, key: &Key) -> Option<Rev>;
}

/// Text order of a locale. Ties of a non-`C` collation are broken by bytes, as Postgres does.
pub trait Collate {
    fn compare(&self, locale: &str, a: &str, b: &str) -> Ordering;
}

/// What a write needs from outside.
pub struct WriteContext<'a> {
    /// `auth.uid()`.
    pub user: Option<&'a str>,
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// Fresh random bytes at each call.
    pub random: &'a mut dyn FnMut() -> [u8; 16],
}
