/**
 * A real public data set as entries: loaded in batches through the ordinary write path, online or not.
 * Owns the load under way, so that it goes on while the reader looks at other views. Each row's id
 * follows from the reader and the row, so loading again adds only what is missing.
 */

import type { Supabase } from "./backend.ts";
import { addMissing, deleteBySlug, type EntryInsert } from "./entries.ts";
import { explain } from "./failures.ts";
import { createStore } from "./state/store.ts";

/** What www/build/dataset.mjs writes. */
interface Dataset {
  source: string;
  version: string;
  licence: string;
  rows: DatasetRow[];
}

type DatasetRow = Pick<Required<EntryInsert>, "title" | "body" | "mood" | "amount" | "tags" | "meta" | "status" | "happened_on"> & { slug: string };

export type Load =
  | { state: "idle" }
  | { state: "fetching" }
  | { state: "loading"; done: number; total: number }
  | { state: "loaded" | "cancelled"; done: number; total: number; tookMs: number }
  | { state: "removing" }
  | { state: "removed" }
  | { state: "failed"; message: string };

export const load = createStore<Load>({ state: "idle" });

const ADDRESS = "/browser-features.json";
const BATCH_ROWS = 250;
const SLUG = "browser-feature/";

let cancelled = false;

export function cancelLoad(): void {
  cancelled = true;
}

export async function loadDataset(supabase: Supabase, user: string): Promise<void> {
  cancelled = false;
  load.set({ state: "fetching" });
  try {
    const { rows } = await fetchDataset();
    await write(supabase, user, rows);
  } catch (error) {
    load.set({ state: "failed", message: explain(error) });
  }
}

export async function removeDataset(supabase: Supabase): Promise<void> {
  load.set({ state: "removing" });
  try {
    await deleteBySlug(supabase, SLUG);
    load.set({ state: "removed" });
  } catch (error) {
    load.set({ state: "failed", message: explain(error) });
  }
}

async function fetchDataset(): Promise<Dataset> {
  const answer = await fetch(ADDRESS);
  if (!answer.ok) throw new Error("The data set could not be read. Open Daybook once while online, then it is kept for offline use.");
  return await answer.json() as Dataset;
}

async function write(supabase: Supabase, user: string, rows: DatasetRow[]): Promise<void> {
  const total = rows.length;
  const begun = performance.now();
  let done = 0;
  load.set({ state: "loading", done, total });
  while (done < total && !cancelled) {
    const batch = rows.slice(done, done + BATCH_ROWS);
    await addMissing(supabase, await Promise.all(batch.map((row) => entryOf(user, row))));
    done += batch.length;
    load.set({ state: "loading", done, total });
  }
  load.set({ state: cancelled ? "cancelled" : "loaded", done, total, tookMs: performance.now() - begun });
}

async function entryOf(user: string, row: DatasetRow): Promise<EntryInsert> {
  const slug = SLUG + row.slug;
  return { id: await nameUuid(user, slug), ...row, slug };
}

/** The UUIDv5 (RFC 9562) of a name in a namespace. */
async function nameUuid(namespace: string, name: string): Promise<string> {
  const space = namespace.replaceAll("-", "").match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  const bytes = new Uint8Array([...space, ...new TextEncoder().encode(name)]);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", bytes)).slice(0, 16);
  hash[6] = (hash[6] ?? 0) & 0x0f | 0x50; // version 5
  hash[8] = (hash[8] ?? 0) & 0x3f | 0x80; // variant
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
