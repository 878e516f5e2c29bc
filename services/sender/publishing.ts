import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { EventDoc, MessageDoc, UnprojectedMessage } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { projectionMessages } from '#shared/queue/projection-messages.ts'
import { createEventPublisher } from '#shared/queue/publish-events.ts'
import { EXCHANGES, sendKey } from '#shared/queue/topology.ts'
import type { Queue } from '#shared/queue/types.ts'
import { sendJobFor } from '#shared/store/dispatch/take.ts'

/** Publishes send jobs and events. A failed publish is logged, not thrown: a sweep finds the row and publishes it again. */
export interface Publishing {
  enqueue(rows: readonly MessageDoc[]): void
  /** Publishes committed events. @see EventPublisher @param traceparent shared by all events of the call */
  publish(events: readonly EventDoc[], traceparent?: string | null): Promise<void>
  /** Has the recorder show in their conversations what became of messages. */
  project(rows: readonly UnprojectedMessage[]): void
  /** Resolves when the broker has confirmed or refused every event so far. */
  settled(): Promise<void>
}

/** Maximum number of unconfirmed send jobs: many rows become due together, and the publisher bounds what it accepts at once. */
const MAX_UNCONFIRMED = 500
const REPORT_MS = 1000

export function createPublishing(queue: Queue, log: Logger): Publishing {
  const committed = createEventPublisher({ queue, log })
  const reportFailure = createFailureReport(log)
  const waiting: MessageDoc[] = []
  let unconfirmed = 0

  function publishNext(): void {
    while (unconfirmed < MAX_UNCONFIRMED && waiting.length > 0) {
      unconfirmed++
      publishOne(waiting.shift() as MessageDoc)
        .catch(reportFailure)
        .finally(() => {
          unconfirmed--
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
    project(rows) {
      for (const message of projectionMessages(rows)) queue.publish(message).catch(reportFailure)
    },
    publish: (events, traceparent = null) => committed.publish(events, traceparent),
    settled: () => committed.settled(),
  }
}

/** Logs failures at most once a second, with their number. */
function createFailureReport(log: Logger): (error: unknown) => void {
  let count = 0
  return error => {
    if (count++ > 0) return
    const report = () => {
      log.warn({ err: error, count }, 'send or projection jobs not published')
      count = 0
    }
    setTimeout(report, REPORT_MS).unref()
  }
}
