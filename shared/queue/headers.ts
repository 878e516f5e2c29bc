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

/** What every message carries. @param tag comes back with a message that no queue took, so that its publish is found. */
export function propertiesOf(message: OutgoingMessage, tag: number, nowMs: number) {
  const headers: Record<string, string | number> = { [HEADER.attempt]: 1 }
  if (message.headers) Object.assign(headers, message.headers)
  if (message.tenantId) headers[HEADER.tenant] = message.tenantId
  if (message.traceparent) headers[HEADER.trace] = message.traceparent
  return {
    persistent: true,
    mandatory: true,
    messageId: message.messageId,
    type: message.type,
    contentType: 'application/json',
    timestamp: Math.floor(nowMs / 1000),
    correlationId: String(tag),
    headers,
  }
}

/** A header's text; null when it is missing or something else. */
export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
