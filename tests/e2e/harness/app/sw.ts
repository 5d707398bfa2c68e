/// <reference lib="webworker" />
// The service worker of the app under test: its shell from a cache, Thermocline's background sync.

import { attachThermocline } from "thermocline/service-worker";
import "./actor.js";
import wasm from "thermocline/thermocline_bg.wasm?url";
import { serveShell } from "./shell.js";

declare const self: ServiceWorkerGlobalScope;

serveShell();
attachThermocline(self, { wasm, roundMs: 8_000 });
