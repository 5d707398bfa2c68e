// IndexedDB by hand: one object store, two indexes, one transaction a call, explicit commits.
//
// No outbox, no sync, no query language, no live queries, and nothing that merges concurrent writes: what a careful
// programmer writes first.

import { removeDatabases, type Changes, type Durability, type Note, type Store } from "./store.js";

export async function openIndexedDb(name: string, durability: Durability): Promise<Store> {
  const database = await opened(name);
  const read = () => database.transaction("notes", "readonly").objectStore("notes");
  const write = () => database.transaction("notes", "readwrite", { durability });
  const insertAll = (rows: Note[]) => {
    const transaction = write();
    const store = transaction.objectStore("notes");
    for (const row of rows) store.put(row);
    transaction.commit();
    return completed(transaction);
  };
  return {
    insertAll,
    insert: (row) => insertAll([row]),
    async update(from, to, changes) {
      const transaction = write();
      const done = completed(transaction);
      await change(transaction.objectStore("notes"), range(from, to), changes);
      transaction.commit();
      await done;
    },
    get: (id) => result(read().get(id)),
    range: (from, to) => result(read().index("at").getAll(range(from, to))),
    latest: (status, count) => latest(read().index("status, at"), status, count),
    all: () => result(read().getAll()),
    async close() { database.close(); },
    async remove() {
      database.close();
      await removeDatabases(name);
    },
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

const range = (from: string, to: string) => IDBKeyRange.bound(from, to, false, true);

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

/** All at once: quicker than a cursor that updates one by one. */
async function change(store: IDBObjectStore, within: IDBKeyRange, changes: Changes): Promise<void> {
  const rows: Note[] = await result(store.index("at").getAll(within));
  for (const row of rows) store.put({ ...row, ...changes });
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
