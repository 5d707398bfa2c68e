/** The recipe of this page's database, made once, and what it says, asked anew after every change of the tables it is about. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { pathRecipe, type PathRecipe } from "thermocline/recipes/path";
import { useBackend, type Backend } from "../../backend.ts";

const made = new WeakMap<Backend, PathRecipe>();

export function usePath(): PathRecipe {
  const backend = useBackend();
  const there = made.get(backend);
  if (there) return there;
  const recipe = pathRecipe(backend);
  made.set(backend, recipe);
  return recipe;
}

/** Columns that change when something to be shown does. */
const WATCHED = {
  sovereign_logs: "id,content,metadata&order=created_at.desc&limit=200",
  routine_completions: "date,routine",
  user_progress: "*",
  achievements: "achievement_id,progress,unlocked,unlocked_date",
  sovereign_path_data: "*",
  oejts_answers: "question_id,value",
  katas: "*",
  daily_attunements: "id&order=date.desc&limit=10",
  health_metrics_history: "date,steps,sleep_hours,walking_asymmetry&order=date.desc&limit=60",
  cosmic_data_cache: "date,cached_at",
} as const;

export interface Loaded<Value> {
  value: Value | null;
  error: unknown;
  reload: () => void;
}

/** What `load` resolves to, now and after every change of the tables. */
export function useLoaded<Value>(load: (recipe: PathRecipe) => Promise<Value>, tables: (keyof typeof WATCHED)[], also: unknown = null): Loaded<Value> {
  const { tc } = useBackend();
  const recipe = usePath();
  const [answer, setAnswer] = useState<{ value: Value | null; error: unknown }>({ value: null, error: null });
  const latest = useRef(0);
  const loading = useRef(load);
  loading.current = load;
  const reload = useCallback(() => {
    const turn = ++latest.current;
    loading.current(recipe).then(
      (value) => { if (turn === latest.current) setAnswer({ value, error: null }); },
      (error: unknown) => { if (turn === latest.current) setAnswer((before) => ({ ...before, error })); },
    );
  }, [recipe]);
  useEffect(() => {
    const stops = tables.map((table) => tc.live(`${table}?select=${WATCHED[table]}`, reload, (error) => setAnswer((before) => ({ ...before, error }))));
    return () => {
      latest.current++;
      for (const stop of stops) stop();
    };
  }, [tc, reload, also, tables.join()]);
  return { ...answer, reload };
}

/** The local date, like 2026-03-10. */
export function localDate(at = new Date()): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** Throws what a write was refused for, so that an action can say it. */
export function accepted<Written extends { success: boolean; error?: { code: string; message: string } }>(written: Written): Written {
  if (!written.success) throw Object.assign(new Error(written.error?.message ?? "The change was refused."), { said: true });
  return written;
}
