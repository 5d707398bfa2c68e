//! What a replica does when its database is gone: it ends, says so, and hands on what it holds unsent.
//!
//! A database that was emptied on purpose takes its outbox with it. Where the browser threw it away, the
//! replica that is opened in its place writes the outbox of the one that ended, mutations with their ids.

use super::Replica;
use crate::driver::platform::Platform;
use crate::engine::Frame;
use crate::protocol::{ErrorCode, Fault, Schema};
use crate::store::{Manifest, Store};
use std::rc::Rc;

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// Calls back when the database was found gone.
    pub fn watch_loss(&self, watcher: impl Fn() + 'static) {
        *self.loss_watcher.borrow_mut() = Some(Rc::new(watcher));
    }

    /// Writes what `former`, of the same name, holds unsent, if the browser threw its database away. Other
    /// contexts may have done so already: each mutation is taken up once. Whether the browser did.
    pub async fn take_over(self: &Rc<Self>, former: &Self) -> Result<bool, Fault> {
        let (manifest, gone) = (self.manifest(), former.manifest().incarnation);
        if manifest.incarnation == gone || manifest.follows_wipe() {
            return Ok(false);
        }
        let unsent = former.state().unsent(gone);
        if unsent.is_empty() {
            return Ok(true);
        }
        let mut schema = former.state().schema.clone();
        schema.tables.retain(|name, _| !self.state().schema.tables.contains_key(name));
        if schema != Schema::default() {
            self.append(Frame::Schema(schema)).await?;
        }
        for import in unsent {
            self.append(Frame::Imported(import)).await?;
        }
        Ok(true)
    }

    /// A database that was emptied or replaced is another one: this replica ends.
    pub(super) fn check_life(&self, manifest: &Manifest) -> Result<(), Fault> {
        if manifest.incarnation == self.folded.manifest.borrow().incarnation {
            return Ok(());
        }
        let message = "the local database was emptied or replaced; reload the page to open the new one";
        let fault = Fault::new(ErrorCode::StorageLost, message);
        *self.halted.borrow_mut() = Some(fault.clone());
        self.note_loss(&fault);
        Err(fault)
    }

    pub(super) fn note_loss(&self, fault: &Fault) {
        let watcher = self.loss_watcher.borrow().clone();
        if let Some(watcher) = watcher.filter(|_| fault.code == ErrorCode::StorageLost) {
            watcher();
        }
    }
}
