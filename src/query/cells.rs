//! The cells of a row: where each column's JSON text lies, found in one pass and without copying.
//!
//! A canonical row has the table's columns first and in order, so the pass compares names instead of
//! looking them up; a row of another shape (an older definition) is read by name. Also the leaves of
//! JSON reading that rows, paths and bodies need. Input is valid JSON, as rows are parsed at the edge; what a
//! segment holds behind a right checksum is believed, and reads as nulls where it is none.

use crate::protocol::row::fields;
use crate::protocol::{Column, Table};
use std::borrow::Cow;

const NULL: &str = "null";

/// Reads rows of one table, reusing its memory from row to row.
pub(super) struct Reader<'t> {
    /// As far as they are asked for.
    columns: &'t [Column],
    ranges: Vec<(usize, usize)>,
}

/// One row, opened: `'a` is the row's text, `'r` its reader.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a, 'r> {
    text: &'a str,
    ranges: &'r [(usize, usize)],
}

impl<'t> Reader<'t> {
    pub(super) fn new(table: &'t Table) -> Self {
        Self::of_first(table, table.columns.len())
    }

    /// Reads the first so many columns only: the rest of a row is not looked at.
    pub(super) fn of_first(table: &'t Table, columns: usize) -> Self {
        let columns = &table.columns[..columns.min(table.columns.len())];
        Self { columns, ranges: Vec::with_capacity(columns.len()) }
    }

    /// A row's text, as [`crate::protocol::Row`] holds it.
    pub(super) fn open<'a>(&mut self, text: &'a str) -> Cells<'a, '_> {
        self.ranges.clear();
        if !self.open_in_order(text) {
            self.open_by_name(text);
        }
        Cells { text, ranges: &self.ranges }
    }

    fn open_in_order(&mut self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut at = 1;
        for column in self.columns {
            let name_end = at + 1 + column.name.len();
            let here = bytes.get(at) == Some(&b'"')
                && bytes.get(at + 1..name_end) == Some(column.name.as_bytes())
                && bytes.get(name_end..name_end + 2) == Some(b"\":");
            if !here {
                return false;
            }
            let start = name_end + 2;
            let end = value_end(bytes, start);
            self.ranges.push((start, end));
            at = end + 1;
        }
        true
    }

    fn open_by_name(&mut self, text: &str) {
        let fields = fields(text).unwrap_or_default();
        self.ranges.clear();
        for column in self.columns {
            let value = fields.iter().rev().find(|(name, _)| *name == column.name.as_ref());
            self.ranges.push(value.map_or((0, 0), |(_, value)| {
                let start = value.as_ptr() as usize - text.as_ptr() as usize;
                (start, start + value.len())
            }));
        }
    }
}

impl<'a> Cells<'a, '_> {
    /// The JSON text of a column, by its place in the definition.
    pub(super) fn get(&self, column: usize) -> &'a str {
        match self.ranges.get(column) {
            Some(&(start, end)) if end > start => self.text.get(start..end).unwrap_or(NULL),
            _ => NULL,
        }
    }

    /// The row as it is written.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }
}

/// Where the JSON value that starts at `at` ends.
pub(super) fn value_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'"') => string_end(bytes, at),
        Some(b'{' | b'[') => {
            let (mut depth, mut at) = (0usize, at);
            while at < bytes.len() {
                match bytes[at] {
                    b'"' => {
                        at = string_end(bytes, at);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' if depth == 1 => return at + 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
            }
            at
        }
        _ => {
            let ends = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
            bytes[at.min(bytes.len())..].iter().position(ends).map_or(bytes.len(), |n| at + n)
        }
    }
}

fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// The deepest nesting of objects and arrays; also of text that is not JSON.
pub(super) fn depth(json: &str) -> usize {
    let bytes = json.as_bytes();
    let (mut at, mut depth, mut deepest) = (0, 0usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// The elements of a JSON array, as raw text; `None` if it is no array.
pub(super) fn elements(json: &str) -> Option<Vec<&str>> {
    let raw: Vec<&serde_json::value::RawValue> = serde_json::from_str(json).ok()?;
    Some(raw.into_iter().map(|value| value.get()).collect())
}

/// What Postgres's `->>` makes of a JSON value: a string without its quotes, all else as written.
pub(super) fn plain(json: &str) -> Cow<'_, str> {
    let Some(inner) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(json);
    };
    if inner.contains('\\') {
        serde_json::from_str::<String>(json).map_or(Cow::Borrowed(inner), Cow::Owned)
    } else {
        Cow::Borrowed(inner)
    }
}

/// A JSON string.
pub(super) fn quote(text: &str) -> String {
    if text.bytes().any(|b| b < b' ' || matches!(b, b'"' | b'\\')) {
        return serde_json::Value::from(text).to_string();
    }
    ["\"", text, "\""].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Row;
    use crate::protocol::schema::tests::entries;

    #[test]
    fn cells_lie_where_the_row_has_them_whatever_their_text() {
        let table = entries();
        let row =
            Row::from_json(&table, r#"{"id":"a\"}{","title":"[\\","n":{"x":["}"]},"later":1}"#).expect("row");
        let mut reader = Reader::new(&table);
        let cells = reader.open(row.as_str());
        assert_eq!([cells.get(0), cells.get(1), cells.get(2)], [r#""a\"}{""#, r#""[\\""#, r#"{"x":["}"]}"#]);
    }

    #[test]
    fn a_row_of_an_older_definition_reads_null_where_it_has_no_column() {
        let mut older = entries();
        older.columns.remove(1);
        let row = Row::from_json(&older, r#"{"id":"a","n":2}"#).expect("row");
        let table = entries();
        let mut reader = Reader::new(&table);
        let cells = reader.open(row.as_str());
        assert_eq!([cells.get(0), cells.get(1), cells.get(2)], ["\"a\"", "null", "2"]);
    }

    #[test]
    fn depth_counts_nesting_and_not_brackets_in_strings() {
        assert_eq!(depth(r#"{"a":[1,{"b":"[[[["}]}"#), 3);
        assert_eq!(depth("1"), 0);
    }
}
