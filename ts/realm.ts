/** What the page hears of its own life, told to the engine: network, visibility, thawing. */
import type { Engine } from "../wasm/thermocline.js";

/** How often a visible page with live queries looks at the log; announcements are quicker. */
const LOOK_MS = 2_000;

/** Starts listening; returns the way to stop. */
export function watchRealm(engine: Engine): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  // A lost store shows in the status; there is nothing to do for a listener.
  const quietly = (call: () => Promise<unknown>) => void call().catch(() => undefined);
  globalThis.addEventListener("online", () => engine.network(true), { signal });
  globalThis.addEventListener("offline", () => engine.network(false), { signal });
  if (typeof document === "undefined") return () => stop.abort();

  const foreground = () => quietly(() => engine.foreground());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && foreground(), { signal });
  document.addEventListener("resume", foreground, { signal });
  globalThis.addEventListener("pageshow", (event) => (event as PageTransitionEvent).persisted && foreground(), { signal });
  const look = setInterval(() => {
    if (document.visibilityState === "visible" && engine.hasLive()) quietly(() => engine.catchUp());
  }, LOOK_MS);
  return () => {
    clearInterval(look);
    stop.abort();
  };
}
