/** Sync of the recipe as the person's own choice: off at first; what is written meanwhile waits and is kept. */
import { ThermoclineError } from "../../errors.js";
import type { OutboxEntry } from "../../types.js";
import { isSyncOn, PLANS, rowsOf, TABLES, type Store } from "./store.js";
import type { ProjectsConflict, ProjectsSyncResult, ProjectsSyncStatus, RowName } from "./types.js";

export function syncingOf(store: Store, foldWeeks: () => Promise<number>) {
  const { tc } = store;
  const ours = async (): Promise<OutboxEntry[]> => (await tc.outbox.list()).filter(({ table }) => TABLES.includes(table));
  const getConflicts = async (): Promise<ProjectsConflict[]> => (await ours()).filter(({ state }) => state === "conflict").map(conflictOf);

  return {
    enableSync: (): Promise<void> => tc.sync.start({ tables: TABLES }),
    /** What waits stays in the outbox. */
    disableSync: (): Promise<void> => tc.sync.stop({ tables: TABLES }),

    /** One round now. Rejects with `invalid_request` while sync is off, with the round's error if it fails. */
    async forceSyncAll(): Promise<ProjectsSyncResult> {
      if (!isSyncOn(store)) throw new ThermoclineError("invalid_request", "sync of projects is off: turn it on with enableSync() first");
      const before = await seen(store);
      const waited = namesOf(await ours());
      await tc.sync.now();
      await foldWeeks();
      const entries = await ours();
      const waiting = new Set(namesOf(entries).map(textOf));
      const synced = waited.filter((name) => !waiting.has(textOf(name)));
      const own = new Set(waited.map(textOf));
      const { lastPull } = tc.status();
      return {
        synced,
        conflicts: namesOf(entries.filter(({ state }) => state === "conflict")),
        remoteChanges: differing(before, await seen(store)).filter((name) => !own.has(textOf(name))),
        timestamp: Date.now(),
        newSyncToken: String(lastPull ?? 0),
      };
    },

    async getSyncStatus(): Promise<ProjectsSyncStatus> {
      const { lastPull, lastPush } = tc.status();
      const plans: readonly string[] = PLANS;
      const entries = (await ours()).filter(({ table, state }) => plans.includes(table) && state !== "conflict");
      const last = Math.max(lastPull ?? 0, lastPush ?? 0);
      return {
        enabled: isSyncOn(store),
        lastSync: last === 0 ? null : last,
        pendingRecords: namesOf(entries).length,
        conflicts: await getConflicts(),
      };
    },

    /** Columns that both sides changed to different values. They wait for a decision, as long as it takes. */
    getConflicts,

    /** `mine` is written over theirs, `theirs` stands, or the given columns are written. */
    resolveConflict: (id: string, choice: "mine" | "theirs" | Record<string, unknown>): Promise<void> => tc.outbox.resolve(id, choice),
  };
}

function conflictOf({ id, table, key, changes, before, theirs, made }: OutboxEntry): ProjectsConflict {
  const differs = (column: string): boolean => theirs === null || JSON.stringify(theirs[column]) !== JSON.stringify(changes[column]);
  const columns = Object.keys(changes).filter(differs);
  return { id, table: table as ProjectsConflict["table"], row: String(key[0]), columns, base: before, mine: changes, theirs, since: made };
}

const textOf = ({ table, id }: RowName): string => `${table} ${id}`;

/** Each row once. */
function namesOf(entries: OutboxEntry[]): RowName[] {
  const names = entries.map(({ table, key }): RowName => ({ table, id: String(key[0]) }));
  return [...new Map(names.map((name) => [textOf(name), name])).values()];
}

/** When each row was changed last. */
async function seen(store: Store): Promise<Map<string, [RowName, string]>> {
  const tables = await Promise.all(PLANS.map(async (table) =>
    (await rowsOf<{ id: string; updated_at: string }>(store, `${table}?select=id,updated_at`)).map(({ id, updated_at }): [RowName, string] => [{ table, id }, updated_at])));
  return new Map(tables.flat().map((row) => [textOf(row[0]), row]));
}

function differing(before: Map<string, [RowName, string]>, after: Map<string, [RowName, string]>): RowName[] {
  const changed = [...after].filter(([text, [, at]]) => before.get(text)?.[1] !== at).map(([, [name]]) => name);
  const gone = [...before].filter(([text]) => !after.has(text)).map(([, [name]]) => name);
  return [...changed, ...gone];
}
