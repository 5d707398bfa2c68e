// React's hooks as an app calls them, with the types of its own database, and what must not compile. React itself is not needed for that.

import type { SupabaseClient } from "@supabase/supabase-js";
import type { Thermocline } from "thermocline";
import { useLive, useOutbox, useStatus } from "thermocline/react";
import type { Database } from "./database.types.js";

export function useDiary(tc: Thermocline | null, supabase: SupabaseClient<Database>): string[] {
  const { state, pending } = useStatus(tc);
  const { rows, loading, error } = useLive(tc, supabase.from("entries").select("id, title").order("title"), { keepRows: true });
  const { entries } = useOutbox(tc);
  // @ts-expect-error the rows have the columns that were asked for
  rows[0]?.body;
  // @ts-expect-error a number is no query
  useLive(tc, 1);
  return [state, `${pending + entries.length}`, error?.message ?? `${loading}`, ...rows.map(({ title }) => title)];
}
