import { io, type Socket } from 'socket.io-client'
import type { ClientToServerEvents, Presence, ServerToClientEvents, SessionReady, Typing } from '../contracts/socket-events.ts'
import { createSequence, type NamedEvent } from './sequence.ts'

/**
 * What the badge in a corner may say. `live`: everything that happened was told. `stale`: told with a second's delay, and who
 * is here is not known. `syncing`: connected, still being told the past. `offline`: trying again. `refused`: the token does not hold; a new one is asked for with each try.
 */
export type ConnectionState = 'connecting' | 'live' | 'stale' | 'syncing' | 'offline' | 'refused' | 'closed'

export interface RealtimeClientOptions {
  url: string
  /** A fresh access token; asked for at each connection and shortly before the current one ends. */
  token(): string | Promise<string>
  /** Each durable event once, in order. `message:received` comes under this name only, never as `message:incoming` too. */
  onEvent(name: string, event: NamedEvent['event'] & Record<string, unknown>): void
  /** The past could not be told: load the state anew, events go on from here. */
  onReset?(seq: number): void
  onState?(state: ConnectionState): void
  onReady?(session: SessionReady): void
  onTyping?(typing: Typing): void
  onPresence?(presence: Presence): void
  /** Where an earlier session ended, to hear what happened since. */
  sinceSeq?: number
  transports?: ('websocket' | 'polling')[]
}

export interface RealtimeClient {
  readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>
  readonly state: ConnectionState
  /** The last seq that was given to `onEvent`; null before the first session. */
  readonly seq: number | null
  close(): void
}

const SHORTEST_PAUSE_MS = 300
const LONGEST_PAUSE_MS = 10_000
const REFRESH_BEFORE_MS = 60_000
/** Events that cross on their way settle by themselves in this time. */
const GRACE_MS = 100
/** Not durable, or a second name of one that is. */
const NOT_EVENTS = new Set(['typing', 'presence', 'tick', 'message:incoming'])

/** Stays connected, notices what it missed, asks for it, and says honestly where it stands. */
export function createRealtimeClient(options: RealtimeClientOptions): RealtimeClient {
  const sequence = createSequence(options.sinceSeq ?? null)
  let state: ConnectionState = 'connecting'
  let failures = 0
  let grace: ReturnType<typeof setTimeout> | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let refresh: ReturnType<typeof setTimeout> | undefined

  const socket: RealtimeClient['socket'] = io(options.url, {
    transports: options.transports ?? ['websocket'],
    forceNew: true,
    // Ours: socket.io's does not try again after a word of the server.
    reconnection: false,
    auth: answer => void authenticate(answer),
  })

  async function authenticate(answer: (auth: object) => void): Promise<void> {
    try {
      const token = await options.token()
      refreshBeforeEnd(token)
      answer({ token, sinceSeq: sequence.last ?? undefined })
    } catch {
      socket.disconnect()
      retry('offline')
    }
  }

  function become(next: ConnectionState): void {
    if (state === next || state === 'closed') return
    state = next
    options.onState?.(next)
  }

  function give({ due, isBehind }: { due: NamedEvent[]; isBehind: boolean }): void {
    for (const { name, event } of due) options.onEvent(name, event as NamedEvent['event'] & Record<string, unknown>)
    if (isBehind) askShortly()
  }

  function askShortly(): void {
    grace ??= setTimeout(() => {
      grace = undefined
      if (state === 'live' || state === 'stale') ask()
    }, GRACE_MS)
  }

  function ask(): void {
    become('syncing')
    socket.emit('sync', { sinceSeq: sequence.last ?? 0 }, ({ ok, errorCode }) => {
      if (!ok && errorCode !== 'SYNC_RUNNING') again = setTimeout(ask, 1000)
    })
  }

  function retry(next: 'offline' | 'refused'): void {
    become(next)
    if (state === 'closed') return
    clearTimeout(again)
    const pause = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** failures++)
    again = setTimeout(() => socket.connect(), pause * (0.5 + Math.random() / 2))
  }

  function refreshBeforeEnd(token: string): void {
    clearTimeout(refresh)
    const endsAt = expiryOf(token)
    if (endsAt === null) return
    refresh = setTimeout(() => void extend(), Math.max(1000, endsAt - Date.now() - REFRESH_BEFORE_MS))
  }

  async function extend(): Promise<void> {
    try {
      const token = await options.token()
      if (socket.connected) socket.emit('auth:refresh', { token }, ({ ok }) => ok && refreshBeforeEnd(token))
    } catch {
      // The session ends with its token, and connecting again asks for a new one.
    }
  }

  socket.on('session:ready', session => {
    failures = 0
    const isFirst = sequence.last === null
    const isWhole = sequence.reach(session.seq)
    // With a sinceSeq in the handshake the server replays by itself, and says when it is done.
    become(isFirst && isWhole ? 'live' : 'syncing')
    options.onReady?.(session)
  })
  socket.onAny((name: string, event: NamedEvent['event']) => {
    if (!NOT_EVENTS.has(name) && typeof event?.eventId === 'string') give(sequence.take({ name, event }))
  })
  socket.on('tick', ({ seq, stale }) => {
    if (state === 'live' && stale) become('stale')
    else if (state === 'stale' && !stale) become('live')
    if (!sequence.reach(seq)) askShortly()
  })
  socket.on('sync:done', ({ seq }) => {
    become('live')
    give(sequence.settle(seq))
  })
  socket.on('sync:reset', ({ seq }) => {
    become('live')
    options.onReset?.(seq)
    give(sequence.restart(seq))
  })
  socket.on('typing', typing => options.onTyping?.(typing))
  socket.on('presence', presence => options.onPresence?.(presence))
  socket.on('connect_error', ({ message }) => retry(message === 'UNAUTHENTICATED' ? 'refused' : 'offline'))
  socket.on('disconnect', () => {
    clearTimeout(grace)
    grace = undefined
    retry('offline')
  })

  return {
    socket,
    get state() {
      return state
    },
    get seq() {
      return sequence.last
    },
    close() {
      become('closed')
      for (const timer of [grace, again, refresh]) clearTimeout(timer)
      socket.disconnect()
    },
  }
}

/** When a token ends, as it says itself; only the server judges it. */
function expiryOf(token: string): number | null {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown }
    return typeof exp === 'number' ? exp * 1000 : null
  } catch {
    return null
  }
}
