//! `order=`: terms, their nulls, and rows sorted by them.
//!
//! Nulls are last ascending and first descending unless said otherwise, as in Postgres. Rows that tie
//! keep the order of the scan, which is that of the primary key: equal requests give equal answers.

use super::Collate;
use super::cells::Cells;
use super::field::Field;
use super::refusal::{Unprepared, unsupported};
use super::syntax::Cursor;
use super::value::Value;
use crate::protocol::{PgError, Table};
use std::cmp::Ordering;

#[derive(Clone, Debug)]
pub(super) struct Term {
    field: Field,
    descending: bool,
    nulls_first: bool,
}

/// A row's values for the terms, and its place in the scan.
pub(super) struct SortKey {
    values: Vec<Option<Value<'static>>>,
    place: usize,
}

pub(super) fn parse_order(name: &str, table: &Table, text: &str) -> Result<Vec<Term>, Unprepared> {
    let mut cursor = Cursor::new("order", text);
    let mut terms = Vec::new();
    loop {
        cursor.spaces();
        let path = cursor.path()?;
        if cursor.peek() == Some('(') {
            return unsupported(format!("ordering by an embedded table ({})", path.column));
        }
        let (descending, nulls_first) = modifiers(&mut cursor)?;
        let field = Field::resolve(name, table, &path)?;
        if field.kind == super::kind::Kind::Json {
            let message = "could not identify an ordering operator for type json";
            return Err(PgError::new(400, "42883", message)
                .with_hint("Use an explicit ordering operator or modify the query.")
                .into());
        }
        field.kind.ordered(&field.type_name)?;
        terms.push(Term { field, descending, nulls_first: nulls_first.unwrap_or(descending) });
        if cursor.done() {
            return Ok(terms);
        }
        if !cursor.lexeme(",") {
            return Err(cursor.expected("\",\" or end of input").into());
        }
    }
}

fn modifiers(cursor: &mut Cursor<'_>) -> Result<(bool, Option<bool>), PgError> {
    let descending = cursor.eat(".desc");
    let directed = descending || cursor.eat(".asc");
    let first = cursor.eat(".nullsfirst");
    let nulls = if first { Some(true) } else { cursor.eat(".nullslast").then_some(false) };
    cursor.spaces();
    if cursor.done() || cursor.peek() == Some(',') {
        return Ok((descending, nulls));
    }
    let mut at = cursor.clone();
    let dotted = at.eat(".");
    Err(match (dotted, directed, nulls.is_some()) {
        (true, false, false) => at.expected("\"asc\", \"desc\", \"nullsfirst\" or \"nullslast\""),
        (true, true, false) => at.expected("\"nullsfirst\" or \"nullslast\""),
        (_, _, true) => cursor.expected("\",\" or end of input"),
        (false, ..) => cursor.expected("delimiter (.), \",\" or end of input"),
    })
}

impl SortKey {
    pub(super) fn of(terms: &[Term], cells: &Cells<'_>, place: usize) -> Self {
        let values = terms.iter().map(|term| term.field.value(cells).map(Value::into_owned)).collect();
        Self { values, place }
    }

    pub(super) fn place(&self) -> usize {
        self.place
    }

    pub(super) fn compare(&self, other: &Self, terms: &[Term], collate: &dyn Collate) -> Ordering {
        for ((term, a), b) in terms.iter().zip(&self.values).zip(&other.values) {
            let ordering = term.compare(a.as_ref(), b.as_ref(), collate);
            if ordering.is_ne() {
                return ordering;
            }
        }
        self.place.cmp(&other.place)
    }
}

impl Term {
    fn compare(&self, a: Option<&Value<'_>>, b: Option<&Value<'_>>, collate: &dyn Collate) -> Ordering {
        let null_first = if self.nulls_first { Ordering::Less } else { Ordering::Greater };
        match (a, b) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => null_first,
            (Some(_), None) => null_first.reverse(),
            (Some(a), Some(b)) => {
                let ordering = a.compare(b, &self.field.collation, collate);
                if self.descending { ordering.reverse() } else { ordering }
            }
        }
    }
}
