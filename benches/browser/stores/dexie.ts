// Dexie as its documentation uses it: a schema with two indexes, bulkPut, put, get, where. No outbox, no sync.

import { Dexie, type EntityTable } from "dexie";
import type { Note } from "../rows.js";
import type { Durability, Store } from "./store.js";

export async function openDexie(name: string, durability: Durability): Promise<Store> {
  const database = new Dexie(name, { chromeTransactionDurability: durability }) as Dexie & { notes: EntityTable<Note, "id"> };
  database.version(1).stores({ notes: "id, at, [status+at]" });
  await database.open();
  const { notes } = database;
  return {
    async insertAll(rows) { await notes.bulkPut(rows); },
    async insert(row) { await notes.put(row); },
    async get(id) { return (await notes.get(id))!; },
    range: (from, to) => notes.where("at").between(from, to).toArray(),
    latest: (status, count) =>
      notes.where("[status+at]").between([status, Dexie.minKey], [status, Dexie.maxKey]).reverse().limit(count).toArray(),
    all: () => notes.toArray(),
    async close() { database.close(); },
  };
}
