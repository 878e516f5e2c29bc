import { isObject, type Json, listOf, text } from '#shared/meta/json.ts'
import { contactsNaming } from '#shared/meta/people.ts'
import { isForeign } from '#shared/meta/webhook.ts'
import { holderOf, isWhole, keysIn, LISTS, type List, listsOf } from '#shared/meta/webhook-lists.ts'
import { webhookKeys } from '#shared/queue/topology.ts'
import { routingKeyOf } from '#shared/recording/routing-key.ts'

/** The items of a body with one routing key: the received bytes when the whole body has it, otherwise JSON. */
export interface Part {
  routingKey: string
  body: Buffer | Json
  /** Users wait for messages; statuses may be recorded together with others a moment later. */
  isUrgent: boolean
}

const MAX_DEPTH = 64
const FORBIDDEN_KEY = /\0|^__proto__$/

/**
 * Parses a body. An envelope of Meta's has at least one `entry[].changes[].value` object, or names an object other than
 * WhatsApp's. Anything else is null, and so is a body that MongoDB cannot store.
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

/** Whether the text alone shows that no key is forbidden and nothing is nested too deeply, which saves the walk. */
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

/** Whether keys and depth are allowed. Not recursive, because a body may be nested ten thousand deep or have a million keys. */
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

/** The parts of a body, one for each routing key of its items. A body about another object has one part, which is only stored. */
export function splitBody(body: Json, bytes: Buffer): Part[] {
  if (isForeign(body)) return [{ routingKey: webhookKeys.account, body: bytes, isUrgent: true }]
  const changes = changesOf(body)
  const itemsByChange = changes.map(({ change, value }) => (value === null ? NO_ITEMS : itemsByKey(change, value)))
  const keys = new Set(itemsByChange.flatMap(own => [...own.keys()]))
  const [only] = keys
  const isUrgent = (routingKey: string) => itemsByChange.some(own => hasMore(own.get(routingKey)))
  if (keys.size === 1 && only !== undefined) return [{ routingKey: only, body: bytes, isUrgent: isUrgent(only) }]
  return [...keys].map(routingKey => ({
    routingKey,
    body: { ...body, entry: entriesOf(changes, itemsByChange, routingKey) },
    isUrgent: isUrgent(routingKey),
  }))
}

/** Whether anything but statuses is among the items; an account's webhook has none. */
const hasMore = (items: Item[] | undefined) =>
  items !== undefined && (items.length === 0 || items.some(({ list }) => list !== 'statuses'))

type ItemsByKey = ReadonlyMap<string, Item[]>
const NO_ITEMS: ItemsByKey = new Map()

/** The entries of a part: the changes with items of this routing key, without their other items. */
function entriesOf(changes: Change[], itemsByChange: ItemsByKey[], routingKey: string): Json[] {
  return changes.flatMap(({ entry, change, value }, i) => {
    const own = itemsByChange[i] ?? NO_ITEMS
    const items = own.get(routingKey)
    if (items === undefined || value === null) return []
    return [{ ...entry, changes: [own.size === 1 ? change : { ...change, value: partOf(change, value, items) }] }]
  })
}

interface Item {
  list: List
  item: unknown
}

/** A value with these items alone, and of the contacts only those of their people: any other could be of somebody in another part. */
function partOf(change: Json, value: Json, items: Item[]): Json {
  const { holder, within } = holderOf(change.field, value)
  const number = ownNumberOf(value)
  const people = items.flatMap(({ list, item }) => (isObject(item) ? [keysIn(list, item, number)] : []))
  const contacts = contactsNaming(holder.contacts, people)
  const listed = LISTS.map(list => [list, items.filter(one => one.list === list).map(({ item }) => item)] as const)
  const lists = Object.fromEntries(listed.map(([list, own]) => [list, own.length > 0 ? own : undefined]))
  return within({ ...holder, ...lists, contacts: contacts.length > 0 ? contacts : undefined })
}

const metadataOf = ({ metadata }: Json): Json => (isObject(metadata) ? metadata : {})
const ownNumberOf = (value: Json) => text(metadataOf(value).display_phone_number)?.replace(/\D/g, '') ?? null

/** The items of a value by routing key. A value about an account has one key without items. */
function itemsByKey(change: Json, value: Json): ItemsByKey {
  const byKey = new Map<string, Item[]>()
  if (isWhole(change.field)) return byKey.set(webhookKeys.account, [])
  const phoneNumberId = text(metadataOf(value).phone_number_id) ?? ''
  const { holder } = holderOf(change.field, value)
  for (const list of listsOf(change.field)) {
    for (const item of listOf(holder[list])) {
      const key = routingKeyOf(list, phoneNumberId, isObject(item) ? item : {}, ownNumberOf(value))
      const items = byKey.get(key)
      if (items === undefined) byKey.set(key, [{ list, item }])
      else items.push({ list, item })
    }
  }
  return byKey.size === 0 ? byKey.set(webhookKeys.account, []) : byKey
}
