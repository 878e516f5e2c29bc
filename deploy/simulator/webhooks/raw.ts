import { randomUUID } from 'node:crypto'
import { isObject, listOf, objectOf, textOf } from '../params.ts'
import { conversationKey, openServiceWindow } from '../sending/conversations.ts'
import { waIdOf } from '../sending/recipient.ts'
import type { Simulation } from '../simulation.ts'
import type { Json } from '../world/world.ts'
import type { DeliveryItem } from './delivery.ts'
import { deliver } from './emit.ts'
import { recordInbound, timeOf } from './inbound.ts'
import { escapeJson } from './wire.ts'

export interface RawOptions {
  /** Replaces the address of the number, WABA or app. */
  url?: string
  /** Encodes the JSON as Meta does; otherwise the bytes are sent unchanged. */
  escape?: boolean
  /** Replaces the signature header; null sends none. */
  signature?: string | null
}

/** Signs and delivers any body. Its messages and the calls of people also open windows, whoever owns their thread. */
export function receiveRaw(
  sim: Simulation,
  raw: string | Buffer,
  { url, escape: isEscaped, signature }: RawOptions,
): { deliveryId: string } {
  const envelope = parse(raw)
  const changes = listOf(envelope?.entry).flatMap(entry => listOf(objectOf(entry).changes).map(objectOf))
  const values = changes.map(({ value }) => objectOf(value))
  for (const value of values) recordMessages(sim, value)
  const phoneNumberId = textOf(objectOf(values[0]?.metadata).phone_number_id) ?? null
  const deliveryId = deliver(sim, {
    id: randomUUID(),
    at: Date.now(),
    url: url ?? urlOf(sim, phoneNumberId),
    field: textOf(changes[0]?.field) ?? 'raw',
    phoneNumberId,
    items: values.flatMap(itemsOf),
    state: 'pending',
    attempts: [],
    body: isEscaped ? escapeJson(raw.toString()) : raw,
    ...(signature !== undefined && { signature }),
  })
  return { deliveryId }
}

function parse(raw: string | Buffer): Json | null {
  try {
    const parsed: unknown = JSON.parse(raw.toString())
    return isObject(parsed) ? parsed : null
  } catch {
    return null
  }
}

/** @throws Error when no address is set */
function urlOf(sim: Simulation, phoneNumberId: string | null): string {
  const number = phoneNumberId === null ? undefined : sim.world.numbers.get(phoneNumberId)
  const waba = number && sim.world.wabas.get(number.wabaId)
  const url = number?.override?.url ?? waba?.override?.url ?? sim.world.app.webhookUrl
  if (!url) throw new Error('No webhook address is set.')
  return url
}

function recordMessages(sim: Simulation, value: Json): void {
  const phoneNumberId = textOf(objectOf(value.metadata).phone_number_id)
  if (phoneNumberId === undefined) return
  for (const message of [...listOf(value.messages), ...listOf(objectOf(value.standby).messages)].map(objectOf)) {
    const writer = textOf(message.from) ? waIdOf(message.from as string) : textOf(message.from_user_id)
    const from = textOf(message.group_id) ? `group:${message.group_id}` : writer
    const id = textOf(message.id)
    if (from === undefined || id === undefined) continue
    const at = timeOf(message.timestamp, sim.now())
    recordInbound(sim, phoneNumberId, { from, id, type: String(message.type), at, fromAd: isObject(message.referral) })
  }
  for (const [call, person] of openingCalls(value)) {
    const key = conversationKey(phoneNumberId, sim.world.people.get(person)?.waId ?? person)
    openServiceWindow(sim.world.conversations, key, { type: 'call', at: timeOf(call.timestamp, sim.now()), fromAd: false })
  }
}

const CALL_EVENTS = new Set(['connect', 'terminate', 'call_created'])

/** Calls that open a window, with the person: any call of a person, and a call of ours that was taken. */
function openingCalls(value: Json): [Json, string][] {
  const [contact] = listOf(value.contacts).map(objectOf)
  const calls = listOf(value.calls)
    .map(objectOf)
    .filter(({ event, direction }) => CALL_EVENTS.has(String(event)) && direction === 'USER_INITIATED')
  const taken = listOf(value.statuses)
    .map(objectOf)
    .filter(({ type, status }) => type === 'call' && status === 'ACCEPTED')
  return [...calls, ...taken].flatMap((call): [Json, string][] => {
    const phone = textOf(contact?.wa_id) ?? textOf(call.from) ?? textOf(call.recipient_id)
    const person = phone ? waIdOf(phone) : (textOf(contact?.user_id) ?? textOf(call.recipient_user_id))
    return person === undefined ? [] : [[call, person]]
  })
}

function itemsOf(value: Json): DeliveryItem[] {
  const messages = listOf(value.messages).map(message => ({ kind: 'message', id: textOf(objectOf(message).id) ?? null }))
  const statuses = listOf(value.statuses)
    .map(objectOf)
    .map(({ id, status }) => ({ kind: 'status', id: textOf(id) ?? null, status: String(status) }))
  return [...messages, ...statuses]
}
