/** Pending changes as the app sees them, and what a person decides about those the server did not take. */
import type { Engine } from "../wasm/thermocline.js";
import { guarded } from "./errors.js";
import type { Attention, AttentionCause, Outbox, OutboxEntry, Status } from "./types.js";

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

/** Tells, from one status to the next, all that someone should look at, if there is something new among it. */
export function attention(engine: Engine): (now: Status) => Attention[] | null {
  let known = new Set<string>();
  let looked = "";
  return (status) => {
    const { refused, conflicts, lastPush, oldestPending } = status;
    // A refusal comes with the answer to a push: what lies in between need not be looked through.
    const now = [...status.attention, refused, conflicts, lastPush, oldestPending].join("/");
    if (looked === now) return null;
    looked = now;
    const outbox = status.attention.length === 0 ? [] : (JSON.parse(engine.outbox()) as OutboxEntry[]);
    const found = status.attention.map((cause): Attention => ({
      cause,
      entries: outbox.filter((entry) => isAbout(entry, cause)),
      error: cause === "failing" ? status.error : null,
    }));
    const before = known;
    known = new Set(found.flatMap(({ cause, entries }) => [cause, ...entries.map(({ id }) => `${cause} ${id}`)]));
    return [...known].some((one) => !before.has(one)) ? found : null;
  };
}

function isAbout({ state, overdue }: OutboxEntry, cause: AttentionCause): boolean {
  return cause === "overdue" ? overdue : state === cause;
}
