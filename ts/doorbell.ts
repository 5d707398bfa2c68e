/**
 * Realtime as a doorbell: Supabase says that something has changed, and a round is asked for. Nothing more.
 *
 * Ties the pure parts in doorbell/ to WebSocket, Web Locks, timers and the page's life. One page of a profile listens,
 * the one in front; a page that is left lets go of socket and lock, so that it may come back from the back/forward cache.
 * Invariant: where Realtime is absent, blocked or refuses, nothing is missing but speed, and nothing is reported.
 */
import type { Engine } from "../wasm/thermocline.js";
import { dueAt, OUT, step } from "./doorbell/machine.js";
import type { Effect, Event, State } from "./doorbell/machine.js";
import { Place } from "./doorbell/place.js";
import { Rings } from "./doorbell/rings.js";
import { Socket } from "./doorbell/socket.js";
import { accessOf } from "./doorbell/token.js";
import type { Listener } from "./doorbell/wire.js";
import type { Options, Status } from "./types.js";

/** How long a page listens on after it was hidden: people come back. */
const HIDDEN_MS = 30_000;

export interface Doorbell {
  /** Sync was turned on or off, somebody signed in or out, a round ended. */
  follow(status: Status): void;
  stop(): void;
}

/** Listens while sync is on and somebody is signed in, unless the app wants no Realtime. */
export function watchDoorbell(engine: Engine, { url, key, realtime = true }: Options, name: string): Doorbell {
  if (!realtime || typeof WebSocket === "undefined") return { follow: () => undefined, stop: () => undefined };
  let wanted: Listener | null = null;
  let [hadError, stopped] = [false, false];
  const ear = new Ear(engine, `${url.replace(/^http/, "ws").replace(/\/$/, "")}/realtime/v1/websocket?apikey=${encodeURIComponent(key)}&vsn=2.0.0`);
  const place = new Place(`thermocline/${name}/doorbell`, isInFront, (held) => ear.want(held ? wanted : null));
  const page = watchPage(place, () => wanted !== null, () => ear.feed({ kind: "woke" }));
  return {
    follow(status) {
      if (stopped) return;
      const before = wanted;
      wanted = listenerOf(status);
      if (wanted === null) place.leave();
      else if (before === null) page.come();
      else if (place.isHeld) ear.want(wanted);
      // A round ended well again: whatever kept the doorbell from ringing may be over, too.
      if (hadError && status.error === null) ear.feed({ kind: "woke" });
      hadError = status.error !== null;
    },
    stop() {
      stopped = true;
      page.stop();
      place.leave();
    },
  };
}

function listenerOf({ state, user, synced }: Status): Listener | null {
  return state === "stopped" || user === null ? null : { user, tables: synced };
}

/** The machine with its timer, its socket and its way to the engine. */
class Ear {
  readonly #engine: Engine;
  readonly #socket: Socket;
  readonly #rings = new Rings();
  #state: State = OUT;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: Engine, address: string) {
    this.#engine = engine;
    this.#socket = new Socket(address, (event) => this.feed(event));
  }

  want(listener: Listener | null): void {
    this.feed({ kind: "wanted", listener });
  }

  feed(event: Event): void {
    const [state, effects] = step(this.#state, event, { now: Date.now(), dice: Math.random() });
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    this.#wait();
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case "ask":
        return void this.#ask();
      case "open":
        return this.#socket.open();
      case "close":
        return this.#socket.close();
      case "send":
        return this.#socket.send(effect.text);
      case "ring":
        return this.#pass(this.#rings.hear(effect.xid, Date.now()));
    }
  }

  async #ask(): Promise<void> {
    const asked = (this.#asked += 1);
    const token = await this.#engine.token().catch(() => "");
    if (asked === this.#asked) this.feed({ kind: "token", access: accessOf(token) });
  }

  #pass(xids: (string | undefined)[]): void {
    for (const xid of xids) this.#engine.poke(xid);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const [machine, rings] = [dueAt(this.#state) ?? Infinity, this.#rings.due ?? Infinity];
    const due = Math.min(machine, rings);
    if (due === Infinity) return;
    // The clock is not asked again what the timer has said: it may have been set back meanwhile.
    this.#timer = setTimeout(() => {
      this.#pass(this.#rings.passOn(Date.now()));
      if (machine === due) this.feed({ kind: "due" });
      else this.#wait();
    }, Math.max(0, due - Date.now()));
  }
}

/** A worker is never behind. */
const isInFront = () => typeof document === "undefined" || document.visibilityState === "visible";

/** What the page's life means for the place: in front it takes it, hidden it keeps it a while, left it gives it up. */
function watchPage(place: Place, isWanted: () => boolean, woke: () => void): { come(): void; stop(): void } {
  const stop = new AbortController();
  const { signal } = stop;
  let leaving: ReturnType<typeof setTimeout> | undefined;
  const isPage = typeof document !== "undefined";
  const come = () => {
    clearTimeout(leaving);
    if (isWanted() && isInFront()) place.take({ now: isPage });
  };
  const back = () => {
    come();
    woke();
  };
  const left = () => {
    clearTimeout(leaving);
    place.leave();
  };
  globalThis.addEventListener("online", woke, { signal });
  signal.addEventListener("abort", left);
  if (!isPage) return { come, stop: () => stop.abort() };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(leaving);
    if (isInFront()) back();
    else leaving = setTimeout(left, HIDDEN_MS);
  }, { signal });
  document.addEventListener("freeze", left, { signal });
  document.addEventListener("resume", back, { signal });
  globalThis.addEventListener("pagehide", left, { signal });
  globalThis.addEventListener("pageshow", (event) => (event as PageTransitionEvent).persisted && back(), { signal });
  return { come, stop: () => stop.abort() };
}
