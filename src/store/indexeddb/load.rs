//! Reading the log and the checkpoint it builds on, each in one readonly transaction.
//!
//! All requests are sent before the first is awaited, the head's first: what depends on it (the
//! segment's blocks) is asked for while the others are still on their way.

use super::bytes;
use super::checkpoint::{segment_range, state_range};
use super::head::Head;
use super::transaction::{BLOCKS, LOG, META, Transaction};
use super::trouble::Trouble;
use crate::store::{Checkpoint, Incarnation, Loaded, Logged, Seq, Tail, records};
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
    let state = all(&transaction, META, state_range())?;
    let records = Records::ask(&transaction, 0)?;
    let Some(Head { manifest, segment }) = head.answer(&transaction).await? else {
        return Ok(None);
    };
    let checkpoint = match segment {
        Some(segment) => {
            let blocks = all(&transaction, BLOCKS, segment_range(segment))?;
            let state = answered(&transaction, state.await)?.concat();
            Some(Checkpoint { state, blocks: answered(&transaction, blocks.await)? })
        }
        None => None,
    };
    let frames = records.answer(&transaction, manifest.incarnation).await?;
    Ok(Some(Loaded { checkpoint, tail: Tail { manifest, frames } }))
}

/// The manifest and the frames after `seq`.
pub async fn tail(database: &Database, known: Incarnation, seq: Seq) -> Result<Tail, Trouble> {
    let transaction = Transaction::read(database, &[META, LOG])?;
    let head = Head::ask(&transaction)?;
    let records = Records::ask(&transaction, seq)?;
    let manifest = head.expect(&transaction, known).await?.manifest;
    let frames = records.answer(&transaction, known).await?;
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

    async fn answer(
        self,
        transaction: &Transaction<'_>,
        incarnation: Incarnation,
    ) -> Result<Vec<Logged>, Trouble> {
        let keys = self.keys.await.map_err(|error| transaction.why(error))?;
        let keys = keys.collect::<Result<Vec<f64>, Error>>()?;
        let values = answered(transaction, self.values.await)?;
        Ok(records::join(keys.into_iter().map(|key| key as Seq).zip(values), incarnation))
    }
}

fn all(
    transaction: &Transaction,
    store: &str,
    range: KeyRange<JsValue>,
) -> Result<GetAllPrimitiveRequest<JsValue>, Trouble> {
    Ok(transaction.store(store)?.get_all().with_query::<JsValue, _>(range).primitive()?)
}

fn answered(
    transaction: &Transaction,
    answer: Result<GetAllPrimitiveIter<JsValue>, Error>,
) -> Result<Vec<Vec<u8>>, Trouble> {
    let values = answer.map_err(|error| transaction.why(error))?;
    Ok(values.map(|value| Ok(bytes::from_js(&value?))).collect::<Result<_, Error>>()?)
}
