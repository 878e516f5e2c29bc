import { isObject, type Json, listOf, text } from '#shared/meta/json.ts'
import { isForeign, isWhole } from '#shared/meta/webhook.ts'
import { webhookKeys } from '#shared/queue/topology.ts'
import { LISTS, type List, routingKeyOf } from '#shared/recording/routing-key.ts'

/** A part of a body for one lane: the very bytes when the whole body goes one way, else JSON to be written. */
export interface Part {
  routingKey: string
  body: Buffer | Json
}

const MAX_DEPTH = 64
const FORBIDDEN_KEY = /\0|^__proto__$/

/**
 * The body as JSON if it can be an envelope of Meta's, else null: it has at least one `entry[].changes[].value` object, or
 * names another object than WhatsApp's.
 */
export function readEnvelope(bytes: Buffer): Json | null {
  const written = bytes.toString('utf8')
  let body: unknown
  try {
    body = JSON.parse(written)
  } catch {
    return null
  }
  if (!isObject(body) || !(isHarmless(written) || isStorable(body))) return null
  return isForeign(body) || changesOf(body).some(({ value }) => value !== null) ? body : null
}

/** Spares the walk: no key can be a forbidden one, and there are too few brackets to be nested deeply. */
function isHarmless(written: string): boolean {
  if (written.includes('\\u') || written.includes('__proto__')) return false
  let brackets = 0
  for (let i = 0; i < written.length && brackets <= MAX_DEPTH; i++) {
    const code = written.charCodeAt(i)
    if (code === OPEN_BRACE || code === OPEN_BRACKET) brackets++
  }
  return brackets <= MAX_DEPTH
}

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

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
  const changes: Change[] = []
  for (const entry of listOf(body.entry)) {
    if (!isObject(entry)) continue
    for (const change of listOf(entry.changes))
      if (isObject(change)) changes.push({ entry, change, value: isObject(change.value) ? change.value : null })
  }
  return changes
}

/** The parts of a body, one for each lane and shard that it touches; of another object's one, which is only kept. */
export function splitBody(body: Json, bytes: Buffer): Part[] {
  if (isForeign(body)) return [{ routingKey: webhookKeys.account, body: bytes }]
  const changes = changesOf(body)
  const lanes = changes.map(({ change, value }) => (value === null ? NONE : lanesOf(change, value)))
  const keys = new Set(lanes.flatMap(own => [...own.keys()]))
  const [only] = keys
  if (keys.size === 1 && only !== undefined) return [{ routingKey: only, body: bytes }]
  return [...keys].map(routingKey => ({ routingKey, body: { ...body, entry: entriesOf(changes, lanes, routingKey) } }))
}

const NONE: ReadonlyMap<string, Item[]> = new Map()

/** What goes one way of the changes that several share. */
function entriesOf(changes: Change[], lanes: ReadonlyMap<string, Item[]>[], routingKey: string): Json[] {
  return changes.flatMap(({ entry, change, value }, i) => {
    const own = lanes[i] ?? NONE
    const items = own.get(routingKey)
    if (items === undefined || value === null) return []
    return [{ ...entry, changes: [own.size === 1 ? change : { ...change, value: { ...value, ...onlyThose(items) } }] }]
  })
}

interface Item {
  list: List
  item: unknown
}

/** Lists without any of the items are left out. */
function onlyThose(items: Item[]): Partial<Record<List, unknown[]>> {
  const listed = LISTS.map(list => [list, items.filter(one => one.list === list).map(({ item }) => item)] as const)
  return Object.fromEntries(listed.map(([list, own]) => [list, own.length > 0 ? own : undefined]))
}

/** The items of a value by routing key; one key without items when the value is about an account. */
function lanesOf(change: Json, value: Json): ReadonlyMap<string, Item[]> {
  const phoneNumberId = isObject(value.metadata) ? (text(value.metadata.phone_number_id) ?? '') : ''
  const lanes = new Map<string, Item[]>()
  if (isWhole(change.field)) return lanes.set(webhookKeys.account, [])
  for (const list of LISTS) {
    for (const item of listOf(value[list])) {
      const key = routingKeyOf(list, phoneNumberId, isObject(item) ? item : {})
      const routingKey = lanes.get(key)
      if (routingKey === undefined) lanes.set(key, [{ list, item }])
      else routingKey.push({ list, item })
    }
  }
  return lanes.size === 0 ? lanes.set(webhookKeys.account, []) : lanes
}
