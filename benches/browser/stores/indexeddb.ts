// IndexedDB by hand: one object store, two indexes, one transaction a call, explicit commits.
//
// No outbox, no sync, no query language, and nothing that merges concurrent writes: what a careful
// programmer writes first.

import type { Note } from "../rows.js";
import type { Durability, Store } from "./store.js";

export async function openIndexedDb(name: string, durability: Durability): Promise<Store> {
  const database = await opened(name);
  const read = () => database.transaction("notes", "readonly").objectStore("notes");
  const write = (rows: Note[]) => new Promise<void>((resolve, reject) => {
    const transaction = database.transaction("notes", "readwrite", { durability });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    const store = transaction.objectStore("notes");
    for (const row of rows) store.put(row);
    transaction.commit();
  });
  return {
    insertAll: write,
    insert: (row) => write([row]),
    get: (id) => result(read().get(id)),
    range: (from, to) => result(read().index("at").getAll(IDBKeyRange.bound(from, to, false, true))),
    latest: (status, count) => latest(read().index("status, at"), status, count),
    all: () => result(read().getAll()),
    async close() { database.close(); },
  };
}

function opened(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    const store = request.result.createObjectStore("notes", { keyPath: "id" });
    store.createIndex("at", "at");
    store.createIndex("status, at", ["status", "at"]);
  };
  return result(request);
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function latest(index: IDBIndex, status: string, count: number): Promise<Note[]> {
  const rows: Note[] = [];
  return new Promise((resolve, reject) => {
    const request = index.openCursor(IDBKeyRange.bound([status], [status, []]), "prev");
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor) rows.push(cursor.value as Note);
      if (cursor && rows.length < count) cursor.continue();
      else resolve(rows);
    };
  });
}
