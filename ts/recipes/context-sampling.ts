/** One step of adaptive sampling, decided by the recipe's logic (RECIPES 4.4), and the state it begins with. */
import type { Thermocline } from "../types.js";
import type { Sensed } from "./context-reading.js";
import { FIGURE_COLUMNS, rowsOf } from "./context-rows.js";
import type { SamplerEntry } from "./context-types.js";
import { callRecipe, userOf } from "./recipe.js";

export interface SampleState {
  last: (Sensed & { at: string }) | null;
  /** Unchanged samples in a row. */
  k: number;
  paused: boolean;
  sampled_at: string | null;
  due_at: string | null;
}

export interface SampleStep {
  state: SampleState;
  store: boolean;
  reason: SamplerEntry["reason"] | null;
}

export const freshState = (): SampleState => ({ last: null, k: 0, paused: false, sampled_at: null, due_at: null });

/** What the newest snapshot says was stored last. */
export async function newestState(tc: Thermocline): Promise<SampleState> {
  const last = await newest(tc, "");
  return { ...freshState(), last };
}

/** The newest check-in by hand; null: there is none. */
export const newestByHand = (tc: Thermocline): Promise<SampleState["last"]> => newest(tc, "&source=eq.manual");

interface Row {
  recorded_at: string;
  focus_level: number;
  energy_level: number;
  mood_state: string;
  activity_pattern: string;
}

async function newest(tc: Thermocline, filter: string): Promise<SampleState["last"]> {
  const path = `context_snapshots?select=${FIGURE_COLUMNS}&user_id=eq.${userOf(tc)}${filter}&order=recorded_at.desc&limit=1`;
  const [row] = JSON.parse(rowsOf(await tc.query(path)).text) as Row[];
  if (!row) return null;
  return { at: row.recorded_at, focus: row.focus_level, energy: row.energy_level, mood: row.mood_state, activity: row.activity_pattern };
}

/** `event`: the time has come, somebody is there again, or a check-in by hand was stored. */
export function judge(state: SampleState, event: "due" | "input" | "manual", now: string, reading: Sensed, idle = false): SampleStep {
  return callRecipe("context", "sample", { state, event, now, idle, reading });
}
