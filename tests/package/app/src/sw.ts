// The worker as a module; it answers what its address says, if it says so.

import { attachThermocline, type AnswerOptions } from "thermocline/service-worker";

declare const self: ServiceWorkerGlobalScope;

const wasm = new URL("thermocline/thermocline_bg.wasm", import.meta.url);
const answer = new URL(self.location.href).searchParams.get("answer");
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
attachThermocline(self, answer === null ? { wasm } : { wasm, answer: JSON.parse(answer) as AnswerOptions });
// @ts-expect-error the worker must be told where the module is
export const incomplete = () => attachThermocline(self);
