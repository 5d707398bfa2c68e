// A worker that the app's own bundler makes one classic script of; its address says what it answers.

import { attachThermocline, type AnswerOptions } from "thermocline/service-worker";

declare const self: ServiceWorkerGlobalScope;

const given = new URL(self.location.href).searchParams;
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
attachThermocline(self, { wasm: given.get("wasm")!, answer: JSON.parse(given.get("answer")!) as AnswerOptions });
