//! A short transaction: begun with everything it may touch, committed explicitly, rolled back if dropped.
//!
//! Owns the durability option and the reason of an abort, which the library loses on `commit`.

use super::trouble::Trouble;
use crate::store::Durability;
use indexed_db_futures::Build;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::Error;
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::object_store::ObjectStore;
use indexed_db_futures::transaction::{
    Transaction as Inner, TransactionDurability, TransactionMode, TransactionOptions,
};
use web_sys::IdbTransaction;

pub const LOG: &str = "log";
pub const BLOCKS: &str = "blocks";
pub const META: &str = "meta";
pub const FILES: &str = "files";

pub struct Transaction<'a>(Inner<'a>);

impl<'a> Transaction<'a> {
    pub fn read(database: &'a Database, stores: &[&str]) -> Result<Self, Trouble> {
        Ok(Self(database.transaction(stores).build()?))
    }

    pub fn write(database: &'a Database, stores: &[&str], durability: Durability) -> Result<Self, Trouble> {
        let mut options = TransactionOptions::new();
        options.set_durability(match durability {
            Durability::Relaxed => TransactionDurability::Relaxed,
            Durability::Strict => TransactionDurability::Strict,
        });
        let builder = database.transaction(stores).with_mode(TransactionMode::Readwrite);
        Ok(Self(builder.with_options(options).build()?))
    }

    pub fn store(&self, name: &str) -> Result<ObjectStore<'_>, Trouble> {
        Ok(self.0.object_store(name)?)
    }

    /// The reason why a request failed: where the transaction itself was aborted, that one's.
    pub fn why(&self, error: Error) -> Trouble {
        reason(self.0.as_sys(), error)
    }

    /// Resolves when everything is stored.
    pub async fn commit(self) -> Result<(), Trouble> {
        let transaction: IdbTransaction = self.0.as_sys().clone().into();
        self.0.commit().await.map_err(|error| reason(&transaction, error))
    }
}

fn reason(transaction: &IdbTransaction, error: Error) -> Trouble {
    match transaction.error() {
        Some(exception) => Trouble::of(&exception),
        None => error.into(),
    }
}
