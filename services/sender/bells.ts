import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { Logger } from '#shared/process/logger.ts'
import { eventMessage } from '#shared/queue/event-message.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import { bellFor } from '#shared/store/dispatch.ts'
import type { EventDoc, MessageDoc } from '#shared/store/documents.ts'

/** Whatever is not published is found by a sweep: a failure is worth a line, not an error. */
export interface Publishing {
  ring(rows: readonly MessageDoc[]): void
  /** Resolves when all are confirmed or given up. @param traces traceparent of the request behind each message, by its id */
  publish(events: readonly EventDoc[], traces?: ReadonlyMap<string, string | null>): Promise<void>
}

export function createPublishing(queue: Queue, log: Logger): Publishing {
  const report = (what: string) => (error: unknown) => log.warn({ err: error }, `${what} not published; the sweep will`)
  return {
    ring(rows) {
      for (const row of rows) {
        const bell = bellFor(row)
        queue
          .publish({
            exchange: EXCHANGES.send,
            routingKey: row.dispatch?.lane === 'b' ? 'bulk' : 'chat',
            type: MESSAGE_TYPE.sendBell,
            body: bell,
            messageId: bell.messageId,
            tenantId: bell.tenantId,
          })
          .catch(report('bell'))
      }
    },
    async publish(events, traces) {
      const traceOf = (event: EventDoc) => traces?.get(String(event.payload.messageId)) ?? null
      await Promise.all(events.map(event => publishEvent(queue, event, traceOf(event)).catch(report('event'))))
    },
  }
}

/** @throws PublishError */
export function publishEvent(queue: Queue, event: EventDoc, traceparent: string | null = null): Promise<void> {
  return queue.publish(eventMessage(event, traceparent))
}
