/** Health by day; the newest day is in the path data, too. */
import type { Thermocline } from "../types.js";
import { bringTo, idIn, outcomeOf, read, readOne, type RowId } from "./path-rows.js";
import type { HealthDay, HealthFigures, PathRecipe } from "./path-types.js";
import { bodyOf, localTime } from "./recipe.js";

interface HealthRow {
  date: string;
  steps: number | null;
  sleep_hours: number | null;
  walking_asymmetry: number | null;
  synced_at: string;
}

const TABLE = "health_metrics_history";
const DAY_MS = 86_400_000;

export function healthOf(tc: Thermocline): Pick<PathRecipe, "syncHealthMetrics" | "fetchHealthMetricsHistory"> {
  return {
    syncHealthMetrics: (figures, date) => outcomeOf(tc, () => write(tc, figures, date)),
    async fetchHealthMetricsHistory(days = 30) {
      const since = new Date(Date.parse(localTime().today) - days * DAY_MS).toISOString().slice(0, 10);
      const { rows } = await read<HealthRow>(tc, `${TABLE}?select=date,steps,sleep_hours,walking_asymmetry,synced_at&date=gte.${since}&order=date.desc`);
      return rows.map((row): HealthDay => ({
        date: row.date, steps: row.steps, sleepHours: row.sleep_hours, walkingAsymmetry: row.walking_asymmetry, lastSync: row.synced_at,
      }));
    },
  };
}

/** The day's row and, if no later day is known, the path data's copy of it: both or neither. */
async function write(tc: Thermocline, figures: HealthFigures, date: string): Promise<RowId> {
  const given = { steps: figures.steps, sleep_hours: figures.sleepHours, walking_asymmetry: figures.walkingAsymmetry };
  const day = await bringTo(tc, TABLE, { date }, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
  const later = await readOne<HealthRow>(tc, `${TABLE}?select=date&date=gt.${date}`);
  const person = later ? null : await bringTo(tc, "sovereign_path_data", {}, { health_metrics: { date, ...figures } });
  const requests = [day, person].flatMap((request) => (request === null || "id" in request ? [] : [request]));
  const [first] = requests.length > 0 ? await tc.transaction(requests) : [];
  if ("id" in day) return day;
  if (!first) throw new TypeError("a transaction answers each of its requests");
  return idIn(TABLE, bodyOf(first, TABLE));
}
