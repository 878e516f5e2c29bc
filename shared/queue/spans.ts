import { type SpanAttributes, spans } from '../process/spans/spans.ts'
import { childTrace } from '../process/trace.ts'
import { HEADER, text, traceNamedBy } from './headers.ts'
import { type Delivery, type Outcome, type OutgoingMessage, PublishError } from './types.ts'

/** Publishes a message within a span, which the message carries as its parent. Without an exporter it only publishes. */
export async function publishInSpan(
  message: OutgoingMessage,
  publish: (message: OutgoingMessage) => Promise<void>,
): Promise<void> {
  const parent = message.traceparent ?? text(message.headers?.[HEADER.trace])
  const traceparent = childTrace(parent ?? traceNamedBy(message.messageId))
  const startedAt = performance.now()
  let error: string | null = null
  try {
    await publish({ ...message, traceparent })
  } catch (failure) {
    error = failure instanceof PublishError ? failure.reason : 'error'
    throw failure
  } finally {
    const { exchange, routingKey, messageId, tenantId = null } = message
    spans.record?.({
      name: `publish ${exchange}`,
      kind: 'producer',
      traceparent,
      parent,
      startedAt,
      error,
      attributes: {
        'messaging.operation.name': 'publish',
        'messaging.operation.type': 'send',
        'messaging.destination.name': `${exchange}:${routingKey}`,
        ...attributesOf({ routingKey, messageId, tenantId }),
      },
    })
  }
}

/** Deliveries whose `traceparent` is the span of their processing, a child of their message's. */
export const inSpans = (deliveries: Delivery[]): Delivery[] =>
  deliveries.map(delivery => ({ ...delivery, traceparent: childTrace(delivery.traceparent) }))

/**
 * Records the processing of a batch, a span for each delivery.
 * @param deliveries as they came
 * @param handled the same with their spans: `inSpans`
 * @param outcomes what becomes of each; null when the batch was given up and is delivered again
 */
export function recordProcessing(
  { deliveries, handled, startedAt }: { deliveries: Delivery[]; handled: Delivery[]; startedAt: number },
  outcomes: Outcome[] | null,
): void {
  handled.forEach((delivery, i) => {
    const { queue, exchange, routingKey, messageId, tenantId, traceparent, attempt } = delivery
    if (traceparent === null) return
    const outcome = outcomes?.[i]?.kind ?? 'given up'
    spans.record?.({
      name: `process ${queue}`,
      kind: 'consumer',
      traceparent,
      parent: deliveries[i]?.traceparent ?? null,
      startedAt,
      error: outcome === 'done' || outcome === 'later' ? null : outcome,
      attributes: {
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': `${exchange}:${routingKey}:${queue}`,
        'linko.attempt': attempt,
        'linko.outcome': outcome,
        ...attributesOf({ routingKey, messageId, tenantId }),
      },
    })
  })
}

const attributesOf = (message: Pick<Delivery, 'routingKey' | 'messageId' | 'tenantId'>): SpanAttributes => ({
  'messaging.system': 'rabbitmq',
  'messaging.rabbitmq.destination.routing_key': message.routingKey,
  'messaging.message.id': ownId(message.messageId),
  'linko.tenant.id': ownId(message.tenantId),
})

/** An id of Linko: of a row, or of a webhook. Other message ids are made of ids of Meta, which contain phone numbers. */
const ownId = (id: string | null) => (id !== null && /^(?:[0-9a-f]{24}|[0-9a-f]{32})$/.test(id) ? id : null)
