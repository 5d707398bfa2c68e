/**
 * The same for a classic worker, as one script: `importScripts("…/service-worker.classic.js")`, then
 * `Thermocline.attachThermocline(self, { wasm })`.
 */
import * as entry from "./service-worker.js";

declare global {
  /** What `thermocline/service-worker` exports. */
  var Thermocline: typeof entry;
}

globalThis.Thermocline = entry;
