/**
 * Thermocline in a service worker: empties the outbox with every tab closed.
 *
 * ```ts
 * import { attachThermocline } from "thermocline/service-worker";
 * attachThermocline(self, { wasm: "/thermocline_bg.wasm" });
 * ```
 *
 * The worker needs no options: a page that opened Thermocline left them, sealed, beside the data. A
 * worker that is killed is an ordinary crash: the log is the truth.
 */
import init, { Engine } from "../wasm/thermocline.js";
import { isMetered } from "./connection.js";
import { SYNC_TAG } from "./tag.js";

interface TaggedEvent extends ExtendableEvent {
  readonly tag: string;
}

export interface WorkerOptions {
  /** Where the engine's .wasm is served from. */
  wasm: string | URL;
}

/** Adds the handlers for Background Sync and Periodic Background Sync. */
export function attachThermocline(scope: ServiceWorkerGlobalScope, options: WorkerOptions): void {
  const onSync = (event: Event) => {
    const tagged = event as TaggedEvent;
    if (tagged.tag === SYNC_TAG) tagged.waitUntil(syncEverything(options));
  };
  scope.addEventListener("sync", onSync);
  scope.addEventListener("periodicsync", onSync);
}

/** One round for each project of this origin whose sync is on. Rejects if one failed: the browser tries again. */
async function syncEverything(options: WorkerOptions): Promise<void> {
  await init({ module_or_path: options.wasm });
  for (const project of (await Engine.projects()) as string[]) {
    const engine = await Engine.open({ ...(JSON.parse(project) as object), online: true, metered: isMetered() });
    try {
      const { state, user } = engine.status() as { state: string; user: string | null };
      if (state !== "stopped" && user !== null) await engine.syncInBackground();
    } finally {
      engine.close();
    }
  }
}
