//! What a context needs of its realm: time, randomness, tasks, leases, announcements.

use crate::protocol::Fault;
use crate::store::{Incarnation, Seq};
use std::future::Future;

#[allow(async_fn_in_trait)] // one thread in every realm: no Send bound is wanted
pub trait Platform: 'static {
    /// Held until dropped.
    type Lease: 'static;

    /// Milliseconds since 1970.
    fn now_ms(&self) -> u64;
    fn random(&self) -> [u8; 16];
    /// Whether the realm believes that there is a network.
    fn is_online(&self) -> bool;
    fn spawn(&self, task: impl Future<Output = ()> + 'static);
    async fn sleep(&self, ms: u64);
    /// Lets whatever else this realm has to do have its turn.
    async fn others(&self);
    /// Waits for a lease among all contexts of the origin. It is stolen from a holder that does not move: `sign` of its
    /// work stays the same for long.
    async fn lease(&self, name: &str, sign: impl Fn() -> u64) -> Self::Lease;
    /// A lease that is free now.
    async fn try_lease(&self, name: &str) -> Option<Self::Lease>;
    /// Says, until dropped, that an engine of this version is at work on a database.
    async fn attend(&self, name: &str, version: u8) -> Self::Lease;
    /// The oldest engine at work on a database; none where the realm cannot tell.
    async fn oldest(&self, name: &str) -> Option<u8>;
    /// Makes a fault that nobody waits for visible to the app.
    fn report(&self, fault: &Fault);
    /// Tells the other contexts that the log has grown. It may be lost.
    fn announce(&self, incarnation: Incarnation, seq: Seq);
}
