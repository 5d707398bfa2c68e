//! A read: parsed once, run over the visible rows, answered as PostgREST would.
//!
//! `GET` and `HEAD`. The rows that match are found, sorted, cut and written; the count is of all that
//! match. A plan holds no row and may be run again, as a live query does.

use super::answer::{body, content_range};
use super::cells::Reader;
use super::condition::{Condition, Search, filter_query, whole_rows};
use super::mark::Mark;
use super::order::{Term, parse_order};
use super::page::Page;
use super::refusal::{Unprepared, not_single, out_of_bounds};
use super::request::{Headers, Media, Range, Shape, first, parameters};
use super::select::{Select, parse_select};
use super::{Answer, Collate, HttpRequest, Rows};
use crate::protocol::{Key, PgError, Schema, Table, Text};

#[derive(Clone, Debug)]
pub struct ReadPlan {
    table: Text,
    condition: Condition,
    select: Select,
    order: Vec<Term>,
    range: Range,
    shape: Shape,
    head: bool,
    /// As it came.
    query: String,
}

impl ReadPlan {
    pub(super) fn parse(name: &Text, table: &Table, request: &HttpRequest<'_>) -> Result<Self, Unprepared> {
        let (given, headers) = (parameters(request.query), Headers::of(request));
        Ok(Self {
            table: name.clone(),
            shape: Shape::read(&headers)?,
            range: Range::read(&headers, &given)?,
            select: parse_select(name, table, first(&given, "select").unwrap_or("*"))?,
            order: match first(&given, "order") {
                Some(text) => parse_order(name, table, text)?,
                None => Vec::new(),
            },
            condition: Condition::parse(name, table, &given)?,
            head: request.method == "HEAD",
            query: request.query.to_string(),
        })
    }

    pub fn table(&self) -> &str {
        &self.table
    }

    /// Whether a change of this table can change the answer.
    pub fn touches(&self, table: &str) -> bool {
        self.table.as_ref() == table
    }

    /// The keys that the filters name, if no other row can match.
    pub fn keys(&self) -> Option<&[Key]> {
        self.condition.keys()
    }

    /// Whether a row of this table is among the matches, whatever order and limit then make of it.
    pub fn matches(&self, table: &Table, row: &str, collate: &dyn Collate) -> bool {
        self.condition.matches(table, row, collate)
    }

    /// What a row must have to match.
    pub fn mark(&self, schema: &Schema) -> Mark {
        schema.tables.get(&self.table).map_or(Mark::None, |table| Mark::of(&self.condition, table))
    }

    /// The inclusive lower bound that the filters put on the table's time column, as bytes of its index.
    pub fn time_bound(&self, schema: &Schema) -> Option<Vec<u8>> {
        self.condition.time_bound(schema.tables.get(&self.table)?)
    }

    /// How many of the newest rows answer it, if it orders by the time column, descending, with a limit.
    pub fn newest_first(&self, schema: &Schema) -> Option<u64> {
        let place = schema.tables.get(&self.table)?.time_place();
        let first =
            self.order.first().filter(|term| term.descending && place.is_some() && term.column() == place);
        first.and(self.range.limit).map(|limit| self.range.offset.saturating_add(limit))
    }

    /// The request's filters as they came: the part of its query string that `select=*` is put beside.
    pub fn filter_query(&self) -> String {
        filter_query(&self.query)
    }

    /// Whether the answer says how many rows match in all.
    pub fn is_counted(&self) -> bool {
        self.shape.prefer.count.is_some()
    }

    /// The same without the count.
    pub fn uncounted(&self) -> Self {
        let mut plan = self.clone();
        plan.shape.prefer.count = None;
        plan
    }

    /// How many matching rows, in order, are enough for the answer, if there is a limit.
    pub fn most(&self) -> Option<u64> {
        self.range.limit.map(|limit| self.range.offset.saturating_add(limit)).filter(|_| !self.is_counted())
    }

    /// The query string that asks for the matching rows in order, whole.
    pub fn whole_rows(&self, table: &Table) -> String {
        whole_rows(table, &self.query)
    }

    /// The answer over these rows. `schema` is the one the plan was parsed with.
    pub fn run(&self, schema: &Schema, rows: &dyn Rows, collate: &dyn Collate) -> Answer {
        let mut answer = self.answer(schema, rows, collate);
        if self.head {
            answer.body.clear();
        }
        answer
    }

    fn answer(&self, schema: &Schema, rows: &dyn Rows, collate: &dyn Collate) -> Answer {
        let Some(table) = schema.tables.get(&self.table) else {
            let message = format!("Could not find the table 'public.{}' in the schema cache", self.table);
            return Answer::refused(&PgError::new(404, "PGRST205", message));
        };
        let (page, total) = self.page(table, rows, collate);
        let counted = self.shape.prefer.count.is_some().then_some(total);
        if self.shape.media == Media::Single && page.len() != 1 {
            return Answer::refused(&not_single(page.len()));
        }
        let range = content_range(self.range.offset, page.len(), counted);
        if counted.is_some_and(|total| self.range.offset > total as u64) {
            return Answer::refused(&out_of_bounds(self.range.offset, total))
                .with("content-range", range)
                .with_some("preference-applied", self.shape.prefer.applied(true, false, false));
        }
        let status = if counted.is_some_and(|total| page.len() < total) { 206 } else { 200 };
        let text = if self.head { String::new() } else { self.write(table, &page) };
        Answer::new(status)
            .with("content-range", range)
            .with_some("preference-applied", self.shape.prefer.applied(true, false, false))
            .with_body(&self.shape, text)
    }

    /// The rows of the page in order, and how many match in all if they are counted.
    fn page<'a>(
        &'a self,
        table: &'a Table,
        rows: &'a dyn Rows,
        collate: &'a dyn Collate,
    ) -> (Vec<&'a str>, usize) {
        let size = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        let start = size(self.range.offset);
        let end = self.range.limit.map_or(usize::MAX, |limit| start.saturating_add(size(limit)));
        let counted = self.shape.prefer.count.is_some();
        let asks = &self.condition.asks(table);
        let order = &asks.sorting_terms(&self.order);
        let enough = (!counted).then_some(end).filter(|end| *end < usize::MAX);
        let search = Search { name: &self.table, table, rows, collate, asks, order, enough };
        let mut page = Page::new(order, collate, (start, end), counted);
        let arrival =
            self.condition.visit(&search, &mut |arrival, entry, cells| page.take(arrival, entry, cells));
        page.finish(&arrival)
    }

    fn write(&self, table: &Table, page: &[&str]) -> String {
        let mut reader = Reader::new(table);
        let bytes = page.iter().map(|row| row.len() + 1).sum::<usize>() + 2;
        body(self.shape.media, page.len(), bytes, |n, out| match &self.select {
            Select::Row => out.push_str(page[n]),
            select => select.write(&reader.open(page[n]), out),
        })
    }
}
