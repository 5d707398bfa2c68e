//! A page of rows in the order asked for, put together while matching rows arrive.
//!
//! Rows that arrive in order are kept or skipped as they come. Others wait with their sort keys until all
//! rows that may come before them are there: those of one group, or all. Of more than the page needs, only
//! the first are kept. Rows that tie are in the order of their keys.

use super::access::Arrival;
use super::cells::Cells;
use super::index::value_end;
use super::order::{SortKey, Term};
use super::rows::Entry;
use super::{Collate, kind::Kind};
use std::cmp::Ordering;
use std::ops::ControlFlow;

pub(super) struct Page<'a, 's> {
    terms: &'s [&'s Term],
    collate: &'s dyn Collate,
    /// Of all rows in order: the first that is on the page, and the first after it.
    start: usize,
    end: usize,
    /// Every row that matches is wanted for its count.
    counted: bool,
    total: usize,
    /// Rows whose place is known.
    placed: usize,
    rows: Vec<&'a str>,
    waiting: Vec<Waiting<'a>>,
    /// The index key's columns in which the waiting rows tie.
    group: &'a [u8],
}

struct Waiting<'a> {
    sort_key: SortKey<'a>,
    key: &'a str,
    row: &'a str,
}

/// So many rows wait before those that cannot be on the page are dropped.
const WAITING_MIN: usize = 256;

impl<'a, 's> Page<'a, 's> {
    pub(super) fn new(
        terms: &'s [&'s Term],
        collate: &'s dyn Collate,
        (start, end): (usize, usize),
        counted: bool,
    ) -> Self {
        let (rows, waiting) = (Vec::new(), Vec::new());
        Self { terms, collate, start, end, counted, total: 0, placed: 0, rows, waiting, group: &[] }
    }

    /// Takes the next row that matches.
    pub(super) fn take(
        &mut self,
        arrival: &Arrival,
        entry: Entry<'a>,
        cells: &Cells<'a, '_>,
    ) -> ControlFlow<()> {
        if !self.counted && self.placed >= self.end {
            return ControlFlow::Break(());
        }
        self.total += 1;
        match arrival {
            Arrival::InOrder => {
                self.place(entry.row);
                if self.counted || self.placed < self.end {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            }
            Arrival::Grouped { terms, columns } => self.take_grouped(*terms, columns, entry, cells),
            Arrival::Unsorted => {
                self.wait(0, entry, cells);
                ControlFlow::Continue(())
            }
        }
    }

    fn take_grouped(
        &mut self,
        terms: usize,
        columns: &[Kind],
        entry: Entry<'a>,
        cells: &Cells<'a, '_>,
    ) -> ControlFlow<()> {
        let key = entry.index_key;
        let end = columns.iter().fold(0, |at, kind| value_end(kind, key, at));
        let group = if columns.is_empty() { key } else { &key[..end] };
        if group != self.group {
            self.settle(terms);
            self.group = group;
            if self.placed >= self.end && !self.counted {
                return ControlFlow::Break(());
            }
        }
        if self.placed < self.end {
            self.wait(terms, entry, cells);
        }
        ControlFlow::Continue(())
    }

    /// The rows of the page in order, and how many matched in all; without a count, of those looked at.
    pub(super) fn finish(mut self, arrival: &Arrival) -> (Vec<&'a str>, usize) {
        self.settle(arrival.settled_terms(self.terms));
        (self.rows, self.total)
    }

    fn place(&mut self, row: &'a str) {
        if (self.start..self.end).contains(&self.placed) {
            self.rows.push(row);
        }
        self.placed += 1;
    }

    fn wait(&mut self, tied_terms: usize, entry: Entry<'a>, cells: &Cells<'a, '_>) {
        let sort_key = SortKey::of(&self.terms[tied_terms..], cells);
        self.waiting.push(Waiting { sort_key, key: entry.key, row: entry.row });
        let room = self.end - self.placed;
        if self.waiting.len() >= WAITING_MIN.max(room.saturating_mul(2)) {
            let (terms, collate) = (&self.terms[tied_terms..], self.collate);
            self.waiting.select_nth_unstable_by(room, |a, b| a.compare(b, terms, collate));
            self.waiting.truncate(room);
        }
    }

    /// Puts the waiting rows into their places.
    fn settle(&mut self, tied_terms: usize) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let (terms, collate) = (&self.terms[tied_terms..], self.collate);
        waiting.sort_unstable_by(|a, b| a.compare(b, terms, collate));
        waiting.drain(..).for_each(|waiting| self.place(waiting.row));
        self.waiting = waiting;
    }
}

impl Waiting<'_> {
    fn compare(&self, other: &Self, terms: &[&Term], collate: &dyn Collate) -> Ordering {
        self.sort_key.compare(&other.sort_key, terms, collate).then_with(|| self.key.cmp(other.key))
    }
}
