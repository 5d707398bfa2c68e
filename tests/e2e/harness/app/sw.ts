/// <reference lib="webworker" />
// The service worker of the app under test: its shell from a cache, Thermocline's background sync. It notes how rounds end, and answers
// what its address says, if it says so.

import { attachThermocline, type AnswerOptions } from "thermocline/service-worker";
import "./actor.js";
import wasm from "thermocline/thermocline_bg.wasm?url";
import { serveShell } from "./shell.js";

declare const self: ServiceWorkerGlobalScope & { rounds: string[] };

/** Of this worker's life, oldest first: the event, and `done` or the code of what its round rejected with. */
self.rounds = [];
const { waitUntil } = ExtendableEvent.prototype;
ExtendableEvent.prototype.waitUntil = function (work) {
  const note = (end: string) => self.rounds.push(`${this.type} ${end}`);
  if ("tag" in this) work.then(() => note("done"), (error: { code?: string }) => note(error.code ?? String(error)));
  waitUntil.call(this, work);
};

serveShell();
const answer = new URL(self.location.href).searchParams.get("answer");
attachThermocline(self, { wasm, roundMs: 6_000, ...(answer && { answer: JSON.parse(answer) as AnswerOptions }) });
