//! Rekeying: a natural key that the server has under another id (invariants 1, 2 and 7). Nothing is lost, and whoever
//! still says the old key means the new one.

use crate::device::{Device, USER, applied, id, key, rev, schema};
use std::collections::BTreeSet;
use thermocline::engine::batch::{Terms, choose};
use thermocline::engine::{Frame, Standing};
use thermocline::protocol::push::Outcome;
use thermocline::protocol::{Change, Column, Decision, Mutation, MutationId, Op, Text};
use thermocline::query::Rows;

const WEEK_MS: u64 = 7 * 24 * 3_600_000;

/// Projects have a natural key, their name; entries refer to them.
fn device() -> Device {
    let mut device = Device::new();
    let mut definitions = schema();
    let projects = definitions.tables.get_mut("projects").expect("projects");
    projects.natural_key = Some(vec!["name".into()]);
    let note = Column { name: "note".into(), ..projects.columns[1].clone() };
    projects.columns.push(note);
    device.fold(Frame::Schema(definitions));
    device.pull_last(&[("projects", None), ("entries", None)], "c1", &[], &[]);
    device
}

fn taken(row: &str) -> Outcome {
    Outcome::Rejected { code: "23505".into(), message: "taken".into(), row: Some(row.into()) }
}

const THEIRS: &str = r#"{"id":"q","name":"n","note":"theirs"}"#;

/// Operation, key, and columns with their values.
type Waiting = (Op, String, Vec<(String, String)>);

fn pending(device: &Device) -> Vec<Waiting> {
    let cells = |cell: &thermocline::engine::Cell| (cell.column.to_string(), cell.value.to_string());
    let pending = device.state.outbox.iter().map(|(_, pending)| pending);
    pending.map(|p| (p.op, p.row.1.as_str().to_owned(), p.cells.iter().map(cells).collect())).collect()
}

fn own(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect()
}

/// A project with an entry, both sealed; the server has the project's name under `q`.
fn refused(op: Op) -> (Device, Vec<MutationId>) {
    let mut device = device();
    device.write(op, "projects", "p", &[("name", "\"n\""), ("note", "\"mine\"")]);
    device.insert("e", &[("project", "\"p\"")]);
    let sent = device.seal_all();
    device.push(vec![(sent[0], taken(THEIRS)), (sent[1], Outcome::Blocked)], None);
    (device, sent)
}

fn name_of(device: &mut Device, row: &str) -> Option<String> {
    device.visible("projects", row).map(|row| row.value("id").unwrap_or_default().to_owned())
}

#[test]
fn a_refused_insert_becomes_an_update_of_the_row_that_has_its_natural_key_and_what_refers_to_it_follows() {
    let (mut device, sent) = refused(Op::Insert);
    let note = own(&[("note", "\"mine\"")]);
    let child = own(&[("id", "\"e\""), ("project", "\"q\"")]);
    assert_eq!(
        pending(&device),
        [(Op::Update, "[\"q\"]".into(), note), (Op::Insert, "[\"e\"]".into(), child)]
    );
    let row = device.visible("projects", "q").expect("theirs, with mine laid over");
    assert_eq!(row.as_str(), r#"{"id":"q","name":"n","note":"mine"}"#);
    assert!(device.state.batch.is_none() && device.state.outbox.refused() == 0);
    let terms = Terms { user: USER, tables: None, size: 500, blocked: &BTreeSet::new() };
    let leaving = choose(&device.state, &terms);
    assert_eq!(
        leaving,
        sent.iter().map(|id| id.after_rekeying()).collect::<Vec<_>>(),
        "other mutations, for life"
    );
    let update = device.state.outbox.get(leaving[0]).expect("pending");
    assert_eq!((update.base, update.cells[0].old.clone(), update.sealed), (None, None, false));
    device.seal_all();
    let merged = Outcome::Merged { rev: rev(5), row: r#"{"id":"q","name":"n","note":"mine"}"#.into() };
    device.push(vec![(leaving[0], merged), (leaving[1], applied(5))], Some(5));
    assert!(device.state.outbox.is_empty());
    assert_eq!(device.row("e").expect("it is there"), r#"{"id":"e","title":null,"n":null,"project":"q"}"#);
}

#[test]
fn what_was_made_after_it_on_its_row_goes_over_too() {
    let mut device = device();
    device.write(Op::Insert, "projects", "p", &[("name", "\"n\"")]);
    let sent = device.seal_all();
    device.write(Op::Update, "projects", "p", &[("note", "\"later\"")]);
    device.insert("e", &[("project", "\"p\"")]);
    device.push(vec![(sent[0], taken(THEIRS))], None);
    let late = own(&[("note", "\"later\"")]);
    let child = own(&[("id", "\"e\""), ("project", "\"q\"")]);
    let expected = [(Op::Update, "[\"q\"]".to_owned(), late), (Op::Insert, "[\"e\"]".to_owned(), child)];
    assert_eq!(pending(&device), expected, "the insert had nothing else to say");
    let row = device.visible("projects", "q").expect("visible");
    assert_eq!(row.value("note"), Some("\"later\""));
}

#[test]
fn an_insert_that_gives_way_leaves_the_servers_row_as_it_is() {
    let (mut device, _) = refused(Op::InsertIgnore);
    assert_eq!(device.visible("projects", "q").expect("theirs").as_str(), THEIRS);
    assert_eq!(device.state.outbox.len(), 1, "the entry");
}

#[test]
fn any_other_refusal_is_a_dead_letter() {
    let refusals = [
        taken(r#"{"id":"q","name":"another","note":null}"#),
        taken(r#"{"id":"p","name":"n","note":null}"#),
        Outcome::Rejected { code: "23505".into(), message: "taken".into(), row: None },
        Outcome::Rejected { code: "23514".into(), message: "no".into(), row: Some(THEIRS.into()) },
    ];
    for refusal in refusals {
        let mut device = device();
        device.write(Op::Insert, "projects", "p", &[("name", "\"n\"")]);
        let sent = device.seal_all();
        device.push(vec![(sent[0], refusal)], None);
        let standing = &device.state.outbox.get(sent[0]).expect("it stays").standing;
        assert!(matches!(standing, Standing::Refused { .. }));
        assert!(device.state.rekeyed.is_empty());
    }
}

/// A tab that has not heard of it writes and asks by the old key.
#[test]
fn later_frames_and_reads_with_the_old_key_mean_the_new_one() {
    let (mut device, _) = refused(Op::Insert);
    device.reopen();
    assert_eq!(name_of(&mut device, "p"), Some("\"q\"".into()));
    let late = |table: &str, row: &str, op, column: &str, value: &str, n| Mutation {
        id: MutationId([n; 16]),
        table: table.into(),
        key: key(row),
        op,
        changes: vec![Change { column: column.into(), value: value.into(), old: None }],
        shown: Vec::new(),
        base: None,
    };
    for mutation in [
        late("projects", "p", Op::Update, "name", "\"n2\"", 1),
        late("entries", "f", Op::Insert, "project", "\"p\"", 2),
    ] {
        let request = device.request(vec![mutation]);
        assert_eq!(device.write_request(request), Decision::Done(vec![true]));
    }
    assert_eq!(device.visible("projects", "q").expect("visible").value("name"), Some("\"n2\""));
    assert_eq!(device.visible("entries", "f").expect("visible").value("project"), Some("\"q\""));
    assert!(device.state.outbox.of_row(&id("projects", "p")).next().is_none());
    let query = |query: &str| device.state.rekeyed.query(&device.state.schema, "entries", query).into_owned();
    assert_eq!(query("select=*&project=eq.p&title=eq.p"), "select=*&project=eq.q&title=eq.p");
    assert_eq!(device.room.ask(&device.state, |view| view.base("projects", &key("p"))), Some(rev(0)));
}

#[test]
fn the_old_key_is_known_until_nothing_waits_and_a_week_has_passed() {
    let (mut device, _) = refused(Op::Insert);
    device.now_ms += 2 * WEEK_MS;
    let pull = |device: &mut Device, cursor: &str, next: &str| {
        let from = [("projects", Some(cursor)), ("entries", Some(cursor))];
        device.pull_last(&from, next, &[], &[]);
    };
    pull(&mut device, "c1", "c2");
    assert!(!device.state.rekeyed.is_empty(), "changes wait");
    let leaving = device.seal_all();
    let row: Text = THEIRS.into();
    let outcomes = [Outcome::Superseded { rev: Some(rev(4)), row: Some(row) }, applied(5)];
    device.now_ms -= 2 * WEEK_MS;
    device.push(leaving.into_iter().zip(outcomes).collect(), None);
    assert!(!device.state.rekeyed.is_empty(), "a week has not passed");
    device.reopen();
    device.now_ms += WEEK_MS;
    pull(&mut device, "c2", "c3");
    assert!(device.state.rekeyed.is_empty());
    assert_eq!(name_of(&mut device, "p"), None);
}

/// Answers that come again, from a context whose lease was stolen, find nothing to decide about.
#[test]
fn a_second_answer_rekeys_nothing() {
    let (mut device, sent) = refused(Op::Insert);
    let before = device.picture();
    device.push(vec![(sent[0], taken(THEIRS)), (sent[1], Outcome::Blocked)], None);
    let after = device.picture();
    assert_eq!((after.outbox, after.rekeyed, after.tables), (before.outbox, before.rekeyed, before.tables));
}
