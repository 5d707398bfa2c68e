// A worker without a bundler: our classic script by importScripts, what it leaves on the global scope by its types.

/// <reference types="thermocline/service-worker.classic.js" />

declare const self: ServiceWorkerGlobalScope;

const given = new URL(self.location.href).searchParams;
self.importScripts(given.get("script")!);
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
Thermocline.attachThermocline(self, { wasm: given.get("wasm")!, answer: JSON.parse(given.get("answer")!) });
export {};
