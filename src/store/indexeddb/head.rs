//! The value under "manifest" in `meta`: what everything else in the database is read by.
//!
//! Owns its encoding and the check that a transaction works on the database its context has loaded.
//! The first byte is the layout's format; a later one than ours is refused, never guessed at. Format
//! 1, which knew one segment of row blocks and kept the state record in `meta`, is still read.

use super::bytes;
use super::transaction::{META, Transaction};
use super::trouble::Trouble;
use crate::protocol::{ErrorCode, Fault, SegmentId};
use crate::store::{Durability, Incarnation, Manifest, Seq, Space, fault};
use indexed_db_futures::database::Database;
use indexed_db_futures::future::BasicRequest;
use indexed_db_futures::prelude::*;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

const FORMAT: u8 = 2;
const FORMER: u8 = 1;
const KEY: &str = "manifest";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    pub manifest: Manifest,
    /// Where the state record lies; none before the first checkpoint of this format.
    pub state: Option<StateRecord>,
    /// How much each of the manifest's segments holds, in their order.
    pub sizes: Vec<Space>,
    /// What a checkpoint of format 1 has left.
    #[serde(skip)]
    pub former: Option<Former>,
}

/// A state record lies in `blocks`, in pieces, as a segment that only the head names.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateRecord {
    pub id: SegmentId,
    pub space: Space,
}

/// The checkpoint of format 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Former {
    pub segment: SegmentId,
}

/// A head of format 1, as it is encoded.
#[derive(Serialize, Deserialize)]
struct FormerHead {
    version: u64,
    incarnation: Incarnation,
    client: [u8; 16],
    base: Seq,
    segment: Option<u128>,
}

/// A read of the head that is under way. Ask for it first: requests are answered in order.
pub struct Asked(BasicRequest<Option<JsValue>>);

impl Head {
    /// The head of a database without a checkpoint.
    pub fn fresh(manifest: Manifest) -> Self {
        Self { manifest, state: None, sizes: Vec::new(), former: None }
    }

    pub fn ask(transaction: &Transaction) -> Result<Asked, Trouble> {
        Ok(Asked(transaction.store(META)?.get(KEY).primitive()?))
    }

    pub fn put(&self, transaction: &Transaction) -> Result<(), Trouble> {
        let encoded = match self.former {
            None => encode(FORMAT, self),
            Some(Former { segment }) => {
                let Manifest { version, incarnation, client, base, .. } = self.manifest;
                let segment = Some(u128::from_be_bytes(segment.0));
                encode(FORMER, &FormerHead { version, incarnation, client, base, segment })
            }
        };
        let _sent = transaction.store(META)?.put(bytes::to_js(&encoded)).with_key(KEY).primitive()?;
        Ok(())
    }

    fn decode(encoded: &[u8]) -> Result<Self, Fault> {
        match encoded.split_first() {
            Some((&FORMAT, rest)) => postcard::from_bytes(rest).map_err(|_| damaged()),
            Some((&FORMER, rest)) => {
                let former: FormerHead = postcard::from_bytes(rest).map_err(|_| damaged())?;
                Ok(former.into())
            }
            Some((&format, _)) if format > FORMAT => Err(fault::newer_version("of this user")),
            _ => Err(damaged()),
        }
    }

    /// Whatever lies in `blocks` for a reason, sorted.
    pub fn named(&self) -> Vec<SegmentId> {
        let mut named = self.manifest.segments.clone();
        named.extend(self.state.map(|state| state.id));
        named.extend(self.former.map(|former| former.segment));
        named.sort_unstable();
        named
    }

    /// How much a segment of the manifest holds, if that is known.
    pub fn size(&self, segment: SegmentId) -> Option<Space> {
        let at = self.manifest.segments.binary_search(&segment).ok()?;
        self.sizes.get(at).copied()
    }
}

impl From<FormerHead> for Head {
    fn from(former: FormerHead) -> Self {
        let FormerHead { version, incarnation, client, base, segment } = former;
        let manifest = Manifest { version, incarnation, client, base, segments: Vec::new() };
        let former = segment.map(|segment| Former { segment: SegmentId(segment.to_be_bytes()) });
        Self { former, ..Self::fresh(manifest) }
    }
}

fn encode(format: u8, head: &impl Serialize) -> Vec<u8> {
    let mut encoded = vec![format];
    encoded.extend(postcard::to_allocvec(head).expect("a head has no part that cannot be written"));
    encoded
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

/// The head as it is, or else that of `fresh`, from now on.
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
    let head = Head::fresh(fresh.clone());
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
