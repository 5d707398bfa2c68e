//! A write that is ready: its mutations, and the answer they will get once the fold has decided.

use super::answer::{body, content_range};
use super::cells::{Reader, plain};
use super::refusal::{Unprepared, not_single};
use super::request::{Media, Resolution, Returning};
use super::write::{Conflict, Verb, WritePlan};
use super::{Answer, Decision, Rows};
use crate::protocol::{Key, Mutation, Schema, Table, Text};
use std::rc::Rc;

#[derive(Debug)]
pub struct Prepared {
    /// In order; all or nothing. Empty if nothing is to be written.
    pub mutations: Vec<Mutation>,
    plan: Rc<WritePlan>,
    pub(super) touched: Vec<Touched>,
    /// Rows that an insert or upsert makes.
    pub(super) created: usize,
    /// Columns that are null until the server answers.
    pending: Vec<Text>,
}

/// A row that the request is about.
#[derive(Debug)]
pub(super) struct Touched {
    pub key: Key,
    /// Its mutation; none if nothing changes.
    pub mutation: Option<usize>,
    /// The row as it was, of a delete.
    pub before: Option<String>,
}

impl Prepared {
    pub(super) fn new(plan: &Rc<WritePlan>) -> Self {
        Self {
            mutations: Vec::new(),
            plan: Rc::clone(plan),
            touched: Vec::new(),
            created: 0,
            pending: Vec::new(),
        }
    }

    pub(super) fn note_pending<'a>(&mut self, columns: impl Iterator<Item = &'a Text>) {
        for column in columns {
            if !self.pending.contains(column) {
                self.pending.push(column.clone());
            }
        }
    }

    /// A single object is promised only if there will be one.
    pub(super) fn check_single(&self) -> Result<(), Unprepared> {
        if self.plan.shape.media == Media::Single && self.touched.len() != 1 {
            return Err(not_single(self.touched.len()).into());
        }
        Ok(())
    }

    pub fn table(&self) -> &str {
        &self.plan.table
    }

    /// The answer, over the rows as they are after the fold's decision.
    pub fn answer(&self, schema: &Schema, rows_after: &dyn Rows, decision: &Decision) -> Answer {
        let flags = match decision {
            Decision::Refused(error) => return Answer::refused(error),
            Decision::Done(flags) => flags,
        };
        let took =
            |touched: &&Touched| touched.mutation.is_none_or(|n| flags.get(n).copied().unwrap_or(false));
        let affected: Vec<&Touched> = self.touched.iter().filter(took).collect();
        if self.plan.shape.media == Media::Single && affected.len() != 1 {
            return Answer::refused(&not_single(affected.len()));
        }
        let full = self.plan.shape.prefer.returning == Some(Returning::Representation);
        let answer = self.head(affected.len(), full).with_some("location", self.location(schema, &affected));
        match schema.tables.get(&self.plan.table) {
            Some(table) if full => {
                let text = self.representation(table, rows_after, &affected);
                answer.with_body(&self.plan.shape, text)
            }
            _ => answer,
        }
    }

    fn head(&self, affected: usize, full: bool) -> Answer {
        let (prefer, verb) = (&self.plan.shape.prefer, &self.plan.verb);
        let counted = prefer.counts_writes().then_some(affected);
        let (status, range) = match verb {
            Verb::Insert { conflict: Conflict { resolution: Some(Resolution::Merge), .. }, .. }
                if self.created == 0 =>
            {
                (200, content_range(0, 0, counted))
            }
            Verb::Insert { .. } => (201, content_range(0, 0, counted)),
            Verb::Update { .. } => (if full { 200 } else { 204 }, content_range(0, affected, counted)),
            Verb::Delete { .. } => (if full { 200 } else { 204 }, content_range(0, 0, counted)),
        };
        let insert = matches!(verb, Verb::Insert { .. });
        let applied = prefer.applied(false, insert, !matches!(verb, Verb::Delete { .. }));
        let pending = (!self.pending.is_empty()).then(|| self.pending.join(","));
        Answer::new(status)
            .with("content-range", range)
            .with_some("preference-applied", applied)
            .with_some("thermocline-pending", pending)
    }

    fn representation<'a>(
        &self,
        table: &Table,
        rows_after: &'a dyn Rows,
        affected: &[&'a Touched],
    ) -> String {
        let row = |touched: &&'a Touched| match &touched.before {
            Some(row) => Some(row.as_str()),
            None => rows_after.row(&self.plan.table, &touched.key),
        };
        let rows: Vec<&str> = affected.iter().filter_map(row).collect();
        let bytes = rows.iter().map(|row| row.len() + 1).sum::<usize>() + 2;
        let mut reader = Reader::new(table);
        body(self.plan.shape.media, rows.len(), bytes, |n, out| {
            self.plan.select.write(&reader.open(rows[n]), out);
        })
    }

    /// Where the one new row is, for `return=headers-only`.
    fn location(&self, schema: &Schema, affected: &[&Touched]) -> Option<String> {
        let insert = matches!(self.plan.verb, Verb::Insert { .. });
        let [touched] = affected else { return None };
        if !insert || self.plan.shape.prefer.returning != Some(Returning::HeadersOnly) {
            return None;
        }
        let table = schema.tables.get(&self.plan.table)?;
        let values = touched.key.values();
        let pairs = table.key.iter().zip(&values);
        let pairs: Vec<String> =
            pairs.map(|(name, value)| format!("{}=eq.{}", encode(name), encode(&plain(value)))).collect();
        Some(format!("/{}?{}", encode(&self.plan.table), pairs.join("&")))
    }
}

/// Percent-encoded for a query string.
pub(super) fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => (b as char).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}
