//! Read-through: what lies past the coverage is asked of the server as whole rows, and answered from them.
//!
//! Pending mutations are laid over, so that the app sees its own changes. The rows are kept for reads by key
//! ([`Fetched`]) and never widen the coverage. What cannot be read through goes to the network as it is, or,
//! offline, is answered from the local rows and marked partial.

use super::coverage::{Asked, Coverage, FETCHED_TTL_MS, Freshness, coverage};
use super::desk::{COVERAGE, Desk, Route, STALE, failure, unsupported};
use super::platform::Platform;
use crate::engine::frame::Fetched;
use crate::engine::{Frame, Known, State, View};
use crate::protocol::row::fields;
use crate::protocol::{ErrorCode, Key, Rev, Row, Seq, Table, Text, limits};
use crate::query::{Answer, Entry, ReadPlan, Rows, Walk, WritePlan};
use crate::remote::Remote;
use crate::store::Store;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Most rows that are read through for one request.
const ROWS_MAX: u64 = limits::PULL_ROWS as u64 * 10;
/// How often a change reads its rows again because a pull overtook the answer.
const TRIES: usize = 3;

/// Why rows were not read through.
pub(super) enum Past {
    /// More than [`ROWS_MAX`], or the server refuses what was asked: let it answer itself.
    Elsewhere,
    Unreachable,
}

/// An answer made of rows that were read through.
pub(super) struct ReadThrough {
    pub answer: Answer,
    pub rows: usize,
    /// The rows are on the device now.
    pub is_kept: bool,
}

/// Rows of a table as a remote tells them.
type Told = Vec<(Rev, Text)>;

impl<S: Store + 'static, P: Platform, R: Remote> Desk<S, P, R> {
    pub(super) async fn read(&self, plan: &ReadPlan, takes_stale: bool) -> Route {
        match self.replica().query(self.run(plan, self.wanted(takes_stale))).await {
            Ok(Some(answer)) => Route::Answer(answer),
            Ok(None) => self.read_past(plan).await,
            Err(fault) => Route::Answer(failure(&fault)),
        }
    }

    /// Runs a read if all it needs is in memory.
    pub(super) fn read_now(&self, plan: &ReadPlan, takes_stale: bool) -> Option<Answer> {
        self.replica().query_now(self.run(plan, self.wanted(takes_stale))).flatten()
    }

    /// What local rows must be good for, to answer a read.
    fn wanted(&self, takes_stale: bool) -> impl Fn(Coverage) -> bool + use<S, P, R> {
        let is_online = self.is_online();
        move |coverage| match coverage {
            Coverage::Held => true,
            Coverage::Stale => takes_stale || !is_online,
            Coverage::Past => !is_online,
        }
    }

    /// Runs a read on what is here, and says if that may not be everything, or is old.
    pub(super) async fn read_here(&self, plan: &ReadPlan) -> Answer {
        match self.replica().query(self.run(plan, |_| true)).await {
            Ok(answer) => answer.expect("every coverage is wanted"),
            Err(fault) => failure(&fault),
        }
    }

    /// A read over what is here, if that is good enough.
    fn run<'p>(
        &'p self,
        plan: &'p ReadPlan,
        is_wanted: impl Fn(Coverage) -> bool + 'p,
    ) -> impl Fn(&State, &View) -> Option<Answer> + 'p {
        let freshness = self.freshness(plan.table());
        move |state, view| {
            let coverage = coverage(view, &Asked::of_read(plan, state, self.collate()), freshness);
            let (schema, collate) = (&state.schema, self.collate());
            is_wanted(coverage).then(|| match coverage {
                Coverage::Held => plan.run(schema, view, collate),
                Coverage::Stale => marked(plan.run(schema, view, collate), STALE, "true"),
                Coverage::Past => marked(plan.uncounted().run(schema, view, collate), COVERAGE, "partial"),
            })
        }
    }

    async fn read_past(&self, plan: &ReadPlan) -> Route {
        let table = plan.table();
        let pending = self.pending(table);
        let is_small = !plan.is_counted() && (plan.keys().is_some() || plan.most().is_some());
        if pending == 0 && !is_small {
            return Route::Network;
        }
        let keys = plan.keys().map(|keys| keys.len() as u64);
        let most = keys.or(plan.most().map(|most| most + pending));
        match self.run_past(plan, most).await {
            Ok(told) => Route::Answer(told.answer),
            Err(Past::Elsewhere) if pending == 0 => Route::Network,
            Err(_) => Route::Answer(self.read_here(plan).await),
        }
    }

    /// Runs a read on what the server tells of it, which is kept.
    pub(super) async fn run_past(&self, plan: &ReadPlan, most: Option<u64>) -> Result<ReadThrough, Past> {
        let table = plan.table();
        let query = self.definition(table).map(|table| plan.whole_rows(&table)).ok_or(Past::Elsewhere)?;
        let as_of = self.replica().state().seq;
        let rows = self.rows_of(table, &query, most).await?;
        let is_kept = self.keep(table, rows.clone(), as_of).await && rows.len() <= limits::FETCHED_ROWS;
        let run = |state: &State, view: &View| {
            let rows = Overlaid::new(view, table, &rows);
            plan.run(&state.schema, &rows, self.collate())
        };
        let answer = self.replica().query(run).await.unwrap_or_else(|fault| failure(&fault));
        Ok(ReadThrough { answer, rows: rows.len(), is_kept })
    }

    /// Has the rows that a change by filter is about on the device. What else is to be done where it cannot.
    pub(super) async fn reach(&self, plan: &WritePlan) -> Option<Route> {
        let table = plan.table();
        for _ in 0..TRIES {
            let freshness = self.freshness(table);
            let run = |state: &State, view: &View| {
                // What was true once is what a change begins from: the server sees what the edit saw.
                coverage(view, &Asked::of_write(plan, state, self.collate()), freshness) != Coverage::Past
            };
            match self.replica().query(run).await {
                Ok(true) => return None,
                Ok(false) => {}
                Err(fault) => return Some(Route::Answer(failure(&fault))),
            }
            let is_held = self.replica().state().held.contains(table);
            if !self.is_online() {
                return Some(Route::Answer(Answer::refused(&unsupported(&past_coverage(table, is_held)))));
            }
            let as_it_is = self.pending(table) == 0;
            if !is_held && as_it_is {
                return Some(Route::Network);
            }
            let query = self.definition(table).map(|table| plan.whole_rows(&table)).unwrap_or_default();
            let as_of = self.replica().state().seq;
            let keys = plan.keys().map(|keys| keys.len() as u64);
            match self.rows_of(table, &query, keys).await {
                Ok(told) if told.len() <= limits::FETCHED_ROWS => {
                    if self.keep(table, told, as_of).await {
                        return None;
                    }
                }
                Ok(_) | Err(Past::Elsewhere) if as_it_is => return Some(Route::Network),
                Ok(_) | Err(_) => break,
            }
        }
        let what = format!("changing rows of {table:?} that are not on this device");
        Some(Route::Answer(Answer::refused(&unsupported(&what))))
    }

    /// Keeps what was read through; false if a pull has overtaken it.
    async fn keep(&self, table: &str, mut rows: Told, as_of: Seq) -> bool {
        if rows.is_empty() {
            return true;
        }
        rows.truncate(limits::FETCHED_ROWS);
        let time_ms = self.replica().platform().now_ms();
        let frame = Frame::Fetched(Fetched { table: table.into(), rows, as_of, time_ms });
        // What cannot be kept now is read again.
        let is_stored = self.replica().append(frame).await.is_ok();
        let is_overtaken = self.replica().state().paged.get(table).is_some_and(|paged| paged.seq > as_of);
        is_stored && !is_overtaken
    }

    /// Whole rows of a table that match a query, page by page.
    async fn rows_of(&self, table: &str, query: &str, most: Option<u64>) -> Result<Told, Past> {
        let definition = self.definition(table).ok_or(Past::Elsewhere)?;
        let limit = most.unwrap_or(ROWS_MAX + 1);
        if limit > ROWS_MAX + 1 {
            return Err(Past::Elsewhere);
        }
        let mut told = Told::new();
        loop {
            let left = (limit - told.len() as u64).min(u64::from(limits::PULL_ROWS));
            let page = format!("{query}&limit={left}&offset={}", told.len());
            let rows =
                self.remote().rows(table, &page).await.map_err(|failure| match failure.fault.code {
                    ErrorCode::Offline | ErrorCode::Timeout | ErrorCode::ServerError => Past::Unreachable,
                    _ => Past::Elsewhere,
                })?;
            // A server that caps its pages lower than ours answers an empty one at the end.
            if rows.is_empty() {
                return Ok(told);
            }
            for row in rows {
                told.push(with_rev(&definition, &row).ok_or(Past::Elsewhere)?);
            }
            if told.len() as u64 > ROWS_MAX {
                return Err(Past::Elsewhere);
            }
            if told.len() as u64 >= limit {
                return Ok(told);
            }
        }
    }

    fn definition(&self, table: &str) -> Option<Table> {
        self.replica().state().schema.tables.get(table).cloned()
    }

    fn freshness(&self, table: &str) -> Freshness {
        let ttl_ms = self.kept(table).ttl_ms;
        let now_ms = self.replica().platform().now_ms();
        Freshness { now_ms, ttl_ms: ttl_ms.unwrap_or(FETCHED_TTL_MS), is_cache: ttl_ms.is_some() }
    }

    pub(super) fn is_online(&self) -> bool {
        self.replica().platform().is_online()
    }

    /// Rows of a table with changes that wait.
    pub(super) fn pending(&self, table: &str) -> u64 {
        self.replica().state().outbox.rows_of(table).count() as u64
    }
}

pub(super) fn marked(mut answer: Answer, name: &'static str, value: &'static str) -> Answer {
    answer.headers.push((name.into(), value.into()));
    answer
}

fn past_coverage(table: &str, is_held: bool) -> String {
    if is_held {
        return format!("changing rows of {table:?} that are not on this device");
    }
    format!("changing rows of {table:?} before its first sync has ended")
}

/// A row as PostgREST answers it: its rev, and its text without what is ours.
fn with_rev(table: &Table, json: &str) -> Option<(Rev, Text)> {
    let fields = fields(json).ok()?;
    let rev = fields.iter().find(|(name, _)| name == "_rev")?.1.trim_matches('"').parse().ok()?;
    let own: Vec<_> = fields.into_iter().filter(|(name, _)| name != "_rev" && name != "_at").collect();
    Some((Rev(rev), Row::from_fields(table, &own).as_str().into()))
}

/// Rows that were read through, with what this device knows better laid over: nothing else of the table.
struct Overlaid<'r>(BTreeMap<Key, (Option<Rev>, &'r str)>);

impl<'r> Overlaid<'r> {
    fn new(view: &'r View<'_>, table: &str, told: &'r Told) -> Self {
        let state = view.state();
        let mut rows = BTreeMap::new();
        let Some(definition) = state.schema.tables.get(table) else { return Self(rows) };
        for (rev, text) in told {
            let Some(key) = Key::of(definition, &Row::from_stored(text)) else { continue };
            let newer = state.rows.slot(table, &key).filter(|slot| slot.known.rev() > Some(*rev));
            match newer.map(|slot| &slot.known) {
                Some(Known::Row(base)) => rows.insert(key, (Some(base.rev), base.row.as_str())),
                Some(Known::Gone(_) | Known::Absent) => None,
                None => rows.insert(key, (Some(*rev), text)),
            };
        }
        for key in state.outbox.rows_of(table) {
            match state.visible(table, key) {
                Some(row) => {
                    rows.insert(key.clone(), (state.rows.get(table, key).map(|b| b.rev), row.as_str()))
                }
                None => rows.remove(key),
            };
        }
        // What goes with a parent that is removed here is not there either.
        let shaded = |(key, (rev, row)): (Key, (Option<Rev>, &'r str))| {
            view.shaded(table, key.as_str(), row).map(|row| (key, (rev, row)))
        };
        Self(rows.into_iter().filter_map(shaded).collect())
    }
}

impl Rows for Overlaid<'_> {
    fn row<'a>(&'a self, _table: &str, key: &Key) -> Option<&'a str> {
        self.0.get(key).map(|(_, row)| *row)
    }

    fn base(&self, _table: &str, key: &Key) -> Option<Rev> {
        self.0.get(key).and_then(|(rev, _)| *rev)
    }

    fn walk<'a>(&'a self, _table: &str, walk: &Walk, visit: &mut dyn FnMut(Entry<'a>) -> ControlFlow<()>) {
        let entry = |(key, (_, row)): (&'a Key, &'a (Option<Rev>, &str))| {
            let key = key.as_str();
            Some(Entry { index_key: key.as_bytes(), key, row }).filter(|_| walk.holds(key.as_bytes()))
        };
        let mut entries: Vec<Entry<'a>> = self.0.iter().filter_map(entry).collect();
        if walk.descending {
            entries.reverse();
        }
        let _ = entries.into_iter().try_for_each(visit);
    }

    fn estimate(&self, _table: &str, _walk: &Walk) -> usize {
        self.0.len()
    }

    fn has_index(&self, _table: &str, _index: usize) -> bool {
        false
    }
}
