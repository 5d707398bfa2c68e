//! A server that was restored to an earlier state: what this client had written is not swept silently.

use crate::device::{Device, applied, id, rev};
use thermocline::engine::frame::{Choice, Doubted, Settled};
use thermocline::engine::{Frame, Standing};
use thermocline::protocol::MutationId;

const A: &str = r#"{"id":"a","title":"old","n":1,"project":null}"#;
const TABLES: [(&str, Option<&str>); 2] = [("projects", Some("c1")), ("entries", Some("c1"))];
const FRESH: [(&str, Option<&str>); 2] = [("projects", None), ("entries", None)];

/// `a` edited and `b` made by this client; then the server loses its mind, and the rows are in doubt.
fn doubting() -> Device {
    let mut device = Device::synced(&[A, r#"{"id":"c","title":"theirs","n":1,"project":null}"#]);
    device.update("a", &[("n", "2")]);
    device.answer("a", applied(5), Some(5));
    device.insert("b", &[("title", "\"mine\"")]);
    device.answer("b", applied(6), Some(6));
    doubt(&mut device, &["a", "b", "c"]);
    device.resync(&TABLES);
    device
}

fn doubt(device: &mut Device, rows: &[&str]) {
    let named = rows.iter().zip(100u8..).map(|(row, n)| (id("entries", row), MutationId([n; 16]))).collect();
    device.fold(Frame::Doubted(Doubted { rows: named, user: Some("u1".into()), time_ms: 9 }));
}

fn standings(device: &Device) -> Vec<(String, Standing)> {
    let pending = device.state.outbox.iter();
    pending.map(|(_, pending)| (pending.row.1.as_str().to_owned(), pending.standing.clone())).collect()
}

#[test]
fn only_what_this_client_wrote_is_in_doubt_and_it_is_shown_until_the_round_tells() {
    let mut device = doubting();
    let doubted = [r#"["a"]"#, r#"["b"]"#].map(|row| (row.to_owned(), Standing::Doubted));
    assert_eq!(standings(&device), doubted);
    assert!(device.row("b").is_some_and(|row| row.contains("mine")));
    assert_eq!(device.state.outbox.conflicts(), 0, "nobody is asked yet");
}

/// The answer was lost and the push was retried: the second answer names the first one's transaction in the rev alone.
#[test]
fn what_an_earlier_try_of_a_push_wrote_is_in_doubt_too() {
    let mut device = Device::synced(&[A]);
    device.update("a", &[("n", "2")]);
    device.answer("a", applied(5), Some(7));
    doubt(&mut device, &["a"]);
    assert_eq!(standings(&device), [(r#"["a"]"#.to_owned(), Standing::Doubted)]);
}

#[test]
fn what_comes_back_as_it_was_is_forgotten() {
    let mut device = doubting();
    let a2 = r#"{"id":"a","title":"old","n":2,"project":null}"#;
    let b = device.row("b").expect("shown");
    device.pull_last(&FRESH, "d1", &[(rev(5), a2), (rev(6), &b)], &[]);
    assert!(device.state.outbox.is_empty());
    assert_eq!((device.row("a").as_deref(), device.row("b")), (Some(a2), Some(b)));
}

#[test]
fn what_is_missing_or_older_becomes_a_conflict_lost_by_restore() {
    let mut device = doubting();
    let changes = device.pull_last(&FRESH, "d1", &[(rev(1), A)], &[]);
    let lost = [(r#"["a"]"#.to_owned(), Some(A.into())), (r#"["b"]"#.to_owned(), None)];
    let standings = standings(&device);
    assert_eq!(standings, lost.map(|(key, row)| (key, Standing::Lost { row })));
    assert_eq!(device.state.outbox.conflicts(), 2);
    assert!(device.row("a").is_some_and(|row| row.contains("\"n\":2")), "what was written is shown");
    assert!(!device.state.outbox.iter().any(|(_, pending)| pending.is_waiting()), "nothing is sent unasked");
    assert!(changes.tables.contains(&"entries".into()));
}

fn settle(device: &mut Device, row: u8, choice: Choice) {
    device.fold(Frame::Settled(Settled { mutation: MutationId([row; 16]), choice, time_ms: 20 }));
}

#[test]
fn mine_is_written_again_and_theirs_stands() {
    let mut device = doubting();
    device.pull_last(&FRESH, "d1", &[(rev(1), A)], &[]);
    settle(&mut device, 100, Choice::Discard);
    assert_eq!(device.row("a").as_deref(), Some(A));
    settle(&mut device, 101, Choice::Retry { id: MutationId([9; 16]), values: Vec::new() });
    let again = device.state.outbox.get(MutationId([9; 16])).expect("pending");
    assert!(again.is_waiting());
    assert!(again.cells.iter().any(|cell| &*cell.column == "title" && &*cell.value == "\"mine\""));
    assert!(again.cells.iter().any(|cell| &*cell.column == "id"), "the whole row, with its key");
}

/// An edit that waits is not in the server's history: it is kept as it is, and shown.
#[test]
fn an_edit_over_a_row_in_doubt_is_part_of_what_may_be_lost() {
    let mut device = Device::synced(&[A]);
    device.update("a", &[("n", "2")]);
    device.answer("a", applied(5), Some(5));
    device.update("a", &[("title", "\"newer\"")]);
    doubt(&mut device, &["a"]);
    device.resync(&TABLES);
    device.pull_last(&FRESH, "d1", &[], &[]);
    let standings = standings(&device);
    assert_eq!(standings[0].1, Standing::Waiting);
    assert_eq!(standings[1].1, Standing::Lost { row: None });
    assert!(device.row("a").is_some_and(|row| row.contains("newer")));
}

#[test]
fn a_row_is_in_doubt_once_however_often_the_server_says_so() {
    let mut device = doubting();
    doubt(&mut device, &["a", "b"]);
    assert_eq!(device.state.outbox.len(), 2);
}
