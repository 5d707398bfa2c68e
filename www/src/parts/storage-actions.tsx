/** What makes room on this device: letting old data go, or what is only cached. Neither touches the server or the outbox. */

import type { Thermocline } from "thermocline";
import { useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import type { Action } from "../state/action.ts";
import { bytes, counted } from "../words.ts";
import { Confirm } from "./confirm.tsx";

/** Ages of which the older can go. */
const AGES: [days: number, words: string][] = [[7, "7 days"], [30, "30 days"], [90, "3 months"], [365, "a year"]];
const DAYS_DEFAULT = 30;

export function StorageActions({ run }: Pick<Action, "run">) {
  const { tc } = useBackend();
  const [days, setDays] = useState(DAYS_DEFAULT);
  const [asking, setAsking] = useState<"old" | "cache" | null>(null);
  const age = AGES.find(([given]) => given === days)![1];

  const answer = (clear: () => Promise<void>) => (): void => {
    setAsking(null);
    run(() => cleared(tc, clear));
  };
  return (
    <div class="actions">
      <div class="age">
        <label for="clear-days">Older than</label>
        <select id="clear-days" value={days} onChange={(event) => setDays(Number(event.currentTarget.value))}>
          {AGES.map(([given, words]) => <option key={given} value={given}>{words}</option>)}
        </select>
      </div>
      <button type="button" class="button" onClick={() => setAsking("old")}>Clear old data</button>
      <button type="button" class="button" onClick={() => setAsking("cache")}>Clear cache</button>
      {asking === "old" && (
        <Confirm title={`Clear what is older than ${age}?`} action="Clear old data" onCancel={() => setAsking(null)} onConfirm={answer(() => tc.storage.clearOldData(days))}>
          <p><strong>Goes:</strong> this device's copy of it. Online you still see it, offline you do not.</p>
          <p><strong>Stays:</strong> what is newer, all that is on the server, and unsent changes.</p>
        </Confirm>
      )}
      {asking === "cache" && (
        <Confirm title="Clear the cache?" action="Clear cache" onCancel={() => setAsking(null)} onConfirm={answer(() => tc.storage.clearCache())}>
          <p><strong>Goes:</strong> older rows that were only looked at. Online they are read again.</p>
          <p><strong>Stays:</strong> what is kept in sync, all that is on the server, and unsent changes.</p>
        </Confirm>
      )}
    </div>
  );
}

/** Clears, and says what it brought. */
async function cleared({ storage }: Thermocline, clear: () => Promise<void>): Promise<string> {
  const size = async (): Promise<{ rows: number; bytes: number }> => {
    const { tables } = await storage.usage();
    return { rows: sum(tables.map(({ rows }) => rows)), bytes: sum(tables.map((table) => table.bytes)) };
  };
  const before = await size();
  await clear();
  const after = await size();
  const rows = before.rows - after.rows;
  if (rows <= 0) return "There was nothing to clear. What was just read stays until the next sync.";
  return `${counted(rows, "row")} (${bytes(Math.max(0, before.bytes - after.bytes))}) left this device. The server has ${rows === 1 ? "it" : "them"}.`;
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
