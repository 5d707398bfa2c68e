//! The import of an older store: O-X7, both shapes of it, what does not fit, and what repeating it does.

use super::*;
use crate::recipes::projects::sample::noon;
use proptest::prelude::*;
use serde_json::json;

const U1: &str = "00000000-0000-4000-8000-000000000001";

fn planned(text: &str, existing: Tables<BTreeSet<String>>) -> Plan {
    let source = Source { text: text.into(), user: U1.into(), now: noon(), utc_offset_min: 60, existing };
    plan(source).expect("a plan")
}

fn ids(rows: &[Map<String, Value>]) -> BTreeSet<String> {
    rows.iter().map(|row| row["id"].as_str().expect("an id").to_string()).collect()
}

/// What a device has that wrote a plan.
fn written(plan: &Plan) -> Tables<BTreeSet<String>> {
    let Tables { projects, weekly_goals, todos } = &plan.rows;
    Tables { projects: ids(projects), weekly_goals: ids(weekly_goals), todos: ids(todos) }
}

/// O-X7's store.
fn store() -> Value {
    json!({
        "projects": [
            { "id": "p1", "userId": "u", "title": "one", "createdAt": 1_767_225_600 },
            { "id": "p2", "userId": "u", "title": "two", "createdAt": 1_767_225_600_000_i64 },
            { "id": "p3", "userId": "u", "title": "three" },
        ],
        "todos": [
            { "id": "t1", "projectId": "p1", "title": "first", "createdAt": "2026-01-02T00:00:00Z" },
            { "id": "t2", "projectId": "nowhere", "title": "second", "createdAt": "2026-01-02T00:00:00Z" },
        ],
        "weeklyGoals": [{ "id": "w1", "weekStartDate": "2026-03-11", "createdAt": "2026-03-01T00:00:00Z" }],
    })
}

#[test]
fn six_rows_and_three_problem_lines_come_of_the_worked_store_and_nothing_the_second_time() {
    let plan = planned(&store().to_string(), Tables::default());
    let Tables { projects, weekly_goals, todos } = &plan.rows;
    assert_eq!((projects.len(), weekly_goals.len(), todos.len()), (3, 1, 2));
    let lines: Vec<_> =
        plan.problems.iter().map(|line| (line.column, line.value.clone(), line.message.as_str())).collect();
    assert_eq!(
        lines,
        [
            ("createdAt", Value::Null, "no time: that of the import instead"),
            ("weekStartDate", json!("2026-03-11"), "no Monday: moved to 2026-03-09"),
            ("projectId", json!("nowhere"), "unknown project: none instead"),
        ]
    );
    for row in &projects[..2] {
        assert_eq!(row["created_at"], json!("2026-01-01T00:00:00+00:00"), "seconds and milliseconds (O2)");
    }
    // X-1, and a todo's project is the imported one.
    assert_eq!(projects[0]["id"], json!("179aa739-1070-5349-b2d4-9418753b0c04"));
    assert_eq!((&todos[0]["project_id"], &todos[1]["project_id"]), (&projects[0]["id"], &Value::Null));
    assert_eq!(projects[0]["legacy_id"], json!("p1"));
    assert!(projects.iter().all(|row| row.keys().eq(projects[0].keys())), "one insert may take them all");

    let again = planned(&store().to_string(), written(&plan));
    assert_eq!(again.rows, Tables::default());
    assert_eq!(
        (again.skipped.projects.len(), again.skipped.weekly_goals.len(), again.skipped.todos.len()),
        (3, 1, 2)
    );
    // A crash after the first frame, which had the first four: what is left is inserted.
    let first = Tables { todos: BTreeSet::new(), ..written(&plan) };
    assert_eq!(planned(&store().to_string(), first).rows.todos, plan.rows.todos);
}

#[test]
fn the_persisted_wrapper_is_read_as_the_store_in_it() {
    let wrapped = json!({ "state": store(), "version": 3 });
    let (wrapped, bare) =
        (planned(&wrapped.to_string(), Tables::default()), planned(&store().to_string(), Tables::default()));
    assert_eq!(wrapped.rows, bare.rows, "O4");
    assert_eq!(planned("{}", Tables::default()).rows, Tables::default());
}

#[test]
fn what_does_not_fit_is_mended_and_named_with_its_value() {
    let odd = json!({
        "projects": [
            { "id": 7, "userId": "u", "title": "  ", "status": "asleep", "priority": "urgent", "progress": 140, "createdAt": 0, "why": 3 },
            { "id": 7, "title": "twice", "createdAt": 0 },
            "not a row",
            { "title": "no id", "createdAt": 0, "status": "completed", "updatedAt": 1_767_225_600, "progress": 45.5 },
        ],
        "todos": [{ "id": "t", "userId": "v", "title": "t", "estimatedHours": -1, "actualHours": "2.5", "createdAt": "yesterday", "projectId": 7 }],
        "weeklyGoals": { "w": 1 },
    });
    let plan = planned(&odd.to_string(), Tables::default());
    let lines: Vec<_> =
        plan.problems.iter().map(|line| format!("{} {} {}", line.table, line.column, line.value)).collect();
    assert_eq!(
        lines,
        [
            r#"creation-store weeklyGoals {"w":1}"#,
            r#"projects title "  ""#,
            r#"projects status "asleep""#,
            r#"projects priority "urgent""#,
            "projects progress 140",
            r#"projects id {"createdAt":0,"id":7,"title":"twice"}"#,
            r#"projects id "not a row""#,
            "projects id null",
            "todos estimatedHours -1",
            r#"todos createdAt "yesterday""#,
            r#"creation-store userId ["u","v"]"#,
        ]
    );
    let [first, last] = plan.rows.projects.as_slice() else { panic!("two projects") };
    assert_eq!(
        (&first["title"], &first["status"], &first["progress"]),
        (&json!("Untitled"), &json!("active"), &json!(100))
    );
    assert_eq!((&last["progress"], &last["completed_at"]), (&json!(46), &json!("2026-01-01T00:00:00+00:00")));
    let todo = &plan.rows.todos[0];
    assert_eq!(
        (&todo["estimated_hours"], &todo["actual_hours"], &todo["project_id"]),
        (&json!(0.0), &json!(2.5), &first["id"])
    );
    assert_eq!(plan.owners.len(), 2, "more than one person's rows need consent");
}

#[test]
fn a_store_that_is_none_is_refused_with_what_is_wrong() {
    for text in ["", "{", "[]", "null", "3"] {
        let source = Source {
            text: text.into(),
            user: U1.into(),
            now: noon(),
            utc_offset_min: 0,
            existing: Tables::default(),
        };
        assert!(plan(source).expect_err("no store").message.contains("nothing was written"), "{text}");
    }
}

#[test]
fn reading_back_finds_what_is_missing_or_different_whatever_its_form() {
    let given = json!({
        "planned": [
            { "id": "a", "created_at": "2026-01-01T00:00:00+00:00", "hours": 2.5, "title": "x", "updated_at": "then" },
            { "id": "b", "title": "y" },
            { "id": "c", "title": "z" },
        ],
        "found": [
            { "id": "a", "created_at": "2026-01-01T00:00:00.000Z", "hours": 2.50, "title": "x", "updated_at": "now", "user_id": "u" },
            { "id": "c", "title": "changed" },
        ],
    });
    let found = verify(serde_json::from_value(given).expect("rows")).expect("an answer");
    let differing: Vec<_> = found.iter().map(|one| (one.id.as_str(), one.column.as_deref())).collect();
    assert_eq!(differing, [("b", None), ("c", Some("title"))]);
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9:.-]{0,12}".prop_map(Value::from),
        Just(json!([1])),
        Just(json!({ "a": 1 })),
    ]
}

fn any_item() -> impl Strategy<Value = Value> {
    let names = [
        "id",
        "userId",
        "title",
        "description",
        "why",
        "status",
        "priority",
        "progress",
        "createdAt",
        "updatedAt",
        "completedAt",
        "projectId",
        "estimatedHours",
        "actualHours",
        "weekStartDate",
        "completionRate",
        "totalEstimatedHours",
        "intentionId",
    ];
    prop::collection::btree_map(prop::sample::select(names.to_vec()), any_value(), 0..12).prop_map(|item| {
        Value::Object(item.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    })
}

proptest! {
    #[test]
    fn any_store_is_planned_and_planned_again_has_nothing_to_write(
        projects in prop::collection::vec(any_item(), 0..6),
        todos in prop::collection::vec(any_item(), 0..6),
        weeks in prop::collection::vec(any_item(), 0..6),
    ) {
        let text = json!({ "projects": projects, "todos": todos, "weeklyGoals": weeks }).to_string();
        let first = planned(&text, Tables::default());
        let again = planned(&text, written(&first));
        prop_assert_eq!(&again.rows, &Tables::default());
        prop_assert_eq!(ids(&first.rows.todos).len(), first.rows.todos.len());
        for row in &first.rows.projects {
            let progress = row["progress"].as_i64().expect("a whole number");
            prop_assert!((0..=100).contains(&progress));
        }
    }
}
