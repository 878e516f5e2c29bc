import { parsePhone } from '#shared/domain/contacts/phone-number.ts'
import { phoneVariants } from '#shared/domain/contacts/phone-variants.ts'
import { platformError } from '#shared/domain/messages/send-errors.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, MessageDoc } from '#shared/model/documents.ts'
import { copyOf, lastMessageOf, newContact, newConversation, newMessage } from '#shared/model/new-rows.ts'
import { trusted } from '#shared/store/connect.ts'
import { findByPhoneNumberId } from '#shared/store/numbers/clients.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import type { ImportContext } from './context.ts'
import { idFor, idWithin, type Source, type SourceConversation, type SourceMessage } from './source.ts'

const DAY_MS = 86_400_000
const PART = 500
const MOST_TRIES = 5

/** Conversations with their people and messages, one after the other. What is here already is not written again. */
export async function importConversations(context: ImportContext, source: Source): Promise<void> {
  const { report, phoneNumberId, store } = context
  const named = phoneNumberId === null ? null : await findByPhoneNumberId(store, phoneNumberId)
  for await (const conversation of source.conversations()) {
    report.add('conversations', 'read')
    report.add('messages', 'read', conversation.messages.length)
    const number = conversation.numberKey === null ? named : (context.numbers.get(conversation.numberKey) ?? null)
    const waId = parsePhone(conversation.phone.startsWith('+') ? conversation.phone : `+${conversation.phone}`)?.waId ?? null
    if (number === null || waId === null) {
      const problem = number === null ? 'Its number was not taken over.' : 'Its phone number is not valid.'
      report.conflict('conversations', conversation.key, problem)
      report.add('messages', 'conflicts', conversation.messages.length)
      continue
    }
    await asTenant(number.tenantId, () => importOne(context, number, conversation, waId))
  }
}

async function importOne(context: ImportContext, client: ClientDoc, source: SourceConversation, waId: string): Promise<void> {
  const contact = await contactFor(context, client, source, waId)
  for (let attempt = 1; ; attempt++) {
    const isWritten = await writeConversation(context, client, contact, source, attempt === 1)
    if (isWritten) return
    if (attempt === MOST_TRIES)
      return context.report.conflict('conversations', source.key, 'It changes too often: run again later.')
  }
}

async function contactFor(
  { store, report, system, isDryRun, now }: ImportContext,
  { tenantId }: ClientDoc,
  { name }: SourceConversation,
  waId: string,
): Promise<ContactDoc> {
  const { contacts } = store.models
  report.add('contacts', 'read')
  const find = () => contacts.findOne({ tenantId, waId: trusted({ $in: phoneVariants(waId) }), deletedAt: null }).lean()
  const present = await find()
  report.add('contacts', present ? 'present' : 'created')
  if (present) return present
  const person = { waId, userId: null, name, nameSource: name === null ? null : ('phone' as const) }
  const row = newContact(tenantId, person, now, idWithin(tenantId, system, 'contact', waId))
  if (!isDryRun) await contacts.create(row as never)
  return row
}

/**
 * Adds the messages that are missing, and then the conversation that counts them. A run that is cut off in between finds the messages
 * by their ids, and counts them. @param isFirst whether the report hears of it
 * @returns false when somebody else changed the conversation meanwhile
 */
async function writeConversation(
  context: ImportContext,
  client: ClientDoc,
  contact: ContactDoc,
  source: SourceConversation,
  isFirst: boolean,
): Promise<boolean> {
  const { store, report, system, isDryRun, now } = context
  const { conversations, messages } = store.models
  const { tenantId } = client
  const key = { tenantId, clientId: client._id, contactId: contact._id }
  const present = await conversations.findOne(key).lean()
  const fresh = { ...newConversation(client, contact, now, idFor(system, 'conversation', source.key)), createdAt: now }
  const conversation = present ?? fresh
  const known = await knownAmong(context, client, source)
  const missing = source.messages.filter(
    message => !known.has(String(messageId(context, client, source, message))) && !known.has(message.wamid ?? ''),
  )
  const last = await messages.findOne({ tenantId, conversationId: conversation._id }, { seq: 1 }).sort({ seq: -1 }).lean()
  const counted = Math.max(present?.messageCount ?? 0, last?.seq ?? 0)
  if (isFirst) {
    report.add('conversations', present ? 'present' : 'created')
    report.add('messages', 'created', missing.length)
    report.add('messages', 'present', source.messages.length - missing.length)
  }
  const rows = missing.map((message, i) =>
    messageRow(context, { client, contact, conversation, source }, message, counted + i + 1),
  )
  const total = counted + rows.length
  if (isDryRun || (present && total === present.messageCount)) return true
  if (rows.length > 0) context.grown.set(String(tenantId), tenantId)
  for (let at = 0; at < rows.length; at += PART) await messages.insertMany(rows.slice(at, at + PART) as never[])
  const newest = await messages.find({ tenantId, conversationId: conversation._id }).sort({ at: -1, _id: -1 }).limit(1).lean()
  const shown = shownOf(context, conversation, source, newest[0] ?? null, total)
  if (present === null) {
    await conversations.create({ ...fresh, ...shown, contact: copyOf(contact, { ...fresh, ...shown }) } as never)
    return true
  }
  const { version = null } = present
  const changed = await conversations.updateOne(
    { tenantId, _id: present._id, messageCount: present.messageCount, version },
    { $set: { ...onlyLater(present, shown), version: (version ?? 0) + 1 } },
  )
  return changed.modifiedCount === 1
}

const messageId = ({ system }: ImportContext, { tenantId }: ClientDoc, { key }: SourceConversation, message: SourceMessage) =>
  idWithin(tenantId, system, 'message', message.wamid === null ? `${key}:${message.key}` : message.wamid)

/** Ids and wamids of the source's messages that are here, in this conversation or in another one. */
async function knownAmong(context: ImportContext, client: ClientDoc, source: SourceConversation): Promise<Set<string>> {
  const { tenantId } = client
  const known = new Set<string>()
  for (let at = 0; at < source.messages.length; at += PART) {
    const part = source.messages.slice(at, at + PART)
    const wamids = part.flatMap(({ wamid }) => wamid ?? [])
    const ways = [
      { _id: trusted({ $in: part.map(message => messageId(context, client, source, message)) }) },
      { wamid: trusted({ $in: wamids }) },
    ]
    for (const way of ways)
      for (const { _id, wamid } of await context.store.models.messages.find({ tenantId, ...way }, { wamid: 1 }).lean()) {
        known.add(String(_id))
        if (wamid) known.add(wamid)
      }
  }
  return known
}

interface Place {
  client: ClientDoc
  contact: ContactDoc
  conversation: ConversationDoc
  source: SourceConversation
}

/** Language of a template that is not among those of the source, as BCP 47 writes it. */
const UNDETERMINED = 'und'
const KNOWN_TYPES = ['text', 'template', 'image', 'document', 'video', 'audio', 'sticker', 'location', 'contacts', 'interactive']
const FILES = ['image', 'document', 'video', 'audio', 'sticker']

function messageRow(context: ImportContext, place: Place, message: SourceMessage, seq: number): MessageDoc {
  const { system, languages, now } = context
  const { isInbound, text, templateName, wamid, status, error, at } = message
  const type = KNOWN_TYPES.includes(message.type) ? message.type : 'text'
  const template =
    type === 'template' && templateName
      ? { name: templateName, language: languages.get(templateName) ?? UNDETERMINED, variables: {} }
      : null
  const _id = messageId(context, place.client, place.source, message)
  const media = FILES.includes(type) ? fileLeftBehind(_id) : null
  const whole = newMessage(place, { type, content: { text, media, template, data: null } }, now, _id)
  return {
    ...whole,
    direction: isInbound ? 'INBOUND' : 'OUTBOUND',
    status,
    statusUpdatedAt: at,
    wamid,
    at,
    seq,
    createdAt: at,
    origin: isInbound ? null : 'api',
    timeline: [{ kind: 'note', at: now, detail: `Taken over from the former system ${system}.` }],
    error: status === 'FAILED' ? { ...platformError('unknown-outcome', error), at } : null,
  }
}

/** The files of a former system are not read: the message says so. */
const fileLeftBehind = (id: MessageDoc['_id']) => ({
  id,
  metaId: null,
  url: null,
  sha256: null,
  mimeType: null,
  filename: null,
  size: null,
  state: 'EXPIRED' as const,
  problem: 'The file stayed in the former system.',
})

/** What a conversation shows of its messages. */
function shownOf(
  { users, now }: ImportContext,
  conversation: ConversationDoc,
  source: SourceConversation,
  newest: MessageDoc | null,
  messageCount: number,
): Partial<ConversationDoc> {
  const inbound = source.messages.findLast(({ isInbound }) => isInbound) ?? null
  const waiting = source.messages.at(-1)?.isInbound === true && !source.isClosed
  const answered = source.messages.findLastIndex(({ isInbound }) => !isInbound)
  const assignee = source.assignedTo === null ? undefined : users.get(source.assignedTo)
  return {
    messageCount,
    lastMessage: newest && lastMessageOf(newest),
    lastActivityAt: newest?.at ?? now,
    unreadCount: Math.min(source.unreadCount, source.messages.filter(({ isInbound }) => isInbound).length),
    lastInboundWamid: inbound?.wamid ?? null,
    lastInboundAt: inbound?.at ?? null,
    // By the rule, not by what was stored there: Meta counts from the customer's message.
    windowExpiresAt: inbound === null ? null : new Date(inbound.at.getTime() + DAY_MS),
    waitingSince: waiting ? (source.messages[answered + 1]?.at ?? null) : null,
    candidateName: source.name ?? conversation.candidateName,
    candidateId: source.candidateId ?? conversation.candidateId,
    applicationId: source.applicationId ?? conversation.applicationId,
    status: source.isClosed ? 'closed' : 'open',
    assignedTo: assignee ? { id: assignee.id, name: assignee.name } : null,
  }
}

/** Of a conversation that is in use here only what the new messages change: people have read, assigned and closed it here. */
function onlyLater(present: ConversationDoc, shown: Partial<ConversationDoc>): Partial<ConversationDoc> {
  const later = (one: Date | null | undefined, other: Date | null | undefined) =>
    one && (!other || one > other) ? one : (other ?? null)
  const isLater = later(shown.lastInboundAt, present.lastInboundAt) !== present.lastInboundAt
  return {
    messageCount: shown.messageCount ?? present.messageCount,
    lastMessage: shown.lastMessage ?? present.lastMessage,
    lastActivityAt: later(shown.lastActivityAt, present.lastActivityAt) ?? present.lastActivityAt,
    windowExpiresAt: later(shown.windowExpiresAt, present.windowExpiresAt),
    ...(isLater && { lastInboundAt: shown.lastInboundAt ?? null, lastInboundWamid: shown.lastInboundWamid ?? null }),
  }
}
