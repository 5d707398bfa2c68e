/** Two months of real days (build/context-days.mjs) as check-ins that end today, through the ordinary write path. */

import type { ContextRecipe } from "thermocline/recipes/context";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

interface Row {
  daysAgo: number;
  hour: number;
  focus: number;
  energy: number;
  mood: string;
  activity: string;
}

export interface SeedProgress {
  stored: number;
  total: number;
}

export async function seed(recipe: ContextRecipe, signal: AbortSignal, onProgress: (progress: SeedProgress) => void): Promise<void> {
  const response = await fetch("/context-days.json");
  if (!response.ok) throw new Error("The data set could not be read. Reload the page and try again.");
  const { rows } = (await response.json()) as { rows: Row[] };
  const midnight = new Date().setHours(0, 0, 0, 0);
  const past = rows.map((row) => ({ ...row, timestamp: midnight - row.daysAgo * DAY_MS + row.hour * HOUR_MS })).filter(({ timestamp }) => timestamp <= Date.now());
  let stored = 0;
  onProgress({ stored, total: past.length });
  for (const { focus, energy, mood, activity, timestamp } of past) {
    if (signal.aborted) return;
    await recipe.storeContext({ focus, energy, mood, activity, timestamp });
    onProgress({ stored: ++stored, total: past.length });
  }
}
