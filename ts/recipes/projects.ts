/**
 * The recipe `projects`: projects, weeks and todos, an agent that judges them, and the import of an older store. Everything works offline;
 * only sync itself needs the network, and is off until `enableSync()`.
 *
 * ```ts
 * const tc = await openThermocline({ url, key, tables: PROJECTS_TABLES });
 * const supabase = createClient(url, key, { global: { fetch: tc.fetch } });
 * const plans = projectsRecipe({ tc, supabase });
 * ```
 */
import type { Thermocline } from "../types.js";
import { agentOf } from "./projects/agent.js";
import { importingOf } from "./projects/importing.js";
import { plansOf } from "./projects/plans.js";
import { isSyncOn, storeOf, TABLES } from "./projects/store.js";
import { syncingOf } from "./projects/syncing.js";
import type { HealthPattern, ProjectsSyncStatus } from "./projects/types.js";

export type * from "./projects/types.js";
export type { ImportOptions, RunOptions } from "./projects/importing.js";

/** The tables that an app opens for this recipe. */
export const PROJECTS_TABLES: string[] = [...TABLES, "project_summaries", "import_runs"];

export interface ProjectsOptions {
  tc: Thermocline;
  /** As the other recipes take it; this one calls no Edge Function. */
  supabase?: unknown;
  /** Patterns of the app's own, beside those that ship. */
  patterns?: HealthPattern[];
}

/** The recipe's functions, over the database that `tc` has open. Rows are those of whoever is signed in. */
export function projectsRecipe({ tc, patterns = [] }: ProjectsOptions) {
  const store = storeOf(tc);
  const plans = plansOf(store);
  const syncing = syncingOf(store, plans.foldWeeks);
  let watching: (() => void) | null = null;

  /** After a pull the week's figures are those of the rows that came. */
  const watch = (): void => {
    let seen = tc.status().lastPull;
    watching ??= tc.on("status", ({ lastPull }) => {
      if (lastPull === seen) return;
      seen = lastPull;
      if (isSyncOn(store)) plans.foldWeeks().catch((error: unknown) => console.error("projects: the week's figures were not folded", error));
    });
  };

  return {
    ...plans,
    ...syncing,
    ...agentOf(store, plans, patterns),
    ...importingOf(store),
    /** Call it once, before anything else; sync stays as it was chosen unless `enableSync` says otherwise. */
    async initialize({ enableSync }: { enableSync?: boolean } = {}): Promise<ProjectsSyncStatus> {
      if (enableSync === true) await syncing.enableSync();
      if (enableSync === false) await syncing.disableSync();
      watch();
      await plans.foldWeeks();
      return syncing.getSyncStatus();
    },
    /** Ends what `initialize` began. */
    close(): void {
      watching?.();
      watching = null;
    },
  };
}

export type ProjectsRecipe = ReturnType<typeof projectsRecipe>;
