// The same app without a line of Thermocline in its page: a service worker answers it, whatever kind of script that is.

import { createClient } from "@supabase/supabase-js";
import script from "thermocline/service-worker.classic.js?url";
import wasm from "thermocline/thermocline_bg.wasm?url";
import type { Database } from "./database.types.js";

type Entry = Database["public"]["Tables"]["entries"]["Row"];

/** Writes and reads with the worker at `address`. */
export async function runPlain(url: string, key: string, email: string, address: string, type: WorkerType): Promise<Entry[]> {
  const answer = JSON.stringify({ url, key, tables: ["entries"], sync: true });
  await navigator.serviceWorker.register(`${address}?${new URLSearchParams({ script, wasm, answer })}`, { type });
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
  }
  const supabase = createClient<Database>(url, key);
  const { error: refused } = await supabase.auth.signUp({ email, password: "a long enough password" });
  if (refused) throw refused;
  await supabase.from("entries").insert({ title: "Answered by a worker" }).throwOnError();
  return (await supabase.from("entries").select().throwOnError()).data;
}
