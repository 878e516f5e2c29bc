import { type DeliveryStatus, statusRank } from '../domain/messages/delivery-status.ts'
import { readContent } from '../meta/content.ts'
import { isObject, type Json, listOf, text } from '../meta/json.ts'
import { type Beside, besideOf, identify, type NamedKeys, type Person, personOf } from '../meta/people.ts'
import { type AccountItem, timeOf } from '../meta/webhook.ts'
import type { ClientDoc, MessageDoc } from '../model/documents.ts'
import { notice } from './account/standing.ts'
import type { FoldContext } from './context.ts'
import { addToConversation, type ConversationEffect, conversationWith, updateLastMessage } from './conversation.ts'
import { isOfErased } from './erased.ts'
import { resolveContact } from './identity.ts'
import { quote, webhookMessage } from './message.ts'
import { applyEffects } from './number-effects.ts'
import { emitStatus } from './realtime-events.ts'
import { addMessage, change, messageByWamid, type State, type Tracked, touch, track } from './state.ts'
import { ignored, PROCESSED, type Verdict } from './verdict.ts'

/** Effects of an imported message: not unread, and no window. */
const IMPORTED: ConversationEffect = { isUnread: false, opensWindow: false, isShown: true, isActivity: true }
const PLACEHOLDER = 'media_placeholder'
/** Types that belong to another message, which may be older than the history. */
const REVISIONS = new Set(['reaction', 'edit', 'revoke'])

interface HistoryMessage {
  person: Person
  direction: MessageDoc['direction']
  wamid: string
  at: Date
  isTimeUnreadable: boolean
  message: Json
}

/**
 * Imports the history of a business's app: chunks of conversations in any order, and later their media under the ids of their
 * placeholders. Messages come by the thousand, so events are emitted for conversations only.
 */
export function foldHistory(state: State, context: FoldContext, clients: ClientDoc[], item: AccountItem): Verdict {
  const [client] = clients
  if (client === undefined) return ignored('unknown phone number')
  const declined = listOf(item.value.history).find(part => isObject(part) && Array.isArray(part.errors))
  if (declined !== undefined) {
    const declined = notice('HISTORY_DECLINED', 'INFORMATIONAL', 'The business does not share the chat history of its app.')
    return applyEffects(state, context, clients, item, [declined])
  }
  const past = historyMessagesOf(item)
  const times = ({ at }: HistoryMessage) => ({ at, receivedAt: item.receivedAt })
  const alive = past.filter(one => !isOfErased(state, client.tenantId, one.person, times(one)))
  const added = alive.filter(one => addHistoryMessage(state, context, client, item, one))
  const verdict = added.length > 0 ? PROCESSED : ignored('messages already stored')
  return alive.length < past.length ? { ...verdict, hidesPayload: true } : verdict
}

/** Adds an imported message, or completes a stored one. @returns whether anything changed */
function addHistoryMessage(
  state: State,
  context: FoldContext,
  client: ClientDoc,
  item: AccountItem,
  past: HistoryMessage,
): boolean {
  const known = messageByWamid(state, client.tenantId, past.wamid)
  if (known) return fillIn(state, context, item, known, past)
  const contact = resolveContact(state, context, client, past.person)
  if (contact === null || REVISIONS.has(text(past.message.type) ?? '')) return false
  const conversation = conversationWith(state, context, client, contact, past.at)
  if (conversation.isNew && conversation.doc.messageCount === 0) change(conversation, { status: 'closed' })
  const read = readContent(past.message)
  const message: Tracked<MessageDoc> = track(
    {
      ...webhookMessage(context, client, conversation.doc, contact.doc, past, read),
      direction: past.direction,
      status: statusOf(past),
      isImported: true,
      ...(past.direction === 'OUTBOUND' && { sentBy: { kind: 'phone', id: null, name: null }, origin: 'phone' }),
      ...(read.forwarded && { forwarded: true }),
    },
    true,
  )
  quote(state, message.doc, read)
  addMessage(state, message)
  addToConversation(state, conversation, message, IMPORTED, item.receivedAt)
  touch(state, conversation, item.eventId)
  return true
}

/** Adds the media of a placeholder, or the status of a message whose media came first. */
function fillIn(
  state: State,
  { now }: FoldContext,
  item: AccountItem,
  known: Tracked<MessageDoc>,
  past: HistoryMessage,
): boolean {
  const { doc } = known
  const { type, content } = readContent(past.message)
  const fields: Partial<MessageDoc> = {}
  if (doc.type === PLACEHOLDER && type !== PLACEHOLDER && !doc.emptiedAt) Object.assign(fields, { type, content })
  const status = statusOf(past)
  if (doc.origin === 'phone' && isFurther(status, doc.status)) fields.status = status
  if (Object.keys(fields).length === 0) return false
  change(known, fields)
  emitStatus(state, `${item.eventId}:${past.wamid}`, doc, now)
  const conversation = updateLastMessage(state, doc)
  if (conversation) touch(state, conversation, item.eventId)
  return true
}

const isFurther = (reported: MessageDoc['status'], current: MessageDoc['status']) =>
  statusRank(reported as DeliveryStatus) > statusRank(current as DeliveryStatus)

const HISTORY_STATUS: Record<string, MessageDoc['status']> = {
  DELIVERED: 'DELIVERED',
  READ: 'READ',
  PLAYED: 'READ',
  ERROR: 'FAILED',
}

function statusOf({ direction, message }: HistoryMessage): MessageDoc['status'] {
  const status = isObject(message.history_context) ? (text(message.history_context.status)?.toUpperCase() ?? '') : ''
  const reached = HISTORY_STATUS[status]
  if (direction === 'INBOUND') return reached === 'READ' ? 'READ' : 'RECEIVED'
  return reached ?? 'SENT'
}

/** Messages of a history chunk, or of the later webhook with their media. */
export function historyMessagesOf(item: AccountItem): HistoryMessage[] {
  const conversations = listOf(item.value.history)
    .filter(isObject)
    .flatMap(part => listOf(part.threads).filter(isObject))
  const inConversations = conversations.flatMap(conversation =>
    listOf(conversation.messages).map(message => ({ message, other: text(conversation.id) })),
  )
  const alone = listOf(item.value.messages).map(message => ({ message, other: null }))
  const named = [...inConversations, ...alone].flatMap(({ message, other }) =>
    isObject(message) ? [customerOf(item, message, other)] : [],
  )
  const beside = besideOf(
    item.value.contacts,
    named.map(({ keys }) => keys),
  )
  return named.flatMap(one => historyMessage(item, one, beside))
}

interface Named {
  message: Json
  keys: NamedKeys
  isOurs: boolean
}

/** Customer of an imported message: the id of its conversation is their phone, or their user id if no phone is shown. */
function customerOf(item: AccountItem, message: Json, other: string | null): Named {
  const own = isObject(item.value.metadata) ? digitsOf(item.value.metadata.display_phone_number) : null
  const isOurs = own !== null && keysIn(message.from).waId === own
  const conversation = keysIn(other)
  const side = keysIn(isOurs ? message.to : message.from)
  const keys = {
    waId: conversation.waId ?? side.waId,
    userId: text(isOurs ? message.to_user_id : message.from_user_id) ?? conversation.userId ?? side.userId,
    parentUserId: text(isOurs ? message.to_parent_user_id : message.from_parent_user_id),
  }
  return { message, keys, isOurs }
}

function historyMessage(item: AccountItem, { message, keys, isOurs }: Named, beside: Beside): HistoryMessage[] {
  const wamid = text(message.id)
  const at = timeOf(message.timestamp, item.receivedAt)
  const person = personOf(keys, beside)
  if (wamid === null || (person.waId === null && person.userId === null)) return []
  const times = { at: at ?? item.receivedAt, isTimeUnreadable: at === null }
  return [{ person, direction: isOurs ? 'OUTBOUND' : 'INBOUND', wamid, ...times, message }]
}

/** Keys in an id: a phone number in any form, or a user id if it contains letters. */
const keysIn = (value: unknown) =>
  /[a-z]/i.test(text(value) ?? '') ? identify(text(value)) : { waId: digitsOf(value), userId: null }

const digitsOf = (value: unknown): string | null => text(value)?.replace(/\D/g, '') || null
