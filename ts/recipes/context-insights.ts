/** Insights over a window that ends now. */
import { hoursBefore, rowsOf, snapshotsBetween, FIGURE_COLUMNS } from "./context-rows.js";
import type { Aura, ContextRecipe, ContextSeries, Insights, InsightsText } from "./context-types.js";
import { callRecipe, userOf, type RecipeParts } from "./recipe.js";
import { ThermoclineError } from "../errors.js";

const HOURS_MAX = 24 * 366 * 10;
const TEXT_HOURS_MAX = 168;

type WindowCalls = Pick<ContextRecipe, "getRecentInsights" | "getHistoricalInsights" | "getSeries" | "getAura" | "generateInsights">;

export function insightsOf({ tc, supabase }: RecipeParts): WindowCalls {
  const windowOf = async (hours: number) => {
    inRange("hours", hours, HOURS_MAX);
    const now = new Date().toISOString();
    const from = hoursBefore(now, hours);
    return { now, from, ...(await snapshotsBetween(tc, from, now)) };
  };
  const insights = async (hours: number): Promise<Insights> => {
    const { now, from, text, partial } = await windowOf(hours);
    return callRecipe("context", "insights", { from, now, hours, partial }, { rows: text });
  };
  return {
    getRecentInsights: (hours = 24) => insights(hours),
    getHistoricalInsights: (days = 7) => insights(days * 24),
    async getSeries(hours, stepMin = 0): Promise<ContextSeries> {
      const { now, from, text, partial } = await windowOf(hours);
      const series = callRecipe<Omit<ContextSeries, "coverage">>("context", "series", { from, now, step_min: stepMin }, { rows: text });
      return { ...series, coverage: partial ? "partial" : "complete" };
    },
    async getAura(): Promise<Aura> {
      const now = new Date().toISOString();
      const path = `context_snapshots?select=${FIGURE_COLUMNS}&user_id=eq.${userOf(tc)}&recorded_at=lte.${now}&order=recorded_at.desc&limit=1`;
      return callRecipe("context", "aura", { now }, { rows: rowsOf(await tc.query(path)).text });
    },
    async generateInsights(hours = 24): Promise<InsightsText> {
      inRange("hours", hours, TEXT_HOURS_MAX);
      const { data, error } = await supabase.functions.invoke("generate_insights", { body: { kind: "day", hours } })
        .catch((thrown: unknown) => ({ data: null, error: thrown }));
      if (!error && isText(data)) return data;
      const figures = await insights(hours);
      return { text: callRecipe<string>("context", "text", { figures }), figures, origin: "local" };
    },
  };
}

const isText = (data: unknown): data is InsightsText => typeof (data as InsightsText | null)?.text === "string";

function inRange(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new ThermoclineError("invalid_request", `${name} is ${value}; give a whole number from 1 to ${max}`);
}
