//! The tables that inputs speak of, and the batch that answers to a push are read against.

use std::sync::OnceLock;
use thermocline::protocol::push::{Group, SentCell, SentMutation};
use thermocline::protocol::{MutationId, Op, Rev, Schema};

/// Two tables with a column of every kind that the query language tells apart.
pub fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| serde_json::from_str(include_str!("definitions.json")).expect("definitions"))
}

/// One group of two mutations.
pub fn groups() -> Vec<Group> {
    let cell = |value: &str| SentCell {
        column: "title".into(),
        value: value.into(),
        old: Some("null".into()),
        stamp: 5,
    };
    let mutation = |n| SentMutation {
        id: MutationId([n; 16]),
        user: "u".into(),
        base: Some(Rev(9)),
        stamp: 5,
        key: vec![("id".into(), "\"k\"".into())],
        cells: vec![cell("\"a\"")],
    };
    vec![Group {
        table: "entries".into(),
        op: Op::Update,
        columns: vec!["title".into()],
        mutations: vec![mutation(1), mutation(2)],
    }]
}
