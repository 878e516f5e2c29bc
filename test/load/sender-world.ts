import { Types } from 'mongoose'
import { sealAccessToken } from '#shared/auth/client-tokens.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { bellFor } from '#shared/store/dispatch.ts'
import type { ClientDoc, ConversationDoc, MessageDoc, TenantDoc } from '#shared/store/documents.ts'
import { keyring } from './bed.ts'
import { inFlight } from './figures.ts'

const NUMBERS = 40

export interface SenderWorld {
  /** `count` accepted messages, two a conversation, as the gateway leaves them; their bells are not rung. */
  accept(count: number): Promise<MessageDoc[]>
  ring(messages: MessageDoc[]): Promise<void>
  /** How many are not yet sent. */
  open(): Promise<number>
}

/** A tenant with 40 numbers whose throughput is no limit, and conversations with open windows. */
export async function createSenderWorld(store: Store, queue: Queue, conversations: number): Promise<SenderWorld> {
  const tenantId = new Types.ObjectId()
  const common = { createdAt: new Date(), updatedAt: new Date() }
  const settings = { unknownOutcome: 'fail', maxWaitHours: 24, prices: [] }
  await store.raw.tenants.insertOne({
    _id: tenantId,
    name: 'Bench',
    status: 'active',
    settings,
    limits: {},
    ...common,
  } as unknown as TenantDoc)
  const clients = Array.from({ length: NUMBERS }, (_, i) => clientOf(tenantId, i))
  await store.raw.clients.insertMany(clients)
  const threads = Array.from({ length: conversations }, (_, i) => threadOf(clients[i % NUMBERS] as ClientDoc, i))
  await store.raw.conversations.insertMany(threads)
  return {
    async accept(count) {
      const messages = Array.from({ length: count }, (_, i) => messageOf(threads[i % threads.length] as ConversationDoc, i))
      for (let i = 0; i < count; i += 1000) await store.raw.messages.insertMany(messages.slice(i, i + 1000))
      return messages
    },
    ring: messages => inFlight(400, messages.length, i => ring(queue, messages[i] as MessageDoc)),
    open: () => store.raw.messages.countDocuments({ tenantId, dispatch: { $ne: null } }),
  }
}

const ring = (queue: Queue, message: MessageDoc) =>
  queue.publish({
    exchange: EXCHANGES.send,
    routingKey: 'chat',
    type: MESSAGE_TYPE.sendBell,
    body: bellFor(message),
    messageId: String(message._id),
    tenantId: String(message.tenantId),
  })

function clientOf(tenantId: Types.ObjectId, i: number): ClientDoc {
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
    wabaId: `8${String(process.pid)}${i % 4}`,
    portfolioId: null,
    isPrimary: i === 0,
    coexistence: false,
    accessToken: sealAccessToken(keyring, { _id, tenantId }, 'EAAbenchToken'),
    tokenExpiry: null,
    status: 'active',
    statusReason: null,
    pauseReason: null,
    qualityRating: 'GREEN',
    messagingLimit: null,
    throughput: 1000,
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

function messageOf(thread: ConversationDoc, i: number): MessageDoc {
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
      lane: 'c',
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
