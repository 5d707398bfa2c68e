// SQLite compiled to WebAssembly, in a worker, on its OPFS pool with a write-ahead log: one message a call.
//
// `strict` is synchronous=full, `relaxed` synchronous=normal. No outbox, no sync, no live queries.

import type { Call } from "./sqlite.worker.js";
import type { Note, Open } from "./store.js";

const COLUMNS = ["id", "user_id", "title", "body", "status", "score", "at"] as const;
const INSERT = `insert or replace into notes (${COLUMNS}) values (${COLUMNS.map(() => "?")})`;

export const openSqlite: Open = async (name, durability) => {
  const call = workerCalls();
  const { rows: [mode] } = await call({ open: name, synchronous: durability === "strict" ? "full" : "normal" });
  if (!mode) throw new Error("SQLite has no write-ahead log here");
  const run = (sql: string, binds: unknown[][]) => call({ sql, binds });
  const select = async (sql: string, ...bind: unknown[]) => (await call({ sql, binds: [bind], answer: true })).rows as Note[];
  const valuesOf = (row: Note) => COLUMNS.map((column) => row[column]);
  return {
    async insertAll(rows) { await run(INSERT, rows.map(valuesOf)); },
    async insert(row) { await run(INSERT, [valuesOf(row)]); },
    async update(from, to, { status, score }) {
      await run("update notes set status = ?, score = ? where at >= ? and at < ?", [[status, score, from, to]]);
    },
    async get(id) { return (await select("select * from notes where id = ?", id))[0]!; },
    range: (from, to) => select("select * from notes where at >= ? and at < ? order by at", from, to),
    latest: (status, count) => select("select * from notes where status = ? order by at desc limit ?", status, count),
    all: () => select("select * from notes"),
    async close() { await call({ close: true, remove: false }); },
    async remove() { await call({ close: true, remove: true }); },
  };
};

type Answer = { rows: unknown[]; error?: string };

/** A worker that answers calls in their order. It ends with the call that closes. */
function workerCalls(): (call: Call) => Promise<Answer> {
  const worker = new Worker(new URL("./sqlite.worker.ts", import.meta.url), { type: "module" });
  const waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = [];
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    const { resolve, reject } = waiting.shift()!;
    if (data.error === undefined) resolve(data);
    else reject(new Error(data.error));
  };
  worker.onerror = ({ message }) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`SQLite's worker: ${message}`));
  };
  return async (call) => {
    const answer = await new Promise<Answer>((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker.postMessage(call);
    });
    if ("close" in call) worker.terminate();
    return answer;
  };
}
