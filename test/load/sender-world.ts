import { Types } from 'mongoose'
import { sealAccessToken } from '#shared/auth/client-tokens.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { Lane } from '#shared/domain/callback-data.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { bellFor } from '#shared/store/dispatch.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, MessageDoc, TenantDoc } from '#shared/store/documents.ts'
import { keyring } from './bed.ts'
import { inFlight } from './figures.ts'

export const ACCESS_TOKEN = 'EAAbenchToken'

export interface SenderShape {
  tenants?: number
  /** Of each tenant. */
  numbers?: number
  /** Messages a second of each number; by default no limit. */
  throughput?: number
  /** In all, by turns of the numbers. */
  conversations: number
}

/** What else the messages may be: of a campaign's lane, of one number, all to one person. */
export interface MessageWish {
  lane?: Lane
  number?: ClientDoc
  thread?: ConversationDoc
}

export interface SenderWorld {
  /** Those of a tenant stand together. */
  numbers: ClientDoc[]
  threads: ConversationDoc[]
  /** `count` accepted messages, by turns of the conversations, as the gateway leaves them; their bells are not rung. */
  accept(count: number, wish?: MessageWish): Promise<MessageDoc[]>
  ring(messages: MessageDoc[]): Promise<void>
  /** How many are not yet sent. */
  open(): Promise<number>
}

/** Tenants with numbers, and conversations with open windows. */
export async function createSenderWorld(store: Store, queue: Queue, shape: SenderShape): Promise<SenderWorld> {
  const { tenants = 1, numbers = 40, throughput = 1000, conversations } = shape
  const owners = Array.from({ length: tenants }, (_, i) => tenantOf(i))
  await store.raw.tenants.insertMany(owners)
  const clients = owners.flatMap(({ _id }, tenant) =>
    Array.from({ length: numbers }, (_, i) => clientOf(_id, tenant * numbers + i, throughput)),
  )
  await store.raw.clients.insertMany(clients)
  const threads = Array.from({ length: conversations }, (_, i) => threadOf(clients[i % clients.length] as ClientDoc, i))
  await store.raw.conversations.insertMany(threads)
  await store.raw.contacts.insertMany(threads.map(contactOf))
  const tenantId = { $in: owners.map(({ _id }) => _id) }
  return {
    numbers: clients,
    threads,
    async accept(count, { lane = 'c', number, thread } = {}) {
      const among = thread ? [thread] : number ? threads.filter(({ clientId }) => clientId === number._id) : threads
      const messages = Array.from({ length: count }, (_, i) => messageOf(among[i % among.length] as ConversationDoc, i, lane))
      for (let i = 0; i < count; i += 1000) await store.raw.messages.insertMany(messages.slice(i, i + 1000))
      return messages
    },
    ring: messages => inFlight(400, messages.length, i => ring(queue, messages[i] as MessageDoc)),
    open: () => store.raw.messages.countDocuments({ tenantId, dispatch: { $ne: null } }),
  }
}

function tenantOf(i: number): TenantDoc {
  const now = new Date()
  return {
    _id: new Types.ObjectId(),
    name: `Bench ${i}`,
    status: 'active',
    settings: {
      locale: 'fr',
      timezone: 'Africa/Casablanca',
      currency: 'MAD',
      initiateTemplate: null,
      reengageTemplate: null,
      prices: [],
      unknownOutcome: 'fail',
      maxWaitHours: 24,
      leadsEnabled: true,
      sendReadReceipts: true,
    },
    limits: { messagesPerMinute: null, messagesPerDay: null },
    createdAt: now,
    updatedAt: now,
  }
}

const ring = (queue: Queue, message: MessageDoc) =>
  queue.publish({
    exchange: EXCHANGES.send,
    routingKey: message.dispatch?.lane === 'b' ? 'bulk' : 'chat',
    type: MESSAGE_TYPE.sendBell,
    body: bellFor(message),
    messageId: String(message._id),
    tenantId: String(message.tenantId),
  })

function clientOf(tenantId: Types.ObjectId, i: number, throughput: number): ClientDoc {
  const _id = new Types.ObjectId()
  return {
    _id,
    tenantId,
    userId: null,
    companyName: null,
    email: null,
    whatsappNumber: `2126001${String(i).padStart(5, '0')}`,
    verifiedName: null,
    phoneNumberId: `9${_id.toString().replace(/\D/g, '').slice(-8)}${String(i).padStart(4, '0')}`,
    wabaId: `8${parseInt(String(tenantId).slice(-6), 16)}${i % 4}`,
    portfolioId: null,
    isPrimary: i === 0,
    coexistence: false,
    accessToken: sealAccessToken(keyring, { _id, tenantId }, ACCESS_TOKEN),
    tokenExpiry: null,
    status: 'active',
    statusReason: null,
    pauseReason: null,
    qualityRating: 'GREEN',
    messagingLimit: null,
    throughput,
    connectedAt: new Date(),
    disconnectedAt: null,
    deletedAt: null,
    createdAt: new Date(),
    updatedAt: new Date(),
  }
}

function threadOf(client: ClientDoc, i: number): ConversationDoc {
  const waId = `2126${String(70_000_000 + i)}`
  const now = new Date()
  return {
    _id: new Types.ObjectId(),
    tenantId: client.tenantId,
    clientId: client._id,
    phoneNumberId: client.phoneNumberId,
    contactId: new Types.ObjectId(),
    contact: { waId, userId: null, phone: waId, name: `Person ${i}`, username: null, optOut: false },
    candidateName: null,
    candidateId: null,
    applicationId: null,
    leadId: null,
    status: 'open',
    assignedTo: null,
    labels: [],
    messageCount: 1,
    unreadCount: 0,
    lastMessage: null,
    lastActivityAt: now,
    lastInboundWamid: null,
    lastInboundAt: now,
    windowExpiresAt: new Date(now.getTime() + 86_400_000),
    referralAt: null,
    freeEntryPointExpiresAt: null,
    lastError: null,
    deletedAt: null,
    createdAt: now,
    updatedAt: now,
  }
}

function contactOf({ contactId, tenantId, contact, createdAt, updatedAt }: ConversationDoc): ContactDoc {
  const { waId, userId, phone, name, username, optOut } = contact
  const person = { waId, userId, phone, name, username, optOut, nameSource: 'profile', deletedAt: null }
  return { _id: contactId, tenantId, ...person, createdAt, updatedAt } as unknown as ContactDoc
}

function messageOf(thread: ConversationDoc, i: number, lane: Lane): MessageDoc {
  const at = new Date()
  const text = `Bonjour, votre entretien est confirmé (${i})`
  return {
    _id: new Types.ObjectId(),
    tenantId: thread.tenantId,
    conversationId: thread._id,
    clientId: thread.clientId,
    phoneNumberId: thread.phoneNumberId,
    contactId: thread.contactId,
    contactKey: thread.contact.waId ?? '',
    contactKeyKind: 'waId',
    direction: 'OUTBOUND',
    type: 'text',
    content: { text, media: null, template: null, data: null },
    status: 'QUEUED',
    statusUpdatedAt: at,
    timeline: [{ kind: 'accepted', at }],
    wamid: null,
    previousIds: [],
    error: null,
    cost: null,
    idempotencyKey: null,
    replyTo: null,
    reactions: [],
    sentBy: null,
    origin: 'api',
    leadId: null,
    campaignId: null,
    at,
    sendAt: null,
    payload: { type: 'text', text: { body: text } },
    dispatch: {
      state: 'READY',
      lane,
      attempt: 0,
      token: null,
      owner: null,
      leaseUntil: null,
      nextStepAt: null,
      reason: null,
      deadlineAt: null,
    },
    createdAt: at,
    updatedAt: at,
  }
}
