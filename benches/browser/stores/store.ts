// What is measured of each store. Every call answers plain objects; a write is durable when it returns.

import type { Note } from "../rows.js";

export type Durability = "strict" | "relaxed";

export interface Store {
  /** All in one call. */
  insertAll(rows: Note[]): Promise<void>;
  insert(row: Note): Promise<void>;
  get(id: string): Promise<Note>;
  /** `from <= at < to`, in that order. */
  range(from: string, to: string): Promise<Note[]>;
  /** The latest rows of a status. */
  latest(status: string, count: number): Promise<Note[]>;
  all(): Promise<Note[]>;
  close(): Promise<void>;
}

/** Where and as whom a store that syncs finds its server. */
export interface Project {
  url: string;
  key: string;
  email: string;
  password: string;
}

/** Opens a database of this name, made if it is not there. */
export type Open = (name: string, durability: Durability, project: Project) => Promise<Store>;

/** Deletes all databases whose name begins so. One that is still open goes when it is closed. */
export async function removeDatabases(prefix: string): Promise<void> {
  const names = (await indexedDB.databases()).map(({ name }) => name!).filter((name) => name.startsWith(prefix));
  for (const name of names) {
    await new Promise((resolve) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = request.onerror = request.onblocked = resolve;
    });
  }
}
