/** How `sync` and `periodicsync` are asked for, by page and worker. */

/** Tag of our events. */
export const SYNC_TAG = "thermocline";

/** How often we ask for a round in the background; the browser decides, often twice a day. */
const PERIOD_MS = 15 * 60_000;

/** What not every browser has. */
export type SyncRegistration = ServiceWorkerRegistration & {
  sync?: { register(tag: string): Promise<void> };
  periodicSync?: { register(tag: string, options: { minInterval: number }): Promise<void> };
};

/** Asks for a `sync` event as soon as there is a network. A browser may refuse: the next start does the same round. */
export async function askForSync({ sync }: SyncRegistration): Promise<void> {
  await sync?.register(SYNC_TAG).catch(() => undefined);
}

/** Asks for a round now and then with every tab closed. */
export async function askForPeriods({ periodicSync }: SyncRegistration): Promise<void> {
  await periodicSync?.register(SYNC_TAG, { minInterval: PERIOD_MS }).catch(() => undefined);
}
