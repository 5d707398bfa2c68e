/**
 * Projects, todos and weeks, made and changed. Every change is written together with the activities that tell of it and the figures
 * of its week: all of it or nothing.
 */
import { ThermoclineError } from "../../errors.js";
import type { QueryRequest } from "../../types.js";
import { callRecipe } from "../recipe.js";
import {
  allRowsOf, changing, dateOf, deleting, inserting, isSyncOn, knownRow, listed, newId, rowOf, rowsOf, waitingOf, withState, write, type PlanTable, type Store,
} from "./store.js";
import type {
  NewProject, NewTodo, Project, ProjectActivity, ProjectChanges, ProjectStatus, SyncStatus, Todo, TodoChanges, TodoEvent, TodoMove, TodoStatus,
  WeeklyGoal,
} from "./types.js";

/** Columns to write, and what tells of it. */
interface Change {
  changes: Record<string, unknown>;
  activities: Omit<ProjectActivity, "id" | "user_id">[];
}

interface StaleWeek {
  id: string | null;
  week_start_date: string;
  total_estimated_hours: number;
  completion_rate: number;
}

const logic = <Result>(call: string, input: object): Result => callRecipe<Result>("projects", call, { now: new Date().toISOString(), ...input });

/** One row with its sync state: that must be there, or that may be. */
function rowsWithState(store: Store) {
  const state = async <Row extends { id: string; updated_at: string; sync_status: SyncStatus }>(table: PlanTable, id: string): Promise<Row> =>
    withState(await knownRow<Row>(store, table, id), await waitingOf(store, table)).row;
  const found = async <Row extends { id: string; updated_at: string; sync_status: SyncStatus }>(table: PlanTable, id: string) =>
    (await rowOf(store, table, id)) === null ? null : state<Row>(table, id);
  return { state, found };
}

export const plansOf = (store: Store) => ({ ...projectsOf(store), ...todosOf(store), ...weeksOf(store) });

function projectsOf(store: Store) {
  const { state, found } = rowsWithState(store);
  return {
    createProject: (given: NewProject): Promise<Project> => store.inTurn(async () => {
      const id = newId();
      const completed = given.status === "completed" ? { completed_at: new Date().toISOString() } : {};
      await write(store, [inserting("projects", { ...given, ...completed, id }), ...telling(logic("created", { project: id }))]);
      return state<Project>("projects", id);
    }),
    updateProject: (id: string, changes: ProjectChanges): Promise<Project> => store.inTurn(async () => {
      const project = await knownRow<Project>(store, "projects", id);
      const more = logic<Change>("edit_project", { project, given: changes });
      await write(store, [...(await changed(store, "projects", id, { ...changes, ...more.changes })), ...telling(more.activities)]);
      return state<Project>("projects", id);
    }),
    /** Its todos remain, without a project. */
    deleteProject: (id: string): Promise<void> => store.inTurn(() => write(store, [deleting("projects", id)])),
    getProject: (id: string): Promise<Project | null> => found<Project>("projects", id),
    /** Last change first, then by id. */
    getProjects: ({ status, limit }: { status?: ProjectStatus; limit?: number } = {}): Promise<Project[]> =>
      listed<Project>(store, "projects", equal({ status }), limit),
  };
}

function todosOf(store: Store) {
  const { state, found } = rowsWithState(store);
  return {
    /** Dumped; matched if it has a project. */
    createTodo: (given: NewTodo): Promise<Todo> => store.inTurn(async () => {
      const id = newId();
      const now = new Date().toISOString();
      const row = { ...given, id, status: given.project_id ? "matched" : "dumped" };
      const todo = {
        project_id: null, priority: "medium", estimated_hours: 1, actual_hours: 0, week_start_date: null, completed_at: null, created_at: now, ...row,
      };
      await write(store, [inserting("todos", row), ...telling(logic("created", { todo }))]);
      return state<Todo>("todos", id);
    }),
    /** Moves it one step; rejects with `invalid_request` and the reason if that step is not open to it. */
    moveTodo: (id: string, event: TodoEvent, given: TodoMove = {}): Promise<Todo> =>
      changeTodo(store, id, (todo) => logic<Change>("step", { todo, given: { ...given, event } })).then(() => state<Todo>("todos", id)),
    updateTodo: (id: string, changes: TodoChanges): Promise<Todo> =>
      changeTodo(store, id, (todo) => {
        const { activities } = logic<Change>("edit_todo", { todo, given: changes });
        return { changes: editable(changes), activities };
      }).then(() => state<Todo>("todos", id)),
    deleteTodo: (id: string): Promise<void> => store.inTurn(async () => {
      const todo = await knownRow<Todo>(store, "todos", id);
      await write(store, [deleting("todos", id), ...(await weekWrites(store, [todo.week_start_date], (todos) => todos.filter((one) => one.id !== id)))]);
    }),
    getTodo: (id: string): Promise<Todo | null> => found<Todo>("todos", id),
    /** Last change first, then by id. `project` null: those without one. `week`: a Monday. */
    getTodos: ({ project, week, status, limit }: { project?: string | null; week?: string; status?: TodoStatus; limit?: number } = {}): Promise<Todo[]> =>
      listed<Todo>(store, "todos", equal({ project_id: project, week_start_date: week, status }), limit),
  };
}

function weeksOf(store: Store) {
  const { state, found } = rowsWithState(store);
  return {
    /** The week of a day; the one that is there if there is one. */
    createWeeklyGoal: (day: string): Promise<WeeklyGoal> => store.inTurn(async () => {
      const week = mondayOf(day);
      const known = await rowsOf<WeeklyGoal>(store, `weekly_goals?week_start_date=eq.${week}`);
      if (known.length === 0) {
        const figures = (await staleWeeks(store, [week], (todos) => todos))?.[0];
        await write(store, [inserting("weekly_goals", { week_start_date: week, ...(figures && figuresOf(figures)) })]);
      }
      const [row] = await rowsOf<WeeklyGoal>(store, `weekly_goals?week_start_date=eq.${week}`);
      return state<WeeklyGoal>("weekly_goals", row!.id);
    }),
    getWeeklyGoal: (id: string): Promise<WeeklyGoal | null> => found<WeeklyGoal>("weekly_goals", id),
    /** Last change first, then by id. */
    getWeeklyGoals: ({ limit }: { limit?: number } = {}): Promise<WeeklyGoal[]> => listed<WeeklyGoal>(store, "weekly_goals", [], limit),
    /** Folds anew the figures of all weeks; writes those that differ, and only if this device knows all todos. Answers how many. */
    foldWeeks: (): Promise<number> => store.inTurn(async () => {
      const stale = await staleWeeks(store, null, (todos) => todos);
      await write(store, (stale ?? []).map(writeWeek));
      return stale?.length ?? 0;
    }),
  };
}

/** Writes a todo's change with what tells of it, and the figures of the weeks that it left and came to. */
const changeTodo = (store: Store, id: string, change: (todo: Todo) => Change): Promise<void> => store.inTurn(async () => {
  const todo = await knownRow<Todo>(store, "todos", id);
  const { changes, activities } = change(todo);
  const after = { ...todo, ...changes } as Todo;
  const weeks = [todo.week_start_date, after.week_start_date];
  const folded = await weekWrites(store, weeks, (todos) => [...todos.filter((one) => one.id !== id), after]);
  await write(store, [...(await changed(store, "todos", id, changes)), ...telling(activities), ...folded]);
});

const changed = async (store: Store, table: PlanTable, id: string, changes: object): Promise<QueryRequest[]> =>
  Object.keys(changes).length === 0 ? [] : [changing(table, id, { ...changes, ...(await dateOf(store, table, id)) })];

const telling = (activities: Change["activities"]): QueryRequest[] =>
  activities.length === 0 ? [] : [inserting("project_activities", activities.map((activity) => ({ id: newId(), ...activity })))];

const EDITABLE = new Set(["title", "description", "priority", "estimated_hours", "actual_hours"]);

function editable(changes: TodoChanges): TodoChanges {
  const other = Object.keys(changes).find((column) => !EDITABLE.has(column));
  if (other !== undefined) throw new ThermoclineError("invalid_request", `todos: ${other} is not edited; a todo is moved by moveTodo`);
  return changes;
}

async function weekWrites(store: Store, weeks: (string | null)[], after: (todos: Todo[]) => Todo[]): Promise<QueryRequest[]> {
  const named = [...new Set(weeks.filter((week) => week !== null))];
  return named.length === 0 ? [] : ((await staleWeeks(store, named, after)) ?? []).map(writeWeek);
}

/** Null: this device does not know all todos, so it has no figures to write. `weeks` null: all of them. */
async function staleWeeks(store: Store, weeks: string[] | null, after: (todos: Todo[]) => Todo[]): Promise<StaleWeek[] | null> {
  const { held } = store.tc.status();
  if (isSyncOn(store) && !["todos", "weekly_goals"].every((table) => held.includes(table))) return null;
  const which = weeks === null ? "week_start_date=not.is.null" : `week_start_date=in.(${weeks.join()})`;
  const [todos, rows] = await Promise.all([allRowsOf<Todo>(store, `todos?${which}`), allRowsOf<WeeklyGoal>(store, `weekly_goals?${which}`)]);
  if (todos === null || rows === null) return null;
  const counted = after(todos).filter(({ week_start_date }) => week_start_date !== null && (weeks?.includes(week_start_date) ?? true));
  return logic<StaleWeek[]>("weeks", { todos: counted, weeks: rows });
}

const figuresOf = ({ total_estimated_hours, completion_rate }: StaleWeek) => ({ total_estimated_hours, completion_rate });

/** Without an id the device derives it from owner and Monday, as every other device does. */
const writeWeek = (week: StaleWeek): QueryRequest =>
  week.id === null
    ? inserting("weekly_goals", { week_start_date: week.week_start_date, ...figuresOf(week) })
    : changing("weekly_goals", week.id, figuresOf(week));

function equal(filters: Record<string, string | null | undefined>): string[] {
  const asked = Object.entries(filters).filter(([, value]) => value !== undefined);
  return asked.map(([column, value]) => (value === null ? `${column}=is.null` : `${column}=eq.${encodeURIComponent(value!)}`));
}

/** The Monday of a day's week. */
export function mondayOf(day: string): string {
  const at = new Date(`${day.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) throw new ThermoclineError("invalid_request", `${day} is no date; a date reads 2026-03-09`);
  return new Date(at.getTime() - ((at.getUTCDay() + 6) % 7) * 86_400_000).toISOString().slice(0, 10);
}
