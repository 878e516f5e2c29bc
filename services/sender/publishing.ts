import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { EventDoc, MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { createEventPublisher } from '#shared/queue/publish-events.ts'
import { EXCHANGES, sendKey } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import { sendJobFor } from '#shared/store/dispatch/take.ts'

/** Whatever is not published is found by a sweep: a failure is worth a line, not an error. */
export interface Publishing {
  enqueue(rows: readonly MessageDoc[]): void
  /** Events after their commit. @see EventPublisher @param traceparent one stands for all that are published together */
  publish(events: readonly EventDoc[], traceparent?: string | null): Promise<void>
  /** Resolves when the broker has answered for all events so far. */
  settled(): Promise<void>
}

/** Bells without a confirm at once: many rows become due together. */
const WIDTH = 500
const REPORT_MS = 1000

export function createPublishing(queue: Queue, log: Logger): Publishing {
  const committed = createEventPublisher({ queue, log })
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
    publish: (events, traceparent = null) => committed.publish(events, traceparent),
    settled: () => committed.settled(),
  }
}

/** One line a second, however many they are. */
function reporter(log: Logger): (error: unknown) => void {
  let count = 0
  return error => {
    if (count++ > 0) return
    const tell = () => {
      log.warn({ err: error, count }, 'send jobs left to the sweep')
      count = 0
    }
    setTimeout(tell, REPORT_MS).unref()
  }
}
