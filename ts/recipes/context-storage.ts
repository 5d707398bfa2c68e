/** What of the recipe lies on this device, and sending it now. */
import type { Thermocline } from "../types.js";
import type { ContextRecipe, ContextStorage, RoundResult } from "./context-types.js";
import { bodyOf } from "./recipe.js";

const TABLE = "context_snapshots";
const NOTHING = { rows: 0, bytes: 0 };

export function storageOf(tc: Thermocline): Pick<ContextRecipe, "syncToCloud" | "getContextCount" | "getStorageStats"> {
  return {
    async syncToCloud(): Promise<RoundResult> {
      const error = await tc.sync.now().then(() => null, (thrown: unknown) => {
        const { code = "server_error", message = String(thrown) } = Object(thrown) as { code?: string; message?: string };
        return { code, message };
      });
      const { pending, refused, conflicts } = tc.status();
      return { success: error === null, pending, refused, conflicts, error };
    },
    async getContextCount() {
      const { tables } = await tc.storage.usage();
      return tables.find(({ table }) => table === TABLE)?.rows ?? 0;
    },
    async getStorageStats(): Promise<ContextStorage> {
      const usage = await tc.storage.usage();
      const { hot = NOTHING, warm = NOTHING, rows = 0, horizon = null } = usage.tables.find(({ table }) => table === TABLE) ?? {};
      const { oldestPending } = tc.status();
      const { used, quota } = usage;
      return {
        hot, warm: { ...warm, segments: usage.segments, oldest: await oldestHere(tc, horizon) },
        outbox: { mutations: usage.outbox.mutations, oldestAgeMs: oldestPending === null ? null : Math.max(0, Date.now() - oldestPending) },
        distinctRows: rows,
        quota: { used, available: used === null || quota === null ? null : quota - used },
      };
    },
  };
}

/** Of what lies here: past the horizon only the server knows. */
async function oldestHere(tc: Thermocline, horizon: string | null): Promise<string | null> {
  const within = horizon === null ? "" : `&recorded_at=gte.${encodeURIComponent(horizon)}`;
  const answer = bodyOf(await tc.query(`${TABLE}?select=recorded_at${within}&order=recorded_at.asc&limit=1`), TABLE);
  return (JSON.parse(answer) as { recorded_at: string }[])[0]?.recorded_at ?? null;
}
