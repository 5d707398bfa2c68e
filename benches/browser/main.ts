// The page of the benchmarks: what the runner in Node calls. A call is one store's turn at one work, or at a few that share a database.

import { fillTier, liveMany, memoryAt, tier, waits } from "./own.js";
import { openDexie } from "./stores/dexie.js";
import { openIndexedDb } from "./stores/indexeddb.js";
import { openRxDb } from "./stores/rxdb.js";
import { openSqlite } from "./stores/sqlite.js";
import { removeDatabases, type Durability, type Open, type Project, type Store } from "./stores/store.js";
import { openThroughQuery, openThroughSupabase } from "./stores/thermocline.js";
import { openWatermelonDb, openWatermelonDbSaved } from "./stores/watermelondb.js";
import { changes, expect, reads, timed, writes, type Figures, type Scale } from "./works.js";

/** By the names of plan.mjs. */
const STORES: Record<string, Open> = {
  "supabase-js": openThroughSupabase,
  "tc.query": openThroughQuery,
  IndexedDB: openIndexedDb,
  Dexie: openDexie,
  RxDB: openRxDb,
  WatermelonDB: openWatermelonDb,
  "WatermelonDB, saved": openWatermelonDbSaved,
  SQLite: openSqlite,
};
const OURS = ["supabase-js", "tc.query"];

interface Account {
  project: Project;
  user: string;
}

interface Task {
  store: string;
  durability: Durability;
  scale: Scale;
  /** Has no rows on the server. */
  writer: Account;
  /** Has `scale.rows`. */
  reader: Account;
}

let fresh = 0;

/** Works on a database of its own, which is removed afterwards. */
async function onFresh(open: (name: string) => Promise<Store>, work: (store: Store) => Promise<Figures>): Promise<Figures> {
  const store = await open(`fresh${Date.now()}n${fresh++}`);
  const figures = await work(store);
  await store.remove();
  return figures;
}

const write = (kind: keyof typeof writes) => ({ store, durability, scale, writer }: Task) =>
  onFresh((name) => STORES[store]!(name, durability, writer.project), (opened) => writes[kind](opened, scale, writer.user));

/** Gives a new store its rows. Ours has pulled them when it was opened; for the others it is their bulk insert. */
const fill = async (opened: Store, { store, scale, reader }: Task): Promise<Figures> =>
  OURS.includes(store) ? {} : writes.bulk(opened, scale, reader.user);

/** Our two ways in read one database. */
const filledName = (store: string) => `filled${OURS.includes(store) ? "ours" : store.toLowerCase()}`;
const openFilled = ({ store, durability, reader }: Task) => STORES[store]!(filledName(store), durability, reader.project);

const bench = {
  bulk: write("bulk"),
  concurrent: write("concurrent"),
  single: write("single"),
  changes: (task: Task) => onFresh(
    (name) => STORES[task.store]!(name, task.durability, task.reader.project),
    async (store) => ({ ...await fill(store, task), ...await changes(store, task.scale, task.reader.user) }),
  ),

  /** Makes the database that is read and opened again. */
  async fill(task: Task): Promise<void> {
    const store = await openFilled(task);
    await fill(store, task);
    expect(await store.all(), task.scale.rows);
    await store.close();
  },
  async reads(task: Task): Promise<Figures> {
    const store = await openFilled(task);
    const figures = await reads(store, task.scale);
    await store.close();
    return figures;
  },
  /** Opens the filled database and reads all of it. */
  async reopen(task: Task): Promise<Figures> {
    return { reopen: await timed(async () => expect(await (await openFilled(task)).all(), task.scale.rows)) };
  },

  fillTier: (name: string, project: Project) => fillTier(name, project),
  tier: (name: string, project: Project, count: number) => tier(name, project, count),
  memory: (name: string, project: Project, count: number) => memoryAt(name, project, count),
  waits: ({ writer }: Task) => waits(`waits${Date.now()}`, writer.project, writer.user),
  liveMany: (name: string, { reader }: Task) => liveMany(name, reader.project, reader.user),
  removeTier: (name: string) => removeDatabases(`thermocline/${name}`),
};

declare global {
  interface Window {
    bench: typeof bench;
  }
}
window.bench = bench;
document.body.dataset["ready"] = "true";
