/** What the browser grants on request: background sync, storage that is not evicted, its use and quota. */
import type { Engine } from "../wasm/thermocline.js";
import { guarded } from "./errors.js";
import { askForPeriods, askForSync } from "./tag.js";
import type { Usage } from "./types.js";

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
  const registration = await workers.ready; // without a worker: for ever, and nobody minds
  while (wanted) {
    wanted = false;
    await askForSync(registration);
  }
  asking = false;
}

/** Asks for a round now and then with every tab closed. */
export async function askForPeriodicSync(): Promise<void> {
  if (typeof navigator === "undefined" || !navigator.serviceWorker) return;
  const registration = await navigator.serviceWorker.getRegistration();
  if (registration) await askForPeriods(registration);
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
