import { createHash } from 'node:crypto'
import { clampToArrival } from '../domain/messages/service-window.ts'
import { isObject, type Json, listOf, text } from './json.ts'
import { type Beside, besideOf, contactsOf, type NamedKeys, type Person, personOf } from './people.ts'
import { echoOf, holderOf, isOfGroup, isWhole, keysIn, type List, listsOf, peopleIn } from './webhook-lists.ts'

interface Common {
  /** Identity of the fact, the same for each delivery: `m:`, `s:` or `a:` and a hash, because a wamid encodes a phone number. */
  eventId: string
  field: string
  wabaId: string | null
  phoneNumberId: string | null
  /** The item in an envelope of its own, so that a replay is an ordinary webhook. */
  payload: Json
  receivedAt: Date
  /** When the broker got the webhook, to the second; missing where nobody said. */
  publishedAt?: Date
  /** Meta's time, clamped to the arrival. */
  at: Date
}
interface OfMessage {
  wamid: string
  /** Who wrote it, or to whom it was written. */
  person: Person
  message: Json
  /** Whether Meta's time could not be read: `at` is the time of arrival then. */
  isTimeUnreadable: boolean
  /** Whether it is a copy of what another app of the business received or sent. */
  isOfOtherApp: boolean
}
export type MessageItem = Common & OfMessage & { kind: 'message'; groupId: string | null }
/** Message that the business wrote in its own app, or that another app sent for it. */
export type EchoItem = Common & OfMessage & { kind: 'echo' }
export type StatusItem = Common & { kind: 'status'; wamid: string; status: string; report: Json; person: Person }
/** Event of a call, or the report of a call of ours. Several make up one call, and arrive in any order. */
export type CallItem = Common & { kind: 'call'; callId: string; person: Person; event: Json }
/** Any other change: templates, quality, account, preferences, history, unknown fields. */
export type AccountItem = Common & { kind: 'account'; value: Json }
/** Unreadable item, which fails alone with its reason. */
export type BrokenItem = Common & { kind: 'broken'; reason: string }
/** Whole body that is not about WhatsApp: the app is subscribed to another product too. */
export type ForeignItem = Common & { kind: 'foreign' }
export type WebhookItem = MessageItem | EchoItem | StatusItem | CallItem | AccountItem | BrokenItem | ForeignItem

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

interface Context {
  /** An envelope of its own around the value that has these lists. */
  wrap(own: Json): Json
  field: string
  wabaId: string | null
  phoneNumberId: string | null
  /** Digits of the business number. */
  ownNumber: string | null
  receivedAt: Date
  value: Json
  /** Object that has the lists of the value. */
  holder: Json
  beside: Beside
}

function parseChange(envelope: Json, entry: Json, change: Json, receivedAt: Date): WebhookItem[] {
  const value = isObject(change.value) ? change.value : {}
  const { entry: _entry, ...outer } = envelope
  const { changes: _changes, ...inner } = entry
  const { holder, within } = holderOf(change.field, value)
  const metadata = isObject(value.metadata) ? value.metadata : isObject(value.recipient) ? value.recipient : {}
  const ownNumber = text(metadata.display_phone_number)?.replace(/\D/g, '') ?? null
  const context: Context = {
    wrap: own => ({ ...outer, entry: [{ ...inner, changes: [{ ...change, value: within(own) }] }] }),
    field: text(change.field) ?? 'messages',
    wabaId: text(entry.id),
    phoneNumberId: text(metadata.phone_number_id),
    ownNumber,
    receivedAt,
    value,
    holder,
    beside: besideOf(holder.contacts, peopleIn(change.field, holder, ownNumber)),
  }
  if (isWhole(context.field)) return [accountItem(context, entry)]
  const items = listsOf(context.field).flatMap(list => listOf(holder[list]).map(item => itemOf(context, list, item)))
  return items.length > 0 ? items : [accountItem(context, entry)]
}

const NAMES: Record<List, string> = { messages: 'message', message_echoes: 'echo', calls: 'call', statuses: 'status' }

function itemOf(context: Context, list: List, item: unknown): WebhookItem {
  if (!isObject(item)) return broken(context, item, `the ${NAMES[list]} is not an object`)
  const keys = keysIn(list, item, context.ownNumber)
  const payload = context.wrap({
    ...without(context.holder),
    ...own('contacts', contactsOf(context.beside, keys)),
    [list]: [item],
  })
  const id = text(item.id)
  if (id === null) return broken(context, payload, `the ${NAMES[list]} has no id`)
  const parts = { context, item, keys, payload, id }
  if (list === 'messages') return messageItem(parts)
  if (list === 'message_echoes') return echoItem(parts)
  return list === 'calls' || item.type === 'call' ? callItem(parts) : statusItem(parts)
}

interface Parts {
  context: Context
  item: Json
  keys: NamedKeys
  payload: Json
  id: string
}

/** Time of an item: Meta's, else that of its arrival. What happened counts more than when. */
const timesOf = ({ context, item }: Parts) => {
  const at = timeOf(item.timestamp, context.receivedAt)
  return { at: at ?? context.receivedAt, isTimeUnreadable: at === null }
}

function ofMessage(parts: Parts, message: Json): Common & OfMessage {
  const { context, keys, payload, id } = parts
  const { at, isTimeUnreadable } = timesOf(parts)
  return {
    ...common(context, payload, at),
    eventId: messageEventId(id),
    wamid: id,
    person: personOf(keys, context.beside),
    message,
    isTimeUnreadable,
    isOfOtherApp: context.field === 'standby' || context.field === 'message_echoes',
  }
}

const messageItem = (parts: Parts): MessageItem => ({
  ...ofMessage(parts, parts.item),
  kind: 'message',
  groupId: text(parts.item.group_id),
})

const echoItem = (parts: Parts): EchoItem => ({ ...ofMessage(parts, echoOf(parts.item)), kind: 'echo' })

function callItem(parts: Parts): CallItem {
  const { context, item, keys, payload, id } = parts
  const happened = text(item.event) ?? text(item.status)
  return {
    ...common(context, payload, timesOf(parts).at),
    kind: 'call',
    eventId: `a:${hashOf([id, happened, item.timestamp])}`,
    callId: id,
    person: personOf(keys, context.beside),
    event: item,
  }
}

function statusItem(parts: Parts): WebhookItem {
  const { context, item: status, keys, payload, id: wamid } = parts
  const name = text(status.status)
  if (name === null) return broken(context, payload, 'the status has no name')
  const [error] = listOf(status.errors)
  const code = isObject(error) ? text(error.code) : null
  const recipient = isOfGroup(status) ? (keys.waId ?? keys.userId) : (text(status.recipient_id) ?? text(status.recipient_user_id))
  const timestamp = text(status.timestamp)
  const type = text(status.type)
  const { at } = timesOf(parts)
  // A report of another type, such as that of a payment, bears the id of a message and says nothing about its delivery.
  if (type !== null && type !== 'message') {
    const eventId = statusEventId({ wamid, name: `${type}:${name}`, timestamp, recipient, code })
    return { ...common(context, payload, at), kind: 'account', eventId, value: { ...context.value, statuses: [status] } }
  }
  const eventId = statusEventId({ wamid, name, timestamp, recipient, code })
  const person = personOf(keys, context.beside)
  return { ...common(context, payload, at), kind: 'status', eventId, wamid, status: name, report: status, person }
}

function accountItem(context: Context, entry: Json): AccountItem {
  const payload = context.wrap(context.holder)
  const at = timeOf(entry.time, context.receivedAt) ?? timeOf(context.value.timestamp, context.receivedAt) ?? context.receivedAt
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

/** Object without its lists; each item gets its own entry of them. */
function without(holder: Json): Json {
  const {
    messages: _messages,
    statuses: _statuses,
    message_echoes: _echoes,
    calls: _calls,
    contacts: _contacts,
    ...rest
  } = holder
  return rest
}

const own = (name: string, list: unknown[]): Json => (list.length > 0 ? { [name]: list } : {})

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
