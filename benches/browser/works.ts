// The works: each runs on an open store and answers one figure, in milliseconds.

import { makeRows, STATUSES, timeOf, type Note } from "./rows.js";
import type { Store } from "./stores/store.js";

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
}

/** Works on an empty store. */
export const writes = {
  async bulk(store: Store, { rows }: Scale, user: string) {
    const given = makeRows(rows, user);
    return timed(() => store.insertAll(given));
  },
  async concurrent(store: Store, { concurrent }: Scale, user: string) {
    const given = makeRows(concurrent, user);
    return timed(() => Promise.all(given.map((row) => store.insert(row))));
  },
  /** The median. */
  async single(store: Store, { singles }: Scale, user: string) {
    const times: number[] = [];
    for (const row of makeRows(singles, user)) times.push(await timed(() => store.insert(row)));
    return times.sort((a, b) => a - b)[times.length >> 1]!;
  },
};

/** Works on a store that holds the rows; `known` are some of them. */
export const reads = {
  /** A point read; the mean. */
  async point(store: Store, { reads }: Scale, known: Note[]) {
    const ids = Array.from({ length: reads }, (_, n) => known[(n * 7919) % known.length]!.id);
    const took = await timed(async () => {
      for (const id of ids) if ((await store.get(id)).id !== id) throw new Error(`read another row than ${id}`);
    });
    return took / reads;
  },
  /** A tenth of the rows by time; the mean. */
  async range(store: Store, { rows, queries }: Scale) {
    const size = rows / 10;
    return mean(queries, async (n) => {
      const from = (n * 613) % (rows - size);
      expect(await store.range(timeOf(from), timeOf(from + size)), size);
    });
  },
  /** Fifty of a quarter of the rows; the mean. */
  async latest(store: Store, { queries }: Scale) {
    return mean(queries, async (n) => expect(await store.latest(STATUSES[n % STATUSES.length]!, 50), 50));
  },
};

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

/** A figure for a wrong answer is worth nothing. */
export function expect(rows: Note[], count: number): void {
  if (rows.length !== count) throw new Error(`${rows.length} rows instead of ${count}`);
}
