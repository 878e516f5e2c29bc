import type { z } from 'zod'
import type { VerifiedAccess } from '#shared/auth/access-token.ts'
import { can } from '#shared/auth/policy.ts'
import {
  type Ack,
  type AckFunction,
  type ClientToServerEvents,
  ConversationRequest,
  RefreshRequest,
  type SessionEnded,
  type SocketUser,
  SyncRequest,
} from '#shared/contracts/socket-events.ts'
import type { Store } from '#shared/store/connect.ts'
import { hasConversation } from '#shared/store/inbox/conversations.ts'
import { identify } from './authenticate.ts'
import { everyEvent } from './emit.ts'
import type { Feeds } from './feed.ts'
import type { OwnConversations } from './own-conversations.ts'
import type { Presence } from './presence.ts'
import type { SecondRate } from './rates.ts'
import { replay } from './replay.ts'
import type { LinkoSocket } from './socket-types.ts'

export interface SessionDeps {
  store: Store
  presence: Presence
  feeds: Feeds
  own: OwnConversations
  /** Resolves when the socket has joined its rooms. No request is answered before. */
  welcomed: Promise<void>
  /** Counts the requests on this node, by socket and by tenant. */
  requests: SecondRate
  /** Requests that the sockets of one tenant may make in a second. */
  perTenant: number
  jwtSecret: string
}

const EVENTS_PER_SECOND = 20
/** Above this rate the socket is disconnected. */
const FLOOD_PER_SECOND = 500
const TYPING_MS = 6000
/** The longest delay that `setTimeout` accepts. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Answers one socket's requests for as long as its token is valid. */
export function serveSession(socket: LinkoSocket, deps: SessionDeps): void {
  limitRate(socket, deps)
  endAtExpiry(socket, socket.data.access)

  const answer: Answer = (event, schema, work) =>
    answerOn(socket, event, schema, request => deps.welcomed.then(() => work(request)))
  answer('auth:refresh', RefreshRequest, async ({ token }) => {
    const access = await identify(deps.store, token, deps.jwtSecret)
    const { userId, tenantId, homeTenantId } = socket.data.access
    const isSame = access?.userId === userId && access.homeTenantId === homeTenantId
    // A platform admin in another tenant stays there as long as they are one.
    if (!isSame || (tenantId !== homeTenantId && !can(access.role, 'tenants.any'))) return refused('UNAUTHENTICATED')
    socket.data.access = { ...access, tenantId }
    endAtExpiry(socket, access)
    return { ok: true }
  })
  answer('sync', SyncRequest, async ({ sinceSeq }) => {
    return (await replay(socket, deps, sinceSeq)) ? { ok: true } : refused('SYNC_RUNNING')
  })
  answer('conversation:join', ConversationRequest, async ({ conversationId }) => {
    if (!(await isOwn(deps, socket, conversationId))) return refused('NOT_FOUND')
    await socket.join(`conversation:${conversationId}`)
    const user = userOf(socket)
    if (await deps.presence.enter(viewing(conversationId), user, socket.id)) emitPresence(socket, conversationId, 'viewing')
    return { ok: true, viewers: await deps.presence.present(viewing(conversationId)) }
  })
  answer('conversation:leave', ConversationRequest, async ({ conversationId }) => {
    await leaveConversation(socket, deps.presence, conversationId)
    return { ok: true }
  })
  answer('typing:start', ConversationRequest, ({ conversationId }) => emitTyping(socket, deps, conversationId, true))
  answer('typing:stop', ConversationRequest, ({ conversationId }) => emitTyping(socket, deps, conversationId, false))
  socket.on('disconnecting', () => {
    clearTimeout(socket.data.expiry)
    for (const conversationId of conversationsOf(socket))
      leaveConversation(socket, deps.presence, conversationId).catch(() => undefined)
  })
}

/** Sends the reason, then disconnects. */
export function endSession(socket: LinkoSocket, reason: SessionEnded['reason']): void {
  socket.emit('session:ended', { reason })
  socket.disconnect(true)
}

export const userOf = ({ data }: LinkoSocket): SocketUser => ({ id: data.access.userId, name: data.access.name })

function endAtExpiry(socket: LinkoSocket, access: VerifiedAccess): void {
  clearTimeout(socket.data.expiry)
  const ms = Math.min(MAX_TIMER_MS, Math.max(0, access.expiresAt.getTime() - Date.now()))
  socket.data.expiry = setTimeout(() => endSession(socket, 'expired'), ms)
}

type ClientEvent = keyof ClientToServerEvents
type Answer = <T extends z.ZodType>(event: ClientEvent, schema: T, work: (request: z.infer<T>) => Promise<Ack>) => void

/** Answers one kind of request: checks the payload and sends the acknowledgement. Internal errors become UNAVAILABLE. */
function answerOn<T extends z.ZodType>(
  socket: LinkoSocket,
  event: ClientEvent,
  schema: T,
  work: (request: z.infer<T>) => Promise<Ack>,
): void {
  const listener = (request: unknown, ack?: AckFunction) => {
    const reply: AckFunction = typeof ack === 'function' ? ack : () => undefined
    const parsed = schema.safeParse(request)
    if (!parsed.success) {
      reply(refused('INVALID'))
      return
    }
    work(parsed.data).then(reply, () => reply(refused('UNAVAILABLE')))
  }
  socket.on(event, listener as never)
}

/** Refuses requests above the rate of a socket or of its tenant, and disconnects a socket that floods. */
function limitRate(socket: LinkoSocket, { requests, perTenant }: SessionDeps): void {
  const { homeTenantId } = socket.data.access
  socket.use((packet, next) => {
    const count = requests.count(socket.id)
    if (count <= EVENTS_PER_SECOND && requests.count(homeTenantId) <= perTenant) return next()
    if (count === FLOOD_PER_SECOND) endSession(socket, 'flood')
    const ack = packet[packet.length - 1]
    if (typeof ack === 'function') ack(refused('RATE_LIMITED'))
  })
}

const refused = (errorCode: string): Ack => ({ ok: false, errorCode })
const viewing = (conversationId: string) => `viewing:${conversationId}`
const conversationsOf = (socket: LinkoSocket) =>
  [...socket.rooms].filter(room => room.startsWith('conversation:')).map(room => room.slice('conversation:'.length))

/** The presence scopes of the conversations that a socket views. */
export const viewingScopesOf = (socket: LinkoSocket) => conversationsOf(socket).map(viewing)

async function isOwn({ store, own }: SessionDeps, { data }: LinkoSocket, conversationId: string): Promise<boolean> {
  const { tenantId, userId } = data.access
  if (data.isOwnOnly && !own.has(userId, conversationId)) return false
  return await hasConversation(store, tenantId, conversationId)
}

async function leaveConversation(socket: LinkoSocket, presence: Presence, conversationId: string): Promise<void> {
  await socket.leave(`conversation:${conversationId}`)
  if (await presence.leave(viewing(conversationId), userOf(socket), socket.id)) emitPresence(socket, conversationId, 'left')
}

function emitPresence(socket: LinkoSocket, conversationId: string, status: 'viewing' | 'left'): void {
  const user = userOf(socket)
  socket
    .to(`conversation:${conversationId}`)
    .emit('presence', { userId: user.id, user, status, conversationId, at: new Date().toISOString() })
}

/**
 * Emits to the whole tenant, because conversation lists show typing too; to users who see their own conversations alone where
 * they look at this one. Only for conversations of the socket's own tenant.
 */
async function emitTyping(socket: LinkoSocket, deps: SessionDeps, conversationId: string, typing: boolean): Promise<Ack> {
  const isJoined = socket.rooms.has(`conversation:${conversationId}`)
  if (!isJoined && !(await isOwn(deps, socket, conversationId))) return refused('NOT_FOUND')
  const user = userOf(socket)
  const payload = { conversationId, userId: user.id, user, typing, at: new Date().toISOString(), expiresInMs: TYPING_MS }
  socket.to([everyEvent(socket.data.access.tenantId), `conversation:${conversationId}`]).emit('typing', payload)
  return { ok: true }
}
