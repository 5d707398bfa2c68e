/**
 * The agent: it judges projects, recommends for the day and tells what was learned. All on this device, from rows that are here: private,
 * offline, and the same figures on every device.
 */
import { callRecipe, localTime } from "../recipe.js";
import type { plansOf } from "./plans.js";
import { asText, inserting, knownRow, newId, rowsOf, write, type Store } from "./store.js";
import type {
  HealthPattern, KnowledgeAction, KnowledgeBase, Project, ProjectActivity, ProjectAnalysis, ProjectSummary, Recommendation, Timeframe, Todo,
} from "./types.js";

/** What the logic reads of a todo. */
const TODO = "select=id,project_id,title,status,priority,estimated_hours,actual_hours,week_start_date,completed_at,created_at";
/** Done todos that estimates are learned from. */
const SAMPLES = `todos?${TODO}&status=eq.done&actual_hours=gt.0`;
/** What is lately, whatever the window. */
const LATELY_DAYS = 14;
const RECOMMENDED_PROJECTS = 10;

type Plans = ReturnType<typeof plansOf>;

export const agentOf = (store: Store, plans: Plans, patterns: HealthPattern[]) => ({ ...judgingOf(store, plans, patterns), ...learningOf(store, plans, patterns) });

function judgingOf(store: Store, plans: Plans, patterns: HealthPattern[]) {
  /** What is known of some projects, for one call of the logic. */
  const judge = async <Result>(call: string, projects: Project[], timeframe: Timeframe): Promise<Result> => {
    const days = daysOf(timeframe);
    const ids = projects.map(({ id }) => id).join();
    const of = `project_id=in.(${ids})`;
    const [todos, samples, activities] = await Promise.all([
      asText(store, `todos?${TODO}&${of}`),
      asText(store, SAMPLES),
      asText(store, `project_activities?${of}&occurred_at=gte.${daysAgo(Math.max(days, LATELY_DAYS))}`),
    ]);
    const quiet = await lastOf(store, projects, activities);
    const rows = { todos, samples, activities: quiet };
    return callRecipe<Result>("projects", call, { projects, patterns, days, ...localTime() }, rows);
  };
  const one = async (id: string): Promise<Project[]> => [await knownRow<Project>(store, "projects", id)];

  return {
    /** Newest first. */
    getProjectActivities: (id: string, timeframe: Timeframe = "30d"): Promise<ProjectActivity[]> =>
      rowsOf(store, `project_activities?project_id=eq.${id}&occurred_at=gte.${daysAgo(daysOf(timeframe))}&order=occurred_at.desc,id.desc`),

    /** Kept in `project_summaries`, too: on this device only. */
    async generateProjectSummary(id: string, timeframe: Timeframe = "30d"): Promise<ProjectSummary> {
      const summary = await judge<ProjectSummary>("summarize", await one(id), timeframe);
      const kept = { health_score: summary.insights.healthScore, activity_summary: summary, last_ai_update: new Date().toISOString() };
      const headers = { "content-type": "application/json", prefer: "resolution=merge-duplicates" };
      await store.tc.query({ method: "POST", path: "project_summaries?on_conflict=project_id", headers, body: JSON.stringify({ project_id: id, ...kept }) });
      return summary;
    },

    analyzeProject: async (id: string, timeframe: Timeframe = "30d"): Promise<ProjectAnalysis> => judge("analyze", await one(id), timeframe),

    /** For the ten active projects that changed last: risks first, the sickest first. What was dismissed is silent for seven days. */
    async generateDailyRecommendations(): Promise<Recommendation[]> {
      const projects = await plans.getProjects({ status: "active", limit: RECOMMENDED_PROJECTS });
      return projects.length === 0 ? [] : judge("recommend", projects, "30d");
    },
  };
}

function learningOf(store: Store, plans: Plans, patterns: HealthPattern[]) {
  return {
    /** Open todos with their score, the next one first. */
    async getNextTodos({ limit = 10 }: { limit?: number } = {}): Promise<(Todo & { score: number })[]> {
      const todos = await rowsOf<Todo>(store, "todos?status=in.(dumped,matched,refined,confirmed,committed)");
      const scored = callRecipe<{ id: string; score: number }[]>("projects", "next_todos", { todos, ...localTime() });
      const byId = new Map(todos.map((todo) => [todo.id, todo]));
      return scored.slice(0, limit).map(({ id, score }) => ({ ...byId.get(id)!, score }));
    },

    /** How long something of `hours` will take, by what was learned; up to the next quarter of an hour. */
    suggestEstimate: async (hours: number, projectId: string | null = null): Promise<number> =>
      callRecipe("projects", "suggest_estimate", { estimated_hours: hours, project_id: projectId }, { todos: await asText(store, SAMPLES) }),

    async getKnowledgeBase(): Promise<KnowledgeBase> {
      const [projects, todos, activities, weeks] = await Promise.all(
        ["projects", `todos?${TODO}`, "project_activities", "weekly_goals"].map((path) => asText(store, path)),
      );
      const rows = { projects: projects!, todos: todos!, activities: activities!, weeks: weeks! };
      return callRecipe("projects", "knowledge", { patterns, ...localTime() }, rows);
    },

    /** Records what happened; what is learned follows from the rows. */
    async updateKnowledgeBase(action: KnowledgeAction): Promise<void> {
      switch (action.kind) {
        case "project_completed":
          await plans.updateProject(action.projectId, { status: "completed", progress: 100 });
          break;
        case "task_estimation_corrected":
          await plans.updateTodo(action.todoId, { actual_hours: action.actualHours });
          break;
        case "workflow_optimization": {
          const { projectId, type, accepted } = action;
          const kind = accepted ? "recommendation_accepted" : "recommendation_dismissed";
          const told = { id: newId(), project_id: projectId, kind, detail: { type }, occurred_at: new Date().toISOString() };
          await store.inTurn(() => write(store, [inserting("project_activities", told)]));
        }
      }
    },
  };
}

/** Of a project that nothing has happened to in the window, its last activity is asked for: so long it has been quiet. */
async function lastOf(store: Store, projects: Project[], activities: string): Promise<string> {
  const known = JSON.parse(activities) as ProjectActivity[];
  const moved = new Set(known.map(({ project_id }) => project_id));
  const quiet = projects.filter(({ id }) => !moved.has(id));
  const asked = quiet.map(({ id }) => rowsOf<ProjectActivity>(store, `project_activities?project_id=eq.${id}&kind=not.in.(recommendation_accepted,recommendation_dismissed)&order=occurred_at.desc&limit=1`));
  return JSON.stringify([...known, ...(await Promise.all(asked)).flat()]);
}

const daysOf = (timeframe: Timeframe): number => Number.parseInt(timeframe, 10);
const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
