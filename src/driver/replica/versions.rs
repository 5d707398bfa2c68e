//! Engines of several versions on one log: a tab that was opened before the app was deployed anew goes on.
//!
//! What an older engine meets and cannot read stops it until it is reloaded. So while one is at work, a newer
//! engine keeps back what only its own version reads, and leaves checkpoints to the older one.

use super::Replica;
use crate::driver::platform::Platform;
use crate::engine::frame::FORMAT_VERSION;
use crate::protocol::{ErrorCode, Fault};
use crate::store::Store;

impl<S: Store, P: Platform> Replica<S, P> {
    /// This context stands still from now on: a browser keeps no page for its way back that holds a lock.
    pub fn pause(&self) {
        self.attendance.take();
    }

    /// It goes on.
    pub async fn go_on(&self) {
        if self.attendance.borrow().is_none() {
            let attendance = self.platform.attend(&self.name, FORMAT_VERSION).await;
            *self.attendance.borrow_mut() = Some(attendance);
        }
    }

    /// Whether all engines at work on this database read a payload of this version.
    pub(in crate::driver) async fn is_read_by_all(&self, version: u8) -> bool {
        // Those before may be read by everybody: nobody is more than one release behind.
        version < FORMAT_VERSION
            || self.platform.oldest(&self.name).await.is_none_or(|oldest| oldest >= version)
    }
}

pub(super) fn unread() -> Fault {
    let message = "another tab runs an older version of this app, which could not read what is to be written; \
                   close or reload that tab";
    Fault::new(ErrorCode::NewerVersion, message)
}
