/**
 * The shapes of the recipe `projects`: rows as PostgREST gives them, with their sync state, and what the agent answers.
 * Hours are hours with two decimals, times ISO texts with a zone, dates `YYYY-MM-DD`, percentages whole numbers.
 */

export type Priority = "low" | "medium" | "high";
export type ProjectStatus = "active" | "paused" | "completed" | "archived";
export type TodoStatus = "dumped" | "matched" | "refined" | "confirmed" | "committed" | "done" | "dropped";

/**
 * Of one row: `local`: written here, sync is off; `pending`: waits to be sent; `syncing`: is under way; `synced`: nothing waits;
 * `conflict`: waits for a decision; `error`: the server refused it.
 */
export type SyncStatus = "local" | "pending" | "syncing" | "synced" | "conflict" | "error";

interface Kept {
  id: string;
  user_id: string;
  created_at: string;
  /** The last change that is known here. */
  updated_at: string;
  sync_status: SyncStatus;
}

export interface Project extends Kept {
  intention_id: string | null;
  title: string;
  description: string;
  why: string;
  status: ProjectStatus;
  priority: Priority;
  /** 0 to 100. */
  progress: number;
  legacy_id: string | null;
  completed_at: string | null;
}

export interface Todo extends Kept {
  project_id: string | null;
  title: string;
  description: string;
  status: TodoStatus;
  priority: Priority;
  estimated_hours: number;
  actual_hours: number;
  /** Monday of the week it is committed to. */
  week_start_date: string | null;
  completed_at: string | null;
  legacy_id: string | null;
}

/** Its figures are folded from the week's todos. */
export interface WeeklyGoal extends Kept {
  week_start_date: string;
  total_estimated_hours: number;
  completion_rate: number;
}

export interface ProjectActivity {
  id: string;
  user_id: string;
  project_id: string;
  todo_id: string | null;
  kind:
    | "project_created" | "progress_changed" | "status_changed" | "todo_added" | "todo_moved" | "todo_done" | "todo_reopened"
    | "estimate_corrected" | "recommendation_accepted" | "recommendation_dismissed";
  value: number | null;
  detail: Record<string, unknown>;
  occurred_at: string;
}

export type NewProject = Pick<Project, "title"> & Partial<Pick<Project, "intention_id" | "description" | "why" | "status" | "priority" | "progress">>;
export type ProjectChanges = Partial<NewProject>;
export type NewTodo = Pick<Todo, "title"> & Partial<Pick<Todo, "project_id" | "description" | "priority" | "estimated_hours">>;
/** A todo's state, project and week are moved by events alone: see `moveTodo`. */
export type TodoChanges = Partial<Pick<Todo, "title" | "description" | "priority" | "estimated_hours" | "actual_hours">>;

export type TodoEvent = "match" | "refine" | "confirm" | "commit" | "finish" | "back" | "drop" | "reopen";

/** What an event brings along: `match` a project, `refine` title and estimate, `commit` a day of the week, `finish` the hours it took. */
export interface TodoMove {
  project_id?: string;
  title?: string;
  estimated_hours?: number;
  week?: string;
  actual_hours?: number;
}

/** The window of figures. */
export type Timeframe = "7d" | "30d" | "90d";

export interface Risk {
  name: string;
  /** 1 to 3; 3 is the worst. */
  severity: number;
  sentence: string;
  steps: string[];
}

export interface Suggestion {
  description: string;
  steps: string[];
}

export type Trend = "improving" | "stable" | "declining";

export interface ProjectSummary {
  insights: {
    summary: string;
    /** 0 to 100; null: the project is not active. */
    healthScore: number | null;
    riskFactors: Risk[];
    recommendations: string[];
  };
  /** Hours a week; estimated by actual hours; days. */
  metrics: { velocity: number; productivity: number | null; timeToCompletion: number | null };
  trends: { progressTrend: Trend; velocityTrend: Trend; qualityTrend: Trend };
}

export interface ProjectAnalysis {
  healthAssessment: { score: number | null; reasons: { pattern: string; adjustment: number }[] };
  riskAnalysis: { highRisk: boolean; primaryRisk: string | null; factors: Risk[]; mitigationSteps: string[] };
  optimizationSuggestions: Suggestion[];
  predictiveInsights: { days: number | null; date: string | null; confidence: "low" | "medium" | "high" };
}

export interface Recommendation {
  type: "risk_mitigation" | "optimization";
  priority: Priority;
  projectId: string;
  title: string;
  description: string;
  actions: string[];
}

/** One more pattern of the health score: holds if all of its bounds do, and then adds its adjustment. */
export interface HealthPattern {
  name: string;
  adjustment: number;
  when: { figure: Figure; is: "above" | "at_least" | "at_most" | "below"; value: number }[];
}

/** What a pattern may ask for; "recent" is the last 14 days, the others the window. */
export type Figure =
  | "quiet_days" | "age_days" | "progress" | "recent_gain" | "recent_done" | "recent_growth" | "recent_added" | "open_todos"
  | "dumped_todos" | "ready_todos" | "committed_todos" | "large_todos" | "productivity" | "rated_todos" | "done_todos" | "rework"
  | "bias" | "bias_samples" | "why_length";

export interface Learned {
  /** Actual by estimated hours. */
  bias: number;
  samples: number;
}

export interface KnowledgeBase {
  projects: {
    patterns: HealthPattern[];
    riskIndicators: Risk[];
    optimizationRules: Suggestion[];
    /** Percent; days; hours. */
    successMetrics: { completionRate: number | null; medianDays: number | null; medianHours: number | null };
  };
  tasks: {
    estimationModels: { overall: Learned; projects: Record<string, Learned> };
    prioritizationRules: string;
    workflowPatterns: { medianDays: Partial<Record<TodoStatus, number>>; bottleneck: TodoStatus | null };
  };
  users: {
    /** Hours, Monday first; 0 is Monday. */
    productivityPatterns: { hoursByWeekday: number[]; bestWeekday: number | null };
    /** Week and percent, oldest first. */
    goalAchievementHistory: { weeks: [string, number][]; mean: number | null };
    workingStyles: "planner" | "improviser" | "mixed" | null;
  };
}

export type KnowledgeAction =
  | { kind: "project_completed"; projectId: string }
  | { kind: "task_estimation_corrected"; todoId: string; actualHours: number }
  | { kind: "workflow_optimization"; projectId: string; type: Recommendation["type"]; accepted: boolean };

export interface ProjectsConflict {
  /** For `resolveConflict`. */
  id: string;
  table: "projects" | "weekly_goals" | "todos" | "project_activities";
  /** The row's id. */
  row: string;
  /** The columns that both sides changed, or all of mine where the row is gone there. */
  columns: string[];
  base: Record<string, unknown>;
  mine: Record<string, unknown>;
  /** Null: it is gone on the server. */
  theirs: Record<string, unknown> | null;
  /** Milliseconds since 1970: when mine was made. */
  since: number;
}

export interface ProjectsSyncStatus {
  enabled: boolean;
  /** Milliseconds since 1970; null: never in this context. */
  lastSync: number | null;
  /** Rows of projects, weeks and todos with changes that wait. */
  pendingRecords: number;
  conflicts: ProjectsConflict[];
}

export interface RowName {
  table: string;
  id: string;
}

export interface ProjectsSyncResult {
  /** Rows whose changes were answered. */
  synced: RowName[];
  conflicts: RowName[];
  /** Rows that came, changed or went by what others did. */
  remoteChanges: RowName[];
  /** Milliseconds since 1970. */
  timestamp: number;
  /** Opaque: names the state of the server that this device has seen. */
  newSyncToken: string;
}

/** What an import would do; nothing is written yet. */
export interface ImportPlan {
  /** Rows in the source that can be taken over, by table. */
  counts: Record<ImportTable, { planned: number; new: number; skipped: number }>;
  problems: ImportProblem[];
  /** More than one person's rows are in it: `runImport` wants `consent`. */
  needsConsent: boolean;
  /** The run that has taken over exactly this source before. */
  done: ImportReport | null;
}

export type ImportTable = "projects" | "weekly_goals" | "todos";

/** Something that was not taken over as it is. */
export interface ImportProblem {
  table: string;
  /** The row's id in the source. */
  id: string | null;
  column: string;
  /** What the source has. */
  value: unknown;
  message: string;
}

export interface ImportReport {
  source: string;
  /** SHA-256 of the source, as hex. */
  sourceHash: string;
  /** ISO text. */
  startedAt: string;
  counts: Record<ImportTable, { planned: number; inserted: number; skipped: number }>;
  problems: ImportProblem[];
  /** Read back: inserted rows equal the plan field by field, skipped ones exist. */
  verified: boolean;
  /** What was not found as planned; empty if verified. */
  differences: { table: ImportTable; id: string; column: string | null; planned: unknown; found: unknown }[];
}
