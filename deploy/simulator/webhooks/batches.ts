import { randomUUID } from 'node:crypto'
import type { Deliverer, Delivery, DeliveryItem } from './delivery.ts'
import { wireJson } from './wire.ts'

/** One change of a webhook, with its WABA, number and address. */
export interface Change {
  wabaId: string
  url: string
  field: string
  phoneNumberId: string | null
  value: unknown
  items: DeliveryItem[]
  /** Unix seconds; account fields have it, `messages` do not. */
  time?: number
}

const MAX_CHANGES = 1000

export type Batches = ReturnType<typeof createBatches>

/** Collects changes for the same address for a short time and sends them in one POST, as Meta may (up to 1,000). */
export function createBatches(deliverer: Deliverer) {
  const open = new Map<string, { changes: Change[]; timer: NodeJS.Timeout }>()

  function flush(url: string): void {
    const batch = open.get(url)
    open.delete(url)
    if (!batch) return
    clearTimeout(batch.timer)
    deliverer.deliver(deliveryOf(batch.changes))
  }

  return {
    add(change: Change, size: number, waitMs: number): void {
      let batch = open.get(change.url)
      if (!batch) {
        batch = { changes: [], timer: setTimeout(() => flush(change.url), waitMs) }
        open.set(change.url, batch)
      }
      batch.changes.push(change)
      if (batch.changes.length >= Math.min(size, MAX_CHANGES)) flush(change.url)
    },
    /** Sends every open batch now. */
    flushAll(): void {
      for (const url of open.keys()) flush(url)
    },
    clear(): void {
      for (const { timer } of open.values()) clearTimeout(timer)
      open.clear()
    },
  }
}

/** The delivery of one POST: its changes, grouped by WABA into entries. */
export function deliveryOf(changes: Change[]): Delivery {
  const [first] = changes as [Change, ...Change[]]
  return {
    id: randomUUID(),
    at: Date.now(),
    url: first.url,
    field: changes.every(({ field }) => field === first.field) ? first.field : 'several',
    phoneNumberId: first.phoneNumberId,
    items: changes.length === 1 ? first.items : changes.flatMap(({ items }) => items),
    state: 'pending',
    attempts: [],
    body: wireJson({ object: 'whatsapp_business_account', entry: entriesOf(changes) }),
  }
}

function entriesOf(changes: Change[]) {
  const entries = new Map<string, { id: string; time?: number; changes: { value: unknown; field: string }[] }>()
  for (const { wabaId, time, value, field } of changes) {
    const key = `${wabaId}:${time ?? ''}`
    const entry = entries.get(key) ?? { id: wabaId, ...(time !== undefined && { time }), changes: [] }
    entry.changes.push({ value, field })
    entries.set(key, entry)
  }
  return [...entries.values()]
}
