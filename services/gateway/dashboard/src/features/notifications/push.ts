import { create } from 'zustand'
import type { PushKind } from '#shared/contracts/push-text.ts'
import { request } from '../../lib/api/client.ts'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import type { Translate } from '../../lib/i18n/text.tsx'

/** Notifications of the browser: by this page while it is open, and by Web Push while it is closed. */

/** Whether this browser is told while Linko is closed; null: it is not known yet. */
export const usePush = create<{ isReached: boolean | null }>(() => ({ isReached: null }))

/** What is told of a conversation. */
export interface Told {
  conversationId: string
  kind: PushKind
  /** The customer's; null: none is known. */
  name: string | null
}

/**
 * Shows a notification of the browser, without the customer's words: they would stand on the screen of a locked telephone.
 * @param onOpen for browsers without a service worker; in the others the worker tells the page what was clicked
 */
export async function showNotification({ conversationId, kind, name }: Told, t: Translate, onOpen: OnOpen): Promise<void> {
  await loadTexts(FOLDER)
  const title = name ?? t('app.notifications.somebody')
  const options = { tag: conversationId, body: t(`notifications.told.${kind}`), data: { conversationId }, icon: '/icon-192.png' }
  const registration = await navigator.serviceWorker?.getRegistration()
  // Telephones show those of a service worker alone.
  if (registration) return await registration.showNotification(title, options)
  const shown = new Notification(title, options)
  shown.onclick = () => {
    window.focus()
    onOpen(conversationId)
  }
}

export type OnOpen = (conversationId: string) => void

/**
 * Has this browser told while Linko is closed, in the language of the page, until the session ends. Where a browser cannot be reached
 * (private windows, plain http, no push service), it is told while Linko is open.
 * @returns ends listening for clicks on notifications
 */
export function followPush(t: Translate, onOpen: OnOpen): () => void {
  void subscribe(t)
    .catch(() => false)
    .then(isReached => usePush.setState({ isReached }))
  const workers = navigator.serviceWorker
  const onMessage = ({ data }: MessageEvent) => {
    if (typeof data?.openConversation === 'string') onOpen(data.openConversation)
  }
  workers?.addEventListener('message', onMessage)
  return () => workers?.removeEventListener('message', onMessage)
}

/** Ends what `followPush` began. A notification that is on its way may still come. */
export async function endPush(): Promise<void> {
  usePush.setState({ isReached: null })
  const registration = await navigator.serviceWorker?.getRegistration()
  const subscription = await registration?.pushManager?.getSubscription()
  await Promise.allSettled([subscription?.unsubscribe(), request('DELETE', PATH)])
}

const FOLDER = 'features/notifications'
const PATH = '/auth/push-subscription'

/** @returns whether the server reaches this browser now */
async function subscribe(t: Translate): Promise<boolean> {
  const registration = await navigator.serviceWorker?.getRegistration()
  if (!registration?.pushManager || Notification.permission !== 'granted') return false
  const { publicKey } = await request<{ publicKey: string | null }>('GET', PATH)
  if (publicKey === null) return false
  await loadTexts(FOLDER)
  await keepTexts(t)
  const subscription = await subscriptionFor(registration.pushManager, publicKey)
  const { endpoint, keys } = subscription.toJSON()
  await request('PUT', PATH, { body: { endpoint, keys, publicKey } })
  return true
}

/** The subscription of this browser; a new one when it was made with an earlier key. */
async function subscriptionFor(manager: PushManager, publicKey: string): Promise<PushSubscription> {
  const kept = await manager.getSubscription()
  if (kept && base64Url(kept.options.applicationServerKey) === publicKey) return kept
  await kept?.unsubscribe()
  return await manager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey })
}

const base64Url = (bytes: ArrayBuffer | null) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** What the service worker says, which has no texts of its own (`worker/service-worker.ts`). */
async function keepTexts(t: Translate): Promise<void> {
  const texts: Record<PushKind | 'somebody', string> = {
    message: t('notifications.told.message'),
    assigned: t('notifications.told.assigned'),
    mentioned: t('notifications.told.mentioned'),
    somebody: t('app.notifications.somebody'),
  }
  const cache = await caches.open('linko-notifications')
  await cache.put('/texts', Response.json(texts))
}
