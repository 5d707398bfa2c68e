//! Table definitions, and how somebody changes them while clients hold what they were told of the former ones.
//!
//! `alter table` runs no trigger: rows look otherwise and keep their revs.

use super::{Policy, Server, Stored};
use crate::dice::Dice;
use crate::world::trace;
use std::collections::BTreeMap;
use thermocline::engine::RowId;
use thermocline::protocol::push::Group;
use thermocline::protocol::{Column, Schema, Text};

const COLUMNS: [(&str, &[&str]); 2] =
    [("entries", &["id", "title", "n", "project", "slug"]), ("projects", &["id", "name", "touched"])];
/// What a column that is added may hold where nothing is given.
const EXTRA: &str = "'x'::text";

/// What was done to the table of entries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Altered {
    pub any: bool,
    n_is_text: bool,
    extra_has_been: bool,
}

fn column(name: &str, type_name: &str) -> Column {
    Column {
        name: name.into(),
        type_name: type_name.into(),
        not_null: false,
        default: None,
        collation: None,
        generated: false,
        identity: false,
    }
}

fn type_of(name: &str) -> &'static str {
    if name == "n" || name == "touched" { "numeric" } else { "text" }
}

pub(super) fn schema(policies: [Policy; 2]) -> Schema {
    let table = |(at, (name, columns)): (usize, &(&str, &[&str]))| {
        let columns: Vec<Column> = columns.iter().map(|name| column(name, type_of(name))).collect();
        let columns = serde_json::to_string(&columns).expect("columns are plain");
        let foreign = r#"{"name":"f","columns":["project"],"table":"projects","references":["id"],"on_delete":"NO ACTION"}"#;
        let foreign = if *name == "entries" { foreign } else { "" };
        let policy = match policies[at] {
            Policy::Merge => "merge",
            Policy::RemoteWins => "remote-wins",
            Policy::Ask => "ask",
        };
        format!(
            r#""{name}":{{"columns":{columns},"key":["id"],"unique":[],"foreign_keys":[{foreign}],"owner":null,"time":null,"policy":"{policy}","direction":"both"}}"#,
        )
    };
    let tables: Vec<String> = COLUMNS.iter().enumerate().map(table).collect();
    serde_json::from_str(&format!(r#"{{"tables":{{{}}}}}"#, tables.join(","))).expect("a schema")
}

/// A default as the value that it stands for.
fn value_of(column: &Column) -> Text {
    match column.default.as_deref() {
        Some(EXTRA) => "\"x\"".into(),
        Some(number) => as_type(number, &column.type_name),
        None => "null".into(),
    }
}

/// A value as a column of this type stores it.
fn as_type(value: &str, type_name: &str) -> Text {
    match type_name {
        _ if value == "null" => value.into(),
        "numeric" => value.trim_matches('"').into(),
        _ if value.starts_with('"') => value.into(),
        _ => format!("\"{value}\"").into(),
    }
}

impl Server {
    pub(super) fn defaults(&self, table: &str) -> BTreeMap<Text, Text> {
        let columns = self.schema.tables[table].columns.iter();
        columns.map(|column| (column.name.clone(), value_of(column))).collect()
    }

    pub(super) fn typed(&self, table: &str, column: &str, value: &str) -> Text {
        let column = self.schema.tables[table].column(column).expect("a group that names no other");
        as_type(value, &column.type_name)
    }

    /// Whether a group names a column that is not there.
    pub(super) fn lacks_column(&self, group: &Group) -> bool {
        let table = &self.schema.tables[&group.table];
        let mut cells = group.mutations.iter().flat_map(|mutation| &mutation.cells);
        cells.any(|cell| table.column(&cell.column).is_none())
    }

    /// Somebody alters the table of entries. Where a column has been is none of that name and type again: by its
    /// definition alone nobody could tell the new one from the old.
    pub fn redefine(&mut self, dice: &mut Dice) {
        let altered = self.altered;
        let columns = &mut self.schema.tables.get_mut("entries").expect("it is there").columns;
        let place = |columns: &[Column], name: &str| columns.iter().position(|column| &*column.name == name);
        match (dice.below(4), place(columns, "n"), place(columns, "extra")) {
            (0, Some(n), _) if !altered.n_is_text => {
                columns[n].type_name = "text".into();
                self.altered.n_is_text = true;
            }
            (1, Some(n), _) => _ = columns.remove(n),
            (2, _, Some(extra)) => _ = columns.remove(extra),
            (2, _, None) if !altered.extra_has_been => {
                let default = dice.chance(500).then(|| EXTRA.into());
                columns.push(Column { default, ..column("extra", "text") });
                self.altered.extra_has_been = true;
            }
            (_, Some(n), _) => {
                let known = &mut columns[n].default;
                *known = if known.is_some() { None } else { Some("7".into()) };
            }
            _ => return,
        }
        self.altered.any = true;
        self.rewrite();
        trace(|| format!("entries are now {:?}", self.schema.tables["entries"].columns));
    }

    /// Rows take the table's shape.
    fn rewrite(&mut self) {
        let columns = self.schema.tables["entries"].columns.clone();
        let entries: Vec<(RowId, Stored)> = self
            .rows
            .iter()
            .filter(|(id, _)| &*id.0 == "entries")
            .map(|(id, s)| (id.clone(), s.clone()))
            .collect();
        for (id, stored) in entries {
            let value = |column: &Column| {
                let held = stored.fields.get(&column.name);
                held.map_or_else(|| value_of(column), |value| as_type(value, &column.type_name))
            };
            let fields = columns.iter().map(|column| (column.name.clone(), value(column))).collect();
            self.keep(&id, Stored { fields, ..stored });
        }
    }
}
