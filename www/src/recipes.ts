/**
 * The recipes that Daybook can show: their tables and how much of each to keep (RECIPES.md, section 2), their views as chunks that
 * are loaded when they are opened. Which of them a project has installed, the configuration says.
 */

import type { ComponentType } from "preact";
import { lazy } from "preact/compat";
import type { TableOptions } from "thermocline";
import type { Config } from "./config.ts";
import type { IconName } from "./parts/icon.tsx";
import { RECIPE_NAMES, type RecipeName } from "./recipe-names.ts";

/** `rest`: what follows the recipe's name in the address. */
export type RecipeView = ComponentType<{ rest: string[] }>;

export interface Recipe {
  name: RecipeName;
  label: string;
  icon: IconName;
  View: RecipeView;
}

interface Description {
  label: string;
  icon: IconName;
  tables: TableOptions[];
  /** Nothing of it is sent or fetched before the reader says so. */
  waits?: boolean;
}

/** Time, in days. */
const MONTH = 30;
const LONG = 400;

const SYNC_LOGS: TableOptions = { name: "sync_logs", days: MONTH, rows: 1_000, priority: "lazy" };

const DESCRIPTIONS: Record<RecipeName, Description> = {
  context: {
    label: "Context",
    icon: "context",
    tables: [
      { name: "context_snapshots", days: MONTH, rows: 10_000 },
      { name: "daily_insights", days: LONG, priority: "medium" },
      { name: "daily_insight_drafts" },
      SYNC_LOGS,
    ],
  },
  path: {
    label: "Path",
    icon: "path",
    tables: [
      { name: "sovereign_logs", rows: 50_000 },
      { name: "user_progress" },
      { name: "routine_completions" },
      { name: "achievements", priority: "medium" },
      { name: "sovereign_path_data", priority: "medium" },
      { name: "oejts_answers", priority: "medium" },
      { name: "katas", priority: "medium" },
      { name: "cosmic_data_cache", days: 7, ttl: 6 * 60 * 60, priority: "low" },
      { name: "astrology_data_cache", priority: "low" },
      { name: "daily_attunements", days: LONG, priority: "medium" },
      { name: "health_metrics_history", days: LONG, priority: "medium" },
    ],
  },
  projects: {
    label: "Projects",
    icon: "projects",
    waits: true,
    tables: [
      { name: "projects" },
      { name: "weekly_goals" },
      { name: "todos" },
      { name: "project_activities", days: LONG, priority: "medium" },
      { name: "project_summaries" },
      { name: "import_runs" },
    ],
  },
};

const VIEWS = import.meta.glob<{ default: RecipeView }>("./recipes/*/view.tsx");

const found = RECIPE_NAMES.flatMap((name): Recipe[] => {
  const load = VIEWS[`./recipes/${name}/view.tsx`];
  const { label, icon } = DESCRIPTIONS[name];
  return load ? [{ name, label, icon, View: lazy(load) }] : [];
});

const isInstalled = ({ recipes = [] }: Config) => ({ name }: Recipe) => recipes.includes(name);

/** Those that there is something to show of. */
export const installedRecipes = (config: Config): Recipe[] => found.filter(isInstalled(config));

/** The tables to open of each. */
export const recipeTables = (config: Config): TableOptions[] => installedRecipes(config).flatMap(({ name }) => DESCRIPTIONS[name].tables);

/** The tables of which sync is on from the first sign-in. */
export const syncedFromTheStart = (config: Config): string[] =>
  installedRecipes(config).flatMap(({ name }) => (DESCRIPTIONS[name].waits ? [] : DESCRIPTIONS[name].tables.map((table) => table.name)));
