//! CHECK constraints, decided over a row as it will be, by the server's own words for them.
//!
//! Reads the expressions as PostgreSQL prints them, once for a definition, and evaluates them as it does. What is not
//! understood, or needs what only the server knows, is not decided here: whatever is refused, the server would refuse too.
//! A constraint holds unless it is false.

mod call;
mod cast;
mod node;
mod number;
mod parse;
mod pattern;
mod token;
mod typed;

use super::kind::Kind;
use super::refusal::check_violation;
use super::value::Value;
use crate::protocol::schema::Check;
use crate::protocol::{Column, PgError, Table, Text};
use node::Node;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Only the server can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unknown;

/// A value, null (none), or unknown.
type Known<'a> = Result<Option<Value<'a>>, Unknown>;

/// A row's JSON text by column; none where only the server knows it.
type Cells<'c, 'a> = &'c dyn Fn(usize) -> Option<&'a str>;

/// The constraints of tables, read once for each definition.
#[derive(Default)]
pub struct Checks {
    tables: RefCell<BTreeMap<Text, Rc<Read>>>,
}

struct Read {
    columns: Vec<Column>,
    checks: Vec<Check>,
    conditions: Vec<Condition>,
}

/// A constraint that is understood, at least in part.
struct Condition {
    name: Text,
    node: Node,
}

/// The constraints of one table.
pub(super) struct TableChecks {
    table: Text,
    read: Option<Rc<Read>>,
}

impl Checks {
    pub(super) fn of(&self, name: &Text, table: &Table) -> TableChecks {
        let read = table.checks.iter().any(|check| check.local).then(|| self.read(name, table));
        TableChecks { table: name.clone(), read: read.filter(|read| !read.conditions.is_empty()) }
    }

    fn read(&self, name: &Text, table: &Table) -> Rc<Read> {
        let mut tables = self.tables.borrow_mut();
        match tables.get(name) {
            Some(read) if read.checks == table.checks && read.columns == table.columns => Rc::clone(read),
            _ => {
                let read = Rc::new(Read::of(table));
                tables.insert(name.clone(), Rc::clone(&read));
                read
            }
        }
    }
}

impl Read {
    fn of(table: &Table) -> Self {
        let condition = |check: &Check| {
            let node = parse::condition(table, &check.expression)?;
            Some(Condition { name: check.name.clone(), node })
        };
        let conditions = table.checks.iter().filter(|check| check.local).filter_map(condition).collect();
        Self { columns: table.columns.clone(), checks: table.checks.clone(), conditions }
    }
}

impl TableChecks {
    /// Whether there is nothing to check.
    pub(super) fn is_empty(&self) -> bool {
        self.read.is_none()
    }

    /// Refuses a row for the first constraint, in the order of their names, that is surely false.
    pub(super) fn check<'a>(&'a self, cells: Cells<'_, 'a>) -> Result<(), PgError> {
        let conditions = self.read.iter().flat_map(|read| &read.conditions);
        for Condition { name, node } in conditions {
            if node.truth(cells) == Ok(Some(false)) {
                return Err(check_violation(&self.table, name));
            }
        }
        Ok(())
    }

    /// A row that is changed: given cells in place of the former ones. A null that nobody gave may be one that only the
    /// server fills in, or that an older definition left; what is generated is made anew.
    pub(super) fn check_changed<'a>(
        &'a self,
        table: &Table,
        given: impl Fn(usize) -> Option<&'a str>,
        former: impl Fn(usize) -> &'a str,
    ) -> Result<(), PgError> {
        self.check(&|place| {
            let column = table.columns.get(place)?;
            given(place).or_else(|| match former(place) {
                _ if column.generated => None,
                "null" if !keeps_null(column) => None,
                json => Some(json),
            })
        })
    }
}

/// Whether a null in a row surely is one on the server: json's own null looks the same.
fn keeps_null(column: &Column) -> bool {
    let is_json = matches!(Kind::of(&column.type_name), Kind::Json | Kind::Jsonb);
    !(is_json || column.not_null || column.identity || column.default.is_some())
}

#[cfg(test)]
mod tests;
