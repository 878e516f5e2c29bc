import { notifyManager, type QueryClient } from '@tanstack/react-query'
import type { SessionReady } from '#shared/contracts/socket-events.ts'
import { createRealtimeClient, type RealtimeClient } from '#shared/realtime-client/client.ts'
import { applyEvents } from '../data/patches.ts'
import { actingNow } from '../session/acting.ts'
import { renewToken } from '../session/session.ts'
import { useSession } from '../session/session-store.ts'
import { createBatcher, createJournal, type LiveEvent } from './event-buffer.ts'
import { NOBODY, useLive, usePresence } from './live-store.ts'
import { afterPresence, afterReady, afterTyping, withoutSilent } from './presence.ts'

/** One connection a page: it patches what is cached, and tells what is known about itself in `useLive`. */
const journal = createJournal()
const listeners = new Set<(event: LiveEvent) => void>()
let queries: QueryClient | null = null
let client: RealtimeClient | null = null

/** The sockets' client; null while nobody is signed in. */
export const liveClient = (): RealtimeClient | null => client

/** Calls `listener` for each event once, after the cache has been patched. @returns what ends it */
export function onLiveEvent(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/**
 * Remembers where the events stand. Call the result once an answer that was asked for now is there: it applies what came meanwhile to
 * the cache, or asks again if too much came.
 */
export function applyAgain(key: readonly unknown[]): () => void {
  const from = journal.last()
  return () => {
    // After the answer is in the cache.
    setTimeout(() => {
      const missed = journal.since(from)
      if (missed === null) void queries?.invalidateQueries({ queryKey: key })
      else if (missed.length > 0 && queries) applyEvents(queries, missed)
    })
  }
}

/** Connects for the signed-in person. @param url null: where the page came from @returns what disconnects */
export function startLive(queryClient: QueryClient, url: string | null): () => void {
  queries = queryClient
  const batch = createBatcher(events => {
    for (const event of events) journal.add(event)
    notifyManager.batch(() => applyEvents(queryClient, events))
    for (const event of events) for (const listener of listeners) listener(event)
  })
  let isFirst = true
  const acting = actingNow()
  const connected = createRealtimeClient({
    url: url ?? location.origin,
    token: currentToken,
    ...(acting && { organizationId: acting.id }),
    onEvent: (name, event) => batch({ name, event }),
    onReady(session) {
      usePresence.setState(state => afterReady({ ...NOBODY, writers: state.writers }, session))
      behindOf(session, connected)
      // What was loaded before the first session may lack what came in between.
      if (isFirst) void queryClient.invalidateQueries()
      isFirst = false
    },
    onReset() {
      journal.clear()
      void queryClient.invalidateQueries()
    },
    onState(state) {
      useLive.setState(({ behind }) => ({ state, since: Date.now(), behind: state === 'syncing' ? behind : null }))
      // Nobody knows who is here while the connection does not tell.
      if (state !== 'live') usePresence.setState(NOBODY)
      if (state === 'refused') void renewToken(useSession.getState().token).catch(() => undefined)
    },
    onTyping: typing => usePresence.setState(state => afterTyping(state, typing, Date.now())),
    onPresence: presence => usePresence.setState(state => afterPresence(state, presence)),
  })
  client = connected
  const stopWatching = watch(connected)
  return () => {
    stopWatching()
    connected.close()
    client = null
    usePresence.setState(NOBODY)
  }
}

function behindOf({ seq }: SessionReady, connected: RealtimeClient): void {
  const last = connected.seq
  useLive.setState({ behind: last === null ? null : Math.max(0, seq - last) })
}

async function currentToken(): Promise<string> {
  const { token, status } = useSession.getState()
  if (token !== null && !endsSoon(token)) return token
  const renewed = status === 'expired' ? null : await renewToken(token)
  if (renewed === null) throw new Error('the session has ended')
  return renewed
}

const SOON_MS = 90_000

/** Whether a token ends within 90 s; only the server verifies it. */
function endsSoon(token: string): boolean {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    return (JSON.parse(atob(payload)) as { exp: number }).exp * 1000 - Date.now() < SOON_MS
  } catch {
    return false
  }
}

const LOOK_MS = 2000
/** A timer that is so late has slept: the connection is not what it seems. */
const SLEPT_MS = 10_000

/** Asks for the truth after a sleep and after a change of network, and forgets who has stopped typing. */
function watch(connected: RealtimeClient): () => void {
  let last = Date.now()
  const timer = setInterval(() => {
    const now = Date.now()
    if (now - last > SLEPT_MS) connected.check()
    last = now
    usePresence.setState(state => withoutSilent(state, now))
  }, LOOK_MS)
  const check = () => connected.check()
  window.addEventListener('online', check)
  window.addEventListener('offline', check)
  const unsubscribe = useSession.subscribe(({ token }, before) => {
    if (token !== before.token && before.token === null) connected.check()
  })
  return () => {
    clearInterval(timer)
    window.removeEventListener('online', check)
    window.removeEventListener('offline', check)
    unsubscribe()
  }
}
