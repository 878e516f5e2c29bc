import { AvailabilityChanged, availabilityChannel } from '#shared/contracts/availability.ts'
import { Revocation, revocationChannel } from '#shared/contracts/revocation.ts'
import type { SocketUser } from '#shared/contracts/socket-events.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { latestSeqs } from '#shared/store/events/sequence.ts'
import { findEnded } from './authenticate.ts'
import { backlogBytes, terminate } from './connection.ts'
import type { Feeds } from './feed.ts'
import type { Presence } from './presence.ts'
import type { RedisPair } from './redis.ts'
import { endSession, placesOf, userOf } from './session.ts'
import type { LinkoServer, LinkoSocket } from './socket-types.ts'

export interface BackgroundDeps {
  io: LinkoServer
  store: Store
  redis: RedisPair
  feeds: Feeds
  presence: Presence
  /** Name of this node in the presence rows. */
  node: string
  log: Logger
}

const TICK_MS = 15_000
/** While Redis is away the log is all that this node hears of the others. */
const DEAF_MS = 1000
const RECHECK_MS = 5000
const SLOW_MS = 1000
const SLOW_BYTES = 4 * 1024 * 1024
const MOST_BYTES = 32 * 1024 * 1024

/** What a node does by the clock and on Redis's word, whatever its sockets ask. */
export function startBackground({ io, store, redis, feeds, presence, node, log }: BackgroundDeps): Disposable {
  const database = store.connection.name
  const local = () => [...io.of('/').sockets.values()]
  const isSubscribed = (tenantId: string) => (io.of('/').adapter.rooms.get(`tenant:${tenantId}`)?.size ?? 0) > 0

  /** Reads what this node was never told; the clients then hear it like anything else. */
  async function catchUp(): Promise<void> {
    const tenants = feeds.tenants()
    if (tenants.length === 0) return
    const latest = await latestSeqs(store, tenants)
    const behind = tenants.filter(tenantId => (latest.get(tenantId) ?? 0) > (feeds.position(tenantId) ?? Infinity))
    for (const tenantId of behind) await feeds.catchUp(tenantId)
  }

  /** Reveals an event that was lost between here and the client. */
  async function tick(): Promise<void> {
    for (const tenantId of feeds.tenants()) if (!isSubscribed(tenantId)) feeds.close(tenantId)
    await catchUp()
    emitPosition()
  }

  function emitPosition(): void {
    const stale = !redis.isReady()
    for (const tenantId of feeds.tenants())
      io.local.to(`tenant:${tenantId}`).emit('tick', { seq: feeds.position(tenantId) ?? 0, stale })
  }

  let wasDeaf = false

  /** And once more when Redis is back: the counters are a moment behind the events. */
  async function catchUpWhileDeaf(): Promise<void> {
    const isDeaf = !redis.isReady()
    const hasChanged = isDeaf !== wasDeaf
    const asks = isDeaf || wasDeaf
    wasDeaf = isDeaf
    if (asks) await catchUp()
    if (hasChanged) emitPosition()
  }

  /** Revoked tokens end within a second by the word of Redis, within some seconds without it. */
  async function recheck(sockets: LinkoSocket[]): Promise<void> {
    const ended = await findEnded(
      store,
      sockets.map(socket => socket.data.access),
    )
    for (const socket of sockets) if (ended.has(socket.data.access)) endSession(socket, 'revoked')
  }

  function onWord(channel: string, text: string): void {
    if (channel === revocationChannel(database)) onRevocation(text)
    if (channel === availabilityChannel(database)) onAvailability(text)
  }

  function onRevocation(text: string): void {
    const parsed = Revocation.safeParse(parseJson(text))
    if (!parsed.success) return
    const revoked = parsed.data
    const isMeant = ({ data: { access } }: LinkoSocket) =>
      access.tenantId === revoked.tenantId && (revoked.userId === null || access.userId === revoked.userId)
    recheck(local().filter(isMeant)).catch(error => log.warn({ err: error }, 'revocation not checked yet'))
  }

  function onAvailability(text: string): void {
    const parsed = AvailabilityChanged.safeParse(parseJson(text))
    if (!parsed.success) return
    const { tenantId, userId, name, availability } = parsed.data
    const payload = { userId, user: { id: userId, name }, status: 'availability' as const, availability, conversationId: null }
    io.local.to(`tenant:${tenantId}`).emit('presence', { ...payload, at: new Date().toISOString() })
  }

  let seen = new Map<string, SocketUser[]>()

  /** Renews our rows, and tells our sockets who vanished with a node that died. */
  async function keepPresence(): Promise<void> {
    if (!redis.isReady()) return
    const sockets = local()
    for (const [tenantId, its] of Map.groupBy(sockets, socket => socket.data.access.tenantId))
      await presence.renew(
        tenantId,
        its.map(socket => [userOf(socket), node]),
      )
    for (const socket of sockets) for (const place of placesOf(socket)) await presence.renew(place, [[userOf(socket), socket.id]])
    const before = seen
    seen = new Map()
    for (const tenantId of feeds.tenants()) {
      const online = await presence.present(tenantId)
      seen.set(tenantId, online)
      const gone = (before.get(tenantId) ?? []).filter(user => !online.some(({ id }) => id === user.id))
      for (const user of gone) emitGone(tenantId, user)
    }
  }

  function emitGone(tenantId: string, user: SocketUser): void {
    const at = new Date().toISOString()
    io.local.to(`tenant:${tenantId}`).emit('presence', { userId: user.id, user, status: 'offline', conversationId: null, at })
  }

  let backlogs = new Map<LinkoSocket, number>()

  /**
   * A client that does not read is cut, and catches up from the log: its backlog must not fill our memory. One that is merely
   * busy with a burst gets it done between two looks.
   */
  function cutSlow(): void {
    const before = backlogs
    backlogs = new Map()
    for (const socket of local()) {
      const bytes = backlogBytes(socket)
      if (bytes <= SLOW_BYTES) continue
      const earlier = before.get(socket)
      if (bytes > MOST_BYTES || (earlier !== undefined && bytes >= earlier)) terminate(socket.conn)
      else backlogs.set(socket, bytes)
    }
  }

  const quietly = (work: () => Promise<void>) => () => void work().catch(error => log.warn({ err: error }, 'realtime chores'))
  const timers = [
    setInterval(quietly(tick), TICK_MS),
    setInterval(quietly(catchUpWhileDeaf), DEAF_MS),
    setInterval(quietly(keepPresence), TICK_MS),
    setInterval(
      quietly(() => recheck(local())),
      RECHECK_MS,
    ),
    setInterval(cutSlow, SLOW_MS),
  ]
  for (const timer of timers) timer.unref()
  const onReady = quietly(async () => {
    wasDeaf = true
    await tick()
  })
  redis.subscriber.on('ready', onReady)
  redis.subscriber.on('message', onWord)
  redis.subscriber
    .subscribe(revocationChannel(database), availabilityChannel(database))
    .catch(error => log.warn({ err: error }, 'no revocations heard'))
  return {
    [Symbol.dispose]() {
      for (const timer of timers) clearInterval(timer)
      redis.subscriber.off('ready', onReady)
      redis.subscriber.off('message', onWord)
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
