/**
 * Live rows and the sync status of this page's database, by Thermocline's own hooks: the view renders what they say, and again
 * when it changes.
 */

import type { LiveQuery, Status } from "thermocline";
import { useLive as useLiveOf, useStatus as useStatusOf, type Live } from "thermocline/react";
import { useBackend } from "../backend.ts";

/** The rows of `query`; until another query's rows are here, the old ones stay on the screen. `null`: nothing is asked. */
export function useLive<Row>(query: LiveQuery<Row> | null): Live<Row> {
  return useLiveOf<Row>(useBackend().tc, query, { keepRows: true });
}

export const useStatus = (): Status => useStatusOf(useBackend().tc);
