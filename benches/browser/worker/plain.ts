// A service worker as one would write it by hand: it opens IndexedDB and answers with a row of it.

export {};

declare const self: ServiceWorkerGlobalScope;

const answered = <T>(request: IDBRequest<T>) => new Promise<T>((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

let opened: Promise<IDBDatabase> | undefined;

async function open(): Promise<IDBDatabase> {
  const opening = indexedDB.open("plain", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("rows").put({ title: "a row" }, "key");
  return answered(opening);
}

async function answer(): Promise<Response> {
  const database = await (opened ??= open());
  return Response.json([await answered(database.transaction("rows").objectStore("rows").get("key"))]);
}

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.url.includes("/rest/v1/")) event.respondWith(answer());
});
