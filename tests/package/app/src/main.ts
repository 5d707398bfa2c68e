// What an app does with the package: opens it, signs up, writes, reads back, with the types of its own database.

import { createClient } from "@supabase/supabase-js";
import { openThermocline, ThermoclineError } from "thermocline";
import type { Database } from "./database.types.js";
import { runPlain } from "./plain.js";

type Entry = Database["public"]["Tables"]["entries"]["Row"];

declare global {
  interface Window {
    run: typeof run;
    runPlain: typeof runPlain;
  }
}

async function run(url: string, key: string, email: string): Promise<{ written: Entry; read: Entry[]; pending: number; live: number; code: string }> {
  const tc = await openThermocline({ url, key, tables: ["entries"] });
  const supabase = createClient<Database>(url, key, { global: { fetch: tc.fetch } });
  const { error: refused } = await supabase.auth.signUp({ email, password: "a long enough password" });
  if (refused) throw refused;
  await tc.sync.start();

  const { data: written, error } = await supabase.from("entries").insert({ title: "Packed", tags: ["a"] }).select().single();
  if (error) throw error;
  const { data: read } = await supabase.from("entries").select().eq("title", "Packed").throwOnError();
  const live = await new Promise<number>((resolve) => {
    const stop = tc.live<Entry>(supabase.from("entries").select("*").eq("status", "open"), ({ rows }) => {
      resolve(rows.length);
      setTimeout(() => stop());
    });
  });
  await tc.sync.flushed();
  const unknown = await tc.sync.start({ tables: ["nowhere"] }).catch((thrown: unknown) => thrown);
  const code = unknown instanceof ThermoclineError ? unknown.code : "none";
  return { written, read, pending: tc.status().pending, live, code };
}

Object.assign(window, { run, runPlain });
document.body.dataset["ready"] = "true";
