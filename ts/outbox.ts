/** Pending changes as the app sees them, and what a person decides about those the server did not take. */
import type { Engine } from "../wasm/thermocline.js";
import { guarded } from "./errors.js";
import type { Outbox, OutboxEntry, Status } from "./types.js";

export function outboxOf(engine: Engine): Outbox {
  const again = (id: string, values?: Record<string, unknown>) =>
    guarded(() => engine.retry(id, values && JSON.stringify(values)));
  const discard = (id: string) => guarded(() => engine.discard(id));
  return {
    list: () => guarded(async () => JSON.parse(engine.outbox()) as OutboxEntry[]),
    retry: again,
    discard,
    async resolve(id, choice) {
      await (choice === "theirs" ? discard(id) : again(id, choice === "mine" ? undefined : choice));
    },
  };
}

/** Tells, from one status to the next, whether more changes need a person. */
export function attention(engine: Engine): (now: Status) => OutboxEntry[] | null {
  let known = 0;
  return ({ refused, conflicts }) => {
    const before = known;
    known = refused + conflicts;
    if (known <= before) return null;
    const entries = JSON.parse(engine.outbox()) as OutboxEntry[];
    return entries.filter(({ state }) => state === "refused" || state === "conflict");
  };
}
