/**
 * The two objects every view works with: supabase-js, unchanged but for its fetch, and Thermocline
 * itself for what supabase-js has no words for (live lists, status, outbox, storage).
 */

import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { openThermocline, type Thermocline } from "thermocline";
import { readConfig, type Config } from "./config.ts";
import type { Database } from "./database.ts";
import { recipeTables } from "./recipes.ts";

export type Supabase = SupabaseClient<Database>;

export interface Backend {
  config: Config;
  tc: Thermocline;
  supabase: Supabase;
}

/** The table of Daybook itself. */
export const ENTRIES = "entries";

export async function openBackend(): Promise<Backend> {
  const config = await readConfig();
  const { url, key } = config;
  const tc = await openThermocline({ url, key, tables: [ENTRIES, ...recipeTables(config)] });
  const supabase = createClient<Database>(url, key, { global: { fetch: tc.fetch } });
  return { config, tc, supabase };
}

const Context = createContext<Backend | null>(null);

export const BackendProvider = Context.Provider;

export function useBackend(): Backend {
  const backend = useContext(Context);
  if (!backend) throw new Error("a view was rendered outside of BackendProvider");
  return backend;
}
