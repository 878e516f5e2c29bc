import { randomUUID } from 'node:crypto'
import { isObject, listOf, objectOf, textOf } from '../params.ts'
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

/** Signs and delivers any body. The messages in a `messages` webhook also open windows. */
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
  for (const message of listOf(value.messages).map(objectOf)) {
    const from = textOf(message.from) ? waIdOf(message.from as string) : textOf(message.from_user_id)
    const id = textOf(message.id)
    if (from === undefined || id === undefined) continue
    const at = timeOf(message.timestamp, sim.now())
    recordInbound(sim, phoneNumberId, { from, id, type: String(message.type), at, fromAd: isObject(message.referral) })
  }
}

function itemsOf(value: Json): DeliveryItem[] {
  const messages = listOf(value.messages).map(message => ({ kind: 'message', id: textOf(objectOf(message).id) ?? null }))
  const statuses = listOf(value.statuses)
    .map(objectOf)
    .map(({ id, status }) => ({ kind: 'status', id: textOf(id) ?? null, status: String(status) }))
  return [...messages, ...statuses]
}
