import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { EventDoc, MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { eventMessages } from '#shared/queue/event-message.ts'
import { EXCHANGES, sendKey } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import { sendJobFor } from '#shared/store/dispatch/take.ts'

/** Whatever is not published is found by a sweep: a failure is worth a line, not an error. */
export interface Publishing {
  enqueue(rows: readonly MessageDoc[]): void
  /** Resolves when all are confirmed or given up. @param traces traceparent of the request behind each message, by its id; the first stands for all that are published together */
  publish(events: readonly EventDoc[], traces?: ReadonlyMap<string, string | null>): Promise<void>
}

/** Bells without a confirm at once: many rows become due together. */
const WIDTH = 500
const REPORT_MS = 1000

export function createPublishing(queue: Queue, log: Logger): Publishing {
  const report = reporter(log)
  const waiting: MessageDoc[] = []
  let open = 0

  function publishNext(): void {
    while (open < WIDTH && waiting.length > 0) {
      open++
      publishOne(waiting.shift() as MessageDoc)
        .catch(report)
        .finally(() => {
          open--
          publishNext()
        })
    }
  }

  function publishOne(row: MessageDoc): Promise<void> {
    const job = sendJobFor(row)
    const routingKey = sendKey(row.dispatch?.priority ?? 'chat')
    const { messageId, tenantId } = job
    return queue.publish({ exchange: EXCHANGES.send, routingKey, type: MESSAGE_TYPE.sendJob, body: job, messageId, tenantId })
  }

  return {
    enqueue(rows) {
      for (const row of rows) waiting.push(row)
      publishNext()
    },
    async publish(events, traces) {
      const [first] = events
      const traceparent = traces?.get(String(first?.payload.messageId)) ?? null
      await publishEvents(queue, events, traceparent).catch(report)
    },
  }
}

/** One line a second, however many they are. */
function reporter(log: Logger): (error: unknown) => void {
  let count = 0
  return error => {
    if (count++ > 0) return
    const tell = () => {
      log.warn({ err: error, count }, 'send jobs or events not published; the sweep will')
      count = 0
    }
    setTimeout(tell, REPORT_MS).unref()
  }
}

/** @throws PublishError */
export async function publishEvents(queue: Queue, events: readonly EventDoc[], traceparent: string | null = null): Promise<void> {
  await Promise.all(eventMessages(events, traceparent).map(message => queue.publish(message)))
}
