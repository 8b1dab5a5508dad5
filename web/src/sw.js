// Opens the pages without a link: what is fixed comes from the shelf, the page itself from the server
// when it answers. Nothing of /v1 is ever kept.
const SHELF = "liaison";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const keep = async (request, answer) => {
  if (answer.ok) await (await caches.open(SHELF)).put(request, answer.clone());
  return answer;
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method !== "GET") return;
  if (pathname.startsWith("/_/"))
    event.respondWith(caches.match(request).then((kept) => kept || fetch(request).then((a) => keep(request, a))));
  else if (request.mode === "navigate")
    event.respondWith(fetch(request).then((a) => keep(request, a)).catch(() => caches.match(request, { ignoreSearch: true })));
});
