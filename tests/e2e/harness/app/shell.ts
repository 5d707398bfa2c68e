/// <reference lib="webworker" />
// The shell of an app under test, from a cache: so that it opens offline.

declare const self: ServiceWorkerGlobalScope;
const SHELL = "shell";

export function serveShell(): void {
  self.addEventListener("install", () => void self.skipWaiting());
  self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
  self.addEventListener("fetch", (event) => {
    const { pathname, origin } = new URL(event.request.url);
    if (origin !== self.location.origin || /^\/(rest|auth|storage|functions|realtime)\/v1\//.test(pathname)) return;
    event.respondWith(fromShell(event.request));
  });
}

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
