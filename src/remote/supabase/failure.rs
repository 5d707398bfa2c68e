//! From what HTTP says to a failure with a code, a place and an advice.

use crate::engine::interface::Failure;
use crate::protocol::{ErrorCode, Fault};
use serde::Deserialize;

#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(default)]
    code: serde_json::Value,
    #[serde(default)]
    message: String,
}

/// The request did not reach anyone, or its answer did not reach us.
pub fn unreachable(url: &str, error: &gloo_net::Error) -> Failure {
    let timed_out = match error {
        gloo_net::Error::JsError(error) => error.name == "TimeoutError" || error.name == "AbortError",
        _ => false,
    };
    let fault = if timed_out {
        Fault::new(ErrorCode::Timeout, format!("{url} did not answer in time; trying again"))
    } else {
        let advice = "check the network and the project's URL; changes are kept and sent when it answers";
        Fault::new(ErrorCode::Offline, format!("{url} cannot be reached; {advice}"))
    };
    Failure { fault, retry_after_ms: None, too_large: timed_out }
}

/// An answer that is not a success. `Retry-After` is in seconds.
pub fn of_status(function: &str, status: u16, body: &str, retry_after: Option<&str>) -> Failure {
    let body: ErrorBody = serde_json::from_str(body).unwrap_or_default();
    let code = body.code.as_str().unwrap_or_default();
    let is_missing = status == 404 || code == "PGRST202" || code == "42883";
    let is_timeout = code == "57014";
    let too_large = status == 413 || code == "54000" || is_timeout;
    let told = format!("{function} answered {status} {code} {}", body.message);
    let (error, message) = match status {
        401 | 403 => (
            ErrorCode::Unauthorized,
            format!("{told}; check the project's key and sign in again. Nothing local is lost"),
        ),
        _ if is_missing => (
            ErrorCode::IncompatibleServer,
            format!("{told}; install Thermocline's migration with: supabase db push"),
        ),
        429 => (ErrorCode::RateLimited, told),
        _ if is_timeout => (ErrorCode::Timeout, told),
        _ if too_large => (ErrorCode::InvalidRequest, told),
        500.. => (ErrorCode::ServerError, told),
        _ => (ErrorCode::InvalidRequest, told),
    };
    let retry_after_ms =
        retry_after.and_then(|seconds| seconds.trim().parse::<u64>().ok()).map(|s| s * 1_000);
    Failure { fault: Fault::new(error, message), retry_after_ms, too_large }
}
