/** The status as one object until it changes, so that what renders it can tell by identity. */
import type { Engine } from "../wasm/thermocline.js";
import type { Status } from "./types.js";

export interface Snapshot {
  /** The status now. */
  status(): Status;
  /** The same object as before if `now` says nothing new. */
  keep(now: Status): Status;
}

export function snapshotOf(engine: Engine): Snapshot {
  let kept: { status: Status; text: string } | undefined;
  const keep = (now: Status): Status => {
    const text = JSON.stringify(now);
    if (kept?.text !== text) kept = { status: now, text };
    return kept.status;
  };
  return { status: () => keep(engine.status() as Status), keep };
}
