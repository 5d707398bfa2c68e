// The same with the rows of the app's own database.

import { createClient } from "@supabase/supabase-js";
import type { Thermocline } from "thermocline";
import type { Database } from "./database.types.js";

export async function wrongRows(tc: Thermocline): Promise<void> {
  const supabase = createClient<Database>("", "", { global: { fetch: tc.fetch } });
  // @ts-expect-error a title is needed
  await supabase.from("entries").insert({ body: "x" });
  // @ts-expect-error there is no such column
  await supabase.from("entries").update({ nope: 1 });
}
