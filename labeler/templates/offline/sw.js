/*
 * Where there is no connection a page of ours says so, in place of the browser's. Nothing else is kept: tasks are
 * confidential, and one device may have several people. With another style or language this is another worker.
 */

const KEPT = "{{ version }}";
const FILES = {{ files | tojson }};

addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(FILES)));
  skipWaiting();
});

addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name !== KEPT));
  event.waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, search } = new URL(request.url);
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => caches.match(FILES[0])));
  else if (FILES.includes(pathname + search)) event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
});
