//! Reading the log and what it builds on, each in one readonly transaction.
//!
//! All requests are sent before the first is awaited, the head's first: what depends on it (the state
//! record, the directories) is asked for while the others are still on their way.

use super::blocks::{get, got};
use super::bytes;
use super::head::{Former, Head};
use super::keys;
use super::transaction::{BLOCKS, LOG, META, Transaction};
use super::trouble::Trouble;
use crate::store::{Incarnation, Loaded, Logged, Manifest, Seq, Tail, records};
use indexed_db_futures::KeyRange;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::Error;
use indexed_db_futures::future::GetAllPrimitiveRequest;
use indexed_db_futures::iter::GetAllPrimitiveIter;
use indexed_db_futures::prelude::*;
use wasm_bindgen::JsValue;

/// Everything; `None` if the database has no manifest yet.
pub async fn load(database: &Database) -> Result<Option<Loaded>, Trouble> {
    let transaction = Transaction::read(database, &[META, LOG, BLOCKS])?;
    let head = Head::ask(&transaction)?;
    let records = Records::ask(&transaction, 0)?;
    let Some(Head { manifest, state, former, .. }) = head.answer(&transaction).await? else {
        return Ok(None);
    };
    let pieces = state.iter().flat_map(|state| (0..state.space.records).map(|n| (state.id, n as u32)));
    let pieces: Vec<_> = pieces.map(|(id, n)| get(&transaction, id, n)).collect::<Result<_, _>>()?;
    let directories = manifest.segments.iter().map(|segment| get(&transaction, *segment, 0));
    let directories: Vec<_> = directories.collect::<Result<_, _>>()?;
    let former = match former {
        Some(Former { segment }) => Some((
            all(&transaction, META, keys::former_state())?,
            all(&transaction, BLOCKS, keys::segment(segment))?,
        )),
        None => None,
    };
    let frames = records.answer(&transaction, &manifest).await?;
    let mut loaded = Loaded {
        state: state.map(|state| Vec::with_capacity(state.space.bytes as usize)),
        directories: Vec::with_capacity(directories.len()),
        former_blocks: Vec::new(),
        tail: Tail { manifest, frames },
    };
    for piece in pieces {
        // One that is missing leaves a record that does not match its checksum.
        let piece = got(&transaction, piece).await?.unwrap_or_default();
        loaded.state.get_or_insert_default().extend(piece);
    }
    for (segment, directory) in loaded.tail.manifest.segments.iter().zip(directories) {
        loaded.directories.push((*segment, got(&transaction, directory).await?));
    }
    if let Some((state, blocks)) = former {
        loaded.state = Some(answered(&transaction, state.await)?.concat());
        loaded.former_blocks = answered(&transaction, blocks.await)?;
    }
    Ok(Some(loaded))
}

/// The manifest and the frames after `seq`.
pub async fn tail(database: &Database, known: Incarnation, seq: Seq) -> Result<Tail, Trouble> {
    let transaction = Transaction::read(database, &[META, LOG])?;
    let head = Head::ask(&transaction)?;
    let records = Records::ask(&transaction, seq)?;
    let manifest = head.expect(&transaction, known).await?.manifest;
    let frames = records.answer(&transaction, &manifest).await?;
    Ok(Tail { manifest, frames })
}

/// The log after a seq, on its way.
struct Records {
    keys: GetAllPrimitiveRequest<f64>,
    values: GetAllPrimitiveRequest<JsValue>,
}

impl Records {
    fn ask(transaction: &Transaction, seq: Seq) -> Result<Self, Trouble> {
        let after = KeyRange::LowerBound(seq as f64, true);
        let log = transaction.store(LOG)?;
        let keys = log.get_all_keys().with_query::<f64, _>(after.clone()).primitive()?;
        let values = log.get_all().with_query::<f64, _>(after).primitive()?;
        Ok(Self { keys, values })
    }

    /// What the last checkpoint has taken in may still lie there: it is passed over.
    async fn answer(
        self,
        transaction: &Transaction<'_>,
        manifest: &Manifest,
    ) -> Result<Vec<Logged>, Trouble> {
        let keys = self.keys.await.map_err(|error| transaction.why(error))?;
        let keys = keys.collect::<Result<Vec<f64>, Error>>()?;
        let values = answered(transaction, self.values.await)?;
        let records = keys.into_iter().map(|key| key as Seq).zip(values);
        let records = records.skip_while(|(key, _)| *key <= manifest.base);
        Ok(records::join(records, manifest.incarnation))
    }
}

/// All values of a range, on their way.
pub fn all(
    transaction: &Transaction,
    store: &str,
    range: KeyRange<JsValue>,
) -> Result<GetAllPrimitiveRequest<JsValue>, Trouble> {
    Ok(transaction.store(store)?.get_all().with_query::<JsValue, _>(range).primitive()?)
}

/// All keys of a range, on their way.
pub fn range_keys(
    transaction: &Transaction,
    store: &str,
    range: KeyRange<JsValue>,
) -> Result<GetAllPrimitiveRequest<JsValue>, Trouble> {
    Ok(transaction.store(store)?.get_all_keys().with_query::<JsValue, _>(range).primitive()?)
}

/// Values that have arrived.
pub fn answered(
    transaction: &Transaction,
    answer: Result<GetAllPrimitiveIter<JsValue>, Error>,
) -> Result<Vec<Vec<u8>>, Trouble> {
    let values = answer.map_err(|error| transaction.why(error))?;
    Ok(values.map(|value| Ok(bytes::from_js(&value?))).collect::<Result<_, Error>>()?)
}
