//! Natural keys: ids that two devices which are offline make alike (RECIPES 1.2).
//!
//! Where a table's primary key is one uuid column, the id of a row with a whole natural key is the UUIDv5 of the table's
//! name and the key's values in their text form, which is what `->>` makes of a canonical value. Whoever gives a row
//! another id keeps it. A natural key from which an id was derived never changes: delete and insert.

use super::Collate;
use super::cells::{Cells, plain, quote};
use super::condition::{Condition, Search};
use super::rows::Rows;
use crate::protocol::{Key, Row, Table, Text};
use std::borrow::Cow;
use std::ops::ControlFlow;
use uuid::{Uuid, uuid};

/// The UUIDv5 of `urn:thermocline:natural-key` in the URL namespace.
const NAMESPACE: Uuid = uuid!("53780763-5ece-5a48-83bf-620757cacad7");

/// The natural key of a table, by places of columns.
#[derive(Clone, Debug)]
pub(super) struct NaturalKey {
    /// The primary key.
    pub id: usize,
    columns: Vec<usize>,
}

impl NaturalKey {
    /// `None`: the table has none, or no id can be derived from it.
    pub(super) fn of(table: &Table) -> Option<Self> {
        let place = |name: &Text| table.columns.iter().position(|column| column.name == *name);
        let [key] = table.key.as_slice() else { return None };
        let id = place(key).filter(|id| table.columns[*id].type_name.as_ref() == "uuid")?;
        let columns: Vec<usize> = table.natural_key.as_ref()?.iter().map(place).collect::<Option<_>>()?;
        (!columns.is_empty()).then_some(Self { id, columns })
    }

    pub(super) fn holds(&self, place: usize) -> bool {
        self.columns.contains(&place)
    }

    /// Whether these are the names of its columns, in any order.
    pub(super) fn is_named(table: &Table, sorted: &[String]) -> bool {
        let Some(natural) = Self::of(table) else { return false };
        let mut own: Vec<&str> =
            natural.columns.iter().map(|place| table.columns[*place].name.as_ref()).collect();
        own.sort_unstable();
        own == sorted
    }

    /// The id that is derived from canonical values, as JSON; none if one of them is null.
    pub(super) fn derive<'v>(&self, table: &str, value: impl Fn(usize) -> &'v str) -> Option<Text> {
        let values: Vec<&str> = self.columns.iter().map(|place| value(*place)).collect();
        if values.contains(&"null") {
            return None;
        }
        Some(quote(&derived_id(table, values.into_iter().map(plain)).to_string()).into())
    }

    /// Whether a row's id was derived from its natural key.
    pub(super) fn made(&self, table: &str, cells: &Cells<'_, '_>) -> bool {
        self.derive(table, |place| cells.get(place)).is_some_and(|id| *id == *cells.get(self.id))
    }

    /// The visible row that has a natural key, under whatever id.
    pub(super) fn find<'v>(
        &self,
        (name, table): (&str, &Table),
        (rows, collate): (&dyn Rows, &dyn Collate),
        value: impl Fn(usize) -> &'v str,
    ) -> Option<Key> {
        let equals = |place: &usize| {
            let column = Cow::Borrowed(table.columns[*place].name.as_ref());
            (column, Cow::Owned(format!("eq.{}", plain(value(*place)))))
        };
        let filters: Vec<_> = self.columns.iter().map(equals).collect();
        let condition = Condition::parse(name, table, &filters).ok()?;
        let asks = condition.asks(table);
        let search = Search { name, table, rows, collate, asks: &asks, order: &[], enough: None };
        let mut found = None;
        condition.visit(&search, &mut |_, entry, _| {
            found = Some(Key::from_text(entry.key));
            ControlFlow::Break(())
        });
        found
    }
}

/// The id, as JSON, that is derived from a row of canonical values; none if it has no whole natural key.
pub fn natural_id(name: &str, table: &Table, row: &Row) -> Option<Text> {
    let value = |place: usize| row.value(&table.columns[place].name).unwrap_or("null");
    NaturalKey::of(table)?.derive(name, value)
}

/// The id of a row with these values in their text form.
pub fn derived_id<'v>(table: &'v str, values: impl Iterator<Item = Cow<'v, str>>) -> Uuid {
    let parts: Vec<Cow<'_, str>> = std::iter::once(Cow::Borrowed(table)).chain(values).collect();
    let quoted: Vec<String> = parts.iter().map(|part| quote(part)).collect();
    Uuid::new_v5(&NAMESPACE, format!("[{}]", quoted.join(",")).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::kind::Kind;
    use crate::query::literal::from_json;

    const U1: &str = "\"00000000-0000-4000-8000-000000000001\"";

    /// Each value as a body has it, with its column's type.
    fn id(table: &str, values: &[(&str, &str)]) -> String {
        let canonical: Vec<String> = values
            .iter()
            .map(|(type_name, json)| {
                from_json(&Kind::of(type_name), type_name, json).expect("a value").into_owned()
            })
            .collect();
        derived_id(table, canonical.iter().map(|json| plain(json))).to_string()
    }

    #[test]
    fn the_namespace_is_what_it_says() {
        assert_eq!(NAMESPACE, Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:thermocline:natural-key"));
    }

    /// RECIPES X-1.
    #[test]
    fn ids_are_those_of_every_other_device() {
        let attunement = id("daily_attunements", &[("uuid", U1), ("date", "\"2026-03-10\"")]);
        assert_eq!(attunement, "e725aeef-bc74-58ca-9529-d22096ccf0a2");
        let entity = id("entities", &[("uuid", U1), ("text", "\"tag\""), ("text", "\"deep-work\"")]);
        assert_eq!(entity, "e5da3cf9-795a-574d-841a-3ab394eb9a42");
        let entry = id("entries", &[("uuid", U1), ("text", "\"task\""), ("text", "\"t-42\"")]);
        assert_eq!(entry, "35c8342a-bcd4-5193-b2c3-5017f69de546");
        assert_eq!(
            id("projects", &[("uuid", U1), ("text", "\"p1\"")]),
            "179aa739-1070-5349-b2d4-9418753b0c04"
        );
    }

    /// RECIPES X-3.
    #[test]
    fn a_moment_counts_in_its_text_form_however_it_was_written() {
        let health = |moment: &str| {
            let text = |value: &'static str| ("text", value);
            let moment = ("timestamp with time zone", moment);
            id("health_data", &[("uuid", U1), text("\"steps\""), text("\"import\""), moment])
        };
        for moment in ["\"2026-03-10T07:10:00Z\"", "\"2026-03-10 08:10:00.000+01\""] {
            assert_eq!(health(moment), "5a5191a8-1bc1-5ea2-86b4-3e4d6c503d0f");
        }
        assert_eq!(health("\"2026-03-10T07:10:00.250Z\""), "654ebd81-7ab3-53ea-8d0a-54721513f1ed");
    }

    /// As `array_to_json` writes a text array: no more is escaped than must be.
    #[test]
    fn texts_are_escaped_as_postgres_escapes_them() {
        assert_eq!(quote("é \u{7f} / \"\\\n\u{1f}"), "\"é \u{7f} / \\\"\\\\\\n\\u001f\"");
    }
}
