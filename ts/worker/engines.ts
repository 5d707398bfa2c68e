/**
 * The engines of a service worker: one a project. The first event that needs one opens it, the next ones use it, and when
 * none has for a while it is let go of: who has a database open is in the way of an upgrade.
 */
import init, { Engine, type InitInput } from "../../wasm/thermocline.js";
import type { Wakes } from "../ask.js";
import { connection, isMetered } from "../connection.js";
import { guarded } from "../errors.js";
import type { EngineOptions } from "../options.js";
import type { Status } from "../types.js";

/** How long an engine stays open that no event needs; browsers end an idle worker after some thirty seconds. */
const IDLE_MS = 10_000;

/** An engine at work, and what its events share. */
export class OpenEngine {
  /** A worker does not stand still: it is ended. */
  readonly realm: Wakes = { behind: undefined };
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(status: Status) => void>();
  #online: boolean;
  #metered: boolean;

  constructor(readonly engine: Engine, online: boolean, metered: boolean) {
    [this.#online, this.#metered] = [online, metered];
    engine.onStatus((status: Status) => this.#listeners.forEach((listener) => listener(status)));
    const { signal } = this.#stop;
    globalThis.addEventListener("online", () => this.look(true), { signal });
    globalThis.addEventListener("offline", () => this.look(false), { signal });
    connection()?.addEventListener?.("change", () => this.look(this.#online), { signal });
  }

  status(): Status {
    return this.engine.status() as Status;
  }

  /** Tells the engine what the browser thinks of network and connection: not every worker hears of a change. */
  look(online: boolean): void {
    const metered = isMetered();
    if (metered !== this.#metered) this.engine.metered(metered);
    if (online !== this.#online) this.engine.network(online);
    [this.#online, this.#metered] = [online, metered];
  }

  /** Resolves when the status is so, or after a while. */
  until(isSo: (status: Status) => boolean, limitMs: number): Promise<void> {
    if (isSo(this.status())) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(limit);
        this.#listeners.delete(look);
        resolve();
      };
      const look = (status: Status) => void (isSo(status) && end());
      const limit = setTimeout(end, limitMs);
      this.#listeners.add(look);
    });
  }

  close(): void {
    this.#stop.abort();
    this.engine.pause(); // it is at work no more
    this.engine.close();
  }
}

interface Holding {
  open: Promise<OpenEngine>;
  users: number;
  idle?: ReturnType<typeof setTimeout>;
}

export class Engines {
  readonly #held = new Map<string, Holding>();
  readonly #module: () => InitInput | Promise<InitInput>;
  #loaded: Promise<unknown> | undefined;

  /** `module`: the engine's .wasm, asked for once. */
  constructor(module: () => InitInput | Promise<InitInput>) {
    this.#module = module;
  }

  /** The options of every project that this origin has opened. */
  async projects(): Promise<EngineOptions[]> {
    await this.#load();
    return ((await Engine.projects()) as string[]).map((options) => JSON.parse(options) as EngineOptions);
  }

  has({ name }: EngineOptions): boolean {
    return this.#held.has(name);
  }

  /** Runs `work` on a project's engine. Rejects if it does not open; the next call tries again. */
  async use<T>(options: EngineOptions, work: (open: OpenEngine) => Promise<T>, online = navigator.onLine): Promise<T> {
    const held = this.#held.get(options.name) ?? this.#hold(options, online);
    held.users += 1;
    clearTimeout(held.idle);
    try {
      const open = await held.open;
      open.look(online);
      return await work(open);
    } finally {
      held.users -= 1;
      if (held.users === 0) held.idle = setTimeout(() => this.#letGo(options.name, held), IDLE_MS);
    }
  }

  /** Lets go of an engine at once, unless others than the caller use it: what it is at ends. */
  stop({ name }: EngineOptions): void {
    const held = this.#held.get(name);
    if (held && held.users <= 1) this.#letGo(name, held);
  }

  #hold(options: EngineOptions, online: boolean): Holding {
    const held: Holding = { open: this.#open(options, online), users: 0 };
    this.#held.set(options.name, held);
    held.open.catch(() => this.#forget(options.name, held));
    return held;
  }

  async #open(options: EngineOptions, online: boolean): Promise<OpenEngine> {
    await this.#load();
    const metered = isMetered();
    const engine = await guarded(() => Engine.open({ ...options, online, metered }));
    engine.visible(false);
    return new OpenEngine(engine, online, metered);
  }

  /** Once: two at the same time would be two modules. */
  #load(): Promise<unknown> {
    this.#loaded ??= Promise.resolve(this.#module()).then((module) => init({ module_or_path: module })).catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  #letGo(name: string, held: Holding): void {
    clearTimeout(held.idle);
    this.#forget(name, held);
    held.open.then((open) => open.close(), () => undefined);
  }

  #forget(name: string, held: Holding): void {
    if (this.#held.get(name) === held) this.#held.delete(name);
  }
}
