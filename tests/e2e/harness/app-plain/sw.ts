/// <reference lib="webworker" />
// The worker that somebody gave it: shell, requests and sign-in. Its address says of which project.

import { attachThermocline, type AnswerOptions } from "thermocline/service-worker";
import wasm from "thermocline/thermocline_bg.wasm?url";
import { serveShell } from "../app/shell.js";

declare const self: ServiceWorkerGlobalScope;

serveShell();
const given = new URL(self.location.href).searchParams.get("given")!;
attachThermocline(self, { wasm, answer: JSON.parse(given) as AnswerOptions });
