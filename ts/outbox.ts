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

/** Tells, from one status to the next, all that needs a person, if there is something new among it. */
export function attention(engine: Engine): (now: Status) => OutboxEntry[] | null {
  let known = new Set<string>();
  let looked = "";
  return ({ refused, conflicts, lastPush }) => {
    // A refusal comes with the answer to a push: what lies in between need not be looked through.
    const now = `${refused}/${conflicts}/${lastPush}`;
    if (looked === now) return null;
    looked = now;
    const before = known;
    const entries = refused + conflicts === 0 ? [] : (JSON.parse(engine.outbox()) as OutboxEntry[]);
    const needing = entries.filter(({ state }) => state === "refused" || state === "conflict");
    known = new Set(needing.map(({ id }) => id));
    return needing.some(({ id }) => !before.has(id)) ? needing : null;
  };
}
