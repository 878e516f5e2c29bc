/**
 * Keeps the files of one build of the dashboard in the browser, so that it opens without network, and shows what is told by Web Push
 * while no page is open. Answers of the API are never kept: of what a person sees nothing is here, and the same files are given to
 * everybody.
 */
declare const self: ServiceWorkerGlobalScope
/** What the build put before this script (`build/service-worker-plugin.ts`). */
declare const BUILD: {
  version: string
  /** The page as the gateway serves it. */
  page: string
  /** Paths of files that have a hash of their content in their name. */
  assets: string[]
  /** Paths of the other files. */
  files: string[]
}

const PREFIX = 'linko-dashboard '
/** Address under which the page is kept: it is the same for every address that a browser opens. */
const PAGE = '/'
/** Addresses that are never the page (`services/gateway/pages/serve-dashboard.ts`). */
const NO_PAGES = /^\/(api|docs|health|ready|metrics)(\/|$)/
/** A network that has not answered by then (ms) is taken for none. */
const PATIENCE_MS = 4000

self.addEventListener('install', event => event.waitUntil(keepBuild()))
self.addEventListener('activate', event => event.waitUntil(dropOlderBuilds().then(() => self.clients.claim())))

self.addEventListener('fetch', event => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (request.mode === 'navigate') {
    if (!NO_PAGES.test(pathname)) event.respondWith(newestOr(request, PAGE))
  } else if (pathname.startsWith('/assets/')) event.respondWith(keptOr(request))
  else if (BUILD.files.includes(pathname)) event.respondWith(newestOr(request, pathname))
})

/** Caches of builds, oldest first: the name of each is made when it begins to be filled. */
const keptBuilds = async () => (await caches.keys()).filter(name => name.startsWith(PREFIX))

/**
 * The page comes last: a cache that has it has everything else. While gateways of two builds answer, it may be the page of the other
 * build; then nothing is kept, and the browser tries again when the next page is opened.
 */
async function keepBuild(): Promise<void> {
  const name = `${PREFIX}${Date.now()} ${BUILD.version}`
  try {
    const cache = await caches.open(name)
    await Promise.all(BUILD.assets.map(path => keepAsset(cache, path)))
    await cache.addAll(BUILD.files.map(path => new Request(path, { cache: 'no-cache' })))
    const page = await fetch(PAGE, { cache: 'no-cache', headers: { accept: 'text/html' } })
    if (!page.ok || (await page.clone().text()) !== BUILD.page) throw new Error('The page is that of another build.')
    await cache.put(PAGE, page)
  } catch (error) {
    await caches.delete(name)
    throw error
  }
}

/** What an older build has under the same name is the same file. */
async function keepAsset(cache: Cache, path: string): Promise<void> {
  const known = await caches.match(path, { ignoreVary: true })
  await (known ? cache.put(path, known) : cache.add(path))
}

/** Runs when no tab is left that was opened under an older build: what only that one needs may go. */
async function dropOlderBuilds(): Promise<void> {
  const names = await keptBuilds()
  const own = names.findLastIndex(name => name.endsWith(` ${BUILD.version}`))
  await Promise.all(names.slice(0, Math.max(0, own)).map(name => caches.delete(name)))
}

/** A file with a hash in its name never changes. Tabs of an older build find theirs until they are closed. */
const keptOr = async (request: Request): Promise<Response> =>
  (await caches.match(request, { ignoreVary: true })) ?? (await fetch(request))

/** What the gateway says, so that an open network always shows its newest build; otherwise the newest build that is kept. */
async function newestOr(request: Request, path: string): Promise<Response> {
  const fetched = fetch(request)
  const answer = await Promise.race([fetched, afterPatience()]).catch(() => null)
  if (answer !== null && answer.status < 500) return answer
  return (await newestKept(path)) ?? (await fetched)
}

const afterPatience = () => new Promise<null>(resolve => setTimeout(resolve, PATIENCE_MS, null))

async function newestKept(path: string): Promise<Response | undefined> {
  for (const cacheName of (await keptBuilds()).reverse()) {
    // To open a cache that was dropped in this moment would make it anew.
    const within = { cacheName, ignoreVary: true }
    if (await caches.match(PAGE, within)) return await caches.match(path, within)
  }
}

self.addEventListener('push', event => event.waitUntil(showPushed(event.data)))
self.addEventListener('notificationclick', event => {
  event.notification.close()
  event.waitUntil(openConversation(event.notification.data?.conversationId))
})

/** What the server sends (`shared/contracts/push-text.ts`). */
type PushText = import('#shared/contracts/push-text.ts').PushText

/** Shows what was told, unless somebody looks at Linko: the page shows it then. One notification for each conversation. */
async function showPushed(data: PushMessageData | null): Promise<void> {
  const { kind, conversationId, name } = (data?.json() ?? {}) as Partial<PushText>
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  if (!kind || windows.some(({ visibilityState }) => visibilityState === 'visible')) return
  const texts = await notificationTexts()
  const options = { body: texts[kind] ?? '', tag: conversationId ?? '', data: { conversationId }, icon: '/icon-192.png' }
  await self.registration.showNotification(name ?? texts.somebody ?? 'Linko', options)
}

/** What the page says in the language of its reader (`src/features/notifications/push.ts`). */
async function notificationTexts(): Promise<Record<string, string>> {
  const kept = await (await caches.open('linko-notifications')).match('/texts')
  return kept ? await kept.json() : {}
}

/** In a window that is open, without a reload; otherwise in a new one. */
async function openConversation(conversationId: unknown): Promise<void> {
  const path = typeof conversationId === 'string' ? `/inbox/${encodeURIComponent(conversationId)}` : '/inbox'
  const [open] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  if (open === undefined) return void (await self.clients.openWindow(path))
  if (typeof conversationId === 'string') open.postMessage({ openConversation: conversationId })
  await open.focus()
}
