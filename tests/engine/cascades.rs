//! `cascade` and `set null` over visible rows: at once, over as many steps as there are, and back again when the
//! server does not take the delete (invariant 9).
//!
//! `projects` ◀─cascade─ `entries` ◀─cascade─ `notes` ─set null─▶ `projects`

use crate::device::{Device, applied, id, request, rev, schema};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use thermocline::engine::Frame;
use thermocline::engine::frame::{Choice, Pulled, Settled};
use thermocline::protocol::pull::Page;
use thermocline::protocol::push::Outcome;
use thermocline::protocol::{Decision, Key, MutationId, Op, Rev, Row, Schema, Text};
use thermocline::query::{Rows, Walk};

const TABLES: [&str; 3] = ["projects", "entries", "notes"];

fn definitions() -> Schema {
    let mut schema = schema();
    let entries = schema.tables.get_mut("entries").expect("entries");
    entries.foreign_keys[0].on_delete = "cascade".into();
    let mut notes = entries.clone();
    for (place, name) in [(1, "text"), (2, "entry"), (3, "project")] {
        notes.columns[place].name = name.into();
        notes.columns[place].type_name = "text".into();
    }
    notes.foreign_keys[0].on_delete = "set null".into();
    let mut to_entry = notes.foreign_keys[0].clone();
    (to_entry.columns, to_entry.table) = (vec!["entry".into()], "entries".into());
    to_entry.on_delete = "cascade".into();
    notes.foreign_keys.push(to_entry);
    schema.tables.insert("notes".into(), notes);
    schema
}

/// One page of a round over all tables.
fn pull(device: &mut Device, round: u64, told: &[(&str, u64, &str)], gone: &[(&str, u64, &str)]) {
    let cursors: Vec<String> = TABLES
        .iter()
        .map(|table| device.state.cursors.get(*table).map_or(String::new(), |c| c.to_string()))
        .collect();
    let from: Vec<(&str, Option<&str>)> = TABLES
        .iter()
        .zip(&cursors)
        .map(|(table, cursor)| (*table, Some(cursor.as_str()).filter(|cursor| !cursor.is_empty())))
        .collect();
    let of = |list: &[(&str, u64, &str)], table: &str| -> Vec<(Rev, Text)> {
        let own = list.iter().filter(|(name, ..)| *name == table);
        own.map(|(_, xid, json)| (rev(*xid), Text::from(*json))).collect()
    };
    let page = |table: &&str| Page {
        table: (*table).into(),
        rows: of(told, table),
        gone: of(gone, table),
        cold: Vec::new(),
    };
    device.fold(Frame::Pulled(Pulled {
        request: request(&from, None, &[]),
        pages: TABLES.iter().map(page).collect(),
        round: None,
        cursor: Some(format!("c{round}").into()),
        time_ms: device.now_ms,
    }));
}

/// A project with an entry and its note, a note of another entry that names the project, and a row beside each.
fn family() -> Device {
    let mut device = Device::new();
    device.fold(Frame::Schema(definitions()));
    let told = [
        ("projects", 1, r#"{"id":"p"}"#),
        ("projects", 1, r#"{"id":"q"}"#),
        ("entries", 1, r#"{"id":"e","title":"x","n":5,"project":"p"}"#),
        ("entries", 1, r#"{"id":"f","project":"q"}"#),
        ("notes", 1, r#"{"id":"m","entry":"e","project":null}"#),
        ("notes", 1, r#"{"id":"n","entry":"f","project":"p"}"#),
        ("notes", 1, r#"{"id":"o","entry":null,"project":"q"}"#),
    ];
    pull(&mut device, 1, &told, &[]);
    device
}

/// The visible rows of a table, by each of its lists.
fn seen(device: &mut Device, table: &str) -> Vec<String> {
    let lists = device.state.rows.table(table).expect("a table").layout.indexes.len();
    let by_list = device.room.ask(&device.state, |view| {
        let usable = (0..lists).filter(|index| view.has_index(table, *index)).map(Some);
        let walk = |index| {
            let mut keys = Vec::new();
            view.walk(table, &Walk { index, ..Walk::whole() }, &mut |entry| {
                assert_eq!(view.row(table, &Key::from_text(entry.key)), Some(entry.row));
                keys.push(entry.row.to_owned());
                ControlFlow::Continue(())
            });
            keys.sort();
            keys
        };
        let lists: Vec<Vec<String>> = std::iter::once(None).chain(usable).map(walk).collect();
        lists
    });
    assert!(by_list.iter().all(|list| *list == by_list[0]), "every list shows the same: {by_list:?}");
    by_list.into_iter().next().expect("the primary key's list")
}

fn keys(device: &mut Device, table: &str) -> String {
    let id = |row: String| row[7..].split('"').next().unwrap_or_default().to_owned();
    seen(device, table).into_iter().map(id).collect::<Vec<String>>().join(" ")
}

fn all(device: &mut Device) -> [String; 3] {
    TABLES.map(|table| keys(device, table))
}

/// Seals and answers what is pending of a project.
fn answer(device: &mut Device, row: &str, outcome: Outcome, xid: Option<u64>) -> MutationId {
    let mutation = device.state.outbox.of_row(&id("projects", row)).next().expect("pending").1.id;
    device.seal_all();
    device.push(vec![(mutation, outcome)], xid);
    mutation
}

#[test]
fn a_deleted_parent_takes_its_children_along_and_only_its_delete_is_sent() {
    let mut device = family();
    device.write(Op::Delete, "projects", "p", &[]);
    assert_eq!(all(&mut device), ["q", "f", "n o"]);
    assert_eq!(device.visible("notes", "n").expect("it stays").value("project"), Some("null"));
    assert_eq!(device.state.outbox.len(), 1);
    assert_eq!(device.row("e"), None, "by its key too");
}

#[test]
fn the_same_from_segments_and_after_a_restart() {
    let mut device = family();
    device.write(Op::Delete, "projects", "p", &[]);
    device.reopen();
    assert_eq!(all(&mut device), ["q", "f", "n o"]);
    let picture = device.picture();
    device.reopen();
    assert_eq!(device.picture(), picture);
}

#[test]
fn children_are_seen_again_when_the_delete_is_discarded_or_gives_way() {
    let mut device = family();
    let before = all(&mut device);
    device.write(Op::Delete, "projects", "p", &[]);
    let refusal = Outcome::Rejected { code: "42501".into(), message: "no".into(), row: None };
    let mutation = answer(&mut device, "p", refusal, None);
    assert_eq!(all(&mut device), ["q", "f", "n o"], "a dead letter shows what the user did");
    device.fold(Frame::Settled(Settled { mutation, choice: Choice::Discard, time_ms: 0 }));
    assert_eq!(all(&mut device), before);
    device.write(Op::Delete, "projects", "p", &[]);
    let row = Some(r#"{"id":"p","name":"other"}"#.into());
    answer(&mut device, "p", Outcome::Superseded { rev: Some(rev(2)), row }, None);
    assert_eq!(all(&mut device), before);
}

/// Between the answer and the pull that brings the removals nothing comes up again.
#[test]
fn an_answered_delete_casts_its_shadow_until_the_removals_are_pulled() {
    let mut device = family();
    device.write(Op::Delete, "projects", "p", &[]);
    answer(&mut device, "p", applied(5), None);
    assert!(device.state.outbox.is_empty());
    assert_eq!(all(&mut device), ["q", "f", "n o"]);
    device.reopen();
    assert_eq!(all(&mut device), ["q", "f", "n o"], "after a restart too");
    let gone =
        [("projects", 5, r#"{"id":"p"}"#), ("entries", 5, r#"{"id":"e"}"#), ("notes", 5, r#"{"id":"m"}"#)];
    pull(&mut device, 2, &[("notes", 5, r#"{"id":"n","entry":"f","project":null}"#)], &gone);
    assert_eq!(all(&mut device), ["q", "f", "n o"]);
    for round in 3..6 {
        pull(&mut device, round, &[], &[]);
    }
    assert!(!device.state.is_shaded("entries"), "then nothing has to be asked any more");
    assert_eq!(all(&mut device), ["q", "f", "n o"]);
}

/// To undo is to insert all of it again, by the same keys: what the parent took along is no duplicate.
#[test]
fn what_went_with_a_parent_can_be_inserted_again() {
    for rests in [false, true] {
        let mut device = family();
        device.write(Op::Delete, "projects", "p", &[]);
        if rests {
            device.reopen();
        }
        let write = |device: &mut Device, op, table, row, cells: &[(&str, &str)]| {
            assert_eq!(device.write(op, table, row, cells), Decision::Done(vec![true]), "{op:?} {row}");
        };
        write(&mut device, Op::Insert, "projects", "p", &[]);
        assert_eq!(all(&mut device), ["p q", "f", "n o"], "the parent alone is there again");
        write(&mut device, Op::Upsert, "entries", "e", &[("project", "\"p\""), ("title", "\"y\"")]);
        assert_eq!(all(&mut device), ["p q", "e f", "n o"]);
        let entry = device.row("e").expect("visible");
        assert_eq!(entry, r#"{"id":"e","title":"y","n":null,"project":"p"}"#, "nothing of the old row");
        write(&mut device, Op::InsertIgnore, "notes", "m", &[("entry", "\"e\"")]);
        assert_eq!(all(&mut device), ["p q", "e f", "m n o"]);
        device.reopen();
        assert_eq!(all(&mut device), ["p q", "e f", "m n o"]);
    }
}

#[test]
fn a_row_that_went_with_its_parent_is_not_changed_and_one_that_left_it_before_stays() {
    let mut device = family();
    device.update("e", &[("project", "null")]);
    device.write(Op::Delete, "projects", "p", &[]);
    assert_eq!(all(&mut device), ["q", "e f", "m n o"]);
    device.write(Op::Delete, "entries", "f", &[]);
    assert_eq!(device.write(Op::Update, "notes", "n", &[("text", "\"x\"")]), Decision::Done(vec![false]));
    assert_eq!(device.write(Op::Insert, "notes", "late", &[("entry", "\"f\"")]), Decision::Done(vec![true]));
    assert_eq!(all(&mut device), ["q", "e", "late m o"], "the server says what becomes of the late one");
}

/// Live queries over the children run again: their tables look different as a whole.
/// A property test found it: the delete took the place of the change, and the removal of the former parent reached on.
#[test]
fn what_a_row_leaves_before_it_goes_stays_even_if_its_former_parent_goes_first() {
    let mut device = family();
    device.write(Op::Update, "entries", "e", &[("project", "null")]);
    device.write(Op::Delete, "projects", "p", &[]);
    device.write(Op::Update, "notes", "m", &[("entry", "null")]);
    device.write(Op::Delete, "entries", "e", &[]);
    assert_eq!(all(&mut device), ["q", "f", "m n o"]);
    assert_eq!(device.pending("e").len(), 2, "the server is told so, too");
}

#[test]
fn the_tables_below_a_removal_are_told() {
    let mut device = family();
    let mutation = device.mutation(Op::Delete, "projects", "p", &[]);
    let request = device.request(vec![mutation]);
    let told = device.fold(Frame::Write(vec![request]));
    assert_eq!(told.tables, ["entries".into(), "notes".into()].map(|name: Text| name));
    let mutation = device.mutation(Op::Update, "notes", "o", &[("text", "\"x\"")]);
    let request = device.request(vec![mutation]);
    assert!(device.fold(Frame::Write(vec![request])).tables.is_empty(), "nothing lies below a note");
}

/// A parent and its row's key lie in one frame: the decision needs rows that only the frame makes worth reading.
#[test]
fn a_delete_and_an_insert_in_one_frame_are_decided_in_their_order() {
    let mut device = family();
    device.reopen();
    let remove = device.mutation(Op::Delete, "projects", "p", &[]);
    let insert = device.mutation(Op::Insert, "notes", "m", &[]);
    let requests = [vec![remove], vec![insert]].map(|mutations| device.request(mutations));
    let decisions = device.fold(Frame::Write(requests.into())).decisions;
    assert!(decisions.iter().all(|(_, decision)| *decision == Decision::Done(vec![true])), "{decisions:?}");
}

/// What becomes of a row: its table, key, operation, and the values of its other columns.
type Deed = (usize, u8, Op, [u8; 2], bool);

/// Rows as a database without a network would have them.
#[derive(Default)]
struct Model(BTreeMap<(usize, String), [String; 2]>);

impl Model {
    fn remove(&mut self, table: usize, row: &str) {
        self.0.remove(&(table, row.to_owned()));
        let refers = |place: usize, values: &[String; 2]| values[place] == format!("\"{row}\"");
        if table == 0 {
            self.0
                .iter_mut()
                .filter(|((t, _), v)| *t == 2 && refers(1, v))
                .for_each(|(_, v)| v[1] = "null".into());
        }
        let is_child = |(t, _): &(usize, String), v: &[String; 2]| match table {
            0 => *t == 1 && refers(1, v),
            1 => *t == 2 && refers(0, v),
            _ => false,
        };
        let children: Vec<_> =
            self.0.iter().filter(|(id, v)| is_child(id, v)).map(|(id, _)| id.clone()).collect();
        children.into_iter().for_each(|(table, row)| self.remove(table, &row));
    }

    /// A value for a column of a table: a parent that is there, or null.
    fn value(&self, table: usize, place: usize, choice: u8) -> String {
        let parent = match (table, place) {
            (1, 1) | (2, 1) => 0,
            (2, 0) => 1,
            _ => return format!("\"{choice}\""),
        };
        let there: Vec<&String> = self.0.keys().filter(|(t, _)| *t == parent).map(|(_, row)| row).collect();
        there.get(usize::from(choice) % (there.len() + 1)).map_or("null".into(), |row| format!("\"{row}\""))
    }
}

fn columns(table: usize) -> [&'static str; 2] {
    [["name", "name"], ["title", "project"], ["entry", "project"]][table]
}

fn deed() -> impl Strategy<Value = Deed> {
    let ops = [Op::Insert, Op::InsertIgnore, Op::Update, Op::Upsert, Op::Delete, Op::Delete];
    (0usize..3, 0u8..3, prop::sample::select(ops.to_vec()), any::<[u8; 2]>(), prop::bool::weighted(0.2))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// However rows are written, refer to each other, go and come back, and wherever they lie: what is seen is what
    /// a database shows.
    #[test]
    fn what_is_seen_is_what_a_database_would_show(deeds in prop::collection::vec(deed(), 1..30)) {
        let (mut device, mut model) = (family(), Model::default());
        for (table, row, values) in [
            (0, "p", ["null", "null"]), (0, "q", ["null", "null"]), (1, "e", ["\"x\"", "\"p\""]),
            (1, "f", ["null", "\"q\""]), (2, "m", ["\"e\"", "null"]), (2, "n", ["\"f\"", "\"p\""]), (2, "o", ["null", "\"q\""]),
        ] {
            model.0.insert((table, row.into()), values.map(String::from));
        }
        let names = [["p", "q", "r"], ["e", "f", "g"], ["m", "n", "o"]];
        for (table, row, op, choices, rests) in deeds {
            let (row, named) = (names[table][usize::from(row)], columns(table));
            let values = [0, 1].map(|place| model.value(table, place, choices[place]));
            let given = if op == Op::Delete { 0 } else { if table == 0 { 1 } else { usize::from(choices[0] % 3) } };
            let cells: Vec<(&str, &str)> = (0..given).map(|n| (named[n], values[n].as_str())).collect();
            let decision = device.write(op, TABLES[table], row, &cells);
            let place = (table, row.to_owned());
            let there = model.0.contains_key(&place);
            match op {
                Op::Insert if there => prop_assert!(matches!(decision, Decision::Refused(_))),
                Op::InsertIgnore if there => prop_assert_eq!(&decision, &Decision::Done(vec![false])),
                Op::Update | Op::Delete if !there => prop_assert_eq!(&decision, &Decision::Done(vec![false])),
                Op::Delete => model.remove(table, row),
                _ => {
                    prop_assert_eq!(&decision, &Decision::Done(vec![true]));
                    let mut made = model.0.get(&place).cloned().unwrap_or_else(|| ["null", "null"].map(String::from));
                    (0..given).for_each(|n| made[n] = values[n].clone());
                    model.0.insert(place, made);
                }
            }
            if rests {
                device.reopen();
            }
            let mut shown = BTreeSet::new();
            for (n, table) in TABLES.iter().enumerate() {
                for row in seen(&mut device, table) {
                    let row = Row::from_stored(&row);
                    let value = |column: &str| row.value(column).unwrap_or("null").to_owned();
                    let second = if n == 0 { "null".into() } else { value(columns(n)[1]) };
                    shown.insert(((n, value("id").trim_matches('"').to_owned()), [value(columns(n)[0]), second]));
                }
            }
            prop_assert_eq!(shown, model.0.clone().into_iter().collect::<BTreeSet<_>>());
        }
    }
}
