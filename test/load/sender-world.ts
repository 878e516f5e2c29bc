import { Types } from 'mongoose'
import { sealAccessToken } from '#shared/auth/client-tokens.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { Priority } from '#shared/domain/messages/priority.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, MessageDoc, TenantDoc } from '#shared/model/documents.ts'
import { newContact, newConversation } from '#shared/model/new-rows.ts'
import { EXCHANGES, sendKey } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { sendJobFor } from '#shared/store/dispatch/take.ts'
import { outboundIn } from '#test/support/outbound.ts'
import { keyring } from './bed.ts'
import { inFlight } from './measure/figures.ts'

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

/** What else the messages may be: of a campaign's priority, of one number, all to one person. */
export interface MessageInput {
  priority?: Priority
  number?: ClientDoc
  conversation?: ConversationDoc
}

export interface SenderWorld {
  /** Those of a tenant stand together. */
  numbers: ClientDoc[]
  conversations: ConversationDoc[]
  /** `count` accepted messages, in turn for each conversation, as the gateway leaves them; their send jobs are not enqueued. */
  accept(count: number, input?: MessageInput): Promise<MessageDoc[]>
  enqueue(messages: MessageDoc[]): Promise<void>
  /** How many are not yet sent. */
  open(): Promise<number>
}

/** Tenants with numbers, and conversations with open windows. */
export async function createSenderWorld(store: Store, queue: Queue, shape: SenderShape): Promise<SenderWorld> {
  const { tenants = 1, numbers = 40, throughput = 1000 } = shape
  const owners = Array.from({ length: tenants }, (_, i) => tenantOf(i))
  await store.raw.tenants.insertMany(owners)
  const clients = owners.flatMap(({ _id }, tenant) =>
    Array.from({ length: numbers }, (_, i) => clientOf(_id, tenant * numbers + i, throughput)),
  )
  await store.raw.clients.insertMany(clients)
  const people = Array.from({ length: shape.conversations }, (_, i) =>
    conversationOf(clients[i % clients.length] as ClientDoc, i),
  )
  const conversations = people.map(({ conversation }) => conversation)
  await store.raw.conversations.insertMany(conversations)
  await store.raw.contacts.insertMany(people.map(({ contact }) => contact))
  const tenantId = { $in: owners.map(({ _id }) => _id) }
  return {
    numbers: clients,
    conversations,
    async accept(count, { priority = 'chat', number, conversation } = {}) {
      const among = conversation
        ? [conversation]
        : number
          ? conversations.filter(({ clientId }) => clientId === number._id)
          : conversations
      const messages = Array.from({ length: count }, (_, i) =>
        outboundIn(among[i % among.length] as ConversationDoc, textOf(i), priority),
      )
      for (let i = 0; i < count; i += 1000) await store.raw.messages.insertMany(messages.slice(i, i + 1000))
      return messages
    },
    enqueue: messages => inFlight(400, messages.length, i => enqueue(queue, messages[i] as MessageDoc)),
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

const enqueue = (queue: Queue, message: MessageDoc) =>
  queue.publish({
    exchange: EXCHANGES.send,
    routingKey: sendKey(message.dispatch?.priority ?? 'chat'),
    type: MESSAGE_TYPE.sendJob,
    body: sendJobFor(message),
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

const textOf = (i: number) => `Bonjour, votre entretien est confirmé (${i})`

/** With an open window. */
function conversationOf(client: ClientDoc, i: number): { conversation: ConversationDoc; contact: ContactDoc } {
  const waId = `2126${String(70_000_000 + i)}`
  const now = new Date()
  const contact = newContact(client.tenantId, { waId, userId: null, name: `Person ${i}`, nameSource: 'profile' }, now)
  const windowExpiresAt = new Date(now.getTime() + 86_400_000)
  const conversation = { ...newConversation(client, contact, now), messageCount: 1, lastInboundAt: now, windowExpiresAt }
  return { conversation, contact }
}
