/** What the browser grants on request: background sync, storage that is not evicted, its use and quota. */
import type { Engine } from "../wasm/thermocline.js";
import { guarded } from "./errors.js";
import { SYNC_TAG } from "./tag.js";
import type { Usage } from "./types.js";

/** How often we ask for a round in the background; the browser decides, often twice a day. */
const PERIOD_MS = 15 * 60_000;

type SyncRegistration = ServiceWorkerRegistration & {
  sync?: { register(tag: string): Promise<void> };
  periodicSync?: { register(tag: string, options: { minInterval: number }): Promise<void> };
};

async function worker(): Promise<SyncRegistration | undefined> {
  if (typeof navigator === "undefined" || !navigator.serviceWorker) return undefined;
  return navigator.serviceWorker.getRegistration();
}

/** Whether writes came since the browser was last asked, and whether it is being asked. */
let [wanted, asking] = [false, false];

/** Asks for a `sync` event, so that the outbox empties with every tab closed. Where the browser has none,
 * the next page start, `online` and return to the foreground do the same round. Every write asks: one
 * question is under way at a time, the next one stands for all writes meanwhile. */
export function askForBackgroundSync(): void {
  if (typeof navigator === "undefined" || !navigator.serviceWorker) return;
  wanted = true;
  if (!asking) void ask(navigator.serviceWorker);
}

async function ask(workers: ServiceWorkerContainer): Promise<void> {
  asking = true;
  const { sync }: SyncRegistration = await workers.ready; // without a worker: for ever, and nobody minds
  while (wanted) {
    wanted = false;
    await sync?.register(SYNC_TAG).catch(() => undefined);
  }
  asking = false;
}

/** Asks for a round now and then with every tab closed. */
export async function askForPeriodicSync(): Promise<void> {
  await (await worker())?.periodicSync?.register(SYNC_TAG, { minInterval: PERIOD_MS }).catch(() => undefined);
}

/** Asks that the browser does not evict what is stored. */
export async function askToPersist(): Promise<boolean> {
  if (typeof navigator === "undefined") return false;
  return (await navigator.storage?.persist?.().catch(() => false)) ?? false;
}

export async function usage(engine: Engine): Promise<Usage> {
  const { usage: used = null, quota = null } = (await navigator.storage?.estimate?.()) ?? {};
  const persisted = (await navigator.storage?.persisted?.()) ?? false;
  const stored = JSON.parse(await guarded(() => engine.storage())) as Pick<Usage, "log" | "segments" | "files" | "outbox">;
  const tables = JSON.parse(await guarded(() => engine.tables())) as Usage["tables"];
  return { tables, ...stored, used, quota, persisted };
}
