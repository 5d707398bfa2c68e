//! Keeping a table to its bounds: at start, after each round and once a day.

use super::courier::Courier;
use super::platform::Platform;
use super::replica::Replica;
use crate::engine::frame::{Evicted, Lost};
use crate::engine::retention::{DAY_MS, Keep, due, time_of};
use crate::engine::{Frame, View};
use crate::protocol::{Fault, Table, Text};
use crate::query::age::{has_age, millis, text};
use crate::remote::Remote;
use crate::store::Store;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A moment that no row is after.
const NEVER: &str = "9999-12-31";
/// How often a table is cleared again because another context has merged its segments meanwhile.
const CLEARINGS: usize = 3;

/// What is kept of each table, by name.
pub type Keeps = BTreeMap<Text, Keep>;

impl<S: Store + 'static, R: Remote + 'static, P: Platform> Courier<S, R, P> {
    /// Keeps tables to these bounds from now on: at once, after every round, and every day.
    pub fn retain(self: &Rc<Self>, keeps: Keeps) {
        self.set_keeps(keeps);
        let courier = Rc::downgrade(self);
        let platform = Rc::clone(self.replica().platform());
        self.replica().platform().spawn(async move {
            while let Some(courier) = courier.upgrade() {
                courier.keep_to_bounds().await;
                drop(courier);
                platform.sleep(DAY_MS).await;
            }
        });
    }

    /// One look at all tables. What fails is tried again after the next round.
    pub(super) async fn keep_to_bounds(self: &Rc<Self>) {
        let keeps = self.keeps();
        if let Err(fault) = self.ask_for_rows(&keeps).await.and(self.replica().evict_due(&keeps).await) {
            self.replica().platform().report(&fault);
        }
    }

    /// A bound in rows, of a table that was never pulled: the server knows the time of its last row.
    async fn ask_for_rows(&self, keeps: &Keeps) -> Result<(), Fault> {
        let replica = self.replica();
        for (name, keep) in keeps {
            let Some(rows) = keep.rows.filter(|_| replica.platform().is_online()) else { continue };
            let time = {
                let state = replica.state();
                let is_known = state.cursors.contains_key(name) || state.round.is_some();
                let table = state.schema.tables.get(name).filter(|table| !is_known && has_age(table));
                table.and_then(|table| table.time.clone())
            };
            let Some(time) = time else { continue };
            let query = format!("select={time}&order={time}.desc.nullslast&limit=1&offset={rows}");
            // Nobody is signed in, or there is no network after all: then it is known after the first round.
            let Ok(found) = self.remote().rows(name, &query).await else { continue };
            let Some(horizon) = found.first().and_then(|row| time_of(row, &time)) else { continue };
            let by_days = keep.by_days(replica.platform().now_ms());
            let horizon = [Some(horizon), by_days].into_iter().flatten().max_by_key(|time| millis(time));
            if replica.state().cursors.contains_key(name) {
                continue; // pulled meanwhile
            }
            replica.append(Frame::Evicted(Evicted { table: name.clone(), horizon, asked: false })).await?;
        }
        Ok(())
    }
}

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    async fn evict_due(self: &Rc<Self>, keeps: &Keeps) -> Result<(), Fault> {
        let now_ms = self.platform().now_ms();
        let mut evicted = false;
        for (name, keep) in keeps {
            let due = self.query(|_, view: &View| due(view, name, keep, now_ms)).await?;
            if let Some(due) = due {
                self.append(Frame::Evicted(due)).await?;
                evicted = true;
            }
        }
        if evicted { self.checkpoint().await.map(drop) } else { self.checkpoint_if_due().await.map(drop) }
    }

    /// Evicts rows older than so many days, of every table whose rows have an age.
    pub async fn clear_older(self: &Rc<Self>, days: f64) -> Result<(), Fault> {
        let time_ms = self.platform().now_ms().saturating_sub((days * DAY_MS as f64) as u64);
        let tables: Vec<Text> = {
            let state = self.state();
            let since = |name: &Text| state.horizons.get(name).and_then(|horizon| horizon.since.as_deref());
            let is_earlier = |name: &Text| since(name).and_then(millis).is_none_or(|since| since < time_ms);
            let aged = state.schema.tables.iter().filter(|(name, table)| has_age(table) && is_earlier(name));
            aged.map(|(name, _)| name.clone()).collect()
        };
        for table in tables {
            let horizon = Some(text(time_ms).into());
            self.append(Frame::Evicted(Evicted { table, horizon, asked: true })).await?;
        }
        self.checkpoint().await.map(drop)
    }

    /// Drops what was read through, the rows of cache tables, and the blocks in memory.
    pub async fn clear_cache(self: &Rc<Self>, keeps: &Keeps) -> Result<(), Fault> {
        for evicted in self.cached(keeps) {
            self.append(Frame::Evicted(evicted)).await?;
        }
        self.clear_ageless(keeps).await?;
        self.forget_cached();
        self.checkpoint().await.map(drop)
    }

    /// Caches whose rows have no age have no horizon to let them go by: they give up their segments, and are
    /// pulled from nothing when they are synced. Rows that wait stay in memory.
    async fn clear_ageless(self: &Rc<Self>, keeps: &Keeps) -> Result<(), Fault> {
        let caches: Vec<Text> = {
            let state = self.state();
            let is_ageless =
                |(name, table): &(&Text, &Table)| is_cache(name, table, keeps) && !has_age(table);
            state.schema.tables.iter().filter(is_ageless).map(|(name, _)| name.clone()).collect()
        };
        for _ in 0..CLEARINGS {
            if caches.iter().all(|name| self.state().rows.size(name).rows == 0) {
                break;
            }
            self.checkpoint().await?; // what has changed since the last one comes to rest, too
            for lost in self.segments_of(&caches) {
                self.append(Frame::Lost(lost)).await?;
            }
            if self.segments_of(&caches).is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn segments_of(&self, tables: &[Text]) -> Vec<Lost> {
        let state = self.state();
        let mut found = Vec::new();
        for (name, rows) in state.rows.tables().filter(|(name, _)| tables.contains(name)) {
            found.extend(
                rows.segments().iter().map(|rested| Lost { table: name.clone(), segment: rested.id }),
            );
        }
        found
    }

    /// The horizons that drop what is cached: the same again for what was read through; and for caches one that
    /// nothing is after, and then theirs, so that they are pulled from nothing when they are synced.
    fn cached(&self, keeps: &Keeps) -> Vec<Evicted> {
        let state = self.state();
        let mut evictions = Vec::new();
        for (name, table) in &state.schema.tables {
            let horizon = state.horizons.get(name);
            let asked = horizon.is_some_and(|horizon| horizon.asked);
            let is_cleared = is_cache(name, table, keeps) && has_age(table);
            if is_cleared {
                let horizon = Some(NEVER.into());
                evictions.push(Evicted { table: name.clone(), horizon, asked });
            }
            if is_cleared || !state.rows.surplus_fetched(name, 0).is_empty() {
                let since = horizon.and_then(|horizon| horizon.since.clone());
                evictions.push(Evicted { table: name.clone(), horizon: since, asked });
            }
        }
        evictions
    }
}

fn is_cache(name: &Text, table: &Table, keeps: &Keeps) -> bool {
    table.direction.as_ref() == "cache" || keeps.get(name).is_some_and(|keep| keep.ttl_ms.is_some())
}
