/**
 * The recipe `context`: how a person is over the day (focus, energy, mood, activity), and insights from it. Needs
 * supabase/recipes/shared and supabase/recipes/context on the server, and `context_snapshots`, `daily_insights` and
 * `daily_insight_drafts` among the tables that are opened.
 *
 * ```ts
 * const context = contextRecipe({ tc, supabase });
 * await context.storeContext({ focus: 7, energy: 5.5, mood: "calm", activity: "deep_work" });
 * const { avgFocus, peakTime, trend } = await context.getRecentInsights();
 * ```
 *
 * Everything is answered from the device, online or not, but for what says otherwise. Bad input rejects with `invalid_request`, whoever
 * is not signed in with `unauthorized`.
 */
import { daysOf } from "./context-days.js";
import { historyOf } from "./context-history.js";
import { insightsOf } from "./context-insights.js";
import { samplerOf } from "./context-sampler.js";
import { snapshotsOf } from "./context-snapshots.js";
import { storageOf } from "./context-storage.js";
import type { ContextRecipe } from "./context-types.js";
import type { RecipeParts } from "./recipe.js";

export type * from "./context-types.js";

/** Moods and activities to offer; any word of up to 40 characters will do. */
export const MOODS = ["calm", "happy", "inspired", "neutral", "tired", "anxious", "frustrated"] as const;
export const ACTIVITIES = [
  "deep_work", "communication", "meeting", "learning", "exercise", "rest", "commute", "leisure", "other",
] as const;

/** `supabase` is the client that was made over `tc.fetch`; only its Edge Functions are called. */
export function contextRecipe(parts: RecipeParts): ContextRecipe {
  const snapshots = snapshotsOf(parts.tc);
  return {
    ...snapshots,
    ...insightsOf(parts),
    ...daysOf(parts.tc),
    ...storageOf(parts.tc),
    ...historyOf(parts),
    sampler: samplerOf(parts.tc, snapshots.storeContext),
  };
}
