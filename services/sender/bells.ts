import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { Logger } from '#shared/process/logger.ts'
import { eventMessages } from '#shared/queue/event-message.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import { bellFor } from '#shared/store/dispatch.ts'
import type { EventDoc, MessageDoc } from '#shared/store/documents.ts'

/** Whatever is not published is found by a sweep: a failure is worth a line, not an error. */
export interface Publishing {
  ring(rows: readonly MessageDoc[]): void
  /** Resolves when all are confirmed or given up. @param traces traceparent of the request behind each message, by its id; the first stands for all that are published together */
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
      const [first] = events
      const traceparent = traces?.get(String(first?.payload.messageId)) ?? null
      await publishEvents(queue, events, traceparent).catch(report('events'))
    },
  }
}

/** @throws PublishError */
export async function publishEvents(queue: Queue, events: readonly EventDoc[], traceparent: string | null = null): Promise<void> {
  await Promise.all(eventMessages(events, traceparent).map(message => queue.publish(message)))
}
