/**
 * Storing, changing and removing snapshots. What takes a row from a day also remembers, in the day's draft, over which row of the
 * server it did: until the server has worked that day out anew, the draft is the answer (RECIPES 4.5).
 */
import { ThermoclineError } from "../errors.js";
import type { QueryRequest, Thermocline } from "../types.js";
import { draftWithout } from "./context-days.js";
import { readingFields, sensedOf, whenOf } from "./context-reading.js";
import { freshState, judge, newestState, type SampleState } from "./context-sampling.js";
import type { ContextRecipe, Reading, StoreResult } from "./context-types.js";
import { bodyOf, callRecipe, insertRequest, userOf } from "./recipe.js";

interface NewSnapshot {
  id: string;
}

type SnapshotCalls = Pick<ContextRecipe, "storeContext" | "editContext" | "deleteContext">;

export function snapshotsOf(tc: Thermocline): SnapshotCalls {
  let state: Promise<SampleState> | null = null; // of what an app's own sensor gives
  const sensed = async (reading: Reading): Promise<StoreResult> => {
    state ??= newestState(tc).catch(() => freshState());
    const before = await state;
    const next = judge(before, "due", whenOf(reading).recorded_at, sensedOf(reading));
    const row = rowOf(tc, reading);
    if (!next.store) {
      state = Promise.resolve(next.state);
      return { id: row.id, stored: false, reason: "insignificant" };
    }
    const stored = await insert(tc, row);
    if (stored) state = Promise.resolve(next.state);
    return { id: row.id, stored, reason: stored ? (next.reason as StoreResult["reason"]) : "duplicate" };
  };
  return {
    async storeContext(reading) {
      if (reading.source === "sensor") return sensed(reading);
      const row = rowOf(tc, reading);
      const stored = await insert(tc, row);
      if (stored) state = null; // the newest row is another one
      return { id: row.id, stored, reason: stored ? "manual" : "duplicate" };
    },
    async editContext(id, changes) {
      const day = await draftWithout(tc, keyOf(id));
      const columns = columnsOf(changes);
      const edit: QueryRequest = {
        method: "PATCH", path: `context_snapshots?id=eq.${keyOf(id)}&select=id`,
        headers: { "content-type": "application/json", prefer: "return=representation" }, body: JSON.stringify(columns),
      };
      const moves = columns.recorded_at !== undefined || columns.utc_offset_min !== undefined;
      return changed(tc, [...(day && moves ? [day] : []), edit]);
    },
    async deleteContext(id) {
      const day = await draftWithout(tc, keyOf(id));
      const removal: QueryRequest = {
        method: "DELETE", path: `context_snapshots?id=eq.${keyOf(id)}&select=id`, headers: { prefer: "return=representation" },
      };
      return changed(tc, [...(day ? [day] : []), removal]);
    },
  };
}

function rowOf(tc: Thermocline, reading: Reading): NewSnapshot {
  return callRecipe("context", "row", { reading: readingFields(reading), user: userOf(tc), ...whenOf(reading) });
}

async function insert(tc: Thermocline, row: NewSnapshot): Promise<boolean> {
  const stored = bodyOf(await tc.query(insertRequest("context_snapshots", row)), "storeContext");
  return (JSON.parse(stored || "[]") as unknown[]).length > 0;
}

/** Together or not at all. Whether the last request found its row. */
async function changed(tc: Thermocline, requests: QueryRequest[]): Promise<boolean> {
  const answers = await tc.transaction(requests);
  const last = answers.at(-1);
  return last !== undefined && (JSON.parse(bodyOf(last, "context_snapshots") || "[]") as unknown[]).length > 0;
}

function columnsOf({ focus, energy, mood, activity, timestamp, utcOffsetMin }: Partial<Reading>): Record<string, unknown> {
  const word = (text: string | undefined): string | undefined => text?.trim().toLowerCase();
  const recorded = timestamp === undefined ? {} : whenOf({ timestamp, ...(utcOffsetMin === undefined ? {} : { utcOffsetMin }) });
  return {
    ...(focus === undefined ? {} : { focus_level: focus }), ...(energy === undefined ? {} : { energy_level: energy }),
    ...(mood === undefined ? {} : { mood_state: word(mood) }), ...(activity === undefined ? {} : { activity_pattern: word(activity) }),
    ...(utcOffsetMin === undefined ? {} : { utc_offset_min: utcOffsetMin }), ...recorded,
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function keyOf(id: string): string {
  if (UUID.test(id)) return id;
  throw new ThermoclineError("invalid_request", `${JSON.stringify(id)} is no snapshot's id: give the id that storeContext answered`);
}
