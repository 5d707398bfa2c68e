/** What the page hears of its own life, told to the engine: network, visibility, thawing. */
import type { Engine } from "../wasm/thermocline.js";
import type { Wakes } from "./ask.js";
import { connection, isMetered } from "./connection.js";

/** How often a visible page with live queries looks at the log; announcements are quicker. */
const LOOK_MS = 2_000;

export interface Realm extends Wakes {
  /** Set from the moment at which the page goes on after standing still until the engine knows what happened
   * meanwhile: whoever asks before then waits for it. */
  behind: Promise<void> | undefined;
  stop(): void;
}

/** Starts listening. */
export function watchRealm(engine: Engine): Realm {
  const stop = new AbortController();
  const { signal } = stop;
  const realm: Realm = { behind: undefined, stop: () => stop.abort() };
  // A lost store shows in the status; there is nothing to do for a listener.
  const quietly = (call: () => Promise<unknown>) => void call().catch(() => undefined);
  globalThis.addEventListener("online", () => engine.network(true), { signal });
  globalThis.addEventListener("offline", () => engine.network(false), { signal });
  connection()?.addEventListener?.("change", () => engine.metered(isMetered()), { signal });
  if (typeof document === "undefined") {
    engine.visible(false);
    return realm;
  }

  const isVisible = () => document.visibilityState === "visible";
  engine.visible(isVisible());
  const foreground = () => {
    const behind = engine.foreground().catch(() => undefined).then(() => {
      if (realm.behind === behind) realm.behind = undefined;
    });
    realm.behind = behind;
  };
  // Before the app's own listeners, which may ask at once.
  const first = { signal, capture: true };
  document.addEventListener("visibilitychange", () => {
    engine.visible(isVisible());
    if (isVisible()) foreground();
  }, first);
  document.addEventListener("resume", foreground, first);
  globalThis.addEventListener("pageshow", (event) => (event as PageTransitionEvent).persisted && foreground(), first);
  globalThis.addEventListener("pagehide", () => engine.pause(), { signal });
  const look = setInterval(() => {
    if (isVisible() && engine.hasLive()) quietly(() => engine.catchUp());
  }, LOOK_MS);
  signal.addEventListener("abort", () => clearInterval(look));
  return realm;
}
