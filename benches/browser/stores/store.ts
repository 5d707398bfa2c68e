// What is measured of each store. Every call answers objects; a write is durable when it returns, as far as the store does that.

import type { Note } from "../../rows.mjs";

export type { Note } from "../../rows.mjs";
export type Durability = "strict" | "relaxed";
export type Changes = Pick<Note, "status" | "score">;

export interface Store {
  /** All in one call. */
  insertAll(rows: Note[]): Promise<void>;
  insert(row: Note): Promise<void>;
  /** The rows with `from <= at < to`, in one call. */
  update(from: string, to: string, changes: Changes): Promise<void>;
  get(id: string): Promise<Note>;
  /** `from <= at < to`, in that order. */
  range(from: string, to: string): Promise<Note[]>;
  /** The latest rows of a status. */
  latest(status: string, count: number): Promise<Note[]>;
  all(): Promise<Note[]>;
  /** Calls back with the latest rows of a status, now and when they change; answers how to stop. Not every store can. */
  watch?(status: string, count: number, callback: (rows: Note[]) => void): () => void;
  /** Nothing may be under way; all is on disk afterwards. */
  close(): Promise<void>;
  /** Closes it and deletes all of it. */
  remove(): Promise<void>;
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

/** Deletes all databases of IndexedDB whose name begins so. One that is still open goes when it is closed. */
export async function removeDatabases(prefix: string): Promise<void> {
  const names = (await indexedDB.databases()).map(({ name }) => name!).filter((name) => name.startsWith(prefix));
  for (const name of names) {
    await new Promise((resolve) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = request.onerror = request.onblocked = resolve;
    });
  }
}
