import { digitsOf, isObject, isText, objectOf, textOf } from '../params.ts'
import { conversationKey, openServiceWindow } from '../sending/conversations.ts'
import { contactOf, waIdOf } from '../sending/recipient.ts'
import type { Simulation } from '../simulation.ts'
import { fieldOf } from '../threads/control.ts'
import { userIdFor, wamid } from '../world/ids.ts'
import type { Json, Person, PhoneNumber, Waba } from '../world/world.ts'
import { emitForNumber } from './emit.ts'
import { withMedia } from './inbound-media.ts'

/** The person of a request; what is named of them is remembered. */
export interface PersonOfRequest {
  /** Phone of the person; missing for a person known by business-scoped id only. */
  from?: string
  userId?: string
  name?: string
  username?: string
}

export interface InboundRequest extends PersonOfRequest {
  phoneNumberId: string
  /** A text, or a message object of any type in Meta's format. */
  message: string | Json
  /** Unix seconds, milliseconds, or an ISO date; now by default. */
  timestamp?: string | number
}

const MEMBERS = [
  'text',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'reaction',
  'button',
  'interactive',
  'order',
  'system',
  'edit',
  'revoke',
]

/**
 * Receives a message from a person: emits the webhook, opens the window and stores the media for download.
 * @throws Error for an unknown number, or when no person is given
 */
export function receiveInbound(sim: Simulation, request: InboundRequest): { id: string; deliveryId: string } {
  const number = sim.world.numbers.get(String(request.phoneNumberId))
  if (!number) throw new Error(`phoneNumberId ${request.phoneNumberId} is not a number of this simulator.`)
  const waba = sim.world.wabas.get(number.wabaId) as Waba
  const person = rememberPerson(sim, request, waba.portfolioId)
  const at = timeOf(request.timestamp, sim.now())
  const message = messageOf(sim, request, person, waba, number, at)
  const groupId = textOf(message.group_id)
  recordInbound(sim, number.id, {
    from: groupId ? `group:${groupId}` : (person.waId ?? (person.userId as string)),
    id: message.id as string,
    type: String(message.type),
    at,
    fromAd: isObject(message.referral),
  })
  const contacts = message.type === 'system' ? {} : { contacts: [contactOf(person, waba.portfolioId, person)] }
  const items = [{ kind: 'message', id: message.id as string }]
  const key = person.waId ?? (person.userId as string)
  const { field, value } = fieldOf(sim, number, key, { ...contacts, messages: [message] })
  const deliveryId = emitForNumber(sim, number, field, value, items)
  return { id: message.id as string, deliveryId }
}

export interface EchoRequest {
  phoneNumberId: string
  to: string
  message: string | Json
  timestamp?: string | number
}

/** Emits the echo of a message that the business sent from its phone. It opens no window. @throws Error for an unknown number */
export function echoFromApp(
  sim: Simulation,
  { phoneNumberId, to, message, timestamp }: EchoRequest,
): { id: string; deliveryId: string } {
  const number = sim.world.numbers.get(phoneNumberId)
  if (!number) throw new Error(`phoneNumberId ${phoneNumberId} is not a number of this simulator.`)
  const waId = waIdOf(digitsOf(to))
  const id = wamid(waId, 'outbound')
  const given = isText(message) ? { type: 'text', text: { body: message } } : message
  const at = String(Math.floor(timeOf(timestamp, sim.now()) / 1000))
  const echo = { from: number.digits, to: waId, id, timestamp: at, ...given }
  const items = [{ kind: 'echo', id }]
  return { id, deliveryId: emitForNumber(sim, number, 'smb_message_echoes', { message_echoes: [echo] }, items) }
}

/** Opens the window, and remembers the message so that it can be marked as read or reacted to. */
export function recordInbound(
  sim: Simulation,
  phoneNumberId: string,
  message: { from: string; id: string; type: string; at: number; fromAd: boolean },
): void {
  sim.world.inbound.set(message.id, { phoneNumberId, at: message.at })
  const person = sim.world.people.get(message.from)
  openServiceWindow(sim.world.conversations, conversationKey(phoneNumberId, person?.waId ?? message.from), message)
}

/** @throws Error when no person is given */
export function rememberPerson(sim: Simulation, { from, userId, name, username }: PersonOfRequest, portfolioId: string): Person {
  const waId = from === undefined || from === '' ? null : waIdOf(digitsOf(from))
  if (!waId && !userId) throw new Error('from or userId must be given.')
  const known = sim.world.people.get(waId ?? (userId as string))
  const person: Person = known ?? { waId, userId: null, name: null, username: null, failsWith: null, optedOutOf: new Set() }
  if (userId) person.userId = userId
  if (name) person.name = name
  if (username) person.username = username
  const id = person.userId ?? userIdFor(portfolioId, waId as string)
  if (waId) sim.world.people.set(waId, person)
  sim.world.people.set(id, person)
  return person
}

function messageOf(
  sim: Simulation,
  { message }: InboundRequest,
  person: Person,
  waba: Waba,
  number: PhoneNumber,
  at: number,
): Json {
  const given = isText(message) ? { type: 'text', text: { body: message } } : objectOf(message)
  const type = textOf(given.type) ?? MEMBERS.find(member => given[member] !== undefined) ?? 'text'
  const userId = person.userId ?? (person.waId ? userIdFor(waba.portfolioId, person.waId) : null)
  const context = objectOf(given.context)
  const { id, timestamp: _, ...rest } = withMedia(sim, number, type, given)
  return {
    ...(person.waId && { from: person.waId }),
    ...(userId && { from_user_id: userId }),
    id: textOf(id) ?? wamid(person.waId, 'inbound'),
    timestamp: String(Math.floor(at / 1000)),
    ...rest,
    type,
    ...(textOf(context.id) && !context.from && { context: { from: number.digits, ...context } }),
  }
}

/** A timestamp in ms. Numbers below 10^11 are seconds; what cannot be read counts as `now`. */
export function timeOf(timestamp: unknown, now: number): number {
  if (timestamp === undefined || timestamp === null || timestamp === '') return now
  const value = Number(timestamp)
  if (Number.isNaN(value)) {
    const parsed = Date.parse(String(timestamp))
    return Number.isNaN(parsed) ? now : parsed
  }
  return Math.abs(value) < 1e11 ? value * 1000 : value
}
