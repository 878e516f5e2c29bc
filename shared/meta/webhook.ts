import { createHash } from 'node:crypto'
import { clampToArrival } from '../domain/messages/service-window.ts'
import { isObject, type Json, listOf, text } from './json.ts'

/** The person on the other side of a conversation, with the keys that Meta names. */
export interface Person {
  waId: string | null
  userId: string | null
  parentUserId: string | null
  name: string | null
  username: string | null
}

interface Common {
  /** Identity of the fact, the same for each delivery: `m:`, `s:` or `a:` and a hash, because a wamid encodes a phone number. */
  eventId: string
  field: string
  wabaId: string | null
  phoneNumberId: string | null
  /** The item in an envelope of its own, so that a replay is an ordinary webhook. */
  payload: Json
  receivedAt: Date
  /** Meta's time, clamped to the arrival. */
  at: Date
}
export type MessageItem = Common & { kind: 'message'; wamid: string; person: Person; message: Json }
/** Message that the business wrote in its own app. */
export type EchoItem = Common & { kind: 'echo'; wamid: string; person: Person; message: Json }
export type StatusItem = Common & { kind: 'status'; wamid: string; status: string; report: Json; person: Person }
/** Any other change: templates, quality, account, preferences, history, unknown fields. */
export type AccountItem = Common & { kind: 'account'; value: Json }
/** Unreadable item, which fails alone with its reason. */
export type BrokenItem = Common & { kind: 'broken'; reason: string }
/** Whole body that is not about WhatsApp: the app is subscribed to another product too. */
export type ForeignItem = Common & { kind: 'foreign' }
export type WebhookItem = MessageItem | EchoItem | StatusItem | AccountItem | BrokenItem | ForeignItem

const NOBODY: Person = { waId: null, userId: null, parentUserId: null, name: null, username: null }

/** Items of a body, in order. The content of a value decides its kind, not the name of its field. Never throws. */
export function parseWebhook(body: unknown, receivedAt: Date): WebhookItem[] {
  const envelope = isObject(body) ? body : {}
  if (isForeign(envelope)) return [foreignItem(envelope, receivedAt)]
  return listOf(envelope.entry).flatMap(entry =>
    isObject(entry)
      ? listOf(entry.changes).flatMap(change => (isObject(change) ? parseChange(envelope, entry, change, receivedAt) : []))
      : [],
  )
}

/** Whether a body names another object than WhatsApp (`page`, `instagram`); a body without one counts as WhatsApp's. */
export const isForeign = ({ object }: Json): boolean => (object ?? OBJECT) !== OBJECT
const OBJECT = 'whatsapp_business_account'

function foreignItem(payload: Json, receivedAt: Date): ForeignItem {
  const field = text(payload.object)?.slice(0, MOST_FIELD) ?? 'unknown'
  const eventId = `a:${hashOf([payload])}`
  return { kind: 'foreign', eventId, field, wabaId: null, phoneNumberId: null, payload, receivedAt, at: receivedAt }
}
const MOST_FIELD = 64

/** Fields that are not used here; calls have statuses of their own, and `standby` is for another app to answer. */
const UNUSED = new Set(['calls', 'standby', 'message_echoes', 'flows'])

/** Whether a field is one item as a whole: its lists are not messages of ours. */
export const isWhole = (field: unknown): boolean =>
  typeof field === 'string' && (field === 'history' || UNUSED.has(field) || field.startsWith('group_'))

interface Context {
  wrap(value: Json): Json
  field: string
  wabaId: string | null
  phoneNumberId: string | null
  receivedAt: Date
  value: Json
  contacts: unknown[]
}

function parseChange(envelope: Json, entry: Json, change: Json, receivedAt: Date): WebhookItem[] {
  const value = isObject(change.value) ? change.value : {}
  const { entry: _entry, ...outer } = envelope
  const { changes: _changes, ...inner } = entry
  const context: Context = {
    wrap: own => ({ ...outer, entry: [{ ...inner, changes: [{ ...change, value: own }] }] }),
    field: text(change.field) ?? 'messages',
    wabaId: text(entry.id),
    phoneNumberId: isObject(value.metadata) ? text(value.metadata.phone_number_id) : null,
    receivedAt,
    value,
    contacts: listOf(value.contacts),
  }
  if (isWhole(context.field)) return [accountItem(context, entry)]
  const items = [
    ...listOf(value.messages).map(message => messageItem(context, message)),
    ...listOf(value.message_echoes).map(message => echoItem(context, message)),
    ...listOf(value.statuses).map(status => statusItem(context, status)),
  ]
  return items.length > 0 ? items : [accountItem(context, entry)]
}

function messageItem(context: Context, message: unknown): WebhookItem {
  if (!isObject(message)) return broken(context, message, 'the message is not an object')
  const { wrap, value, contacts } = context
  const payload = wrap({
    ...without(value),
    ...own('contacts', matching(contacts, message.from, message.from_user_id)),
    messages: [message],
  })
  const wamid = text(message.id)
  const at = timeOf(message.timestamp, context.receivedAt)
  if (wamid === null) return broken(context, payload, 'the message has no id')
  const eventId = messageEventId(wamid)
  if (at === null) return { ...broken(context, payload, 'the timestamp is not valid'), eventId }
  return {
    ...common(context, payload, at),
    kind: 'message',
    eventId,
    wamid,
    person: personOf(message, contacts),
    message,
  }
}

function echoItem(context: Context, message: unknown): WebhookItem {
  if (!isObject(message)) return broken(context, message, 'the echo is not an object')
  const payload = context.wrap({ ...without(context.value), message_echoes: [message] })
  const wamid = text(message.id)
  const at = timeOf(message.timestamp, context.receivedAt)
  if (wamid === null || at === null) return broken(context, payload, 'the echo has no id or no valid timestamp')
  const person = {
    ...NOBODY,
    ...identify(text(message.to)),
    ...(text(message.to_user_id) && { userId: text(message.to_user_id) }),
  }
  return { ...common(context, payload, at), kind: 'echo', eventId: messageEventId(wamid), wamid, person, message }
}

function statusItem(context: Context, status: unknown): WebhookItem {
  if (!isObject(status)) return broken(context, status, 'the status is not an object')
  const { wrap, value, contacts } = context
  const recipient = text(status.recipient_participant_id) ?? text(status.recipient_id)
  const payload = wrap({
    ...without(value),
    ...own('contacts', matching(contacts, recipient, status.recipient_user_id)),
    statuses: [status],
  })
  const wamid = text(status.id)
  const name = text(status.status)
  if (wamid === null || name === null) return broken(context, payload, 'the status has no id or no name')
  const [error] = listOf(status.errors)
  const code = isObject(error) ? text(error.code) : null
  const eventId = statusEventId({
    wamid,
    name,
    timestamp: text(status.timestamp),
    recipient: recipient ?? text(status.recipient_user_id),
    code,
  })
  const at = timeOf(status.timestamp, context.receivedAt)
  if (at === null) return { ...broken(context, payload, 'the timestamp is not valid'), eventId }
  const person = personOf(
    { from: status.recipient_id, from_user_id: status.recipient_user_id, from_parent_user_id: status.parent_recipient_user_id },
    contacts,
  )
  return { ...common(context, payload, at), kind: 'status', eventId, wamid, status: name, report: status, person }
}

function accountItem(context: Context, entry: Json): AccountItem {
  const payload = context.wrap(context.value)
  const at = timeOf(entry.time, context.receivedAt) ?? context.receivedAt
  const eventId = `a:${hashOf([entry.id, context.field, context.value, entry.time])}`
  return { ...common(context, payload, at), kind: 'account', eventId, value: context.value }
}

function broken(context: Context, payload: unknown, reason: string): BrokenItem {
  const kept = isObject(payload) ? payload : { value: payload }
  return {
    ...common(context, kept, context.receivedAt),
    kind: 'broken',
    eventId: `a:${hashOf([context.field, payload])}`,
    reason,
  }
}

const common = ({ field, wabaId, phoneNumberId, receivedAt }: Context, payload: Json, at: Date) => ({
  field,
  wabaId,
  phoneNumberId,
  receivedAt,
  payload,
  at,
})

/** Value without its lists; each item gets its own entry of them. */
function without(value: Json): Json {
  const { messages: _messages, statuses: _statuses, message_echoes: _echoes, contacts: _contacts, ...rest } = value
  return rest
}

const own = (name: string, list: unknown[]): Json => (list.length > 0 ? { [name]: list } : {})

/** Contacts of an item, matched by id and not by position; a list without ids belongs to every item. */
function matching(contacts: unknown[], waId: unknown, userId: unknown): unknown[] {
  const found = contacts.filter(
    contact => isObject(contact) && ((waId && contact.wa_id === waId) || (userId && contact.user_id === userId)),
  )
  return found.length > 0 || contacts.length > 1 ? found : contacts
}

function personOf(message: Json, contacts: unknown[]): Person {
  const [contact] = matching(contacts, message.from, message.from_user_id)
  const profile = isObject(contact) && isObject(contact.profile) ? contact.profile : {}
  const named = isObject(contact) ? contact : {}
  const from = identify(text(message.from) ?? text(named.wa_id))
  return {
    waId: from.waId,
    userId: text(message.from_user_id) ?? text(named.user_id) ?? from.userId,
    parentUserId: text(message.from_parent_user_id) ?? text(named.parent_user_id),
    name: text(profile.name),
    username: text(profile.username)?.replace(/^@/, '') ?? null,
  }
}

/** Keys in an id field: Meta has sent business-scoped ids in place of phones, so the form decides. */
export function identify(key: string | null): Pick<Person, 'waId' | 'userId'> {
  if (key === null) return { waId: null, userId: null }
  return /^\+?\d{5,20}$/.test(key) ? { waId: key.replace('+', ''), userId: null } : { waId: null, userId: key }
}

const YEAR_2100_S = 4_102_444_800

/** Time of a timestamp in seconds (or milliseconds), clamped to the arrival if more than 5 minutes later; null if unreadable. */
export function timeOf(stamp: unknown, receivedAt: Date): Date | null {
  const given = typeof stamp === 'string' && /^\d{1,14}$/.test(stamp) ? Number(stamp) : stamp
  if (typeof given !== 'number' || !Number.isFinite(given) || given <= 0) return null
  const ms = given > YEAR_2100_S ? given : given * 1000
  return ms > YEAR_2100_S * 1000 ? null : clampToArrival(new Date(ms), receivedAt)
}

/** Event id of the message or echo with this wamid. */
export const messageEventId = (wamid: string): string => `m:${hashOf([wamid])}`

/** Event id of a status. */
export const statusEventId = (of: {
  wamid: string
  name: string
  timestamp: string | null
  recipient: string | null
  code: string | null
}): string => `s:${hashOf([of.wamid, of.name, of.timestamp, of.recipient, of.code])}`

const hashOf = (parts: unknown[]) => createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32)
