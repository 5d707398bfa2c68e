// The page of the sync benchmarks: a store's outbox drained, and its first sync, each in a database of its own and with nothing of the
// page's in the clock but the sync.

import { createClient } from "@supabase/supabase-js";
import type { RxCollection } from "rxdb/plugins/core";
import { replicateSupabase } from "rxdb/plugins/replication-supabase";
import { openCollection } from "./stores/rxdb.js";
import { insert, rows, signedInClient } from "./stores/thermocline.js";
import type { Note, Project } from "./stores/store.js";
import { expect, makeRows, timed } from "./works.js";

/** Rows that are written at once before the clock runs. */
const PART = 1_000;
/** RxDB's own default, and the most that PostgREST answers. */
const RXDB_PUSH = 100;
const RXDB_PULL = 1_000;

interface Account {
  user: string;
  project: Project;
}

/** From here on the runner counts what goes over the wire. */
async function clocked(work: () => Promise<void>): Promise<number> {
  await window.clockStarts();
  return timed(work);
}

let made = 0;
const newName = () => `sync${Date.now()}n${made++}`;

async function writeAll(given: Note[], write: (part: Note[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < given.length; from += PART) await write(given.slice(from, from + PART));
}

const ours = {
  /** Milliseconds from turning sync on to the end of the round, with so many inserts in the outbox. */
  async drain({ project, user }: Account, count: number): Promise<number> {
    const { tc, remove } = await signedInClient(newName(), "strict", project);
    await tc.sync.start();
    await tc.sync.now();
    await tc.sync.stop();
    await writeAll(makeRows(count, user), (part) => insert(tc, part));
    const took = await clocked(async () => {
      await tc.sync.start();
      await tc.sync.now();
    });
    const { pending, refused, conflicts } = tc.status();
    if (pending + refused + conflicts > 0) throw new Error(`${pending} pending, ${refused} refused, ${conflicts} conflicts`);
    await remove();
    return took;
  },
  async first({ project }: Account, count: number): Promise<number> {
    const { tc, remove } = await signedInClient(newName(), "strict", project);
    const took = await clocked(async () => {
      await tc.sync.start();
      await tc.sync.now();
    });
    expect(await rows(tc, "notes"), count);
    await remove();
    return took;
  },
};

const rxdb = {
  async drain({ project, user }: Account, count: number): Promise<number> {
    const { database, notes } = await openCollection(newName(), "strict");
    const client = await signIn(database.name, project);
    await writeAll(makeRows(count, user), async (part) => {
      const { error } = await notes.bulkInsert(part);
      if (error.length > 0) throw new Error(`RxDB refused ${error.length} rows`);
    });
    const took = await clocked(() => replicate(notes, client));
    await database.remove();
    return took;
  },
  async first({ project }: Account, count: number): Promise<number> {
    const { database, notes } = await openCollection(newName(), "strict");
    const client = await signIn(database.name, project);
    const took = await clocked(() => replicate(notes, client));
    if (await notes.count().exec() !== count) throw new Error(`RxDB has not got ${count} rows`);
    await database.remove();
    return took;
  },
};

async function signIn(storageKey: string, { url, key, email, password }: Project) {
  const client = createClient<any>(url, key, { auth: { storageKey, autoRefreshToken: false } });
  const { error } = await client.auth.signInWithPassword({ email, password });
  if (error) throw error;
  return client;
}

/** Both directions, once; an error would be tried again after five seconds, and ends the run instead. */
async function replicate(collection: RxCollection<Note>, client: Awaited<ReturnType<typeof signIn>>): Promise<void> {
  const state = replicateSupabase<Note>({
    replicationIdentifier: `${collection.database.name}-supabase`,
    collection,
    client,
    tableName: "rx_notes",
    live: false,
    waitForLeadership: false,
    pull: { batchSize: RXDB_PULL },
    push: { batchSize: RXDB_PUSH },
  });
  await new Promise<void>((resolve, reject) => {
    state.error$.subscribe(reject);
    state.awaitInitialReplication().then(resolve, reject);
  });
  await state.cancel();
}

const stores = { ours, rxdb };
const syncBench = {
  drain: (store: keyof typeof stores, account: Account, count: number) => stores[store].drain(account, count),
  first: (store: keyof typeof stores, account: Account, count: number) => stores[store].first(account, count),
};

declare global {
  interface Window {
    syncBench: typeof syncBench;
    clockStarts(): Promise<void>;
  }
}
window.syncBench = syncBench;
document.body.dataset["ready"] = "true";
