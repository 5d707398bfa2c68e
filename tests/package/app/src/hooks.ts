// React's hooks and the element as an app uses them, with the types of its own database, and what must not compile. React itself is not
// needed for that.

import type { SupabaseClient } from "@supabase/supabase-js";
import type { Thermocline } from "thermocline";
import { defineThermoclineStatus } from "thermocline/element";
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

export function showStatus(tc: Thermocline): void {
  defineThermoclineStatus("sync-state");
  const element = document.createElement("thermocline-status");
  element.client = tc;
  element.words = { synced: "Everything is here", received: { one: "{count} row", other: "{count} rows" } };
  // @ts-expect-error there is no such text
  element.words = { nothing: "" };
  document.body.append(element);
}
