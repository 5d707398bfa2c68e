/// <reference lib="webworker" />
// The service worker of the app under test: its shell from a cache, Thermocline's background sync.

import { attachThermocline } from "thermocline/service-worker";
import "./actor.js";
import wasm from "thermocline/thermocline_bg.wasm?url";

declare const self: ServiceWorkerGlobalScope;
const SHELL = "shell";

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (origin !== self.location.origin || /^\/(rest|auth|storage|functions|realtime)\/v1\//.test(pathname)) return;
  event.respondWith(fromShell(event.request));
});

/** The network's answer, kept; without a network the kept one. */
async function fromShell(request: Request): Promise<Response> {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(request);
    if (request.method === "GET" && answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw error;
  }
}

attachThermocline(self, { wasm });
