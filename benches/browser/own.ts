// Works that only ours does: large tables read from segments, memory, and appends beside a checkpoint.
//
// They reach past the package's face, to the engine behind it: nothing else tells when a checkpoint is over.

import init, { Engine } from "../../pkg/wasm/thermocline.js";
import { SCORES, timeOf } from "../rows.mjs";
import { appendWatch } from "./appends.js";
import type { Thermocline } from "thermocline";
import { insert, openClient, rows } from "./stores/thermocline.js";
import type { Note, Project } from "./stores/store.js";
import { expect, makeRows, median, quantile, timed, type Figures } from "./works.js";

const PLACES = 10;
const LIMIT = 50;
/** Of rows of about 260 bytes. */
const HOT_ROWS = 40_000;
const PAGE_ROWS = 1_000;
/** About 8 MiB in three requests. */
const CHECKPOINT_ROWS = 30_000;
const REQUESTS = 3;
/** Live queries, one for each score. */
const LIVE = SCORES;
const LIVE_WRITES = 300;
const MIB = 2 ** 20;

let engine: Engine;
const open = Engine.open;
Engine.open = async (options) => (engine = await open.call(Engine, options));

const memory = async () => (await init()).memory.buffer.byteLength / MIB;

/** Pulls the rows into a database of this name and leaves them in segments. */
export async function fillTier(name: string, project: Project): Promise<Figures> {
  const { tc } = await openClient(name, "strict", project);
  await checkpointed();
  await tc.close();
  return { filled: await memory() };
}

/** Reads of fifty rows, far apart, after a fresh start: in time order, and by an index that says nothing of time. */
export async function tier(name: string, project: Project, count: number): Promise<Figures> {
  const { tc } = await openClient(name, "strict", project);
  const times = await each(async (n) => {
    const before = encodeURIComponent(timeOf(Math.floor(((n + 1) * count) / PLACES), count));
    expect(await rows(tc, `notes?at=lt.${before}&order=at.desc&limit=${LIMIT}`), LIMIT);
  });
  const found = Math.min(LIMIT, count / SCORES);
  const byIndex = await each(async (n) => expect(await rows(tc, `notes?score=eq.${n * 97}&limit=${LIMIT}`), found));
  await tc.close();
  return { [`time ${count}`]: times, [`index ${count}`]: byIndex };
}

async function each(read: (n: number) => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < PLACES; n++) times.push(await timed(() => read(n)));
  return median(times);
}

/** Of the WebAssembly module, once the newest 10 MB have been read. */
export async function memoryAt(name: string, project: Project, count: number): Promise<Figures> {
  const { tc } = await openClient(name, "strict", project);
  for (let to = count; to > count - HOT_ROWS; to -= PAGE_ROWS) {
    const [from, before] = [to - PAGE_ROWS, to].map((n) => encodeURIComponent(timeOf(n, count)));
    expect(await rows(tc, `notes?at=gte.${from}&at=lt.${before}&order=at.desc`), PAGE_ROWS);
  }
  await tc.close();
  return { [`memory ${count}`]: await memory() };
}

/** The longest wait, but for one in a hundred, of appends while a checkpoint runs. */
export async function waits(name: string, project: Project, user: string): Promise<Figures> {
  const { tc, remove } = await openClient(name, "relaxed", project);
  const many = makeRows(CHECKPOINT_ROWS, user);
  const size = CHECKPOINT_ROWS / REQUESTS;
  const parts = Array.from({ length: REQUESTS }, (_, n) => many.slice(n * size, (n + 1) * size));
  const watch = appendWatch();
  await Promise.all(parts.map((part) => insert(tc, part)));
  const single = makeRows(CHECKPOINT_ROWS, user);
  const waited: number[] = [];
  let over = false;
  const checkpoint = checkpointed().then(() => { over = true; });
  for (let n = 0; !over; n++) {
    const written = watch.append();
    await insert(tc, single[n % single.length]!);
    waited.push(await written);
  }
  await checkpoint;
  watch.stop();
  await remove();
  return { wait: quantile(waited, 0.99), appends: waited.length };
}

/** Awaited inserts, each of which one live query of many shows, beside those that nobody watches. */
export async function liveMany(name: string, project: Project, user: string): Promise<Figures> {
  const { tc } = await openClient(name, "strict", project);
  await rows(tc, "notes");
  const alone = await inserts(tc, user);
  let told = 0;
  const first = Array.from({ length: LIVE }, (_, score) => new Promise<void>((resolve) => {
    tc.live<Note>(`notes?score=eq.${score}&order=at.desc&limit=${LIMIT}`, () => { told++; resolve(); });
  }));
  await Promise.all(first);
  const beside = await inserts(tc, user);
  while (told < LIVE + LIVE_WRITES) await new Promise((resolve) => setTimeout(resolve, 1));
  await tc.close();
  return { "write, unwatched": alone, "write beside live": beside };
}

/** The median of a few hundred awaited inserts. */
async function inserts(tc: Thermocline, user: string): Promise<number> {
  const times: number[] = [];
  for (const row of makeRows(LIVE_WRITES, user)) times.push(await timed(() => insert(tc, row)));
  return median(times);
}

/** A checkpoint has been made. Another may have been under way: then ours is made after it. */
async function checkpointed(): Promise<void> {
  while (!(await engine.checkpoint())) await new Promise((resolve) => setTimeout(resolve, 1));
}
