// Owns the shell without a network: the page's own files, from the last time there was one.

const CACHE = "shell";
const SHELL = ["/", "/page.js", "/page.css", "/icon.svg", "/manifest.webmanifest"];
const worker = self as unknown as ServiceWorkerGlobalScope;

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || !SHELL.includes(url.pathname)) return;
  event.respondWith(fresh(event.request));
});

/** From the daemon, and kept; without it, what was kept. */
async function fresh(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (gone) {
    const kept = await cache.match(request);
    if (!kept) throw gone;
    return kept;
  }
}

interface Notice {
  chatId: string;
  title: string;
  /** Empty when nobody is needed any more. */
  words: string;
}

worker.addEventListener("push", (event) => {
  event.waitUntil(tell(event.data!.json() as Notice));
});

/** One a chat. What is taken back is replaced silently, because browsers end the subscription of a
 * page that is woken and shows nothing. */
async function tell({ chatId, title, words }: Notice): Promise<void> {
  const shown = await worker.registration.getNotifications({ tag: chatId });
  if (!words && !shown.length) return;
  const body = words || "Nobody is needed any more.";
  await worker.registration.showNotification(title, {
    body, tag: chatId, data: chatId, silent: !words, ...(words ? { renotify: true } : {}),
  });
}

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openChat(String(event.notification.data)));
});

async function openChat(chatId: string): Promise<void> {
  const place = `/#/chat/${encodeURIComponent(chatId)}`;
  const [page] = await worker.clients.matchAll({ type: "window" });
  if (!page) {
    await worker.clients.openWindow(place);
    return;
  }
  page.postMessage({ open: chatId });
  await page.focus();
}
