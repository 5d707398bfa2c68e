//! `select=`: which fields of a row are answered, under which names.
//!
//! `*` alone is the row's own text, copied and nothing more. Embedding, spreading and aggregates are
//! left to the server.

use super::cells::{Cells, quote};
use super::field::Field;
use super::kind::Kind;
use super::refusal::{Unprepared, unsupported};
use super::syntax::{Cursor, Path, Step};
use crate::protocol::Table;
use std::borrow::Cow;

#[derive(Clone, Debug)]
pub(super) enum Select {
    Row,
    Items(Vec<Item>),
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The name as a JSON string.
    name: String,
    field: Field,
    /// `::text`.
    as_text: bool,
}

pub(super) fn parse_select(name: &str, table: &Table, text: &str) -> Result<Select, Unprepared> {
    if text.trim() == "*" {
        return Ok(Select::Row);
    }
    if text.trim().is_empty() {
        return unsupported("an empty select");
    }
    let mut cursor = Cursor::new("select parameter", text);
    let mut items = Vec::new();
    loop {
        cursor.spaces();
        if cursor.eat("*") {
            for column in &table.columns {
                let path = Path { column: Cow::Borrowed(&column.name), steps: Vec::new(), as_text: false };
                items.push(Item {
                    name: quote(&column.name),
                    field: Field::resolve(name, table, &path)?,
                    as_text: false,
                });
            }
        } else {
            items.push(item(name, table, &mut cursor)?);
        }
        cursor.spaces();
        if cursor.done() {
            return Ok(Select::Items(items));
        }
        if !cursor.lexeme(",") {
            return Err(cursor.expected("\",\" or end of input").into());
        }
    }
}

fn item(name: &str, table: &Table, cursor: &mut Cursor<'_>) -> Result<Item, Unprepared> {
    if cursor.rest().starts_with("..") {
        return unsupported("embedded tables (spread)");
    }
    let mut path = cursor.path()?;
    let mut alias = None;
    if cursor.rest().starts_with(':') && !cursor.rest().starts_with("::") && path.steps.is_empty() {
        cursor.eat(":");
        if cursor.rest().starts_with("..") {
            return unsupported("embedded tables (spread)");
        }
        alias = Some(path.column);
        path = cursor.path()?;
    }
    let cast = if cursor.eat("::") { Some(cursor.until(&[',', '(', '.']).trim()) } else { None };
    match cursor.peek() {
        Some('(' | '!') => return unsupported(format!("embedded tables ({})", path.column)),
        Some('.') => return unsupported("aggregate functions"),
        _ => {}
    }
    let field = Field::resolve(name, table, &path)?;
    let as_text = match cast {
        None => false,
        Some("text" | "varchar") if castable(&field.kind) => true,
        Some(cast) => return unsupported(format!("the cast {}::{cast}", path.column)),
    };
    let name = alias.as_deref().unwrap_or_else(|| default_name(&path));
    Ok(Item { name: quote(name), field, as_text })
}

/// Kinds whose JSON text is their text in Postgres.
fn castable(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Int(_) | Kind::Numeric(_) | Kind::Text(_) | Kind::Uuid | Kind::Date | Kind::Bool | Kind::Jsonb
    )
}

/// The last key of the path; an index takes the name before it.
fn default_name<'p>(path: &'p Path<'_>) -> &'p str {
    let last = path.steps.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    last.unwrap_or(&path.column)
}

impl Select {
    /// Appends the row as JSON.
    pub(super) fn write(&self, cells: &Cells<'_, '_>, out: &mut String) {
        let items = match self {
            Self::Row => return out.push_str(cells.text()),
            Self::Items(items) => items,
        };
        out.push('{');
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            out.push_str(&item.name);
            out.push(':');
            let json = item.field.json(cells);
            if item.as_text && json != "null" && (item.field.kind == Kind::Jsonb || !json.starts_with('"')) {
                out.push_str(&quote(&json));
            } else {
                out.push_str(&json);
            }
        }
        out.push('}');
    }
}
