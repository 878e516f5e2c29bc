import type { SessionReady, SocketUser } from '#shared/contracts/socket-events.ts'
import type { Logger } from '#shared/process/logger.ts'
import { findAvailabilities } from '#shared/store/accounts/users.ts'
import type { Store } from '#shared/store/connect.ts'
import { findClientIds } from '#shared/store/numbers/clients.ts'
import { isRestricted } from './authenticate.ts'
import { everyEvent, ownEvents } from './emit.ts'
import type { Feeds } from './feed.ts'
import type { OwnConversations } from './own-conversations.ts'
import type { Presence } from './presence.ts'
import { replay } from './replay.ts'
import { userOf } from './session.ts'
import { type LinkoServer, type LinkoSocket, socketsIn } from './socket-types.ts'

export interface WelcomeDeps {
  io: LinkoServer
  store: Store
  feeds: Feeds
  own: OwnConversations
  presence: Presence
  /** Name of this node in the presence rows. */
  node: string
  log: Logger
}

/**
 * Joins the socket to its rooms, reads the position after which it gets every event, and sends `session:ready`, all in one
 * tick, so that no event falls in between. A client that sends its last `seq` gets the later events replayed before live ones.
 */
export async function welcome(socket: LinkoSocket, deps: WelcomeDeps): Promise<void> {
  const { tenantId, userId, email, name, role } = socket.data.access
  const [clientIds, online] = await Promise.all([findClientIds(deps.store, tenantId), findOnline(deps, tenantId)])
  const rooms = [`tenant:${tenantId}`, `user:${userId}`, ...clientIds.map(id => `client:${id}`)]
  await deps.feeds.open(tenantId)
  const isOwnOnly = await isRestricted(deps.store, socket.data.access)
  if (isOwnOnly) await follow(socket, deps.own)
  if (socket.disconnected) return
  void socket.join([...rooms, (isOwnOnly ? ownEvents : everyEvent)(tenantId)])
  const seq = deps.feeds.position(tenantId) as number
  socket.emit('session:ready', { seq, user: { id: userId, name, email, role, tenantId }, rooms, online })
  catchUp(socket, deps)
  if (await deps.presence.enter(tenantId, userOf(socket), deps.node)) emitPresence(deps.io, socket, 'online')
}

/** Follows the user's own conversations for as long as the socket is connected. @throws Outage */
async function follow(socket: LinkoSocket, own: OwnConversations): Promise<void> {
  const { tenantId, userId } = socket.data.access
  await own.add(tenantId, userId)
  socket.data.isOwnOnly = true
  if (socket.disconnected) own.remove(userId)
  else socket.once('disconnect', () => own.remove(userId))
}

/** Reports the user as offline when their last socket has disconnected. */
export async function depart(socket: LinkoSocket, { io, presence, node }: WelcomeDeps): Promise<void> {
  const { tenantId, userId } = socket.data.access
  // A platform admin may be in several tenants.
  if (socketsIn(io, `user:${userId}`).some(({ data }) => data.access.tenantId === tenantId)) return
  if (await presence.leave(tenantId, userOf(socket), node)) emitPresence(io, socket, 'offline')
}

function catchUp(socket: LinkoSocket, { store, feeds, own, log }: WelcomeDeps): void {
  const { sinceSeq } = socket.handshake.auth
  if (!Number.isSafeInteger(sinceSeq) || sinceSeq < 0) return
  replay(socket, { store, feeds, own }, sinceSeq).catch(error => {
    log.warn({ err: error }, 'events not replayed')
    socket.disconnect(true)
  })
}

function emitPresence(io: LinkoServer, socket: LinkoSocket, status: 'online' | 'offline'): void {
  const user = userOf(socket)
  const payload = { userId: user.id, user, status, conversationId: null, at: new Date().toISOString() }
  io.to(`tenant:${socket.data.access.tenantId}`).emit('presence', payload)
}

async function findOnline({ store, presence }: WelcomeDeps, tenantId: string): Promise<SessionReady['online']> {
  return withAvailability(store, tenantId, await presence.present(tenantId))
}

async function withAvailability(store: Store, tenantId: string, users: SocketUser[]): Promise<SessionReady['online']> {
  if (users.length === 0) return []
  const known = await findAvailabilities(
    store,
    tenantId,
    users.map(({ id }) => id),
  )
  return users.map(user => ({ ...user, availability: known.get(user.id) ?? 'available' }))
}
