// SQLite's side of stores/sqlite.ts: each database has a pool of files of its own.

import sqlite3InitModule, { type OpfsSAHPoolDatabase, type SAHPoolUtil } from "@sqlite.org/sqlite-wasm";

export type Call =
  | { open: string; synchronous: "full" | "normal" }
  | { sql: string; binds: unknown[][]; answer?: boolean }
  | { close: true; remove: boolean };

const SCHEMA = `
  create table if not exists notes (
    id text primary key, user_id text not null, title text not null, body text, status text not null, score integer, at text not null
  ) without rowid;
  create index if not exists notes_at on notes (at);
  create index if not exists notes_status_at on notes (status, at)`;

let pool: SAHPoolUtil;
let database: OpfsSAHPoolDatabase;

async function open(name: string, synchronous: string): Promise<unknown[]> {
  const sqlite3 = await sqlite3InitModule();
  pool = await sqlite3.installOpfsSAHPoolVfs({ name, directory: `/${name}` });
  database = new pool.OpfsSAHPoolDb("/notes.sqlite3");
  database.exec("pragma locking_mode = exclusive"); // a write-ahead log without shared memory asks for it
  const mode = database.selectValue("pragma journal_mode = wal");
  database.exec(`pragma synchronous = ${synchronous}`);
  database.exec(SCHEMA);
  return mode === "wal" ? [mode] : [];
}

/** Runs a statement with each of the bindings, in one transaction. */
function run(sql: string, binds: any[][]): void {
  if (binds.length === 1) return void database.exec({ sql, bind: binds[0]! });
  database.transaction(() => {
    const statement = database.prepare(sql);
    try {
      for (const bind of binds) statement.bind(bind).stepReset();
    } finally {
      statement.finalize();
    }
  });
}

async function answer(call: Call): Promise<unknown[]> {
  if ("open" in call) return open(call.open, call.synchronous);
  if ("close" in call) {
    database.close();
    if (call.remove) await pool.removeVfs();
    return [];
  }
  if (call.answer) return database.selectObjects(call.sql, call.binds[0] as any);
  run(call.sql, call.binds);
  return [];
}

onmessage = async ({ data }: MessageEvent<Call>) => {
  try {
    postMessage({ rows: await answer(data) });
  } catch (error) {
    postMessage({ rows: [], error: String(error) });
  }
};
