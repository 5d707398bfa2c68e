/**
 * React hooks: the status, live rows and the outbox, rendered as they are and again when they change.
 *
 * ```tsx
 * const { pending } = useStatus(tc);
 * const { rows, loading } = useLive(tc, supabase.from("entries").select("id, title").order("title"));
 * ```
 *
 * React 18 and later, and Preact by its `preact/compat`. A hook may be given `null` while the database is being opened, and on
 * a server, where there is none: it then says that nothing is known yet.
 */
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { constant, liveStore, outboxStore, UNASKED, UNREAD, type Live, type LiveOutbox, type Store } from "./stores.js";
import { livePath } from "./query.js";
import type { LiveQuery, Status, Thermocline } from "./types.js";

export type { Live, LiveOutbox } from "./stores.js";

/** The status of a device on which nothing is open. */
const CLOSED: Status = {
  state: "stopped", pending: 0, refused: 0, conflicts: 0, held: [], lastPush: null, lastPull: null, oldestPending: null,
  retryAt: null, audits: [], synced: [], progress: null, attention: [], error: null, user: null, unadopted: 0,
};

/** The status now; without a database that of a device on which sync is off and nothing waits. */
export function useStatus(tc: Thermocline | null | undefined): Status {
  const subscribe = useMemo(() => (onChange: () => void) => tc?.on("status", onChange) ?? (() => {}), [tc]);
  return useSyncExternalStore(subscribe, () => tc?.status() ?? CLOSED, () => CLOSED);
}

const UNOPENED = constant(UNREAD);
const IDLE = constant(UNASKED);

export interface LiveOptions {
  /** While another query than before has not been answered yet, show the rows of the former one; else none. */
  keepRows?: boolean;
}

/**
 * The rows of a query now and after every change of them. The query may be made anew in each render: it is another one if
 * it asks something else. `null`: nothing is asked.
 */
export function useLive<Row = Record<string, unknown>>(
  tc: Thermocline | null | undefined,
  query: LiveQuery<Row> | null | undefined,
  { keepRows = false }: LiveOptions = {},
): Live<Row> {
  const former = useRef<Live<Row> | undefined>(undefined);
  const asked = query ? keyOf(query as LiveQuery<never>) : null;
  // What it asks is all of a query that counts: of those that ask the same the first will do.
  const store = useMemo((): Store<Live<Row>> => {
    if (!tc || !query) return query ? UNOPENED : IDLE;
    return liveStore(tc, query, keepRows ? former.current?.rows : undefined);
  }, [tc, asked]);
  const live = useSyncExternalStore(store.subscribe, store.get, query ? UNOPENED.get : IDLE.get);
  useEffect(() => void (former.current = live), [live]);
  return live;
}

/** What a query asks, as text; one that `tc.live` would refuse is told by its store. */
function keyOf(query: LiveQuery<never>): string {
  try {
    const { path, headers } = livePath(query);
    return [path, ...headers].join("\n");
  } catch {
    return "";
  }
}

/** The outbox, oldest change first: read anew whenever the status says that it may have changed. */
export function useOutbox(tc: Thermocline | null | undefined): LiveOutbox {
  const store = useMemo(() => outboxStore(tc), [tc]);
  return useSyncExternalStore(store.subscribe, store.get, useMemo(() => outboxStore(null).get, []));
}
