/** Sends what waits and counts by outcomes: a row whose change has left the outbox succeeded, one that is stuck failed, the rest waits. */
import type { OutboxEntry, Thermocline } from "../types.js";
import type { Achievement, BulkPart, Counts, PathRecipe, Synced } from "./path-types.js";
import { callRecipe } from "./recipe.js";

type Outcome = "applied" | "rejected" | "queued";

const TABLES: Record<BulkPart, string> = {
  logs: "sovereign_logs", completions: "routine_completions", progress: "user_progress", achievements: "achievements",
  path: "sovereign_path_data", answers: "oejts_answers", katas: "katas", attunements: "daily_attunements", health: "health_metrics_history",
};

export function bulkOf(tc: Thermocline, sync: (achievement: Achievement) => Promise<Synced>): Pick<PathRecipe, "bulkSyncAchievements" | "bulkSyncAllData"> {
  return {
    async bulkSyncAchievements(list) {
      const written = await Promise.all(list.map(sync));
      const left = await sendAll(tc);
      return counts(written.map(({ success, id }) => (success || id ? outcome(left, "achievements", id) : "rejected")));
    },
    async bulkSyncAllData() {
      const before = await tc.outbox.list();
      const left = await sendAll(tc);
      const parts = Object.entries(TABLES).map(([part, table]) => {
        const rows = new Set(before.filter((entry) => entry.table === table).map(({ key }) => key[0]));
        return [part, counts([...rows].map((id) => outcome(left, table, id)))];
      });
      return Object.fromEntries(parts) as Record<BulkPart, Counts>;
    },
  };
}

/** One round; what is left in the outbox after it, whether it came to its end or not. */
async function sendAll(tc: Thermocline): Promise<OutboxEntry[]> {
  await tc.sync.now().catch(() => undefined); // offline: everything waits, and the outbox says so
  return tc.outbox.list();
}

function outcome(left: OutboxEntry[], table: string, id: unknown): Outcome {
  const states = left.filter((entry) => entry.table === table && entry.key[0] === id).map(({ state }) => state);
  if (states.includes("refused") || states.includes("conflict")) return "rejected";
  return states.length > 0 ? "queued" : "applied";
}

const counts = (outcomes: Outcome[]): Counts => callRecipe<Counts>("path", "bulk", { outcomes });
