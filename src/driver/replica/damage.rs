//! What a replica does with bytes it cannot read: kept aside and reported, the rest stays usable.
//!
//! What is kept aside is a named value for each record, as it was found: still sealed if it was sealed and did
//! not open. Nothing reads it again but an export. It lies there until the app clears it.

use super::Replica;
use crate::driver::platform::Platform;
use crate::engine::Damage;
use crate::protocol::{ErrorCode, Fault, Seq};
use crate::store::{Store, sealed};
use std::rc::Rc;

/// Named values that hold damaged bytes.
pub const QUARANTINE: &str = "quarantine/";

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// `frame/<seq>` or `block/<segment>/<n>`.
    pub name: String,
    pub bytes: usize,
}

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// What was kept aside, in the order of names.
    pub async fn quarantined(&self) -> Result<Vec<Quarantined>, Fault> {
        let mut found = Vec::new();
        for name in self.store.names(QUARANTINE).await? {
            let Some(bytes) = self.store.get(&name).await? else { continue };
            let name = name.strip_prefix(QUARANTINE).unwrap_or(&name).to_owned();
            found.push(Quarantined { name, bytes: bytes.len() });
        }
        Ok(found)
    }

    /// The bytes of a record that was kept aside, as they were found.
    pub async fn read_quarantined(&self, name: &str) -> Result<Vec<u8>, Fault> {
        self.store.get(&format!("{QUARANTINE}{name}")).await?.ok_or_else(|| {
            let message =
                format!("quarantine: nothing of the name {name:?} was kept aside; list() names what was");
            Fault::new(ErrorCode::InvalidRequest, message)
        })
    }

    /// Drops what was kept aside. A checkpoint comes first: damaged frames of the log would be found again.
    pub async fn clear_quarantine(self: &Rc<Self>) -> Result<(), Fault> {
        self.checkpoint().await?;
        for name in self.store.names(QUARANTINE).await? {
            self.store.put(&name, None).await?;
        }
        Ok(())
    }

    /// Kept aside, it changes nothing, and everything after it stays usable (invariant 12).
    pub(super) async fn quarantine_frame(&self, seq: Seq, bytes: &[u8], damage: &Damage) {
        self.damaged.set(self.damaged.get() + 1);
        self.report(&self.damage_fault(damage, &format!("frame {seq}")));
        self.quarantine(&format!("frame/{seq}"), bytes).await;
    }

    /// Keeps damaged bytes for an export. Where that fails they are where they were.
    pub(super) async fn quarantine(&self, what: &str, bytes: &[u8]) {
        let name = format!("{QUARANTINE}{what}");
        if let Err(fault) = self.store.put(&name, Some(sealed::as_found(bytes))).await {
            self.report(&fault);
        }
    }

    pub(super) fn damage_fault(&self, damage: &Damage, what: &str) -> Fault {
        let name = &self.name;
        if damage.is_newer() {
            let message = format!(
                "{what} of {name} was written by a newer version ({damage}); reload the page, unsent changes are safe"
            );
            return Fault::new(ErrorCode::NewerVersion, message);
        }
        Fault::new(ErrorCode::CorruptFrame, format!("{what} of {name} cannot be read: {damage}"))
    }
}
