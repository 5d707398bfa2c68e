/** What the engine tells, and who wants to hear it: `tc.status()` and `tc.on(…)`. */
import type { Engine } from "../wasm/thermocline.js";
import { attention } from "./outbox.js";
import { rekeyings } from "./rekeyed.js";
import { snapshotOf } from "./snapshot.js";
import type { Attention, Rekeyed, Status, Thermocline } from "./types.js";

type Listeners = {
  status: Set<(status: Status) => void>;
  attention: Set<(now: Attention[]) => void>;
  rekeyed: Set<(rekeyed: Rekeyed) => void>;
};

/** `heard` comes before the app's listeners, with the status now and each that follows. */
export function eventsOf(engine: Engine, heard: (status: Status) => void): Pick<Thermocline, "on" | "status"> {
  const listeners: Listeners = { status: new Set(), attention: new Set(), rekeyed: new Set() };
  const { status, keep } = snapshotOf(engine);
  const [attend, rekeyed] = [attention(engine), rekeyings(engine)];
  engine.onStatus((told: Status) => {
    const now = keep(told);
    heard(now);
    for (const listener of [...listeners.status]) listener(now);
    const news = attend(now);
    if (news) for (const listener of [...listeners.attention]) listener(news);
    for (const one of rekeyed(now)) for (const listener of [...listeners.rekeyed]) listener(one);
  });
  heard(status());
  return {
    status,
    on(event: keyof Listeners, callback: never) {
      const those = listeners[event] as Set<unknown>;
      those.add(callback);
      return () => those.delete(callback);
    },
  };
}
