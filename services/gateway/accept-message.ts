import { type ClientSession, Types } from 'mongoose'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { messageView } from '#shared/contracts/to-views.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { countryOf } from '#shared/domain/phone-number.ts'
import { priceOf } from '#shared/domain/price.ts'
import { windowIsOpen } from '#shared/domain/service-window.ts'
import type { Caller } from '#shared/http/route.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import type { Store } from '#shared/store/connect.ts'
import { bellFor } from '#shared/store/dispatch.ts'
import type {
  ContactDoc,
  ContactSnapshot,
  ConversationDoc,
  Dispatch,
  EventDoc,
  Id,
  MessageDoc,
  TenantDoc,
} from '#shared/store/documents.ts'
import { findLastUnfinished } from '#shared/store/messages.ts'
import { getCachedTenant } from '#shared/store/tenants.ts'
import type { GatewayDeps } from './deps.ts'
import type { Draft } from './drafts.ts'
import { conversationUpdated, publishEvents } from './events.ts'
import { quotedMessage } from './quotes.ts'
import { type Destination, findDestination } from './recipient.ts'
import { requireOpenWindow } from './window.ts'

export interface Wish {
  to?: string
  conversationId?: string
  clientId?: string
  replyTo?: string
  sendAt?: string
  candidateName?: string
  candidateId?: string
  applicationId?: string
}

/** Says what shall be sent, once it is known to whom. @throws ApiError */
export type Compose = (destination: Destination, tenant: TenantDoc) => Promise<Draft>

/** A bell that nobody answered for this long is rung again by the sweep. */
const RING_AGAIN_MS = 5000
const MAX_SCHEDULE_MS = 30 * 24 * 60 * 60 * 1000
/** Clocks of two processes differ by less; a time further ahead is a wrong clock, which must not spread along the thread. */
const MAX_CLOCK_LEAD_MS = 60_000

/**
 * Takes a message: stored QUEUED in one transaction with its thread and counters, then rung. A bell that is lost is rung
 * again by the sweep, so the answer does not depend on the broker. @throws ApiError 404, 422 WINDOW_CLOSED and others
 */
export async function acceptMessage(
  deps: GatewayDeps,
  caller: Caller,
  wish: Wish,
  compose: Compose,
  circumstances: { idempotencyKey: string | null; traceparent: string },
): Promise<MessageDoc> {
  const { store } = deps
  const now = deps.now()
  const tenant = await getCachedTenant(store, caller.tenantId)
  const destination = await findDestination(store, caller.tenantId, wish)
  const { status } = destination.client
  if (status === 'disconnected' || status === 'suspended')
    throw new ApiError(422, 'NUMBER_NOT_CONNECTED', 'This number is not connected')
  const sendAt = scheduleOf(wish.sendAt, now)
  const draft = await compose(destination, tenant)
  if (draft.template === null) requireOpenWindow(destination.conversation?.windowExpiresAt, tenant, sendAt ?? now)
  else refuseOptedOut(destination, draft.template)
  const quoted = wish.replyTo ? await quotedMessage(store, destination, wish.replyTo, 'replyTo') : null
  const accepting = { caller, wish, destination, draft, tenant, sendAt, quoted, now, ...circumstances }
  const accepted = await inTurn(`${destination.client._id}:${destination.waId ?? destination.userId}`, () =>
    onceMoreIfNew(() => store.transaction(session => insert(deps, accepting, session))),
  )
  // Nobody waits for the broker: what does not reach it is published again by the sweeps.
  void publishEvents(deps, [accepted.event], circumstances.traceparent)
  if (sendAt === null) void ring(deps, accepted.message, circumstances.traceparent)
  return accepted.message
}

/** Sends to one person, one after the other: at the same moment they would abort each other's transactions. */
const turns = new Map<string, Promise<unknown>>()
async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(key) ?? Promise.resolve()
  const mine = before.then(work, work)
  turns.set(key, mine)
  try {
    return await mine
  } finally {
    if (turns.get(key) === mine) turns.delete(key)
  }
}

const DUPLICATE_KEY = 11_000

/** A person or thread that another process made at this very moment is there by now. */
async function onceMoreIfNew<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const { code, message } = error as { code?: unknown; message?: string }
      if (code !== DUPLICATE_KEY || tries === 3 || !/contacts|conversations/.test(message ?? '')) throw error
    }
  }
}

function refuseOptedOut({ contact }: Destination, { category }: { category: string }): void {
  if (category === 'MARKETING' && contact?.optOut)
    throw new ApiError(422, 'CONTACT_OPTED_OUT', 'This person does not want marketing messages')
}

function scheduleOf(sendAt: string | undefined, now: Date): Date | null {
  if (sendAt === undefined) return null
  const at = new Date(sendAt)
  if (at.getTime() > now.getTime() + MAX_SCHEDULE_MS)
    throw new ApiError(422, 'SEND_AT_TOO_FAR', 'At most 30 days ahead', {
      errors: [{ path: 'sendAt', message: 'more than 30 days ahead' }],
    })
  return at > now ? at : null
}

interface Accepting {
  caller: Caller
  wish: Wish
  destination: Destination
  draft: Draft
  tenant: TenantDoc
  sendAt: Date | null
  quoted: { messageId: Id; wamid: string } | null
  now: Date
  idempotencyKey: string | null
}

/**
 * The thread's row is written before the message gets its id: two requests for one thread come one after the other, and their
 * ids grow in that order, which is the order of sending. Their times never fall behind it, so that the thread, which is shown
 * by time and then by id, shows the same order.
 */
async function insert(
  deps: GatewayDeps,
  accepting: Accepting,
  session: ClientSession,
): Promise<{ message: MessageDoc; event: EventDoc }> {
  const { destination, wish, now, caller } = accepting
  const { models } = deps.store
  const contact = destination.contact ?? (await createContact(deps.store, caller.tenantId, destination, wish, session))
  const conversation = await touchConversation(deps.store, accepting, contact, session)
  const message = messageOf(accepting, contact, conversation, await nextId(deps.store, conversation, session))
  const { at } = message
  await models.messages.insertMany([message], { session })
  const lastMessage = {
    messageId: message._id,
    text: message.content.text,
    type: message.type,
    direction: 'OUTBOUND' as const,
    status: 'QUEUED' as const,
    at,
  }
  const updated = await models.conversations
    .findOneAndUpdate(
      { tenantId: caller.tenantId, _id: conversation._id },
      { $set: { lastMessage }, $max: { lastActivityAt: at } },
      { session, returnDocument: 'after' },
    )
    .lean()
  const event = conversationUpdated(updated as ConversationDoc, `a:${message._id}`, now)
  await models.events.insertMany([event], { session })
  return { message, event }
}

/**
 * Greater than every unfinished message of the thread. Ids that several processes make in the same second do not grow by
 * themselves; the second after the greatest one is then put in front of our own part, which nobody else has.
 */
async function nextId(store: Store, conversation: ConversationDoc, session: ClientSession): Promise<Id> {
  const last = await findLastUnfinished(store, conversation, session)
  const id = new Types.ObjectId()
  if (last === null || String(id) > String(last)) return id
  const second = Math.floor(last.getTimestamp().getTime() / 1000) + 1
  return new Types.ObjectId(second.toString(16).padStart(8, '0') + String(id).slice(8))
}

/** Requests come to their turn in another order than they began. */
function notBefore(last: Date | undefined, now: Date): Date {
  const leadMs = last ? last.getTime() - now.getTime() : 0
  return last && leadMs > 0 && leadMs <= MAX_CLOCK_LEAD_MS ? last : now
}

async function createContact(
  store: Store,
  tenantId: string,
  { waId, userId }: Destination,
  wish: Wish,
  session: ClientSession,
): Promise<ContactDoc> {
  const name = wish.candidateName ?? null
  const fields = {
    waId,
    userId,
    phone: waId,
    parentUserId: null,
    name,
    nameSource: name ? ('agent' as const) : null,
    username: null,
    optOut: false,
    optOutAt: null,
    optOutSource: null,
    attributes: {},
  }
  const filter = userId ? { tenantId, userId } : { tenantId, waId }
  const contact = await store.models.contacts
    .findOneAndUpdate(
      filter,
      { $setOnInsert: withoutKeys(fields, Object.keys(filter)) },
      { session, upsert: true, returnDocument: 'after' },
    )
    .lean()
  return contact as ContactDoc
}

async function touchConversation(
  store: Store,
  { destination, wish, now, caller }: Accepting,
  contact: ContactDoc,
  session: ClientSession,
): Promise<ConversationDoc> {
  const filter = { tenantId: caller.tenantId, clientId: destination.client._id, contactId: contact._id }
  const about = { candidateName: wish.candidateName, candidateId: wish.candidateId, applicationId: wish.applicationId }
  const given = Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined))
  const fresh = {
    phoneNumberId: destination.client.phoneNumberId,
    contact: snapshotOf(contact),
    candidateName: null,
    candidateId: null,
    applicationId: null,
    leadId: null,
    status: 'open',
    assignedTo: null,
    labels: [],
    unreadCount: 0,
    lastMessage: null,
    lastInboundWamid: null,
    lastInboundAt: null,
    windowExpiresAt: null,
    referralAt: null,
    freeEntryPointExpiresAt: null,
    lastError: null,
    deletedAt: null,
  }
  const update = {
    $inc: { messageCount: 1 },
    $set: given,
    $max: { lastActivityAt: now },
    $setOnInsert: withoutKeys(fresh, Object.keys(given)),
  }
  const conversation = await store.models.conversations
    .findOneAndUpdate(filter, update, { session, upsert: true, returnDocument: 'after' })
    .lean()
  return conversation as ConversationDoc
}

function messageOf(
  { caller, destination, draft, tenant, sendAt, quoted, now, idempotencyKey }: Accepting,
  contact: ContactDoc,
  conversation: ConversationDoc,
  _id: Id,
): MessageDoc {
  const { client } = destination
  const payload =
    quoted && draft.type !== 'reaction' ? { ...draft.payload, context: { message_id: quoted.wamid } } : draft.payload
  return {
    _id,
    tenantId: client.tenantId,
    conversationId: conversation._id,
    clientId: client._id,
    phoneNumberId: client.phoneNumberId,
    contactId: contact._id,
    contactKey: contact.waId ?? contact.userId ?? '',
    contactKeyKind: contact.waId ? 'waId' : 'userId',
    direction: 'OUTBOUND',
    type: draft.type,
    content: draft.content,
    status: 'QUEUED',
    statusUpdatedAt: now,
    timeline: [{ kind: 'accepted', at: now }],
    wamid: null,
    previousIds: [],
    error: null,
    cost: costOf(draft, tenant, conversation, contact, now),
    idempotencyKey,
    replyTo: quoted,
    reactions: [],
    sentBy: { kind: caller.kind, id: new Types.ObjectId(caller.id), name: caller.name },
    origin: caller.kind === 'apiKey' ? 'api' : 'dashboard',
    leadId: conversation.leadId ?? null,
    campaignId: null,
    at: notBefore(conversation.lastMessage?.at, now),
    sendAt,
    payload,
    dispatch: dispatchFor(sendAt, now),
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  }
}

export function dispatchFor(sendAt: Date | null, now: Date): Dispatch {
  const idle = { lane: 'c' as const, attempt: 0, token: null, owner: null, leaseUntil: null, deadlineAt: null }
  if (sendAt !== null) return { ...idle, state: 'WAITING', reason: 'scheduled', nextStepAt: sendAt }
  return { ...idle, state: 'READY', reason: null, nextStepAt: new Date(now.getTime() + RING_AGAIN_MS) }
}

/** Free text is free; a template costs what the tenant's table says, a utility one inside the window nothing. */
function costOf(
  { template }: Draft,
  tenant: TenantDoc,
  conversation: ConversationDoc,
  contact: ContactDoc,
  now: Date,
): MessageDoc['cost'] {
  const { currency, prices } = tenant.settings
  if (template === null) return { amount: 0, currency, category: 'service' }
  const category = template.category.toLowerCase()
  const isFree =
    (category === 'utility' && windowIsOpen(conversation.windowExpiresAt, now)) ||
    windowIsOpen(conversation.freeEntryPointExpiresAt, now)
  return { amount: isFree ? 0 : priceOf(prices, template.category, countryOf(contact.waId)), currency, category }
}

/** "There may be something to send." A failure is logged and left to the sweep. */
export async function ring(
  { queue, log }: Pick<GatewayDeps, 'queue' | 'log'>,
  message: MessageDoc,
  traceparent: string,
): Promise<void> {
  const bell = bellFor(message)
  await queue
    .publish({
      exchange: EXCHANGES.send,
      routingKey: 'chat',
      type: MESSAGE_TYPE.sendBell,
      body: bell,
      messageId: bell.messageId,
      tenantId: bell.tenantId,
      traceparent,
    })
    .catch(error => log.warn({ err: error, messageId: bell.messageId }, 'bell left to the sweep'))
}

export const acceptedReply = (message: MessageDoc) => ({
  status: 202,
  body: { ...messageView(message), jobId: String(message._id) },
})

const snapshotOf = ({ waId, userId, phone, name, username, optOut }: ContactDoc): ContactSnapshot => ({
  waId,
  userId,
  phone,
  name,
  username,
  optOut,
})

function withoutKeys<T extends object>(fields: T, keys: string[]): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.includes(key))) as Partial<T>
}
