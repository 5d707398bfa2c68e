/**
 * Thermocline in a service worker: empties the outbox with every tab closed and, if it is asked to, answers the requests of an
 * app that has not a line of ours.
 *
 * ```ts
 * import { attachThermocline } from "thermocline/service-worker";
 * attachThermocline(self, { wasm: "/thermocline_bg.wasm" });
 * attachThermocline(self, { wasm: "/thermocline_bg.wasm", answer: { url, key, tables: ["entries"], sync: true } });
 * ```
 *
 * Without `answer` the worker needs no options: a page that opened Thermocline left them, sealed, beside the data. A worker
 * that is killed is an ordinary crash: the log is the truth.
 */
import { SYNC_TAG } from "./tag.js";
import { Answering } from "./worker/answering.js";
import { Engines } from "./worker/engines.js";
import { Module } from "./worker/module.js";
import type { WorkerOptions } from "./worker/options.js";
import { syncAll } from "./worker/rounds.js";

export type { AnswerOptions, WorkerOptions } from "./worker/options.js";

/** Chromium ends a `sync` event after three minutes. */
const ROUND_MS = 150_000;

interface TaggedEvent extends ExtendableEvent {
  readonly tag: string;
}

/**
 * Adds the handlers for Background Sync and Periodic Background Sync, and with `answer` those for requests. To be called while
 * the script is run for the first time: browsers take no handlers later. Throws a `ThermoclineError` if a url is none.
 */
export function attachThermocline(scope: ServiceWorkerGlobalScope, options: WorkerOptions): void {
  const { answer, roundMs = ROUND_MS } = options;
  const module = new Module(options.wasm);
  const engines = new Engines(() => (answer ? module.read() : options.wasm));
  const onSync = (event: Event) => {
    const tagged = event as TaggedEvent;
    if (tagged.tag === SYNC_TAG) tagged.waitUntil(syncAll(engines, roundMs));
  };
  scope.addEventListener("sync", onSync);
  scope.addEventListener("periodicsync", onSync);
  if (!answer) return;
  const answering = new Answering(scope, engines, answer);
  scope.addEventListener("install", (event) => event.waitUntil(module.keep()));
  scope.addEventListener("activate", (event) => event.waitUntil(module.tidy()));
  scope.addEventListener("fetch", (event) => answering.on(event));
}
