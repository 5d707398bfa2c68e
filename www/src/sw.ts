/// <reference lib="webworker" />
/**
 * Daybook's service worker: the app's files from the cache, so that it opens offline, and Thermocline's
 * background sync. No logic of its own.
 */

import wasm from "thermocline/thermocline_bg.wasm?url";
import { attachThermocline } from "thermocline/service-worker";
import { clientsClaim } from "workbox-core";
import { createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] };

// What the server answers itself: Supabase's paths and the project's address.
const SERVER = [/^\/(rest|auth|storage|functions|realtime)\/v1\//, /^\/config\.json$/];

void self.skipWaiting();
clientsClaim();
precacheAndRoute(self.__WB_MANIFEST);
registerRoute(new NavigationRoute(createHandlerBoundToURL("/index.html"), { denylist: SERVER }));
attachThermocline(self, { wasm });
