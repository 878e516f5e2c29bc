import { createHash } from 'node:crypto'
import { childTrace, startOfTrace } from '../process/trace.ts'
import type { OutgoingMessage } from './types.ts'

/**
 * Linko's own headers. The origin headers hold the queue, exchange and routing key of the first publish while a message passes
 * through the delay queues and into the dead letters.
 */
export const HEADER = {
  attempt: 'x-linko-attempt',
  tenant: 'x-linko-tenant',
  trace: 'traceparent',
  queue: 'x-linko-origin-queue',
  exchange: 'x-linko-origin-exchange',
  routingKey: 'x-linko-origin-key',
  reason: 'x-linko-reason',
  error: 'x-linko-error',
  diedAt: 'x-linko-died-at',
} as const

/**
 * AMQP properties of a message. The header table costs as much as all other properties together, so it is omitted when empty: a
 * message without an attempt is in its first one, and a message id that is a timed trace id also names the trace.
 * @param tag sent as the correlation id; the broker's `return` of an unroutable message carries it back
 */
export function propertiesOf(message: OutgoingMessage, tag: number, nowMs: number) {
  const { messageId, type, traceparent, tenantId } = message
  let { headers } = message
  if (tenantId) headers = { ...headers, [HEADER.tenant]: tenantId }
  if (traceparent) headers = { ...headers, [HEADER.trace]: traceparent }
  return {
    persistent: true,
    mandatory: true,
    messageId: shortId(messageId),
    type,
    contentType: 'application/json',
    timestamp: Math.floor(nowMs / 1000),
    correlationId: String(tag),
    // No queue of ours orders by priority; RabbitMQ 4 treats 0 to 4 alike.
    ...(message.isUrgent && { priority: URGENT }),
    ...(headers && { headers }),
  }
}

/** AMQP priority of an urgent message. */
export const URGENT = 1

/** An id of at most 255 bytes, the limit of AMQP. A longer one, which Meta may issue, is replaced by its hash. */
export function shortId(id: string): string {
  return Buffer.byteLength(id) <= MAX_ID_BYTES ? id : `h:${createHash('sha256').update(id).digest('hex')}`
}

const MAX_ID_BYTES = 255

/** The `traceparent` of a message: from its header, or derived from a message id that is a timed trace id. */
export function traceOf(headers: Record<string, unknown>, messageId: string | null): string | null {
  const given = text(headers[HEADER.trace])
  if (given !== null) return given
  const named = traceNamedBy(messageId)
  return named === null ? null : childTrace(named)
}

/** The trace that a message id names, if it is a timed trace id. No span of it is known. */
export const traceNamedBy = (messageId: string | null): string | null =>
  startOfTrace(messageId) === null ? null : `00-${messageId}-0000000000000001-01`

/** The value of a header if it is a string, else null. */
export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
