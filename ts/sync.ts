/** `tc.sync`: turning sync on and off, rounds, audits. */
import type { Engine } from "../wasm/thermocline.js";
import { askForPeriodicSync, askToPersist } from "./browser.js";
import { guarded } from "./errors.js";
import type { Options, Status, Thermocline } from "./types.js";

export function syncOf(engine: Engine, options: Options, status: () => Status): Thermocline["sync"] {
  const all = () => options.tables.map((table) => (typeof table === "string" ? table : table.name));
  return {
    async start({ tables = all() } = {}) {
      await guarded(() => engine.startSync(tables));
      void askToPersist();
      void askForPeriodicSync();
    },
    stop: ({ tables } = {}) => guarded(() => engine.stopSync(tables)),
    now: () => guarded(() => engine.syncNow()),
    async audit() {
      await guarded(() => engine.audit());
      return status().audits;
    },
    flushed: () => guarded(() => engine.flushed()),
  };
}
