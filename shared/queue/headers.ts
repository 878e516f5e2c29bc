import { createHash } from 'node:crypto'
import { childTrace, startOfTrace } from '../process/trace.ts'
import type { OutgoingMessage } from './types.ts'

/** Headers of ours. Those of the origin keep, on the way through the delay queues and into the dead letters, where it began. */
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
 * What every message carries. A table of headers costs as much as all the rest, so it is left out when there is nothing in it:
 * no attempt is the first, and an id that is a timed trace id is the trace too.
 * @param tag comes back with a message that no queue took, so that its publish is found
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
    ...(headers && { headers }),
  }
}

/** AMQP takes 255 bytes; an id that holds more, as one of Meta's may, goes by its hash. */
export function shortId(id: string): string {
  return Buffer.byteLength(id) <= MAX_ID_BYTES ? id : `h:${createHash('sha256').update(id).digest('hex')}`
}

const MAX_ID_BYTES = 255

/** The trace that a message belongs to: its header's, or that of its id. */
export function traceOf(headers: Record<string, unknown>, messageId: string | null): string | null {
  const given = text(headers[HEADER.trace])
  return given ?? (startOfTrace(messageId) === null ? null : childTrace(`00-${messageId}-0000000000000001-01`))
}

/** A header's text; null when it is missing or something else. */
export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
