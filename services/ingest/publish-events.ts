import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { RealtimeEvent } from '#shared/contracts/realtime-event.ts'
import type { Logger } from '#shared/process/logger.ts'
import { EXCHANGES, eventKey } from '#shared/queue/topology.ts'
import type { OutgoingMessage, Queue } from '#shared/queue/types.ts'
import type { EventDoc } from '#shared/store/documents.ts'

export interface EventPublisher {
  /** After their commit. Nobody waits: what fails here stays in the outbox, and the sweep publishes it. */
  publish(events: readonly EventDoc[], traceparent: string | null): void
  /** Resolves when the broker has answered for all that were published so far. */
  settled(): Promise<void>
}

/** Beyond these the sweep takes over: a slow broker must neither hold up the recorder nor fill its memory. */
const MAX_UNCONFIRMED = 500

export function publishesEvents({ queue, log }: { queue: Pick<Queue, 'publish'>; log: Logger }): EventPublisher {
  const batches = new Set<Promise<void>>()
  let unconfirmed = 0

  async function publishOne(event: EventDoc, traceparent: string | null): Promise<unknown> {
    if (unconfirmed >= MAX_UNCONFIRMED) return new Error('too many events are unconfirmed')
    unconfirmed++
    try {
      await queue.publish(messageOf(event, traceparent))
      return null
    } catch (error) {
      return error
    } finally {
      unconfirmed--
    }
  }

  async function publishAll(events: readonly EventDoc[], traceparent: string | null): Promise<void> {
    const results = await Promise.all(events.map(event => publishOne(event, traceparent)))
    const failures = results.filter(result => result !== null)
    if (failures.length > 0) log.warn({ failed: failures.length, err: failures[0] }, 'events left to the sweep')
  }

  return {
    publish(events, traceparent) {
      const batch: Promise<void> = publishAll(events, traceparent).finally(() => batches.delete(batch))
      batches.add(batch)
    },
    async settled() {
      await Promise.all(batches)
    },
  }
}

function messageOf(event: EventDoc, traceparent: string | null): OutgoingMessage {
  const tenantId = String(event.tenantId)
  const body: RealtimeEvent = {
    v: 1,
    eventId: event._id,
    tenantId,
    name: event.name,
    at: event.at.toISOString(),
    clientId: event.clientId ? String(event.clientId) : null,
    conversationId: event.conversationId ? String(event.conversationId) : null,
    userId: event.userId ? String(event.userId) : null,
    payload: event.payload,
  }
  const routingKey = eventKey(tenantId, event.name)
  return { exchange: EXCHANGES.event, routingKey, type: MESSAGE_TYPE.event, body, messageId: event._id, tenantId, traceparent }
}
