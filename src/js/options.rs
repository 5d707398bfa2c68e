//! What the app opens with, parsed once.

use super::table_options::TableChoice;
use crate::protocol::{ErrorCode, Fault};
use crate::remote::detour::Gzip;
use crate::store::Durability;
use serde::{Deserialize, Serialize};

/// How a database's keys are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encrypt {
    /// Beside the data, as a key that cannot be exported.
    Stored,
    /// Under a passphrase, which the app gives when it opens or unlocks.
    Passphrase,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Options {
    pub url: String,
    pub key: String,
    pub tables: Vec<TableChoice>,
    pub name: String,
    #[serde(default)]
    pub durability: Option<String>,
    #[serde(default)]
    pub online: bool,
    #[serde(default)]
    pub metered: bool,
    #[serde(default)]
    pub encrypt: Option<Encrypt>,
    #[serde(default)]
    pub gzip: Gzip,
    /// Never stored, and dropped once it has become a key.
    #[serde(default, skip_serializing)]
    pub passphrase: Option<String>,
}

impl Options {
    /// Refuses what could only fail later: an insecure address, no key, no tables.
    pub fn check(mut self) -> Result<Self, Fault> {
        let invalid = |message: String| Err(Fault::new(ErrorCode::InvalidRequest, message));
        self.url = self.url.trim_end_matches('/').to_owned();
        let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
        let is_local = local.iter().any(|host| {
            self.url.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
        if !self.url.starts_with("https://") && !is_local {
            return invalid(format!(
                "url is {:?}; it must be your project's https address (http only on localhost)",
                self.url
            ));
        }
        if self.key.is_empty() {
            return invalid("key is empty; it must be your project's publishable (anonymous) key".into());
        }
        if self.tables.is_empty() {
            return invalid("tables is empty; name the tables to keep on this device".into());
        }
        self.tables.iter().try_for_each(TableChoice::check)?;
        if let Some(other) = self.durability.as_deref().filter(|d| !matches!(*d, "strict" | "relaxed")) {
            return invalid(format!("durability is {other:?}; it must be \"strict\" or \"relaxed\""));
        }
        if self.passphrase.as_deref() == Some("") {
            return invalid("encrypt.passphrase is empty; leave it out to open a locked database".into());
        }
        Ok(self)
    }

    /// As the vault keeps them.
    pub fn stored(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn has_table(&self, name: &str) -> bool {
        self.tables.iter().any(|table| table.name() == name)
    }

    pub fn durability(&self) -> Durability {
        if self.durability.as_deref() == Some("relaxed") { Durability::Relaxed } else { Durability::Strict }
    }
}
