//! `order=`: terms, their nulls, and what of a row they compare.
//!
//! Nulls are last ascending and first descending unless said otherwise, as in Postgres. Rows that tie
//! are in the order of the primary key's text: equal requests give equal answers.

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
    pub descending: bool,
    pub nulls_first: bool,
}

/// A row's values for the terms. Most orders have one term, whose value needs no memory of its own.
pub(super) struct SortKey<'a> {
    first: Option<Value<'a>>,
    rest: Vec<Option<Value<'a>>>,
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

impl<'a> SortKey<'a> {
    pub(super) fn of(terms: &[&Term], cells: &Cells<'a, '_>) -> Self {
        let mut values = terms.iter().map(|term| term.field.value(cells));
        Self { first: values.next().flatten(), rest: values.collect() }
    }

    pub(super) fn compare(&self, other: &Self, terms: &[&Term], collate: &dyn Collate) -> Ordering {
        let Some((first, rest)) = terms.split_first() else { return Ordering::Equal };
        let ordering = first.compare(self.first.as_ref(), other.first.as_ref(), collate);
        let pairs = rest.iter().zip(self.rest.iter().zip(&other.rest));
        pairs.fold(ordering, |ordering, (term, (a, b))| {
            ordering.then_with(|| term.compare(a.as_ref(), b.as_ref(), collate))
        })
    }
}

impl Term {
    /// The place of the column, if it orders by a whole one.
    pub(super) fn column(&self) -> Option<usize> {
        self.field.is_column().then_some(self.field.column)
    }

    /// How many of the first columns it looks at.
    pub(super) fn reach(&self) -> usize {
        self.field.column + 1
    }

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
