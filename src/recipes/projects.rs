//! The recipe `projects`: projects, weeks and todos, and an agent that judges them (RECIPES 7).
//!
//! `rows` is what is read; `todo` and `change` say what an event or an edit writes and tells; `week` and `estimates` fold figures;
//! `facts`, `health`, `risks`, `analysis`, `daily` and `knowledge` are the agent; `import` reads an older app's store.

mod analysis;
mod change;
mod daily;
mod estimates;
mod facts;
mod health;
mod import;
mod knowledge;
mod risks;
mod rows;
#[cfg(test)]
mod sample;
mod todo;
mod week;

use super::time::{Day, Moment};
use super::{answer, invalid, unknown_call};
use crate::protocol::Fault;
use crate::recipes::figure::Hundredths;
use analysis::Desk;
use estimates::Estimates;
use health::Pattern;
use rows::{Activity, Project, Todo, Week};
use serde::{Deserialize, Serialize};

/// Carries out one call; see [`super::call`].
pub fn call(call: &str, input: &str) -> Result<String, Fault> {
    match call {
        "step" => answer(call, input, |given: Step| todo::step(&given.todo, &given.given, given.now)),
        "edit_todo" => {
            answer(call, input, |given: EditTodo| change::of_todo_edit(&given.todo, &given.given, given.now))
        }
        "edit_project" => answer(call, input, |given: EditProject| {
            Ok(change::of_project(&given.project, &given.given, given.now))
        }),
        "created" => answer(call, input, |given: Created| {
            let project = given.project.map(|project| change::project_created(&project, given.now));
            let todo = given.todo.and_then(|todo| change::todo_created(&todo, given.now));
            Ok(project.into_iter().chain(todo).collect::<Vec<Activity>>())
        }),
        "weeks" => answer(call, input, |given: Weeks| Ok(week::stale(&given.todos, &given.weeks))),
        "summarize" => answer(call, input, |given: Judge| given.judge(true)),
        "analyze" => answer(call, input, |given: Judge| given.judge(false)),
        "recommend" => answer(call, input, |given: Judge| given.recommend()),
        "next_todos" => answer(call, input, |given: Next| {
            Ok(daily::next_todos(&given.todos, given.today.monday(), given.now))
        }),
        "suggest_estimate" => answer(call, input, |given: Suggest| {
            Ok(Estimates::learn(&given.todos).suggest(given.estimated_hours, given.project_id.as_deref()))
        }),
        "knowledge" => answer(call, input, |given: Learn| given.learn()),
        "plan_import" => answer(call, input, import::plan),
        "verify_import" => answer(call, input, import::verify),
        _ => Err(unknown_call("projects", call)),
    }
}

#[derive(Deserialize)]
struct Step {
    todo: Todo,
    given: todo::Move,
    now: Moment,
}

#[derive(Deserialize)]
struct EditTodo {
    todo: Todo,
    given: change::TodoEdit,
    now: Moment,
}

#[derive(Deserialize)]
struct EditProject {
    project: Project,
    given: change::ProjectEdit,
    now: Moment,
}

#[derive(Deserialize)]
struct Created {
    project: Option<String>,
    todo: Option<Todo>,
    now: Moment,
}

#[derive(Deserialize)]
struct Weeks {
    todos: Vec<Todo>,
    weeks: Vec<Week>,
}

/// `todos` and `activities` are those of the projects; `samples` all done todos with actual hours.
#[derive(Deserialize)]
struct Judge {
    projects: Vec<Project>,
    todos: Vec<Todo>,
    samples: Vec<Todo>,
    activities: Vec<Activity>,
    #[serde(default)]
    patterns: Vec<Pattern>,
    now: Moment,
    today: Day,
    days: i64,
}

#[derive(Deserialize)]
struct Next {
    todos: Vec<Todo>,
    now: Moment,
    today: Day,
}

#[derive(Deserialize)]
struct Suggest {
    estimated_hours: Hundredths,
    project_id: Option<String>,
    todos: Vec<Todo>,
}

#[derive(Deserialize)]
struct Learn {
    projects: Vec<Project>,
    todos: Vec<Todo>,
    activities: Vec<Activity>,
    weeks: Vec<Week>,
    #[serde(default)]
    patterns: Vec<Pattern>,
    today: Day,
    utc_offset_min: i32,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Said {
    Summary(analysis::Summary),
    Analysis(analysis::Analysis),
}

impl Judge {
    fn judge(&self, short: bool) -> Result<Said, Fault> {
        let [project] = self.projects.as_slice() else { return Err(invalid("there is no such project")) };
        let judged = self.desk(&Estimates::learn(&self.samples)).judge(project);
        Ok(if short {
            Said::Summary(judged.summary(project))
        } else {
            Said::Analysis(judged.analysis(self.today))
        })
    }

    fn recommend(&self) -> Result<Vec<daily::Recommendation>, Fault> {
        Ok(daily::recommend(&self.desk(&Estimates::learn(&self.samples)), &self.projects, self.now))
    }

    fn desk<'r>(&'r self, estimates: &'r Estimates) -> Desk<'r> {
        Desk::new(
            &self.todos,
            &self.activities,
            estimates,
            &self.patterns,
            self.now,
            self.days.clamp(1, 3660),
        )
    }
}

impl Learn {
    /// As JSON of its own: it borrows from the input.
    fn learn(&self) -> Result<serde_json::Value, Fault> {
        let known = knowledge::Knowledge {
            projects: knowledge::projects(&self.projects, &self.todos, &self.patterns),
            tasks: knowledge::tasks(&self.todos, &self.activities),
            users: knowledge::users(
                &self.todos,
                &self.activities,
                &self.weeks,
                self.today,
                self.utc_offset_min,
            ),
        };
        serde_json::to_value(known).map_err(|error| invalid(error.to_string()))
    }
}
