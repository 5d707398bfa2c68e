// The works that every store does: each runs on an open store and answers figures in milliseconds, by the names of plan.mjs.

import { noteOf, STATUSES, timeOf } from "../rows.mjs";
import type { Note, Store } from "./stores/store.js";

export interface Scale {
  /** Rows in the store. */
  rows: number;
  /** Writes at the same time. */
  concurrent: number;
  /** Writes, each awaited. */
  singles: number;
  reads: number;
  /** Repeats of a query of many rows. */
  queries: number;
  /** Writes that a live query sees. */
  lives: number;
}

export type Figures = Record<string, number>;

/** Rows with fresh ids, otherwise the same at each call. */
export const makeRows = (count: number, user: string) =>
  Array.from({ length: count }, (_, n) => noteOf(n, count, crypto.randomUUID(), user));

/** Works on an empty store. */
export const writes = {
  async bulk(store: Store, { rows }: Scale, user: string): Promise<Figures> {
    const given = makeRows(rows, user);
    return checked({ bulk: await timed(() => store.insertAll(given)) }, store, rows);
  },
  async concurrent(store: Store, { concurrent }: Scale, user: string): Promise<Figures> {
    const given = makeRows(concurrent, user);
    const took = await timed(() => Promise.all(given.map((row) => store.insert(row))));
    return checked({ concurrent: took }, store, concurrent);
  },
  async single(store: Store, { singles }: Scale, user: string): Promise<Figures> {
    const times: number[] = [];
    for (const row of makeRows(singles, user)) times.push(await timed(() => store.insert(row)));
    return checked({ single: median(times) }, store, singles);
  },
};

async function checked(figures: Figures, store: Store, count: number): Promise<Figures> {
  expect(await store.all(), count);
  return figures;
}

/** Works that change a store which holds the rows. */
export async function changes(store: Store, scale: Scale, user: string): Promise<Figures> {
  await store.all();
  return { live: await live(store, scale, user), update: await update(store, scale) };
}

/** From a write of a row to the moment a query of 50 rows shows it: a live query, or one asked again. */
async function live(store: Store, { rows, lives }: Scale, user: string): Promise<number> {
  const [status, limit] = [STATUSES[0]!, 50];
  let awaited = "";
  let seen = () => {};
  const first = new Promise<void>((resolve) => { seen = resolve; });
  const notice = (found: Note[]) => { if (awaited === "" || found[0]?.id === awaited) seen(); };
  const stop = store.watch?.(status, limit, notice);
  if (stop) await first;
  const times: number[] = [];
  for (let n = 0; n < lives; n++) {
    const row = { ...noteOf(rows + n, rows, crypto.randomUUID(), user), status };
    awaited = row.id;
    const shown = new Promise<void>((resolve) => { seen = resolve; });
    let written = Promise.resolve();
    times.push(await timed(async () => {
      written = store.insert(row);
      if (stop) return shown;
      await written;
      expect(await store.latest(status, limit), limit, row.id);
    }));
    await written;
  }
  stop?.();
  return median(times);
}

/** A tenth of the rows. */
async function update(store: Store, { rows }: Scale): Promise<number> {
  const [from, to] = [timeOf(rows / 2, rows), timeOf(rows / 2 + rows / 10, rows)];
  const took = await timed(() => store.update(from, to, { status: "changed", score: 7 }));
  const found = await store.range(from, to);
  expect(found, rows / 10);
  if (found.some(({ status, score }) => status !== "changed" || score !== 7)) throw new Error("a row was not updated");
  return took;
}

/** Works on a store that holds the rows; means. */
export async function reads(store: Store, scale: Scale): Promise<Figures> {
  const known = await store.all();
  expect(known, scale.rows);
  return { point: await point(store, scale, known), range: await range(store, scale), latest: await latest(store, scale) };
}

async function point(store: Store, { reads }: Scale, known: Note[]): Promise<number> {
  const ids = Array.from({ length: reads }, (_, n) => known[(n * 7919) % known.length]!.id);
  const took = await timed(async () => {
    for (const id of ids) if ((await store.get(id)).id !== id) throw new Error(`read another row than ${id}`);
  });
  return took / reads;
}

/** A tenth of the rows by time. */
function range(store: Store, { rows, queries }: Scale): Promise<number> {
  const size = rows / 10;
  return mean(queries, async (n) => {
    const from = (n * 613) % (rows - size);
    expect(await store.range(timeOf(from, rows), timeOf(from + size, rows)), size);
  });
}

/** About fifty of a quarter of the rows; fewer each time, so that no store knows the answer from before. */
function latest(store: Store, { queries }: Scale): Promise<number> {
  return mean(queries, async (n) => {
    const count = 50 - Math.floor(n / STATUSES.length);
    expect(await store.latest(STATUSES[n % STATUSES.length]!, count), count);
  });
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function mean(times: number, work: (n: number) => Promise<void>): Promise<number> {
  const took = await timed(async () => {
    for (let n = 0; n < times; n++) await work(n);
  });
  return took / times;
}

export const median = (samples: number[]) => quantile(samples, 0.5);

export function quantile(samples: number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)]!;
}

/** A figure for a wrong answer is worth nothing. */
export function expect(rows: Note[], count: number, firstId?: string): void {
  if (rows.length !== count) throw new Error(`${rows.length} rows instead of ${count}`);
  if (firstId !== undefined && rows[0]?.id !== firstId) throw new Error(`row ${firstId} is not the first`);
}
