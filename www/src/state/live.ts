/**
 * Live rows and the sync status as hooks: the view renders what they say, and again when it changes.
 */

import type { LiveResult, Status } from "thermocline";
import { useEffect, useState } from "preact/hooks";
import { useBackend } from "../backend.ts";

/** A supabase-js query that was not awaited; its rows are what a live query brings. */
export type Query<Row> = PromiseLike<{ data: Row[] | null }>;

/**
 * The rows of `query` now and after every change, null before the first answer. `key` says when the
 * query has become another one; until its rows are here, the old ones stay on the screen.
 */
export function useLive<Row>(query: () => Query<Row>, key: string): LiveResult<Row> | null {
  const { tc } = useBackend();
  const [result, setResult] = useState<LiveResult<Row> | null>(null);
  useEffect(() => tc.live(query(), setResult), [tc, key]);
  return result;
}

export function useStatus(): Status {
  const { tc } = useBackend();
  const [status, setStatus] = useState(() => tc.status());
  useEffect(() => {
    setStatus(tc.status());
    return tc.on("status", setStatus);
  }, [tc]);
  return status;
}
