//! How rows are asked for: PostgREST's requests, answered over the visible rows.
//!
//! Owns the query language: [`parse`] turns what supabase-js would have sent into a plan, a plan runs
//! over [`Rows`], by their indexes, and gives back status, headers and body as PostgREST would. What is not supported is
//! named, so the caller can pass it to the server. Pure: time, ids and text order come in as arguments.

mod access;
pub mod age;
mod answer;
mod array;
mod body;
mod cells;
mod change;
mod check;
mod condition;
mod decimal;
mod defaults;
mod field;
mod filter;
pub mod index;
mod insert;
mod jsonb;
mod kind;
mod like;
mod literal;
mod mark;
mod moment;
mod natural;
mod order;
mod page;
mod prepared;
mod read;
mod refusal;
mod request;
mod rows;
mod select;
mod syntax;
mod value;
mod write;

use crate::protocol::{PgError, Schema};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

pub use crate::protocol::Decision;
pub use body::changed_columns;
pub use check::Checks;
pub use defaults::{holds_user, mutation_id};
pub use mark::{Mark, cell};
pub use moment::civil::{days, days_text, micros, micros_text};
pub use natural::{derived_id, natural_id};
pub use prepared::Prepared;
pub use read::ReadPlan;
pub use refusal::Unprepared;
pub use rows::{Entry, NoRows, Rows, Walk};
pub use write::WritePlan;

/// What a request turned out to be.
#[derive(Debug)]
pub enum Parsed {
    Read(ReadPlan),
    Write(Rc<WritePlan>),
    /// Valid or not, it is not ours to answer; names the feature.
    Unsupported(String),
    Refused(PgError),
}

/// Reads a request against the definitions.
pub fn parse(schema: &Schema, request: &HttpRequest<'_>) -> Parsed {
    let Some((name, table)) = schema.tables.get_key_value(request.table) else {
        return Parsed::Unsupported(format!("the table {}, which is not synced", request.table));
    };
    let parsed = match request.method {
        "GET" | "HEAD" => ReadPlan::parse(name, table, request).map(Parsed::Read),
        "POST" | "PATCH" | "DELETE" => {
            WritePlan::parse(name, table, request).map(|plan| Parsed::Write(plan.into()))
        }
        method => refusal::unsupported(format!("the method {method}")),
    };
    match parsed {
        Ok(parsed) => parsed,
        Err(Unprepared::Refused(error)) => Parsed::Refused(error),
        Err(Unprepared::Unsupported(feature)) => Parsed::Unsupported(feature),
    }
}

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
    /// Names in lower case.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    pub body: String,
}

/// Text order of a locale. Ties of a non-`C` collation are broken by bytes, as Postgres does.
pub trait Collate {
    fn compare(&self, locale: &str, a: &str, b: &str) -> Ordering;
}

/// `auth.uid()` before any sign-in: what is written then is issued anew under the user who adopts it.
pub const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// What a write needs from outside.
pub struct WriteContext<'a> {
    /// `auth.uid()`.
    pub user: Option<&'a str>,
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// Fresh random bytes at each call.
    pub random: &'a mut dyn FnMut() -> [u8; 16],
    /// The constraints of tables, as far as they have been read.
    pub checks: &'a Checks,
}

#[cfg(test)]
mod tests;
