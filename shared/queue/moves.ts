import type { ConsumeMessage } from 'amqplib'
import type { MessageType } from '../contracts/message-types.ts'
import { scrub } from '../process/logger.ts'
import { HEADER, text, traceOf } from './headers.ts'
import { EXCHANGES, RETRY_DELAYS_S, retryQueue } from './topology.ts'
import type { Delivery, Outcome, OutgoingMessage } from './types.ts'

export type RetryDelay = (typeof RETRY_DELAYS_S)[number]

/** Seconds until the next try, by the attempt that failed (from 1); after the last comes the dead letter. */
export const LADDER_S: readonly RetryDelay[] = [1, 10, 60, 600, 600]
/** All headers of a message must fit into 64 KiB. */
const MAX_ERROR_CHARACTERS = 4000

/** Wherever a message has been since, exchange and routing key are those it was published with. */
export function readDelivery(queue: string, { fields, properties, content }: ConsumeMessage): Delivery {
  const headers = properties.headers ?? {}
  const attempt = Number(headers[HEADER.attempt] ?? 1)
  const messageId = text(properties.messageId)
  return {
    queue,
    exchange: text(headers[HEADER.exchange]) ?? fields.exchange,
    routingKey: text(headers[HEADER.routingKey]) ?? fields.routingKey,
    type: text(properties.type) ?? '',
    content,
    messageId,
    tenantId: text(headers[HEADER.tenant]),
    traceparent: traceOf(headers, messageId),
    attempt: Number.isInteger(attempt) && attempt > 0 ? attempt : 1,
    redelivered: fields.redelivered,
    headers,
  }
}

/** What an outcome publishes before the delivery is acked: nothing, the next try, or a dead letter. */
export function moveOf(delivery: Delivery, outcome: Outcome, ladder = LADDER_S): OutgoingMessage | null {
  if (outcome.kind === 'done') return null
  if (outcome.kind === 'later') return copyOf(delivery, retryQueue(delayAfter(outcome.delayMs)), {})
  if (outcome.kind === 'dead-letter') return deadLetterOf(delivery, outcome.reason, outcome.error)
  const seconds = ladder[delivery.attempt - 1]
  if (seconds === undefined) return deadLetterOf(delivery, 'attempts used up', outcome.error)
  const description = describe(outcome.error)
  return copyOf(delivery, retryQueue(seconds), { [HEADER.attempt]: delivery.attempt + 1, [HEADER.error]: description })
}

function deadLetterOf(delivery: Delivery, reason: string, error: unknown): OutgoingMessage {
  return copyOf(delivery, EXCHANGES.dead, {
    [HEADER.reason]: scrub(reason).slice(0, MAX_ERROR_CHARACTERS),
    [HEADER.diedAt]: new Date().toISOString(),
    ...(error !== undefined && { [HEADER.error]: describe(error) }),
  })
}

/** Rounded up to the next delay queue; beyond the longest, the longest. */
function delayAfter(delayMs: number): RetryDelay {
  return RETRY_DELAYS_S.find(seconds => seconds * 1000 >= delayMs) ?? 600
}

/** The queue's name is the key: the delay queues send it back by that, the keeper of the dead letters reads it. */
function copyOf(delivery: Delivery, exchange: string, headers: Record<string, string | number>): OutgoingMessage {
  return {
    exchange,
    routingKey: delivery.queue,
    type: delivery.type as MessageType,
    body: delivery.content,
    messageId: delivery.messageId ?? '',
    headers: {
      ...travelling(delivery.headers),
      [HEADER.attempt]: delivery.attempt,
      [HEADER.exchange]: delivery.exchange,
      [HEADER.routingKey]: delivery.routingKey,
      [HEADER.queue]: delivery.queue,
      ...headers,
    },
  }
}

/**
 * All but the broker's own: a message that shows where it has expired before is taken for one that runs in a circle, and dropped.
 * The reason belongs to one dead letter, not to the message.
 */
function travelling(headers: Record<string, unknown>): Record<string, string | number> {
  const kept: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (/^x-(death|first-death|last-death|delivery-count|acquired-count|opt-)/.test(name)) continue
    if (name === HEADER.reason || name === HEADER.diedAt) continue
    if (typeof value === 'string' || typeof value === 'number') kept[name] = value
  }
  return kept
}

function describe(error: unknown): string {
  const description = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return scrub(description).slice(0, MAX_ERROR_CHARACTERS)
}
