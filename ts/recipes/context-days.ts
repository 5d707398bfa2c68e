/**
 * The figures of local days: drafts are worked out from this device's snapshots when they are asked for, and the answer is either the
 * draft or the server's row. Stored is only over which row of the server a day has lost a snapshot.
 */
import type { QueryRequest, Thermocline } from "../types.js";
import { instantsOf, rowsOf, snapshotsBetween } from "./context-rows.js";
import type { ContextRecipe, DailyInsights, Patterns } from "./context-types.js";
import { ThermoclineError } from "../errors.js";
import { bodyOf, callRecipe, localTime } from "./recipe.js";

const SERVER_COLUMNS = "date,avg_focus,avg_energy,peak_hours,total_contexts,patterns,updated_at";
const NO_PATTERNS: Patterns = {
  activities: {}, dominant_mood: null, best_activity: null, energy_dip_hour: null, volatility: null, longest_focus_minutes: 0,
};

interface Range {
  from: string;
  to: string;
}

export function daysOf(tc: Thermocline): Pick<ContextRecipe, "getDailyInsights" | "listDailyInsights"> {
  const list = async (range: Range): Promise<DailyInsights[]> => {
    const instants = instantsOf({ from: dateOf(range.from), to: dateOf(range.to) });
    const within = `date=gte.${range.from}&date=lte.${range.to}`;
    const [snapshots, servers, drafts, pending] = await Promise.all([
      snapshotsBetween(tc, instants.from, instants.to),
      tc.query(`daily_insights?select=${SERVER_COLUMNS}&${within}`),
      tc.query(`daily_insight_drafts?select=date,reduced_over&${within}`),
      pendingIds(tc),
    ]);
    const { now, today } = localTime();
    const rows = { rows: snapshots.text, servers: rowsOf(servers).text, drafts: rowsOf(drafts).text };
    const days = callRecipe<DailyInsights[]>("context", "daily", { now, today, pending }, rows);
    // The instants of a day reach into its neighbours.
    return days.filter(({ date }) => date >= range.from && date <= range.to);
  };
  return {
    listDailyInsights: list,
    getDailyInsights: async (date) => (await list({ from: date, to: date }))[0] ?? null,
  };
}

/** Snapshots whose changes the server has not taken. */
async function pendingIds(tc: Thermocline): Promise<unknown[]> {
  const { pending, refused, conflicts } = tc.status();
  if (pending + refused + conflicts === 0) return [];
  const entries = await tc.outbox.list();
  return entries.filter(({ table }) => table === "context_snapshots").map(({ key }) => key[0]);
}

interface DayOf {
  user_id: string;
  recorded_at: string;
  utc_offset_min: number;
}

/** The write of a day's draft that remembers that the day has lost this snapshot; null: there is no such snapshot. */
export async function draftWithout(tc: Thermocline, id: string): Promise<QueryRequest | null> {
  const found = bodyOf(await tc.query(`context_snapshots?id=eq.${id}&select=user_id,recorded_at,utc_offset_min`), "context_snapshots");
  const [snapshot] = JSON.parse(found) as DayOf[];
  if (!snapshot) return null;
  const date = new Date(Date.parse(snapshot.recorded_at) + snapshot.utc_offset_min * 60_000).toISOString().slice(0, 10);
  const [figures, server] = await Promise.all([figuresWithout(tc, date, id), tc.query(`daily_insights?select=updated_at&date=eq.${date}`)]);
  const [theirs] = JSON.parse(bodyOf(server, "daily_insights")) as { updated_at: string }[];
  const { avgFocus = 0, avgEnergy = 0, peakHours = [], totalContexts = 0, patterns = NO_PATTERNS } = figures ?? {};
  const draft = {
    user_id: snapshot.user_id, date, avg_focus: avgFocus, avg_energy: avgEnergy, peak_hours: peakHours,
    total_contexts: totalContexts, patterns, reduced_over: theirs?.updated_at ?? null,
  };
  return {
    method: "POST", path: "daily_insight_drafts?on_conflict=user_id,date",
    headers: { "content-type": "application/json", prefer: "resolution=merge-duplicates,return=minimal" }, body: JSON.stringify(draft),
  };
}

async function figuresWithout(tc: Thermocline, date: string, id: string): Promise<DailyInsights | undefined> {
  const { from, to } = instantsOf({ from: date, to: date });
  const all = JSON.parse((await snapshotsBetween(tc, from, to)).text) as { id: string }[];
  const rows = { rows: JSON.stringify(all.filter((row) => row.id !== id)), servers: "[]" };
  const days = callRecipe<DailyInsights[]>("context", "daily", localTime(), rows);
  return days.find((day) => day.date === date);
}

function dateOf(date: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(date) && !Number.isNaN(Date.parse(date))) return date;
  throw new ThermoclineError("invalid_request", `${JSON.stringify(date)} is no date: give a local day as YYYY-MM-DD`);
}
