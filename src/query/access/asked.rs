//! What the filters' conjunction asks of single columns: equality with one of some values, or a range.
//!
//! Read from the filters that must all hold, inside `and=(…)` too. What says nothing of a whole column by
//! itself (`or`, patterns, negations, JSON paths) is left to the check of each row.

use crate::protocol::Table;
use crate::query::filter::{Comparison, Filter, Test};
use crate::query::index::{Part, push_value};
use crate::query::order::Term;
use crate::query::value::Value;

/// What is asked of one column.
pub(in crate::query) struct Asked<'p> {
    pub part: Part,
    /// The values of which it must have one; `None` among them is null.
    pub equal: Option<Vec<Option<&'p Value<'static>>>>,
    pub lower: Option<Edge<'p>>,
    pub upper: Option<Edge<'p>>,
    pub not_null: bool,
}

/// An end of a range.
pub(in crate::query) struct Edge<'p> {
    pub value: &'p Value<'static>,
    pub inclusive: bool,
    /// The value's bytes in an index.
    pub bytes: Vec<u8>,
}

/// The filters that must all hold, groups taken apart.
pub(in crate::query) fn conjuncts(filters: &[Filter]) -> Vec<&Filter> {
    let mut found = Vec::with_capacity(filters.len());
    for filter in filters {
        match filter {
            Filter::Group { negated: false, any, parts } if !any || parts.len() == 1 => {
                found.extend(conjuncts(parts));
            }
            other => found.push(other),
        }
    }
    found
}

/// What all filters together ask.
#[derive(Default)]
pub(in crate::query) struct Asks<'p> {
    pub columns: Vec<Asked<'p>>,
    /// How many filters ask something else.
    pub others: usize,
}

impl<'p> Asks<'p> {
    pub(in crate::query) fn of(table: &Table, filters: &'p [Filter]) -> Self {
        let mut asks = Self::default();
        for filter in conjuncts(filters) {
            let Some((place, ask)) = ask(filter) else {
                asks.others += 1;
                continue;
            };
            let at = match asks.columns.iter().position(|asked| asked.part.place == place) {
                Some(at) => at,
                None => {
                    asks.columns.push(Asked::nothing(Part::of(table, place)));
                    asks.columns.len() - 1
                }
            };
            asks.columns[at].add(ask);
        }
        asks
    }

    pub(in crate::query) fn column(&self, place: usize) -> Option<&Asked<'p>> {
        self.columns.iter().find(|asked| asked.part.place == place)
    }

    /// The order terms in which matching rows can differ.
    pub(in crate::query) fn sorting_terms<'o>(&self, order: &'o [Term]) -> Vec<&'o Term> {
        let agreed =
            |term: &&Term| term.column().and_then(|place| self.column(place)).is_some_and(Asked::is_single);
        order.iter().filter(|term| !agreed(term)).collect()
    }
}

impl<'p> Asked<'p> {
    fn nothing(part: Part) -> Self {
        Self { part, equal: None, lower: None, upper: None, not_null: false }
    }

    /// Of several lists of values the shortest counts, of several ends the tightest.
    fn add(&mut self, ask: Ask<'p>) {
        match ask {
            Ask::Null => self.equal_to(vec![None]),
            Ask::NotNull => self.not_null = true,
            Ask::Equal(values) => self.equal_to(values.iter().map(Some).collect()),
            Ask::Above { value, inclusive } => {
                let edge = self.edge(value, inclusive);
                let tighter = |held: &Edge<'p>| (&held.bytes, !held.inclusive) < (&edge.bytes, !inclusive);
                if self.lower.as_ref().is_none_or(tighter) {
                    self.lower = Some(edge);
                }
            }
            Ask::Below { value, inclusive } => {
                let edge = self.edge(value, inclusive);
                let tighter = |held: &Edge<'p>| (&held.bytes, held.inclusive) > (&edge.bytes, inclusive);
                if self.upper.as_ref().is_none_or(tighter) {
                    self.upper = Some(edge);
                }
            }
        }
    }

    fn equal_to(&mut self, values: Vec<Option<&'p Value<'static>>>) {
        if self.equal.as_ref().is_none_or(|held| held.len() > values.len()) {
            self.equal = Some(values);
        }
    }

    fn edge(&self, value: &'p Value<'static>, inclusive: bool) -> Edge<'p> {
        let mut bytes = Vec::with_capacity(16);
        push_value(&self.part.kind, Some(value), &mut bytes);
        Edge { value, inclusive, bytes }
    }

    /// Whether the column is held to a range that a list ordered by it can show.
    pub(in crate::query) fn is_range(&self) -> bool {
        self.part.ordered && (self.lower.is_some() || self.upper.is_some() || self.not_null)
    }

    /// A value that is above none of the matching rows', as bytes.
    pub(in crate::query) fn lower_bound(&self) -> Option<Vec<u8>> {
        let equal = self.equal.as_ref().and_then(|values| {
            let bytes = |value: &Option<&Value<'static>>| {
                let mut bytes = Vec::with_capacity(16);
                push_value(&self.part.kind, *value, &mut bytes);
                value.is_some().then_some(bytes)
            };
            values.iter().map(bytes).collect::<Option<Vec<_>>>()?.into_iter().min()
        });
        equal.max(self.lower.as_ref().map(|edge| edge.bytes.clone()))
    }

    /// Whether all rows that match agree on it.
    pub(in crate::query) fn is_single(&self) -> bool {
        self.equal.as_ref().is_some_and(|values| values.len() == 1)
    }

    /// Whether no row that matches has null in it.
    pub(in crate::query) fn excludes_null(&self) -> bool {
        let some = |values: &Vec<Option<&Value<'static>>>| values.iter().all(Option::is_some);
        self.not_null || self.lower.is_some() || self.upper.is_some() || self.equal.as_ref().is_some_and(some)
    }
}

/// What a filter asks of one column.
enum Ask<'p> {
    Null,
    NotNull,
    /// One of these.
    Equal(&'p [Value<'static>]),
    Above {
        value: &'p Value<'static>,
        inclusive: bool,
    },
    Below {
        value: &'p Value<'static>,
        inclusive: bool,
    },
}

static TRUE: Value<'static> = Value::Bool(true);
static FALSE: Value<'static> = Value::Bool(false);

/// What a filter asks of one whole column, where a list of rows by that column can tell.
fn ask(filter: &Filter) -> Option<(usize, Ask<'_>)> {
    let Filter::Leaf { field, negated, test } = filter else { return None };
    let ask = match (test, negated) {
        (Test::Compare(comparison, value), false) => match comparison {
            Comparison::Eq => Ask::Equal(std::slice::from_ref(value)),
            Comparison::Gt => Ask::Above { value, inclusive: false },
            Comparison::Gte => Ask::Above { value, inclusive: true },
            Comparison::Lt => Ask::Below { value, inclusive: false },
            Comparison::Lte => Ask::Below { value, inclusive: true },
            Comparison::Neq => return None,
        },
        (Test::In(values), false) => Ask::Equal(values),
        (Test::Is(truth), false) => Ask::Equal(std::slice::from_ref(if *truth { &TRUE } else { &FALSE })),
        (Test::IsNull | Test::IsUnknown, false) | (Test::IsNotNull, true) => Ask::Null,
        (Test::IsNotNull, false) | (Test::IsNull | Test::IsUnknown, true) => Ask::NotNull,
        _ => return None,
    };
    field.is_column().then_some((field.column, ask))
}
