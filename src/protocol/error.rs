//! Two kinds of failure, kept apart.
//!
//! A [`PgError`] is PostgREST's answer to a bad request: status and the four-field JSON body that
//! supabase-js shows to the app. A [`Fault`] is ours: a stable code, what happened, where, and what
//! to do. Neither is ever decided by matching on text.

use serde::{Deserialize, Serialize};
use std::fmt;

/// PostgREST's error body, with the HTTP status it travels under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PgError {
    pub status: u16,
    pub code: String,
    pub message: String,
    pub details: Option<String>,
    pub hint: Option<String>,
}

impl PgError {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), details: None, hint: None }
    }

    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The JSON body, fields in PostgREST's order.
    pub fn body(&self) -> String {
        let text = |t: &str| serde_json::Value::from(t).to_string();
        let optional = |t: &Option<String>| t.as_deref().map_or("null".into(), text);
        format!(
            r#"{{"code":{},"details":{},"hint":{},"message":{}}}"#,
            text(&self.code),
            optional(&self.details),
            optional(&self.hint),
            text(&self.message)
        )
    }
}

impl fmt::Display for PgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// Stable codes of `ThermoclineError` (DESIGN 10). The text of a code never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    Offline,
    Timeout,
    Unauthorized,
    Rejected,
    RateLimited,
    ServerError,
    IncompatibleServer,
    QuotaExceeded,
    StorageBlocked,
    StorageLost,
    CorruptFrame,
    NewerVersion,
    InvalidRequest,
    UnknownTable,
    UnsupportedOffline,
    UnsyncedChanges,
    Locked,
    OutcomeUnknown,
    LostByRestore,
}

impl ErrorCode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Timeout => "timeout",
            Self::Unauthorized => "unauthorized",
            Self::Rejected => "rejected",
            Self::RateLimited => "rate_limited",
            Self::ServerError => "server_error",
            Self::IncompatibleServer => "incompatible_server",
            Self::QuotaExceeded => "quota_exceeded",
            Self::StorageBlocked => "storage_blocked",
            Self::StorageLost => "storage_lost",
            Self::CorruptFrame => "corrupt_frame",
            Self::NewerVersion => "newer_version",
            Self::InvalidRequest => "invalid_request",
            Self::UnknownTable => "unknown_table",
            Self::UnsupportedOffline => "unsupported_offline",
            Self::UnsyncedChanges => "unsynced_changes",
            Self::Locked => "locked",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::LostByRestore => "lost_by_restore",
        }
    }

    /// Whether the same call may succeed later with nothing else changed.
    pub fn retryable(self) -> bool {
        matches!(
            self,
            Self::Offline | Self::Timeout | Self::RateLimited | Self::ServerError | Self::StorageBlocked
        )
    }
}

/// A failure of ours: what happened, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub code: ErrorCode,
    pub message: String,
}

impl Fault {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_postgrests_json() {
        let error =
            PgError::new(409, "23505", "duplicate \"key\"").with_details("Key (id)=(1) already exists.");
        assert_eq!(
            error.body(),
            r#"{"code":"23505","details":"Key (id)=(1) already exists.","hint":null,"message":"duplicate \"key\""}"#
        );
    }

    #[test]
    fn a_code_reads_the_same_in_rust_and_in_json() {
        let code = ErrorCode::UnsupportedOffline;
        let json = serde_json::to_string(&code).expect("a unit variant");
        assert_eq!(json, format!("\"{}\"", code.as_str()));
    }
}
