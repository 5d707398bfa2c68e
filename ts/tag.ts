/** Tag of our `sync` and `periodicsync` events, known to page and worker. */
export const SYNC_TAG = "thermocline";
