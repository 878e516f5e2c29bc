import type { ConsumeMessage } from 'amqplib'
import type { MessageType } from '../contracts/message-types.ts'
import { scrub } from '../process/logger.ts'
import { EXCHANGES, RETRY_DELAYS_S, retryQueue } from './topology.ts'
import type { Delivery, OutgoingMessage } from './types.ts'

/** Headers that a message keeps on its way through the delay queues and into the dead letters. */
const HEADER = {
  attempt: 'x-linko-attempt',
  exchange: 'x-linko-origin-exchange',
  routingKey: 'x-linko-origin-key',
  queue: 'x-linko-origin-queue',
  reason: 'x-linko-reason',
  error: 'x-linko-error',
} as const

/** Seconds until the next try, by the attempt that failed (from 1); after the last comes the dead letter. */
const LADDER_S: readonly (typeof RETRY_DELAYS_S)[number][] = [1, 10, 60, 600, 600]
const MAX_ERROR_CHARACTERS = 4000

export function readDelivery(queue: string, message: ConsumeMessage): Delivery {
  const headers = message.properties.headers ?? {}
  return {
    queue,
    exchange: text(headers[HEADER.exchange]) ?? message.fields.exchange,
    routingKey: text(headers[HEADER.routingKey]) ?? message.fields.routingKey,
    type: text(message.properties.type) ?? '',
    content: message.content,
    messageId: text(message.properties.messageId),
    tenantId: text(headers['x-linko-tenant']),
    traceparent: text(headers.traceparent),
    attempt: Number(headers[HEADER.attempt] ?? 1),
    redelivered: message.fields.redelivered,
    headers,
  }
}

/** The message on its way to its next try, or to the dead letters when the ladder is used up. */
export function retryOf(delivery: Delivery, error: unknown): OutgoingMessage {
  const seconds = LADDER_S[delivery.attempt - 1]
  if (seconds === undefined) return deadLetterOf(delivery, 'attempts used up', error)
  return copyOf(delivery, retryQueue(seconds), { [HEADER.attempt]: delivery.attempt + 1, [HEADER.error]: describe(error) })
}

/** The message on its way back after a wait that is no attempt. */
export function laterOf(delivery: Delivery, delayMs: number): OutgoingMessage {
  const seconds = RETRY_DELAYS_S.find(delay => delay * 1000 >= delayMs) ?? RETRY_DELAYS_S[RETRY_DELAYS_S.length - 1] ?? 600
  return copyOf(delivery, retryQueue(seconds), {})
}

export function deadLetterOf(delivery: Delivery, reason: string, error?: unknown): OutgoingMessage {
  return copyOf(delivery, EXCHANGES.dead, {
    [HEADER.reason]: reason,
    ...(error !== undefined && { [HEADER.error]: describe(error) }),
  })
}

/** Where a dead letter came from and why: put there by us, or by the broker at its delivery limit. */
export function readDeadLetter(delivery: Delivery) {
  const { headers } = delivery
  return {
    queue: text(headers[HEADER.queue]) ?? text(headers['x-first-death-queue']) ?? delivery.routingKey,
    exchange: text(headers[HEADER.exchange]) ?? text(headers['x-first-death-exchange']) ?? '',
    routingKey: text(headers[HEADER.routingKey]) ?? firstDeathKey(headers) ?? delivery.routingKey,
    reason: text(headers[HEADER.reason]) ?? text(headers['x-first-death-reason']) ?? 'unknown',
    error: text(headers[HEADER.error]),
    attempt: delivery.attempt,
  }
}

function copyOf(delivery: Delivery, exchange: string, headers: Record<string, string | number>): OutgoingMessage {
  return {
    exchange,
    routingKey: delivery.queue,
    type: delivery.type as MessageType,
    body: delivery.content,
    messageId: delivery.messageId ?? '',
    tenantId: delivery.tenantId,
    traceparent: delivery.traceparent,
    headers: {
      ...own(delivery.headers),
      [HEADER.attempt]: delivery.attempt,
      [HEADER.exchange]: delivery.exchange,
      [HEADER.routingKey]: delivery.routingKey,
      [HEADER.queue]: delivery.queue,
      ...headers,
    },
  }
}

/** Our own headers travel on; the broker's tables of deaths would grow with every turn. */
function own(headers: Record<string, unknown>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string | number] =>
        entry[0].startsWith('x-linko-') && ['string', 'number'].includes(typeof entry[1]),
    ),
  )
}

function firstDeathKey(headers: Record<string, unknown>): string | null {
  const deaths = headers['x-death']
  const first = Array.isArray(deaths) ? deaths[deaths.length - 1] : undefined
  return text(first?.['routing-keys']?.[0])
}

function describe(error: unknown): string {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return scrub(told).slice(0, MAX_ERROR_CHARACTERS)
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
