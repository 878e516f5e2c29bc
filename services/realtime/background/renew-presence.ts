import type { SocketUser } from '#shared/contracts/socket-events.ts'
import type { Feeds } from '../feed.ts'
import type { Presence } from '../presence.ts'
import type { RedisPair } from '../redis.ts'
import { userOf, viewingScopesOf } from '../session.ts'
import { type LinkoServer, localSockets } from '../socket-types.ts'

export interface PresenceDeps {
  io: LinkoServer
  redis: Pick<RedisPair, 'isReady'>
  feeds: Feeds
  presence: Presence
  /** Name of this node in the presence rows. */
  node: string
}

/** Renews this node's presence rows, and reports users as offline whose rows expired because their node died. */
export class PresenceRenewal {
  readonly #deps: PresenceDeps
  /** Users online at the last round, by tenant. */
  #online = new Map<string, SocketUser[]>()

  constructor(deps: PresenceDeps) {
    this.#deps = deps
  }

  async renew(): Promise<void> {
    if (!this.#deps.redis.isReady()) return
    await this.#renewRows()
    const before = this.#online
    this.#online = new Map()
    for (const tenantId of this.#deps.feeds.tenants()) await this.#reportGone(tenantId, before.get(tenantId) ?? [])
  }

  async #renewRows(): Promise<void> {
    const { io, presence, node } = this.#deps
    const sockets = localSockets(io)
    for (const [tenantId, own] of Map.groupBy(sockets, socket => socket.data.access.tenantId)) {
      const rows = own.map((socket): [SocketUser, string] => [userOf(socket), node])
      await presence.renew(tenantId, rows)
    }
    for (const socket of sockets)
      for (const scope of viewingScopesOf(socket)) await presence.renew(scope, [[userOf(socket), socket.id]])
  }

  async #reportGone(tenantId: string, before: SocketUser[]): Promise<void> {
    const online = await this.#deps.presence.present(tenantId)
    this.#online.set(tenantId, online)
    const gone = before.filter(user => !online.some(({ id }) => id === user.id))
    for (const user of gone) this.#emitOffline(tenantId, user)
  }

  #emitOffline(tenantId: string, user: SocketUser): void {
    const payload = { userId: user.id, user, status: 'offline' as const, conversationId: null, at: new Date().toISOString() }
    this.#deps.io.local.to(`tenant:${tenantId}`).emit('presence', payload)
  }
}
