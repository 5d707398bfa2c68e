/** How snapshots are asked for: by the columns that figures are made of, within a window of time. */
import type { QueryAnswer, Thermocline } from "../types.js";
import { bodyOf, isPartial, userOf } from "./recipe.js";

const HOUR_MS = 3_600_000;
/** No place on earth is further from UTC. */
const OFFSET_HOURS = 14;
export const FIGURE_COLUMNS = "id,recorded_at,utc_offset_min,focus_level,energy_level,mood_state,activity_pattern";

export interface Rows {
  /** JSON text. */
  text: string;
  partial: boolean;
}

/** Those of a window, both ends included, newest first. */
export async function snapshotsBetween(tc: Thermocline, from: string, to: string, columns = FIGURE_COLUMNS): Promise<Rows> {
  const window = `recorded_at=gte.${encodeURIComponent(from)}&recorded_at=lte.${encodeURIComponent(to)}`;
  return rowsOf(await tc.query(`context_snapshots?select=${columns}&user_id=eq.${userOf(tc)}&${window}&order=recorded_at.desc`));
}

export const rowsOf = (answer: QueryAnswer): Rows => ({ text: bodyOf(answer, "context"), partial: isPartial(answer) });

/** So many hours back from `now`, an ISO timestamp. */
export const hoursBefore = (now: string, hours: number): string => new Date(Date.parse(now) - hours * HOUR_MS).toISOString();

/** The instants between which every local day of a range lies, wherever it was. */
export function instantsOf({ from, to }: { from: string; to: string }): { from: string; to: string } {
  return { from: hoursBefore(`${from}T00:00:00Z`, OFFSET_HOURS), to: hoursBefore(`${to}T00:00:00Z`, -24 - OFFSET_HOURS) };
}
