//! The ways in which a store fails, in the words the app reads.
//!
//! Owns code, message and advice of every [`Fault`] of this layer, so that memory and IndexedDB fail
//! alike. Refuses to decide which one it is: that is read off the transaction, never off a text.

use crate::protocol::{ErrorCode, Fault};

/// The browser has no room: nothing was stored.
pub fn quota_exceeded() -> Fault {
    Fault::new(
        ErrorCode::QuotaExceeded,
        "This device has no room left for this database; nothing was stored. Free space, then try again.",
    )
}

/// The database this context has loaded is gone, or cannot be reached: nothing was stored.
pub fn storage_lost(what: &str) -> Fault {
    Fault::new(
        ErrorCode::StorageLost,
        format!("The local database was lost ({what}); nothing was stored. Load it again, then repeat."),
    )
}

/// The transaction may have been committed, and no answer says so.
pub fn outcome_unknown(what: &str) -> Fault {
    Fault::new(
        ErrorCode::OutcomeUnknown,
        format!(
            "The connection was lost while committing ({what}). Load again: the frames are there or not."
        ),
    )
}

/// Another tab holds the database open and does not let go.
#[cfg(target_arch = "wasm32")]
pub fn storage_blocked(name: &str) -> Fault {
    Fault::new(
        ErrorCode::StorageBlocked,
        format!("The local database {name} is held open by another tab. Close that tab, then try again."),
    )
}

/// The database was made by a later release.
#[cfg(target_arch = "wasm32")]
pub fn newer_version(name: &str) -> Fault {
    Fault::new(
        ErrorCode::NewerVersion,
        format!("The local database {name} was written by a newer version of this app. Reload the page."),
    )
}
