import type { ConsumeMessage } from 'amqplib'
import type { MessageType } from '../contracts/message-types.ts'
import { errorText } from '../process/error-summary.ts'
import { scrub } from '../process/scrub.ts'
import { HEADER, text, traceOf } from './headers.ts'
import { EXCHANGES, RETRY_DELAYS_S, retryQueue } from './topology.ts'
import type { Delivery, Outcome, OutgoingMessage } from './types.ts'

export type RetryDelay = (typeof RETRY_DELAYS_S)[number]

/** Delay in seconds before the next attempt, by the number of the failed one (from 1). After the last comes the dead letter. */
export const LADDER_S: readonly RetryDelay[] = [1, 10, 60, 600, 600]
/** Bound for the error header: all headers of a message must fit into 64 KiB. */
const MAX_ERROR_CHARACTERS = 4000

/** A broker message as a Delivery. Exchange and routing key are those of its first publish, also after delays and replays. */
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
    publishedAt: timeOf(properties.timestamp),
    attempt: Number.isInteger(attempt) && attempt > 0 ? attempt : 1,
    redelivered: fields.redelivered,
    headers,
  }
}

/** AMQP tells the time in whole seconds. */
const timeOf = (timestamp: unknown): Date | null =>
  typeof timestamp === 'number' && timestamp > 0 ? new Date(timestamp * 1000) : null

/** The message to publish before the delivery is acked: null, the next attempt, or a dead letter. */
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

/** A delay rounded up to the next delay queue, at most the longest one. */
function delayAfter(delayMs: number): RetryDelay {
  return RETRY_DELAYS_S.find(seconds => seconds * 1000 >= delayMs) ?? 600
}

/**
 * A copy of the delivery for another exchange. Its routing key is the name of the work queue: the delay queues return it to that
 * queue, and the dead-letter consumer reads the name.
 */
function copyOf(delivery: Delivery, exchange: string, headers: Record<string, string | number>): OutgoingMessage {
  return {
    exchange,
    routingKey: delivery.queue,
    type: delivery.type as MessageType,
    body: delivery.content,
    messageId: delivery.messageId ?? '',
    headers: {
      ...keptHeaders(delivery.headers),
      [HEADER.attempt]: delivery.attempt,
      [HEADER.exchange]: delivery.exchange,
      [HEADER.routingKey]: delivery.routingKey,
      [HEADER.queue]: delivery.queue,
      ...headers,
    },
  }
}

/**
 * The headers without the broker's own: the broker takes a message that already names the queue in its `x-death` table for a
 * cycle, and drops it. Reason and time of death belong to one dead letter, not to the message.
 */
function keptHeaders(headers: Record<string, unknown>): Record<string, string | number> {
  const kept: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (/^x-(death|first-death|last-death|delivery-count|acquired-count|opt-)/.test(name)) continue
    if (name === HEADER.reason || name === HEADER.diedAt) continue
    if (typeof value === 'string' || typeof value === 'number') kept[name] = value
  }
  return kept
}

const describe = (error: unknown): string => errorText(error).slice(0, MAX_ERROR_CHARACTERS)
