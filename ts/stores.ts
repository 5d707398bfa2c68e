/**
 * Live rows and the outbox as stores: a value that is the same object until it changes, and a way to hear of that.
 * A store asks the database only while somebody listens. No framework is in here.
 */
import type { LiveQuery, OutboxEntry, Thermocline } from "./types.js";

export interface Store<Value> {
  get: () => Value;
  /** Returns the way to stop. */
  subscribe: (onChange: () => void) => () => void;
}

/** What a live query says. */
export interface Live<Row = Record<string, unknown>> {
  rows: Row[];
  /** True where the device may not hold everything the query asks for. */
  partial: boolean;
  /** Why there are no rows: the query is wrong, or needs the server. */
  error: Error | null;
  /** True until the first answer. */
  loading: boolean;
}

export const UNREAD: Live<never> = { rows: [], partial: false, error: null, loading: true };
export const UNASKED: Live<never> = { ...UNREAD, loading: false };

/** What never changes. */
export const constant = <Value>(value: Value): Store<Value> => ({ get: () => value, subscribe: () => () => {} });

/** `rows`: those to be shown until the first answer. */
export function liveStore<Row>(tc: Thermocline, query: LiveQuery<Row>, rows: Row[] = []): Store<Live<Row>> {
  let live: Live<Row> = { ...UNREAD, rows };
  return {
    get: () => live,
    subscribe(onChange) {
      const tell = (next: Live<Row>): void => {
        live = next;
        onChange();
      };
      const fail = (error: Error): void => tell({ ...UNASKED, error });
      try {
        return tc.live<Row>(query, (told) => tell({ ...told, error: null, loading: false }), fail);
      } catch (thrown) {
        fail(thrown as Error); // a query that is none
        return () => {};
      }
    },
  };
}

/** What the outbox holds. */
export interface LiveOutbox {
  /** Oldest first. */
  entries: OutboxEntry[];
  error: Error | null;
  /** True until the first answer. */
  loading: boolean;
  /** Reads it again: what was done to a change that waits need not show in the status. Resolves when that has been read. */
  refresh: () => Promise<void>;
}

export function outboxStore(tc: Thermocline | null | undefined): Store<LiveOutbox> {
  const listeners = new Set<() => void>();
  let latest = 0; // of two reads the later counts
  const refresh = async (): Promise<void> => {
    const turn = ++latest;
    const read = await tc?.outbox.list().then(
      (entries) => ({ entries, error: null }),
      (error: Error) => ({ entries: outbox.entries, error }),
    );
    if (!read || turn !== latest) return;
    outbox = { ...read, loading: false, refresh };
    for (const listener of [...listeners]) listener();
  };
  let outbox: LiveOutbox = { entries: [], error: null, loading: true, refresh };
  return {
    get: () => outbox,
    subscribe(onChange) {
      listeners.add(onChange);
      const stop = tc?.on("status", () => void refresh());
      void refresh();
      return () => {
        listeners.delete(onChange);
        stop?.();
      };
    },
  };
}
