//! Who we sync with: one trait, so that the simulation's model server stands where Supabase does.
//!
//! A remote carries a message and reads the answer. It retries nothing, remembers nothing and decides
//! nothing: what to do about a failure is the sync machine's business.

pub mod detour;
#[cfg(target_arch = "wasm32")]
pub mod supabase;

use crate::engine::interface::{Failure, Message, Reply};
use crate::protocol::Text;

#[allow(async_fn_in_trait)] // one thread in every realm: no Send bound is wanted
pub trait Remote {
    /// Sends a message as `client` and reads the answer.
    async fn send(&self, message: &Message, client: &str) -> Result<Reply, Failure>;
    /// Whole rows of a table as PostgREST answers `query`, `_rev` among their columns, read as the user.
    async fn rows(&self, table: &str, query: &str) -> Result<Vec<Text>, Failure>;
}
