import { HEADER, text } from './headers.ts'
import type { Delivery } from './types.ts'

export interface DeadLetterOrigin {
  /** Work queue from which the message was consumed. */
  queue: string
  /** Exchange and routing key of the first publish: a replay uses them again. */
  exchange: string
  routingKey: string
  /** Linko's reason, or the broker's: `delivery_limit`, `rejected`, `maxlen`, `expired`. */
  reason: string
  /** Last error with its stack, without secrets; null when there was none or the process died. */
  error: string | null
  attempt: number
  /** Null when the broker dead-lettered the message. */
  diedAt: Date | null
}

/** Origin and reason of a delivery of the dead queue, dead-lettered by Linko or by the broker. */
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

/** The most recent entry of the broker's `x-death` table, which is its first one. */
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
