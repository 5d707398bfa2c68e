// Dexie as its documentation uses it: a schema with two indexes, bulkPut, put, get, where, liveQuery. No outbox, no sync.

import { Dexie, liveQuery, type EntityTable } from "dexie";
import type { Durability, Note, Store } from "./store.js";

export async function openDexie(name: string, durability: Durability): Promise<Store> {
  const database = new Dexie(name, { chromeTransactionDurability: durability }) as Dexie & { notes: EntityTable<Note, "id"> };
  database.version(1).stores({ notes: "id, at, [status+at]" });
  await database.open();
  const { notes } = database;
  const latest = (status: string, count: number) =>
    notes.where("[status+at]").between([status, Dexie.minKey], [status, Dexie.maxKey]).reverse().limit(count).toArray();
  return {
    async insertAll(rows) { await notes.bulkPut(rows); },
    async insert(row) { await notes.put(row); },
    async update(from, to, changes) { await notes.where("at").between(from, to).modify(changes); },
    async get(id) { return (await notes.get(id))!; },
    range: (from, to) => notes.where("at").between(from, to).toArray(),
    latest,
    all: () => notes.toArray(),
    watch(status, count, callback) {
      const subscription = liveQuery(() => latest(status, count)).subscribe(callback);
      return () => subscription.unsubscribe();
    },
    async close() { database.close(); },
    remove: () => database.delete(),
  };
}
