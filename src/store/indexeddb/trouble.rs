//! What an error of IndexedDB means for the call: over, or worth another connection.
//!
//! Decided by the name of the DOMException and nothing else. `indexed_db_futures` has variants for
//! some names only (not for `QuotaExceededError`), so the name is read from the exception itself.

use crate::protocol::Fault;
use crate::store::fault;
use indexed_db_futures::error::{DomException, Error};
use std::fmt::Display;

/// Why a transaction did not happen.
#[derive(Debug)]
pub enum Trouble {
    /// Another connection would not help.
    Fault(Fault),
    /// The connection is lost, with what is known of the reason; the transaction was rolled back.
    Lost(String),
}

impl Trouble {
    /// A request, a transaction or a connection failed with this exception.
    pub fn of(exception: &web_sys::DomException) -> Self {
        let name = exception.name();
        match name.as_str() {
            "QuotaExceededError" => Self::Fault(fault::quota_exceeded()),
            // A connection that was closed; a backing store that failed; a transaction that went down with it.
            "InvalidStateError" | "UnknownError" | "AbortError" | "TransactionInactiveError" => {
                Self::Lost(describe(&name, &exception.message()))
            }
            _ => Self::Fault(fault::storage_lost(&describe(&name, &exception.message()))),
        }
    }
}

fn describe(name: &str, message: &impl Display) -> String {
    format!("{name}: {message}")
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::DomException(exception) => Self::of(&exception_of(exception)),
            // A transaction that ended without a reason, or an answer of a shape we never wrote.
            other => Self::Lost(other.to_string()),
        }
    }
}

pub fn exception_of(exception: DomException) -> web_sys::DomException {
    exception.into()
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
