import { terminate } from './connection.ts'
import type { LinkoServer, LinkoSocket } from './socket-types.ts'

type Connection = LinkoSocket['conn']

/** Clients say who they are with their first packet; a reconnecting crowd of thousands still fits. */
const MOST = 2000
const TIME_MS = 10_000

export interface UnprovenLimits {
  most?: number
  timeMs?: number
}

/**
 * Connections that have not proven who they are: they have sent no token yet, or one that was refused. Each has little time, and
 * of too many the oldest is closed: a client of ours is through within moments, one that only holds connections is the oldest.
 */
export class UnprovenConnections {
  /** In the order of their age. */
  readonly #timers = new Map<Connection, NodeJS.Timeout>()
  readonly #most: number
  readonly #timeMs: number

  constructor({ most = MOST, timeMs = TIME_MS }: UnprovenLimits = {}) {
    this.#most = most
    this.#timeMs = timeMs
  }

  /** Follows all connections of a server from their first moment. */
  watch(io: LinkoServer): void {
    io.engine.on('connection', (connection: Connection) => {
      connection.once('close', () => this.#forget(connection))
      this.add(connection)
    })
  }

  /** Gives a connection the time to prove who it is, or to leave after a refusal. */
  add(connection: Connection): void {
    if (connection.readyState === 'closed' || this.#timers.has(connection)) return
    this.#timers.set(
      connection,
      setTimeout(() => this.#end(connection), this.#timeMs),
    )
    const [oldest] = this.#timers.keys()
    if (this.#timers.size > this.#most && oldest) this.#end(oldest)
  }

  /** The token is right. */
  proven(connection: Connection): void {
    this.#forget(connection)
  }

  #end(connection: Connection): void {
    this.#forget(connection)
    terminate(connection)
  }

  #forget(connection: Connection): void {
    clearTimeout(this.#timers.get(connection))
    this.#timers.delete(connection)
  }
}
