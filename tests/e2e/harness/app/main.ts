// The app under test: supabase-js, unmodified, on Thermocline; both are left where a test reaches them.

import { createClient } from "@supabase/supabase-js";
import { openThermocline, type Options } from "thermocline";
import type { ContextRecipe } from "thermocline/recipes/context";
import type { PathRecipe } from "thermocline/recipes/path";
import type { ProjectsRecipe } from "thermocline/recipes/projects";
import { use } from "./actor.js";

declare global {
  interface Window {
    open_: typeof open_;
    startWorker: () => Worker;
    defineElement: () => Promise<typeof import("thermocline/element")>;
    openPath: () => Promise<PathRecipe>;
    openProjects: () => Promise<void>;
    plans: ProjectsRecipe;
    openContext: () => Promise<ContextRecipe>;
    tc: Awaited<ReturnType<typeof openThermocline>>;
    supabase: ReturnType<typeof createClient>;
  }
}

/** Opens Thermocline and a supabase-js client on it; registers the worker if asked, to answer beside it if asked. */
async function open_(options: Options & { worker?: boolean; answer?: boolean }): Promise<void> {
  window.tc = await openThermocline(options);
  use(window.tc);
  window.supabase = createClient(options.url, options.key, { global: { fetch: window.tc.fetch } });
  if (options.worker) {
    const given = options.answer ? `?${new URLSearchParams({ answer: JSON.stringify(options) })}` : "";
    await navigator.serviceWorker.register(`/sw.js${given}`, { type: "module" });
    await navigator.serviceWorker.ready;
  }
}

window.open_ = open_;
window.startWorker = () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
window.defineElement = () => import("thermocline/element");
window.openPath = async () => (await import("thermocline/recipes/path")).pathRecipe({ tc: window.tc, supabase: window.supabase });
window.openProjects = async () => {
  window.plans = (await import("thermocline/recipes/projects")).projectsRecipe({ tc: window.tc, supabase: window.supabase });
  await window.plans.initialize();
};
window.openContext = async () => (await import("thermocline/recipes/context")).contextRecipe({ tc: window.tc, supabase: window.supabase });
document.body.dataset["ready"] = "true";
