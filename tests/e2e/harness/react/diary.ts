// A view that uses every hook. Rendered by the page, and on a server, where there is no database.

import { createElement as element } from "react";
import type { Thermocline } from "thermocline";
import { useLive, useOutbox, useStatus } from "thermocline/react";
import type { SupabaseClient } from "@supabase/supabase-js";

export interface Given {
  tc: Thermocline | null;
  supabase: SupabaseClient | null;
  status: string;
  keepRows: boolean;
  /** Hears of every render. */
  onRender: (shown: string) => void;
}

export function Diary({ tc, supabase, status, keepRows, onRender }: Given) {
  const { state, pending } = useStatus(tc);
  // Made anew in each render, as apps do.
  const query = supabase?.from("entries").select("title").eq("status", status).order("title");
  const { rows, loading, error } = useLive<{ title: string }>(tc, query ?? `entries?status=eq.${status}`, { keepRows });
  const { entries } = useOutbox(tc);
  const titles = rows.map(({ title }) => title);
  onRender(`${status}: ${titles.join()}${loading ? " …" : ""}`);
  return element(
    "section",
    null,
    element("p", { id: "status" }, `${state}, ${pending} pending`),
    element("p", { id: "outbox" }, entries.map(({ operation, state: standing }) => `${operation} ${standing}`).join()),
    element("p", { id: "rows" }, error ? error.message : loading ? "loading" : titles.join()),
  );
}
