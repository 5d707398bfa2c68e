//! The value under "manifest" in `meta`: what everything else in the database is read by.
//!
//! Owns its encoding and the check that a transaction works on the database its context has loaded.
//! The first byte is the layout's format; a later one than ours is refused, never guessed at.

use super::bytes;
use super::transaction::{META, Transaction};
use super::trouble::Trouble;
use crate::protocol::{ErrorCode, Fault};
use crate::store::{Durability, Incarnation, Manifest, fault};
use indexed_db_futures::database::Database;
use indexed_db_futures::future::BasicRequest;
use indexed_db_futures::prelude::*;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

const FORMAT: u8 = 1;
const KEY: &str = "manifest";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    pub manifest: Manifest,
    /// The snapshot segment in `blocks`; none before the first checkpoint.
    pub segment: Option<u128>,
}

/// A read of the head that is under way. Ask for it first: requests are answered in order.
pub struct Asked(BasicRequest<Option<JsValue>>);

impl Head {
    pub fn ask(transaction: &Transaction) -> Result<Asked, Trouble> {
        Ok(Asked(transaction.store(META)?.get(KEY).primitive()?))
    }

    pub fn put(&self, transaction: &Transaction) -> Result<(), Trouble> {
        let mut encoded = vec![FORMAT];
        encoded.extend(postcard::to_allocvec(self).expect("a head has no part that cannot be written"));
        let _sent = transaction.store(META)?.put(bytes::to_js(&encoded)).with_key(KEY).primitive()?;
        Ok(())
    }

    fn decode(encoded: &[u8]) -> Result<Self, Fault> {
        match encoded.split_first() {
            Some((&FORMAT, rest)) => postcard::from_bytes(rest).map_err(|_| damaged()),
            Some((&format, _)) if format > FORMAT => Err(fault::newer_version("of this user")),
            _ => Err(damaged()),
        }
    }
}

impl Asked {
    /// The head, if the database has been founded.
    pub async fn answer(self, transaction: &Transaction<'_>) -> Result<Option<Head>, Trouble> {
        let value = self.0.await.map_err(|error| transaction.why(error))?;
        Ok(value.map(|value| Head::decode(&bytes::from_js(&value))).transpose()?)
    }

    /// The head of the incarnation that this context has loaded; `storage_lost` if it is another.
    pub async fn expect(self, transaction: &Transaction<'_>, known: Incarnation) -> Result<Head, Trouble> {
        match self.answer(transaction).await? {
            Some(head) if head.manifest.incarnation == known => Ok(head),
            Some(_) => Err(fault::storage_lost("another one took its place").into()),
            None => Err(fault::storage_lost("the browser threw it away").into()),
        }
    }
}

/// The head as it is, or else `fresh`, from now on.
pub async fn found(database: &Database, fresh: &Manifest) -> Result<Head, Trouble> {
    let transaction = Transaction::read(database, &[META])?;
    if let Some(head) = Head::ask(&transaction)?.answer(&transaction).await? {
        return Ok(head);
    }
    drop(transaction);
    let transaction = Transaction::write(database, &[META], Durability::Strict)?;
    if let Some(head) = Head::ask(&transaction)?.answer(&transaction).await? {
        return Ok(head);
    }
    let head = Head { manifest: fresh.clone(), segment: None };
    head.put(&transaction)?;
    transaction.commit().await?;
    Ok(head)
}

fn damaged() -> Fault {
    Fault::new(
        ErrorCode::CorruptFrame,
        "The manifest of the local database cannot be read. Export what is left, then wipe it.",
    )
}
