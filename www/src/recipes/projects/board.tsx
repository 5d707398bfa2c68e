/**
 * The board: a column for each state of a todo. A card is dragged to another column, or moved by the list of states on it, which the
 * keyboard reaches; a step that is not open to it says why.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Project, Todo, TodoEvent, TodoMove, TodoStatus } from "thermocline/recipes/projects";
import { Empty, Failed, Loading } from "../../parts/state.tsx";
import { useAction } from "../../state/action.ts";
import { today } from "../../words.ts";
import { SyncChip } from "./chip.tsx";
import { eventTo, STATES, stateName, useFresh, usePlans } from "./plans.ts";

/** More cards in one column are counted, not drawn. */
const SHOWN = 30;

export function BoardTab() {
  const plans = usePlans();
  const rows = useFresh(async (asked) => ({ todos: await asked.getTodos(), projects: await asked.getProjects() }), "board");
  const { run, result, problem } = useAction(async () => undefined);
  const [over, setOver] = useState<TodoStatus | null>(null);
  const moved = useRef<string | null>(null);
  // A card that changes its column is drawn anew: the keyboard follows it.
  useEffect(() => {
    if (moved.current !== null) document.getElementById(`move-${moved.current}`)?.focus();
    moved.current = null;
  }, [rows]);
  if (rows.state === "loading") return <Loading what="the board" />;
  if (rows.state === "failed") return <Failed error={rows.error} />;
  const { todos, projects } = rows.value;

  const step = (todo: Todo, event: TodoEvent, given: TodoMove): void => run(async () => {
    const { status } = await plans.moveTodo(todo.id, event, given);
    moved.current = todo.id;
    return `“${todo.title}” is ${status} now.`;
  });
  const drop = (todo: Todo, to: TodoStatus): void => {
    if (todo.status === to) return;
    const event = eventTo(todo.status, to);
    step(todo, event, given(event, todo, projects));
  };
  return (
    <>
      <NewTodo projects={projects} />
      <p role="status" class="hint">{result}</p>
      {problem && <p role="alert" class="problem">{problem}</p>}
      {todos.length === 0 && <Empty icon="projects" title="Nothing to do yet"><p>Dump what is on your mind above, or load an example under <a href="#/projects/import">Import</a>.</p></Empty>}
      {todos.length > 0 && (
        <div class="board" role="group" aria-label="Todos by state" tabIndex={0}>
          {STATES.map((state) => {
            const own = todos.filter(({ status }) => status === state);
            return (
              <section key={state} class="column" data-over={over === state} aria-labelledby={`column-${state}`}
                onDragOver={(event) => { event.preventDefault(); setOver(state); }}
                onDragLeave={() => setOver(null)}
                onDrop={(event) => {
                  event.preventDefault();
                  setOver(null);
                  const todo = todos.find(({ id }) => id === event.dataTransfer?.getData("text/plain"));
                  if (todo) drop(todo, state);
                }}>
                <h2 id={`column-${state}`}>{stateName(state)} <span class="badge">{own.length}</span></h2>
                <ul>{own.slice(0, SHOWN).map((todo) => <Card key={todo.id} todo={todo} projects={projects} onMove={drop} onMatch={(project_id) => step(todo, "match", { project_id })} />)}</ul>
                {own.length > SHOWN && <p class="hint">and {own.length - SHOWN} more</p>}
              </section>
            );
          })}
        </div>
      )}
    </>
  );
}

/** What a step needs that a drag does not say: the only project, the estimate as it is, this week. */
function given(event: TodoEvent, { title, estimated_hours, project_id }: Todo, projects: Project[]): TodoMove {
  const only = projects.length === 1 ? projects[0]?.id : undefined;
  const project = project_id ?? only;
  switch (event) {
    case "match": return project === undefined ? {} : { project_id: project };
    case "refine": return { title, estimated_hours };
    case "commit": return { week: today() };
    case "confirm": case "finish": case "back": case "drop": case "reopen": return {};
  }
}

interface CardProps {
  todo: Todo;
  projects: Project[];
  onMove: (todo: Todo, to: TodoStatus) => void;
  onMatch: (project: string) => void;
}

function Card({ todo, projects, onMove, onMatch }: CardProps) {
  const project = projects.find(({ id }) => id === todo.project_id);
  const isOpen = todo.status !== "done" && todo.status !== "dropped";
  return (
    <li class="todo" draggable onDragStart={(event) => event.dataTransfer?.setData("text/plain", todo.id)}>
      <p class="todo-title">{todo.title}</p>
      <p class="hint">{project?.title ?? (isOpen ? "needs a project" : "no project")} · {todo.estimated_hours} h <SyncChip status={todo.sync_status} /></p>
      <div class="todo-moves">
        <label class="unseen" for={`move-${todo.id}`}>State of {todo.title}</label>
        <select id={`move-${todo.id}`} value={todo.status} onChange={(event) => {
          onMove(todo, event.currentTarget.value as TodoStatus);
          event.currentTarget.value = todo.status;
        }}>
          {STATES.map((state) => <option key={state} value={state}>{stateName(state)}</option>)}
        </select>
        {isOpen && !project && projects.length > 0 && (
          <>
            <label class="unseen" for={`project-${todo.id}`}>Project of {todo.title}</label>
            <select id={`project-${todo.id}`} value="" onChange={(event) => onMatch(event.currentTarget.value)}>
              <option value="" disabled>Project…</option>
              {projects.map(({ id, title }) => <option key={id} value={id}>{title}</option>)}
            </select>
          </>
        )}
      </div>
    </li>
  );
}

function NewTodo({ projects }: { projects: Project[] }) {
  const plans = usePlans();
  const [title, setTitle] = useState("");
  const [project, setProject] = useState("");
  const { run, problem } = useAction(async () => undefined);
  const add = (event: Event): void => {
    event.preventDefault();
    if (title.trim() === "") return;
    run(async () => {
      await plans.createTodo({ title: title.trim(), ...(project === "" ? {} : { project_id: project }) });
      setTitle("");
      return "";
    });
  };
  return (
    <form class="new-todo" onSubmit={add}>
      <label class="unseen" for="new-todo">What is to be done?</label>
      <input id="new-todo" value={title} placeholder="What is to be done?" onInput={(event) => setTitle(event.currentTarget.value)} />
      <label class="unseen" for="new-todo-project">Project</label>
      <select id="new-todo-project" value={project} onChange={(event) => setProject(event.currentTarget.value)}>
        <option value="">No project yet</option>
        {projects.map(({ id, title: name }) => <option key={id} value={id}>{name}</option>)}
      </select>
      <button type="submit" class="button primary">Add</button>
      {problem && <p class="problem" role="alert">{problem}</p>}
    </form>
  );
}
