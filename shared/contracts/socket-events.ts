import { z } from 'zod'
import type { AccountLocked } from './account-locked.ts'
import type { Availability } from './availability.ts'
import type {
  CampaignProgress,
  ClientStatusChanged,
  ConversationAssigned,
  ConversationUpdated,
  LabelChanged,
  MessageReceived,
  MessageScheduled,
  MessageSent,
  MessageStatusChanged,
  NoteAdded,
  SpendChanged,
  SubscriptionStatusChanged,
  TemplateStatusChanged,
} from './event-payloads.ts'
import type { EventName, RealtimeEvent } from './realtime-event.ts'

/** Everything that crosses a socket, typed for both ends. Shared with the dashboard and with other people's clients. */

/** What every durable event carries besides its own payload. */
export interface EventEnvelope {
  eventId: string
  /** Growing by one within a tenant: a jump means that something was missed. */
  seq: number
  tenantId: string
  at: string
  /** Answered from the log after `sync`, not live. */
  replay?: true
}
type Durable<Payload> = Payload & EventEnvelope

export interface SocketUser {
  id: string
  name: string
}

/** Somebody writes in a conversation. Not durable; forget it after `expiresInMs` when no other word comes. */
export interface Typing {
  conversationId: string
  userId: string
  user: SocketUser
  typing: boolean
  at: string
  expiresInMs: number
}

/** Somebody came or went; with a conversationId: looks at that conversation or left it. Not durable. */
export interface Presence {
  userId: string
  user: SocketUser
  status: 'online' | 'offline' | 'viewing' | 'left' | 'availability'
  /** With `availability`: whether the colleague takes new conversations from now on. */
  availability?: Availability
  conversationId: string | null
  at: string
}

/**
 * Sign-ins to an account were locked after too many wrong passwords: for the guesser's network, or for everybody. Only its owner and
 * the tenant's admins hear of it. Not durable.
 */
export interface AccountLockedNotice {
  userId: string
  user: SocketUser
  scope: AccountLocked['scope']
  at: string
  until: string
}

/** First word on a new connection: every durable event after `seq` will follow. */
export interface SessionReady {
  seq: number
  user: { id: string; name: string; email: string; role: string; tenantId: string }
  rooms: string[]
  /** Colleagues who are connected now; empty when it is not known. */
  online: (SocketUser & { availability: Availability })[]
}

/** Last word before the server closes: `moving` asks to connect again at once. */
export interface SessionEnded {
  reason: 'expired' | 'revoked' | 'flood' | 'moving'
}

export interface ServerToClientEvents {
  'message:received': (event: Durable<MessageReceived>) => void
  /** The same event under its other name, with the same eventId and seq: listen to one of them. */
  'message:incoming': (event: Durable<MessageReceived>) => void
  'message:sent': (event: Durable<MessageSent>) => void
  'message:status': (event: Durable<MessageStatusChanged>) => void
  'message:scheduled': (event: Durable<MessageScheduled>) => void
  'conversation:updated': (event: Durable<ConversationUpdated>) => void
  'conversation:assigned': (event: Durable<ConversationAssigned>) => void
  'note:added': (event: Durable<NoteAdded>) => void
  'label:changed': (event: Durable<LabelChanged>) => void
  'spend:changed': (event: Durable<SpendChanged>) => void
  'client:status': (event: Durable<ClientStatusChanged>) => void
  'template:status': (event: Durable<TemplateStatusChanged>) => void
  'campaign:progress': (event: Durable<CampaignProgress>) => void
  'subscription:status': (event: Durable<SubscriptionStatusChanged>) => void
  typing: (event: Typing) => void
  presence: (event: Presence) => void
  'account:locked': (notice: AccountLockedNotice) => void
  'session:ready': (session: SessionReady) => void
  'session:ended': (end: SessionEnded) => void
  /**
   * Every 15 s and after a repair: the newest seq that was emitted, so that a lost last event shows. `stale`: this node does not
   * hear the others; events come a second late, and who is here is not known.
   */
  tick: (tick: { seq: number; stale: boolean }) => void
  /**
   * The events up to `seq` since the last one are not this user's to see: the account shows agents their own conversations alone.
   * Comes before the next event, and before a `tick`.
   */
  'events:skipped': (skipped: { seq: number }) => void
  'sync:done': (done: { seq: number }) => void
  /** The log does not reach back that far: reload the state, then go on from `seq`. */
  'sync:reset': (reset: { seq: number }) => void
}

export interface Ack {
  ok: boolean
  errorCode?: string
}
export type AckFunction<Result extends Ack = Ack> = (result: Result) => void
/** Answer to `conversation:join`: who looks at it already. */
export type JoinAck = Ack & { viewers?: SocketUser[] }

const objectId = z.string().regex(/^[0-9a-f]{24}$/)
export const SyncRequest = z.strictObject({ sinceSeq: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER) })
export const RefreshRequest = z.strictObject({ token: z.string().min(1).max(4096) })
export const ConversationRequest = z.strictObject({ conversationId: objectId })

export interface ClientToServerEvents {
  sync: (request: z.infer<typeof SyncRequest>, ack?: AckFunction) => void
  'auth:refresh': (request: z.infer<typeof RefreshRequest>, ack?: AckFunction) => void
  'conversation:join': (request: z.infer<typeof ConversationRequest>, ack?: AckFunction<JoinAck>) => void
  'conversation:leave': (request: z.infer<typeof ConversationRequest>, ack?: AckFunction) => void
  'typing:start': (request: z.infer<typeof ConversationRequest>, ack?: AckFunction) => void
  'typing:stop': (request: z.infer<typeof ConversationRequest>, ack?: AckFunction) => void
}

/** What a client puts into `auth` of the handshake. */
export const HandshakeAuth = z.object({
  token: z.string().min(1).max(4096),
  /** The last seq the client has: what it missed is replayed before anything live. */
  sinceSeq: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).nullish(),
  /** Tenant to be in; a platform admin may name any, everybody else their own. By default the user's own. */
  organizationId: z.string().nullish(),
})
export type HandshakeAuth = z.infer<typeof HandshakeAuth>

/** A domain event that has its place in its tenant's order. */
export interface SequencedEvent extends RealtimeEvent {
  seq: number
}

/** The names under which an event is emitted. */
export const socketNames = (name: EventName): readonly SocketEventName[] =>
  name === 'message:received' ? ['message:received', 'message:incoming'] : [name]
export type SocketEventName = EventName | 'message:incoming'

/** What a socket gets: the payload with the envelope around it. */
export function socketPayload(event: SequencedEvent): Record<string, unknown> & EventEnvelope {
  return { ...event.payload, eventId: event.eventId, seq: event.seq, tenantId: event.tenantId, at: event.at }
}
