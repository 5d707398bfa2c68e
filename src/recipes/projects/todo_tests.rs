//! The way of a todo: the whole table of RECIPES 7.2, and what each event leaves behind.

use super::*;
use crate::recipes::projects::sample::{day, noon, todo};

const EVENTS: [Event; 8] = [
    Event::Match,
    Event::Refine,
    Event::Confirm,
    Event::Commit,
    Event::Finish,
    Event::Back,
    Event::Drop,
    Event::Reopen,
];

/// As the page has it: a column an event; `–` is refused. Of two states the first is that of a todo with a week.
const TABLE: [(TodoState, [&str; 8]); 7] = [
    (Dumped, ["matched", "–", "–", "–", "done", "–", "dropped", "–"]),
    (Matched, ["matched", "refined", "–", "–", "done", "dumped", "dropped", "–"]),
    (Refined, ["refined", "refined", "confirmed", "–", "done", "matched", "dropped", "–"]),
    (Confirmed, ["confirmed", "confirmed", "confirmed", "committed", "done", "refined", "dropped", "–"]),
    (Committed, ["committed", "committed", "–", "committed", "done", "confirmed", "dropped", "–"]),
    (Done, ["–", "–", "–", "–", "–", "–", "–", "committed/confirmed"]),
    (Dropped, ["–", "–", "–", "–", "–", "–", "–", "dumped"]),
];

fn given(event: Event) -> Move {
    Move {
        event,
        project_id: Some("p".into()),
        title: Some("clear".into()),
        estimated_hours: Some(Hundredths(250)),
        week: Some(day("2026-03-11")),
        actual_hours: Some(Hundredths(500)),
    }
}

#[test]
fn every_event_in_every_state_does_what_the_table_says() {
    for (state, row) in TABLE {
        for (event, cell) in EVENTS.into_iter().zip(row) {
            for has_week in [true, false] {
                let mut ways = cell.split('/');
                let first = ways.next().expect("a word");
                let expected = if has_week { first } else { ways.next().unwrap_or(first) };
                let found = next(state, event, has_week).map_or("–", TodoState::name);
                assert_eq!(found, expected, "{state:?} {event:?} {has_week}");
            }
        }
    }
}

#[test]
fn a_refusal_says_of_which_todo_and_why() {
    let fault = step(&todo("tax").0, &given(Event::Commit), noon()).expect_err("it has no project");
    assert!(
        fault.message.contains("\"tax\"") && fault.message.contains("give it a project first"),
        "{}",
        fault.message
    );
    let bare = Move { title: Some(" ".into()), ..given(Event::Refine) };
    assert!(step(&todo("tax").state(Matched).0, &bare, noon()).is_err());
    let unestimated = Move { estimated_hours: Some(Hundredths(0)), ..given(Event::Refine) };
    assert!(step(&todo("tax").state(Matched).0, &unestimated, noon()).is_err());
    assert!(step(&todo("tax").0, &Move { project_id: None, ..given(Event::Match) }, noon()).is_err());
}

/// What an event on a todo of project `p` writes and tells.
fn left(state: TodoState, event: Event) -> (String, Vec<String>) {
    let made = todo("t").of("p").hours(200).state(state).week("2026-03-09");
    let change = step(&made.0, &given(event), noon()).expect("a way");
    let told = change.activities.iter().map(|activity| {
        let kind = serde_json::to_value(activity.kind).expect("a kind");
        let detail = Value::Object(activity.detail.clone());
        format!("{} {:?} {detail}", kind.as_str().expect("text"), activity.value.map(|value| value.0))
    });
    (Value::Object(change.changes).to_string(), told.collect())
}

#[test]
fn an_event_writes_its_columns_and_tells_of_them() {
    assert_eq!(
        left(Committed, Event::Finish),
        (
            r#"{"actual_hours":5.0,"completed_at":"2026-03-10T12:00:00+00:00","status":"done"}"#.into(),
            vec![
                r#"todo_done Some(200) {"from":"committed","to":"done"}"#.into(),
                "estimate_corrected Some(250) {}".into()
            ]
        )
    );
    assert_eq!(
        left(Confirmed, Event::Commit),
        (
            r#"{"status":"committed","week_start_date":"2026-03-09"}"#.into(),
            vec![r#"todo_moved None {"from":"confirmed","to":"committed"}"#.into()]
        )
    );
    assert_eq!(left(Committed, Event::Back).0, r#"{"status":"confirmed","week_start_date":null}"#);
    assert_eq!(left(Matched, Event::Back).0, r#"{"project_id":null,"status":"dumped"}"#);
    assert_eq!(
        left(Done, Event::Reopen),
        (
            r#"{"completed_at":null,"status":"committed"}"#.into(),
            vec![r#"todo_reopened None {"from":"done","to":"committed"}"#.into()]
        )
    );
    assert_eq!(left(Refined, Event::Refine), (r#"{"estimated_hours":2.5,"title":"clear"}"#.into(), vec![]));
}

#[test]
fn a_todo_that_is_given_a_project_is_added_to_it() {
    let change = step(&todo("t").state(Committed).0, &given(Event::Match), noon()).expect("a way");
    assert_eq!(Value::Object(change.changes).to_string(), r#"{"project_id":"p"}"#, "where it is, it stays");
    let kinds: Vec<_> =
        change.activities.iter().map(|activity| (activity.kind, &*activity.project_id)).collect();
    assert_eq!(kinds, [(ActivityKind::TodoAdded, "p")]);
    let loose = step(&todo("t").0, &given(Event::Finish), noon()).expect("a way");
    assert!(loose.activities.is_empty(), "without a project nobody is told");
}
