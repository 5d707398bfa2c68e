//! What a replica does with bytes it cannot read: kept aside and reported, the rest stays usable.

use super::Replica;
use crate::driver::platform::Platform;
use crate::engine::Damage;
use crate::protocol::{ErrorCode, Fault, Seq};
use crate::store::Store;

/// Named values that hold damaged bytes.
pub const QUARANTINE: &str = "quarantine/";

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// Kept aside, it changes nothing, and everything after it stays usable (invariant 12).
    pub(super) async fn quarantine_frame(&self, seq: Seq, bytes: &[u8], damage: &Damage) {
        self.damaged.set(self.damaged.get() + 1);
        self.report(&self.damage_fault(damage, &format!("frame {seq}")));
        self.state.borrow_mut().seq = seq;
        self.quarantine(&format!("frame/{seq}"), bytes).await;
    }

    /// Keeps damaged bytes for an export. Where that fails they are where they were.
    pub(super) async fn quarantine(&self, what: &str, bytes: &[u8]) {
        if let Err(fault) = self.store.put(&format!("{QUARANTINE}{what}"), Some(bytes)).await {
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
