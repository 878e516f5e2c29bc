import { HEADER, text } from './headers.ts'
import type { Delivery } from './types.ts'

export interface DeadLetterOrigin {
  /** The work queue it was taken from. */
  queue: string
  /** Exchange and routing key it was first published with: a replay goes there. */
  exchange: string
  routingKey: string
  /** Ours, or the broker's word: `delivery_limit`, `rejected`, `maxlen`, `expired`. */
  reason: string
  /** The last error with its stack, without secrets; null when there was none or the process died over it. */
  error: string | null
  attempt: number
  /** Null when the broker put it there. */
  diedAt: Date | null
}

/** Where a delivery of the dead queue came from and why: put there by us, or by the broker at its delivery limit. */
export function readDeadLetter(delivery: Delivery): DeadLetterOrigin {
  const { headers } = delivery
  const reason = text(headers[HEADER.reason])
  const death = reason === null ? lastDeath(headers) : null
  const diedAt = Date.parse(text(headers[HEADER.diedAt]) ?? '')
  return {
    queue: death?.queue ?? text(headers[HEADER.queue]) ?? delivery.routingKey,
    exchange: text(headers[HEADER.exchange]) ?? death?.exchange ?? delivery.exchange,
    routingKey: text(headers[HEADER.routingKey]) ?? death?.routingKey ?? delivery.routingKey,
    reason: reason ?? death?.reason ?? 'unknown',
    error: text(headers[HEADER.error]),
    attempt: delivery.attempt,
    diedAt: Number.isNaN(diedAt) ? null : new Date(diedAt),
  }
}

/** The broker's table of deaths has the last one first. */
function lastDeath(headers: Record<string, unknown>) {
  const table = headers['x-death']
  const death: unknown = Array.isArray(table) ? table[0] : undefined
  if (typeof death !== 'object' || death === null) return null
  const fields: Record<string, unknown> = { ...death }
  const keys = fields['routing-keys']
  return {
    queue: text(fields.queue),
    exchange: text(fields.exchange),
    routingKey: text(Array.isArray(keys) ? keys[0] : null),
    reason: text(fields.reason),
  }
}
