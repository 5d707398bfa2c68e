/**
 * The engine's .wasm for a worker that answers: kept when it is installed, since the worker has to start offline. The browser's
 * own cache promises nothing.
 */
import { VERSION } from "../version.js";

const PREFIX = "thermocline-module-";

export class Module {
  readonly #url: string;

  constructor(url: string | URL) {
    this.#url = new URL(url, globalThis.location.href).href;
  }

  /** Reads it anew: a file of the same name may be another version's. */
  async keep(): Promise<void> {
    const cache = await caches.open(PREFIX + VERSION);
    await cache.add(new Request(this.#url, { cache: "no-cache" }));
  }

  /** Drops what older versions kept. */
  async tidy(): Promise<void> {
    const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + VERSION);
    await Promise.all(names.map((name) => caches.delete(name)));
  }

  /** Kept, or from the network: the browser may have thrown it away. */
  async read(): Promise<Response> {
    const kept = await (await caches.open(PREFIX + VERSION)).match(this.#url);
    return kept ?? fetch(this.#url);
  }
}
