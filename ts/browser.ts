/** What the browser grants on request: background sync, storage that is not evicted, its use and quota. */
import type { Engine } from "../wasm/thermocline.js";
import type { Usage } from "./types.js";

/** Tag of our `sync` and `periodicsync` events. */
export const SYNC_TAG = "thermocline";

type SyncRegistration = ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } };

/** Asks for a `sync` event, so that the outbox empties with every tab closed. Where the browser has none,
 * the next page start, `online` and return to the foreground do the same round. */
export async function askForBackgroundSync(): Promise<void> {
  if (typeof navigator === "undefined" || !navigator.serviceWorker) return;
  const registration = (await navigator.serviceWorker.getRegistration()) as SyncRegistration | undefined;
  await registration?.sync?.register(SYNC_TAG).catch(() => undefined);
}

export async function askToPersist(): Promise<void> {
  if (typeof navigator === "undefined") return;
  await navigator.storage?.persist?.().catch(() => false);
}

export async function usage(engine: Engine): Promise<Usage> {
  const { usage: used = null, quota = null } = (await navigator.storage?.estimate?.()) ?? {};
  const persisted = (await navigator.storage?.persisted?.()) ?? false;
  return { tables: JSON.parse(engine.tables()) as Usage["tables"], used, quota, persisted };
}
