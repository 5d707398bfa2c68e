// Ours: a service worker that answers from the database that its address names.

import { attachThermocline, type AnswerOptions } from "thermocline/service-worker";
import wasm from "thermocline/thermocline_bg.wasm?url";

declare const self: ServiceWorkerGlobalScope;

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
attachThermocline(self, { wasm, answer: JSON.parse(new URL(self.location.href).searchParams.get("answer")!) as AnswerOptions });
