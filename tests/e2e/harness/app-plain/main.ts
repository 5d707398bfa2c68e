// An app that has never heard of Thermocline: supabase-js as npm has it, and a service worker that somebody gave it.

import { createClient } from "@supabase/supabase-js";

interface Given {
  url: string;
  key: string;
  /** The worker's script; what it answers stands in its address. */
  script?: string;
  classic?: boolean;
}

declare global {
  interface Window {
    open_: typeof open_;
    supabase: ReturnType<typeof createClient>;
  }
}

async function open_({ url, key, script = "/sw.js", classic = false, ...more }: Given): Promise<void> {
  window.supabase = createClient(url, key);
  const given = new URLSearchParams({ given: JSON.stringify({ url, key, ...more }) });
  await navigator.serviceWorker.register(`${script}?${given}`, { type: classic ? "classic" : "module" });
  await navigator.serviceWorker.ready;
}

window.open_ = open_;
document.body.dataset["ready"] = "true";
