import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Types } from 'mongoose'
import type { ConversationView, MessageView } from '#shared/contracts/views.ts'
import { RECEIVED_AT_HEADER } from '#shared/contracts/webhook-delivery.ts'
import type { ClientDoc, ConversationDoc, EventDoc, MessageDoc, TemplateDoc } from '#shared/model/documents.ts'
import { ROOT } from '#shared/process/config.ts'
import type { Delivery } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'

const WEBHOOKS = path.join(ROOT, 'test/fixtures/webhooks')
const SEQUENCES = path.join(ROOT, 'test/fixtures/webhook-sequences')
export const readFixture = (name: string) => JSON.parse(readFileSync(path.join(WEBHOOKS, `${name}.json`), 'utf8'))
export const readSequence = (name: string): object[] => JSON.parse(readFileSync(path.join(SEQUENCES, `${name}.json`), 'utf8'))

/** When the fixtures arrive: shortly after everything in them but the last message of the adopted username. */
export const ARRIVAL = new Date('2026-11-20T10:00:00Z')

export interface FixtureWorld {
  store: Store
  /** Everything but tenants, numbers and templates goes, and those are as at the start. */
  reset(): Promise<void>
  /** A message of ours that Meta has accepted, for its statuses to come. */
  sent(wamid: string, fields?: Partial<MessageDoc>): Promise<MessageDoc>
  /** Deletes the events so far. */
  forgetEvents(): Promise<void>
  /** The same with its contact and its conversation, in which it is the last message. */
  sentInConversation(wamid: string, fields?: Partial<MessageDoc>): Promise<MessageDoc>
}

/** The world of the fixtures: tenant A with two numbers (one in coexistence) and a template, tenant B with one number. */
export async function createFixtureWorld(store: Store): Promise<FixtureWorld> {
  const { models } = store
  const tenants = await models.tenants.create([{ name: 'Atlas Recrutement' }, { name: 'Rif Talents' }])
  const [a, b] = tenants.map(tenant => tenant._id)
  const numbers = [
    { tenantId: a, wabaId: '310200450078901', phoneNumberId: '1054543651068213', whatsappNumber: '212600111222' },
    {
      tenantId: a,
      wabaId: '310200450078901',
      phoneNumberId: '1054543651069001',
      whatsappNumber: '212600111333',
      coexistence: true,
    },
    { tenantId: b, wabaId: '320900560012345', phoneNumberId: '2054543651068213', whatsappNumber: '212522445566' },
    // Ids that stay: the recorder knows numbers for some seconds.
  ].map(number => ({ ...number, _id: new Types.ObjectId(), accessToken: 'sealed' }))
  const template = {
    tenantId: a,
    wabaId: '310200450078901',
    name: 'application_received',
    language: 'fr',
    category: 'UTILITY' as const,
    status: 'APPROVED' as const,
    metaTemplateId: '880011002200331',
    components: [{ type: 'BODY', text: 'Bonjour {{1}}' }],
  }
  const [conversationId, contactId] = [new Types.ObjectId(), new Types.ObjectId()]

  async function reset(): Promise<void> {
    const gone = [
      'contacts',
      'leads',
      'conversations',
      'messages',
      'webhookEvents',
      'parkedItems',
      'events',
      'deadLetters',
    ] as const
    await Promise.all(gone.map(name => store.connection.collection(name).deleteMany({})))
    await Promise.all(['clients', 'templates'].map(name => store.connection.collection(name).deleteMany({})))
    await models.clients.create(numbers)
    await models.templates.create([template])
  }
  await reset()

  async function showInConversation(message: MessageDoc): Promise<void> {
    const { clientId, phoneNumberId, direction, type, status, content, at } = message
    const waId = '212661000101'
    const contact = { waId, userId: null, phone: waId, name: null, username: null, optOut: false }
    const lastMessage = { messageId: message._id, text: content.text, type, direction, status, at }
    await models.contacts.updateOne({ tenantId: a, _id: contactId }, { $setOnInsert: contact }, { upsert: true })
    await models.conversations.updateOne(
      { tenantId: a, _id: conversationId },
      {
        $setOnInsert: { clientId, phoneNumberId, contactId, contact },
        $set: { lastMessage, lastActivityAt: at },
        $inc: { messageCount: 1 },
      },
      { upsert: true },
    )
  }

  const world: FixtureWorld = {
    store,
    reset,
    forgetEvents: async () =>
      void (await Promise.all(['events', 'webhookEvents'].map(name => store.connection.collection(name).deleteMany({})))),
    async sentInConversation(wamid, fields) {
      const message = await world.sent(wamid, fields)
      await showInConversation(message)
      return message
    },
    async sent(wamid, fields = {}) {
      const client = await models.clients.findOne({ tenantId: a, phoneNumberId: '1054543651068213' }).lean()
      const at = new Date('2026-11-20T08:59:00Z')
      const message = await models.messages.create({
        tenantId: a,
        clientId: client?._id,
        phoneNumberId: '1054543651068213',
        conversationId: conversationId,
        contactId,
        contactKey: '212661000101',
        contactKeyKind: 'waId',
        direction: 'OUTBOUND',
        type: 'text',
        content: { text: 'sent before', media: null, template: null, data: null },
        status: 'QUEUED',
        statusUpdatedAt: at,
        wamid,
        origin: 'api',
        at,
        ...fields,
      })
      return message.toObject()
    },
  }
  return world
}

let counter = 0

/** A delivery as the recorder gets it from the queue. */
export function deliveryOf(body: object | string, receivedAt = ARRIVAL): Delivery {
  return {
    queue: 'linko.webhook.v1.conversation.0',
    exchange: 'linko.webhook.v1',
    routingKey: 'conversation.0',
    type: 'linko.webhook.v1',
    content: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    messageId: `w-test-${++counter}`,
    tenantId: null,
    traceparent: null,
    attempt: 1,
    redelivered: false,
    headers: { [RECEIVED_AT_HEADER]: receivedAt.getTime() },
  }
}

/** Content of the store, one line a document, without ids and times of our own, for the tables of expected lines. */
export async function describeStore({ connection }: Store): Promise<string[]> {
  const rows = <T>(name: string) => connection.collection(name).find({}).sort({ _id: 1 }).toArray() as unknown as Promise<T[]>
  const lines: string[] = []
  for (const event of await rows<{ eventType: string; status: string; reason: string | null; tenantId: unknown }>(
    'webhookEvents',
  ))
    lines.push(
      `event ${event.eventType} ${event.status}${event.reason ? `: ${event.reason}` : ''}${event.tenantId ? '' : ' (nobody)'}`,
    )
  for (const contact of await rows<Record<string, unknown>>('contacts'))
    if (!contact.deletedAt)
      lines.push(
        `${contact.groupId ? 'group' : 'contact'} ${words(contact.waId, contact.userId, contact.groupId, contact.name, contact.username && `@${contact.username}`, contact.optOut && 'opted out')}`,
      )
  for (const lead of await rows<{ name: string }>('leads')) lines.push(`lead ${lead.name}`)
  const messages = await rows<MessageDoc>('messages')
  for (const conversation of await rows<ConversationDoc>('conversations'))
    if (!conversation.deletedAt) lines.push(conversationLine(conversation, messages))
  for (const message of messages) lines.push(messageLine(message))
  for (const client of await rows<ClientDoc>('clients')) lines.push(...clientLine(client))
  for (const template of await rows<TemplateDoc>('templates')) lines.push(...templateLine(template))
  for (const row of await rows<{ status: string }>('parkedItems')) lines.push(`parked ${row.status}`)
  for (const event of await rows<EventDoc>('events')) lines.push(`told ${eventLine(event)}`)
  for (const deadLetter of await rows<{ reason: string }>('deadLetters')) lines.push(`dead letter: ${deadLetter.reason}`)
  return together(lines)
}

function conversationLine(conversation: ConversationDoc, messages: MessageDoc[]): string {
  const inside = messages.filter(message => message.conversationId.equals(conversation._id)).length
  const window = conversation.windowExpiresAt?.toISOString().slice(5, 19)
  return `thread ${words(
    `${conversation.messageCount}/${inside} messages`,
    `${conversation.unreadCount} unread`,
    `last ${JSON.stringify(conversation.lastMessage?.text ?? null)}`,
    window ? `window ${window}` : 'no window',
    conversation.groupId && 'of a group',
    conversation.threadOwner &&
      `owner ${words(conversation.threadOwner.owner, conversation.threadOwner.role)} since ${conversation.threadOwner.at.toISOString().slice(5, 19)}`,
    conversation.leadId && 'lead',
    conversation.referralAt && 'referral',
    conversation.freeEntryPointExpiresAt && `free until ${conversation.freeEntryPointExpiresAt.toISOString().slice(5, 19)}`,
    conversation.lastError && `error ${conversation.lastError.code}`,
  )}`
}

/** Only what differs from the start. */
function clientLine(client: ClientDoc): string[] {
  const { status, pauseReason, verifiedName, messagingLimit, throughput, username, accountReview, maxPhoneNumbers } = client
  const { restrictedUntil, repliesOnly, campaignsHeldUntil, notices = [] } = client
  const news = words(
    status !== 'active' && status,
    pauseReason,
    verifiedName && `named ${verifiedName}`,
    messagingLimit !== null && `limit ${messagingLimit}`,
    throughput !== 80 && `${throughput}/s`,
    username && `@${username}`,
    accountReview && `review ${accountReview}`,
    maxPhoneNumbers && `of ${maxPhoneNumbers}`,
    restrictedUntil && `until ${restrictedUntil.toISOString().slice(5, 19)}`,
    campaignsHeldUntil && `campaigns held until ${campaignsHeldUntil.toISOString().slice(5, 19)}`,
    repliesOnly && `replies only until ${repliesOnly.until?.toISOString().slice(5, 19)}`,
    ...notices.map(({ type, severity, text }) => `${severity} ${type} “${text}”`),
  )
  return news ? [`number …${client.phoneNumberId.slice(-4)} ${news}`] : []
}

function templateLine({ status, quality, category, categoryChange, reason, components }: TemplateDoc): string[] {
  const news = words(
    status !== 'APPROVED' && status,
    quality !== 'UNKNOWN' && quality,
    category !== 'UTILITY' && category,
    categoryChange && `soon ${categoryChange.to}`,
    reason && `(${reason})`,
    components.length > 1 && components.map(component => component.type).join('+'),
  )
  return news ? [`template ${news}`] : []
}

function messageLine(message: MessageDoc): string {
  const { content } = message
  return `message ${words(
    message.direction === 'INBOUND' ? 'in' : 'out',
    message.type,
    message.status,
    JSON.stringify(content.text),
    content.media && `media ${content.media.mimeType}`,
    content.data === null && content.text === null && 'no data',
    (message.type === 'call' || message.type === 'handover') && JSON.stringify(content.data),
    message.author && `by ${words(message.author.waId, message.author.userId, message.author.name)}`,
    message.isOfOtherApp && 'for another app',
    message.isTimeUnreadable && 'at its arrival',
    message.replyTo && `reply${message.replyTo.messageId ? ' to a known one' : ''}`,
    message.forwarded && 'forwarded',
    message.referral && 'referral',
    message.reactions.length > 0 && `reactions ${message.reactions.map(({ emoji }) => emoji || 'none').join()}`,
    message.editedAt && 'edited',
    message.revokedAt && 'revoked',
    message.error && `error ${message.error.code}`,
    message.cost && `cost ${message.cost.amount} ${message.cost.category}`,
    message.origin === 'phone' && 'from phone',
    message.origin === 'app' && 'from another app',
    message.timeline.length > 0 && `[${message.timeline.map(({ key, kind }) => key?.split(':')[0] ?? kind).sort()}]`,
  )}`
}

const words = (...parts: unknown[]) => parts.filter(Boolean).join(' ')

/** An event as a client would understand it: what it is about, and what it says now. */
function eventLine({ name, payload }: EventDoc): string {
  const emitted = payload as { [key: string]: unknown } & EmittedPayload
  switch (name) {
    case 'message:received':
      return words(name, emitted.message?.type, `from ${emitted.message?.from}`, JSON.stringify(emitted.message?.text))
    case 'message:sent':
      return words(name, emitted.message?.type, JSON.stringify(emitted.message?.content.text))
    case 'message:status':
      return words(
        name,
        emitted.status,
        emitted.error && `error ${emitted.error.code}`,
        ...messageNews(emitted.message as MessageView),
      )
    case 'conversation:updated':
      return words(name, ...conversationNews(emitted.conversation as ConversationView))
    case 'template:status':
      return words(name, emitted.name, emitted.language, emitted.status, emitted.reason && `(${emitted.reason})`)
    default:
      return words(name, emitted.status, emitted.reason)
  }
}

interface EmittedPayload {
  message?: MessageView & { from?: string; text?: string }
  conversation?: ConversationView
  error?: { code: number | null } | null
}

const messageNews = ({ cost, reactions, content }: MessageView) => [
  cost && `cost ${cost.amount} ${cost.category}`,
  reactions.length > 0 && `reactions ${reactions.map(({ emoji }) => emoji || 'none').join()}`,
  JSON.stringify(content.text),
]

const conversationNews = ({ contact, unreadCount, messageCount, lastMessage, windowExpiresAt, lastError }: ConversationView) => [
  contact.phone ?? contact.userId,
  contact.optOut && 'opted out',
  `${messageCount} messages`,
  `${unreadCount} unread`,
  `last ${JSON.stringify(lastMessage?.text ?? null)} ${lastMessage?.status ?? 'nothing'}`,
  windowExpiresAt ? `window ${windowExpiresAt.slice(5, 19)}` : 'no window',
  lastError && `error ${lastError.code}`,
]

/** Equal lines once, with their number. */
function together(lines: string[]): string[] {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return [...counts].map(([line, count]) => (count > 1 ? `${count} × ${line}` : line))
}
