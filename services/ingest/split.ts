import { parseCallbackData } from '#shared/domain/callback-data.ts'
import { isObject, type Json, listOf, text } from '#shared/meta/json.ts'
import { webhookKeys } from '#shared/queue/topology.ts'

/** A part of a body for one lane: the very bytes when the whole body goes one way, else JSON to be written. */
export interface Part {
  routingKey: string
  body: Buffer | Json
}

const MAX_DEPTH = 64
const LISTS = ['messages', 'message_echoes', 'statuses'] as const
const FORBIDDEN_KEY = /\0|^__proto__$/

/** The body as JSON if it can be an envelope of Meta's: at least one `entry[].changes[].value` object; else null. */
export function readEnvelope(bytes: Buffer): Json | null {
  let body: unknown
  try {
    body = JSON.parse(bytes.toString('utf8'))
  } catch {
    return null
  }
  if (!isObject(body) || !isStorable(body)) return null
  return changesOf(body).some(({ value }) => value !== null) ? body : null
}

/** Walks without recursion: a body may be nested ten thousand deep, or hold a million keys. */
function isStorable(body: Json): boolean {
  let level: object[] = [body]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return false
    const next: object[] = []
    for (const value of level) {
      if (!Array.isArray(value)) for (const key in value) if (FORBIDDEN_KEY.test(key)) return false
      for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) next.push(child)
    }
    level = next
  }
  return true
}

interface Change {
  entry: Json
  change: Json
  value: Json | null
}

function changesOf(body: Json): Change[] {
  return listOf(body.entry)
    .filter(isObject)
    .flatMap(entry =>
      listOf(entry.changes)
        .filter(isObject)
        .map(change => ({ entry, change, value: isObject(change.value) ? change.value : null })),
    )
}

/** The parts of a body, one for each lane and shard that it touches. */
export function splitBody(body: Json, bytes: Buffer): Part[] {
  const byKey = new Map<string, Json[]>()
  for (const { entry, change, value } of changesOf(body)) {
    if (value === null) continue
    for (const [routingKey, own] of lanesOf(change, value)) {
      const parts = byKey.get(routingKey) ?? []
      byKey.set(routingKey, parts)
      parts.push({ ...entry, changes: [own === value ? change : { ...change, value: own }] })
    }
  }
  const keys = [...byKey.keys()]
  if (keys.length === 1) return [{ routingKey: keys[0] as string, body: bytes }]
  return [...byKey].map(([routingKey, entry]) => ({ routingKey, body: { ...body, entry } }))
}

/** The items of a value by routing key; the value itself when they all share one. */
function lanesOf(change: Json, value: Json): Map<string, Json> {
  const phoneNumberId = isObject(value.metadata) ? (text(value.metadata.phone_number_id) ?? '') : ''
  const lanes = new Map<string, Json>()
  if (change.field === 'history') return lanes.set(webhookKeys.account, value)
  for (const list of LISTS) {
    for (const item of listOf(value[list])) {
      const key = keyOf(list, phoneNumberId, isObject(item) ? item : {})
      const lane = lanes.get(key) ?? { ...value, messages: undefined, message_echoes: undefined, statuses: undefined }
      lane[list] = [...listOf(lane[list]), item]
      lanes.set(key, lane)
    }
  }
  if (lanes.size === 0) return lanes.set(webhookKeys.account, value)
  const [only] = lanes.keys()
  return lanes.size === 1 && only !== undefined ? lanes.set(only, value) : lanes
}

function keyOf(list: (typeof LISTS)[number], phoneNumberId: string, item: Json): string {
  if (list === 'messages') return webhookKeys.conversation(phoneNumberId, text(item.from) ?? text(item.from_user_id) ?? '')
  if (list === 'message_echoes') return webhookKeys.conversation(phoneNumberId, text(item.to) ?? text(item.to_user_id) ?? '')
  const person = text(item.recipient_id) ?? text(item.recipient_user_id) ?? text(item.id) ?? ''
  const isBulk = parseCallbackData(item.biz_opaque_callback_data)?.lane === 'b'
  return isBulk ? webhookKeys.bulkStatus(phoneNumberId, person) : webhookKeys.conversation(phoneNumberId, person)
}
