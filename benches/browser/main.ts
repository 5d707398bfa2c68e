// The page of the benchmarks: what the runner in Node calls, one figure a call.

import { openDexie } from "./stores/dexie.js";
import { openIndexedDb } from "./stores/indexeddb.js";
import { removeDatabases, type Durability, type Open, type Project } from "./stores/store.js";
import { openThroughQuery, openThroughSupabase } from "./stores/thermocline.js";
import { expect, reads, timed, writes, type Scale } from "./works.js";

const STORES: Record<string, Open> = {
  "supabase-js": openThroughSupabase,
  "tc.query": openThroughQuery,
  IndexedDB: openIndexedDb,
  Dexie: openDexie,
};

interface Task {
  store: string;
  durability: Durability;
  scale: Scale;
  project: Project;
  user: string;
}

let fresh = 0;

const bench = {
  /** A write on a database of its own, which is removed afterwards. */
  async write(work: keyof typeof writes, { store, durability, scale, project, user }: Task): Promise<number> {
    const name = `write-${Date.now()}-${fresh++}`;
    const opened = await STORES[store]!(name, durability, project);
    const figure = await writes[work](opened, scale, user);
    expect(await opened.all(), { bulk: scale.rows, concurrent: scale.concurrent, single: scale.singles }[work]);
    await opened.close();
    await removeDatabases(name);
    await removeDatabases(`thermocline/${name}`);
    return figure;
  },

  /** A read of the filled database. */
  async read(work: keyof typeof reads, { store, durability, scale, project }: Task): Promise<number> {
    const opened = await STORES[store]!(filledName(store), durability, project);
    const figure = await reads[work](opened, scale, await opened.all());
    await opened.close();
    return figure;
  },

  /** Opens the filled database and reads all of it. */
  async reopen({ store, durability, scale, project }: Task): Promise<number> {
    const figure = await timed(async () => {
      const opened = await STORES[store]!(filledName(store), durability, project);
      expect(await opened.all(), scale.rows);
    });
    return figure;
  },

  /** Fills the databases that are read: ours from the server, the others with the same objects. */
  async fill({ durability, scale, project }: Task): Promise<void> {
    const ours = await openThroughQuery(filledName("tc.query"), durability, project);
    const rows = await ours.all();
    expect(rows, scale.rows);
    await ours.close();
    for (const store of ["IndexedDB", "Dexie"]) {
      const peer = await STORES[store]!(filledName(store), durability, project);
      await peer.insertAll(rows);
      await peer.close();
    }
  },
};

/** Our two ways in read one database. */
const filledName = (store: string) => (store === "IndexedDB" || store === "Dexie" ? `filled-${store}` : "filled-ours");

declare global {
  interface Window {
    bench: typeof bench;
  }
}
window.bench = bench;
document.body.dataset["ready"] = "true";
