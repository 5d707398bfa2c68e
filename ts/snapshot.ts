/** The status as one object until it changes, so that what renders it can tell by identity. */
import type { Engine } from "../wasm/thermocline.js";
import type { Status } from "./types.js";

export interface Snapshot {
  /** The status now. */
  status(): Status;
  /** What the engine tells: it differs from what it told before. The same object as `status()` gave if it says the same. */
  keep(told: Status): Status;
}

export function snapshotOf(engine: Engine): Snapshot {
  let kept: Status | undefined;
  /** Its text, once somebody has asked; else the engine has compared already. */
  let text: string | undefined;
  let wasAsked = false;
  const compared = (now: Status): Status => {
    const found = JSON.stringify(now);
    text ??= JSON.stringify(kept);
    if (text !== found) [kept, text, wasAsked] = [now, found, true];
    return kept ?? now;
  };
  return {
    status: () => compared(engine.status() as Status),
    keep(told) {
      const now = wasAsked ? compared(told) : told;
      if (!wasAsked) [kept, text] = [told, undefined];
      wasAsked = false;
      return now;
    },
  };
}
