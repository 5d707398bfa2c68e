//! A read: parsed once, run over the visible rows, answered as PostgREST would.
//!
//! `GET` and `HEAD`. The rows that match are found, sorted, cut and written; the count is of all that
//! match. A plan holds no row and may be run again, as a live query does.

use super::answer::{body, content_range};
use super::cells::Reader;
use super::condition::Condition;
use super::order::{SortKey, Term, parse_order};
use super::refusal::{Unprepared, not_single, out_of_bounds};
use super::request::{Media, Range, Shape, parameters};
use super::select::{Select, parse_select};
use super::{Answer, Collate, HttpRequest, Rows};
use crate::protocol::{Key, PgError, Row, Schema, Table, Text};

#[derive(Clone, Debug)]
pub struct ReadPlan {
    table: Text,
    condition: Condition,
    select: Select,
    order: Vec<Term>,
    range: Range,
    shape: Shape,
    head: bool,
}

impl ReadPlan {
    pub(super) fn parse(name: &str, table: &Table, request: &HttpRequest<'_>) -> Result<Self, Unprepared> {
        let given = parameters(request.query);
        let first = |name: &str| given.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        Ok(Self {
            table: name.into(),
            shape: Shape::read(request)?,
            range: Range::read(request, &given)?,
            select: parse_select(name, table, first("select").unwrap_or("*"))?,
            order: match first("order") {
                Some(text) => parse_order(name, table, text)?,
                None => Vec::new(),
            },
            condition: Condition::parse(name, table, &given)?,
            head: request.method == "HEAD",
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

    /// The rows of the page in order, and how many match in all.
    fn page(&self, table: &Table, rows: &dyn Rows, collate: &dyn Collate) -> (Vec<Row>, usize) {
        let offset = usize::try_from(self.range.offset).unwrap_or(usize::MAX);
        let limit = self.range.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let end = offset.saturating_add(limit);
        let mut found: Vec<Row> = Vec::new();
        let mut keys: Vec<SortKey> = Vec::new();
        let mut total = 0;
        self.condition.each(&self.table, table, rows, collate, &mut |_, row, cells| {
            if !self.order.is_empty() {
                keys.push(SortKey::of(&self.order, cells, total));
                found.push(row.clone());
            } else if (offset..end).contains(&total) {
                found.push(row.clone());
            }
            total += 1;
        });
        if self.order.is_empty() {
            return (found, total);
        }
        let compare = |a: &SortKey, b: &SortKey| a.compare(b, &self.order, collate);
        if end < keys.len() {
            // Only the first `end` are needed in order: the key's place makes every order total.
            keys.select_nth_unstable_by(end, compare);
            keys.truncate(end);
        }
        keys.sort_unstable_by(compare);
        (keys.iter().skip(offset).map(|key| found[key.place()].clone()).collect(), total)
    }

    fn write(&self, table: &Table, page: &[Row]) -> String {
        let mut reader = Reader::new(table);
        let bytes = page.iter().map(|row| row.as_str().len() + 1).sum::<usize>() + 2;
        body(self.shape.media, page.len(), bytes, |n, out| match &self.select {
            Select::Row => out.push_str(page[n].as_str()),
            select => select.write(&reader.open(page[n].as_str()), out),
        })
    }
}
