import { io, type Socket } from 'socket.io-client'
import type {
  AccountLockedNotice,
  Ack,
  ClientToServerEvents,
  Presence,
  ServerToClientEvents,
  SessionReady,
  Typing,
} from '../contracts/socket-events.ts'
import { createSequence, type NamedEvent, type Sequence } from './sequence.ts'

/**
 * State of the connection. `live`: all events were received. `stale`: events come with a second's delay, and presence is not
 * known. `syncing`: connected, missed events are being replayed. `offline`: reconnecting. `refused`: the token was refused; each
 * try requests a new one.
 */
export type ConnectionState = 'connecting' | 'live' | 'stale' | 'syncing' | 'offline' | 'refused' | 'closed'

export interface RealtimeClientOptions {
  url: string
  /** Provides a fresh access token, for each connection and shortly before the present one expires. */
  token(): string | Promise<string>
  /** Called for each durable event once, in order; `message:received` is not repeated as `message:incoming`. */
  onEvent(name: string, event: NamedEvent['event'] & Record<string, unknown>): void
  /** Called when missed events cannot be replayed: load the state again; events continue from `seq`. */
  onReset?(seq: number): void
  onState?(state: ConnectionState): void
  onReady?(session: SessionReady): void
  onTyping?(typing: Typing): void
  onPresence?(presence: Presence): void
  /** Called for the owner of an account and for the tenant's admins after somebody guessed too often at its password. */
  onAccountLocked?(notice: AccountLockedNotice): void
  /** Tenant to be in, for a platform admin; by default the user's own. */
  organizationId?: string
  /** Last seq of an earlier session, to get the events since then. */
  sinceSeq?: number
  transports?: ('websocket' | 'polling')[]
}

const SHORTEST_PAUSE_MS = 300
const LONGEST_PAUSE_MS = 10_000
const REFRESH_BEFORE_MS = 60_000
/** Time for the answer to a question; a connection that does not answer is given up. */
const ANSWER_MS = 10_000
/** Events that cross on their way are in order again within this time. */
const GRACE_MS = 100
/** Names that are not durable, or the second name of an event that is. */
const NOT_EVENTS = new Set(['typing', 'presence', 'account:locked', 'tick', 'message:incoming'])

export const createRealtimeClient = (options: RealtimeClientOptions): RealtimeClient => new RealtimeClient(options)

/** Stays connected, notices which events are missing, asks for them, and reports its state truthfully. */
export class RealtimeClient {
  readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>
  readonly #options: RealtimeClientOptions
  readonly #sequence: Sequence
  #state: ConnectionState = 'connecting'
  /** Attempts to connect since the last session. */
  #failures = 0
  /** Asks for missing events, unless they come in time. */
  #grace: Timer
  /** Connects, or asks for missing events, again. */
  #again: Timer
  /** Gives up a connection that does not answer. */
  #answer: Timer
  /** Replaces the token before it expires. */
  #refresh: Timer

  constructor(options: RealtimeClientOptions) {
    this.#options = options
    this.#sequence = createSequence(options.sinceSeq ?? null)
    this.socket = io(options.url, {
      transports: options.transports ?? ['websocket'],
      forceNew: true,
      // This class reconnects: socket.io does not, once the server has ended the connection.
      reconnection: false,
      auth: answer => void this.#authenticate(answer),
    })
    this.#listen()
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** The last seq that was given to `onEvent`; null before the first session. */
  get seq(): number | null {
    return this.#sequence.last
  }

  /**
   * Finds out whether the connection still stands: after a sleep, or when the network has changed. Until the server answers, nothing
   * is known, and the state says so. Without a connection it tries at once instead of at the end of its pause.
   */
  check(): void {
    if (this.#state === 'closed' || this.#state === 'connecting') return
    if (this.socket.connected) this.#ask()
    else this.#connectNow()
  }

  close(): void {
    this.#become('closed')
    for (const timer of [this.#grace, this.#again, this.#answer, this.#refresh]) clearTimeout(timer)
    this.socket.disconnect()
  }

  #listen(): void {
    const { socket } = this
    socket.on('session:ready', session => this.#onReady(session))
    socket.onAny((name: string, event: NamedEvent['event']) => {
      // Whatever comes proves that the connection stands.
      clearTimeout(this.#answer)
      if (!NOT_EVENTS.has(name) && typeof event?.eventId === 'string') this.#deliver(this.#sequence.take({ name, event }))
    })
    socket.on('tick', tick => this.#onTick(tick))
    socket.on('events:skipped', ({ seq }) => this.#deliver(this.#sequence.settle(seq)))
    socket.on('sync:done', ({ seq }) => {
      this.#become('live')
      this.#deliver(this.#sequence.settle(seq))
    })
    socket.on('sync:reset', ({ seq }) => {
      this.#become('live')
      this.#options.onReset?.(seq)
      this.#deliver(this.#sequence.restart(seq))
    })
    socket.on('typing', typing => this.#options.onTyping?.(typing))
    socket.on('presence', presence => this.#options.onPresence?.(presence))
    socket.on('account:locked', notice => this.#options.onAccountLocked?.(notice))
    socket.on('connect_error', ({ message }) => this.#retry(message === 'UNAUTHENTICATED' ? 'refused' : 'offline'))
    socket.on('disconnect', () => this.#onDisconnect())
  }

  #onReady(session: SessionReady): void {
    this.#failures = 0
    const isFirst = this.#sequence.last === null
    const isWhole = this.#sequence.reach(session.seq)
    // With a sinceSeq in the handshake the server replays without being asked, and sends `sync:done`.
    this.#become(isFirst && isWhole ? 'live' : 'syncing')
    this.#options.onReady?.(session)
  }

  #onTick({ seq, stale }: { seq: number; stale: boolean }): void {
    if (this.#state === 'live' && stale) this.#become('stale')
    else if (this.#state === 'stale' && !stale) this.#become('live')
    if (!this.#sequence.reach(seq)) this.#askShortly()
  }

  #onDisconnect(): void {
    clearTimeout(this.#grace)
    clearTimeout(this.#answer)
    this.#grace = undefined
    this.#retry('offline')
  }

  async #authenticate(answer: (auth: object) => void): Promise<void> {
    try {
      const token = await this.#options.token()
      this.#refreshBeforeEnd(token)
      answer({ token, sinceSeq: this.#sequence.last ?? undefined, organizationId: this.#options.organizationId })
    } catch {
      this.socket.disconnect()
      this.#retry('offline')
    }
  }

  #become(next: ConnectionState): void {
    if (this.#state === next || this.#state === 'closed') return
    this.#state = next
    this.#options.onState?.(next)
  }

  #deliver({ due, isBehind }: { due: NamedEvent[]; isBehind: boolean }): void {
    for (const { name, event } of due) this.#options.onEvent(name, event as NamedEvent['event'] & Record<string, unknown>)
    if (isBehind) this.#askShortly()
  }

  #askShortly(): void {
    this.#grace ??= setTimeout(() => {
      this.#grace = undefined
      if (this.#state === 'live' || this.#state === 'stale') this.#ask()
    }, GRACE_MS)
  }

  #connectNow(): void {
    this.#failures = 0
    clearTimeout(this.#again)
    this.socket.connect()
  }

  #ask(): void {
    this.#become('syncing')
    // The network ate the question or the answer: closing tells `#onDisconnect`, which connects again.
    clearTimeout(this.#answer)
    this.#answer = setTimeout(() => this.socket.disconnect(), ANSWER_MS)
    this.socket.emit('sync', { sinceSeq: this.#sequence.last ?? 0 }, ({ ok, errorCode }) => {
      clearTimeout(this.#answer)
      if (!ok && errorCode !== 'SYNC_RUNNING') this.#again = setTimeout(() => this.#ask(), 1000)
    })
  }

  /** Connects again after a pause that grows with each failure. */
  #retry(next: 'offline' | 'refused'): void {
    this.#become(next)
    if (this.#state === 'closed') return
    clearTimeout(this.#again)
    const pause = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** this.#failures++)
    this.#again = setTimeout(() => this.socket.connect(), pause * (0.5 + Math.random() / 2))
  }

  #refreshBeforeEnd(token: string): void {
    clearTimeout(this.#refresh)
    const endsAt = expiryOf(token)
    if (endsAt === null) return
    this.#refresh = setTimeout(() => void this.#extend(), Math.max(1000, endsAt - Date.now() - REFRESH_BEFORE_MS))
  }

  async #extend(): Promise<void> {
    try {
      const token = await this.#options.token()
      const onAnswer = ({ ok }: Ack) => ok && this.#refreshBeforeEnd(token)
      if (this.socket.connected) this.socket.emit('auth:refresh', { token }, onAnswer)
    } catch {
      // The session ends with its token; the reconnection requests a new one.
    }
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined

/** The expiry that a token states (ms since 1970); only the server verifies it. */
function expiryOf(token: string): number | null {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown }
    return typeof exp === 'number' ? exp * 1000 : null
  } catch {
    return null
  }
}
