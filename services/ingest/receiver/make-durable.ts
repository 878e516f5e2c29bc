import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { Json } from '#shared/meta/json.ts'
import type { Logger } from '#shared/process/logger.ts'
import { childTrace, timedTraceId } from '#shared/process/trace.ts'
import { EXCHANGES, webhookKeys } from '#shared/queue/topology.ts'
import { type OutgoingMessage, PublishError, type Queue } from '#shared/queue/types.ts'
import { type Part, readEnvelope, splitBody } from './split.ts'
import type { Spool, SpoolOptions } from './spool.ts'
import type { RefusedBody } from './spool-refused.ts'

export interface DurableDeps {
  queue: Pick<Queue, 'publish'>
  /** null when disabled: without the broker Meta then gets 503 and repeats the webhook. */
  spool: Pick<Spool, 'isEmpty' | 'append' | 'refuse'> | null
  log: Logger
}

export interface Received {
  body: Json
  /** The bytes that came. */
  bytes: Buffer
  /** ms since 1970 */
  receivedAt: number
  /** Of the webhook itself; null: the ids of its messages name their traces. */
  traceparent: string | null
}

const CONFIRM = { timeoutMs: 2000 }

/**
 * Publishes each part of a body or, when its queue or earlier spooled parts of its key prevent that, appends it to the spool.
 * @throws when both fail for a part
 */
export async function makeDurable(deps: DurableDeps, received: Received): Promise<'accepted' | 'spooled'> {
  const parts = splitBody(received.body, received.bytes)
  const trace = traceOf(parts, received.traceparent)
  const [only] = parts
  if (parts.length === 1 && only) return await makePartDurable(deps, only, received.receivedAt, trace)
  const outcomes = await Promise.all(parts.map(part => makePartDurable(deps, part, received.receivedAt, trace)))
  return outcomes.includes('spooled') ? 'spooled' : 'accepted'
}

async function makePartDurable(
  { queue, spool, log }: DurableDeps,
  part: Part,
  receivedAt: number,
  trace: string | null,
): Promise<'accepted' | 'spooled'> {
  const { routingKey } = part
  if (spool === null || spool.isEmpty(routingKey)) {
    try {
      await publishPart(queue, part, receivedAt, trace)
      return 'accepted'
    } catch (error) {
      if (spool === null) throw error
      log.debug({ err: error, routingKey }, 'webhook spooled')
      if (!(error instanceof PublishError)) {
        await spool.refuse(routingKey, bytesOf(part), receivedAt, error)
        return 'spooled'
      }
    }
  }
  await spool.append(routingKey, bytesOf(part), receivedAt)
  return 'spooled'
}

/** Publishes all parts of a body at once, and resolves when the broker has confirmed each. @throws PublishError, RangeError */
export async function publishBody(
  queue: Pick<Queue, 'publish'>,
  { body, bytes, receivedAt, traceparent }: Received,
): Promise<void> {
  const parts = splitBody(body, bytes)
  const trace = traceOf(parts, traceparent)
  const results = await Promise.allSettled(parts.map(part => publishPart(queue, part, receivedAt, trace)))
  const errors = results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []))
  // A part that may still be published comes before one that never will: the caller repeats the body.
  if (errors.length > 0) throw errors.find(error => error instanceof PublishError) ?? errors[0]
}

/** Several parts, or the parts of a webhook with a trace, share it; otherwise the message id names it. */
const traceOf = (parts: Part[], traceparent: string | null) => traceparent ?? (parts.length === 1 ? null : childTrace(null))

/** The message id holds the time of arrival and, for a body in one part, the trace id. */
const publishPart = (
  queue: Pick<Queue, 'publish'>,
  { routingKey, body, isUrgent }: Part,
  receivedAt: number,
  traceparent: string | null,
) =>
  queue.publish(
    {
      exchange: EXCHANGES.webhook,
      routingKey,
      type: MESSAGE_TYPE.webhook,
      body,
      messageId: timedTraceId(receivedAt),
      isUrgent,
      traceparent,
    },
    CONFIRM,
  )

const bytesOf = ({ body }: Part) => (Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)))

/** What the spool does with a body that it has read again. */
export function spoolWork(queue: Pick<Queue, 'publish'>): Pick<SpoolOptions, 'publish' | 'split' | 'report'> {
  return {
    publish: async (bytes, receivedAt) => publishBody(queue, { body: bodyOf(bytes), bytes, receivedAt, traceparent: null }),
    split: bytes => splitBody(bodyOf(bytes), bytes).map(part => ({ routingKey: part.routingKey, body: bytesOf(part) })),
    report: refused => queue.publish(noticeOf(refused)),
  }
}

/** @throws TypeError for bytes that are no webhook: the rules may have changed since they were spooled */
function bodyOf(bytes: Buffer): Json {
  const body = readEnvelope(bytes)
  if (body === null) throw new TypeError('the body is no webhook')
  return body
}

/**
 * What becomes the dead letter of a refused body: a text that names its file, for the body itself may be what no queue takes. The
 * recorder makes a dead letter of what is not JSON; the receiver may publish to no other exchange than that of the webhooks.
 */
const noticeOf = ({ file, key, bytes, receivedAt, reason }: RefusedBody): OutgoingMessage => ({
  exchange: EXCHANGES.webhook,
  routingKey: webhookKeys.account,
  type: MESSAGE_TYPE.webhook,
  body: Buffer.from(
    `No queue takes a webhook of ${bytes} bytes for ${key}. The receiver's spool keeps it as refused/${file}: ${reason}`,
  ),
  messageId: timedTraceId(receivedAt),
})
