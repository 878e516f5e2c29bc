import { setTimeout as sleep } from 'node:timers/promises'
import type { EventDoc } from '../model/documents.ts'
import type { Logger } from '../process/logger.ts'
import { eventMessages } from './event-message.ts'
import type { OutgoingMessage, Queue } from './types.ts'

export interface EventPublisher {
  /**
   * After their commit, in their order. Resolves when all are handed to the broker, not when it has confirmed them: what
   * fails later stays in the outbox, and the sweep publishes it.
   */
  publish(events: readonly EventDoc[], traceparent: string | null): Promise<void>
  /** Resolves when the broker has answered for all that were handed over so far. */
  settled(): Promise<void>
}

/** A broker that confirms slowly slows its publishers down rather than filling their memory … */
const MAX_UNCONFIRMED = 100
/** … for this long; then the sweep takes over, so that storing goes on without a broker for the events. */
const PATIENCE_MS = 2000

/** The one way out for events that were committed: of one process, of any service. */
export function createEventPublisher({ queue, log }: { queue: Pick<Queue, 'publish'>; log: Logger }): EventPublisher {
  const inFlight = new Set<Promise<void>>()
  const unsent = { count: 0, error: null as unknown }

  /** False when there is none by then. */
  async function waitForRoom(until: number): Promise<boolean> {
    const leftMs = until - performance.now()
    if (leftMs <= 0) return false
    const [oldest] = inFlight
    await Promise.race([oldest, sleep(leftMs, undefined, { ref: false })])
    return true
  }

  function send(message: OutgoingMessage): void {
    const confirm: Promise<void> = queue
      .publish(message)
      .catch(error => leave(1, error))
      .finally(() => inFlight.delete(confirm))
    inFlight.add(confirm)
  }

  function leave(count: number, error: unknown): void {
    unsent.count += count
    unsent.error = error
  }

  function report(): void {
    if (unsent.count === 0) return
    log.warn({ batches: unsent.count, err: unsent.error }, 'events left to the sweep')
    unsent.count = 0
  }

  return {
    async publish(events, traceparent) {
      const until = performance.now() + PATIENCE_MS
      const messages = eventMessages(events, traceparent)
      let sent = 0
      let hasRoom = true
      while (hasRoom && sent < messages.length) {
        // Looked at again after each wait: others that waited may have taken the room.
        if (inFlight.size < MAX_UNCONFIRMED) send(messages[sent++] as OutgoingMessage)
        else hasRoom = await waitForRoom(until)
      }
      if (!hasRoom) leave(messages.length - sent, new Error('the broker confirms too slowly'))
      report()
    },
    async settled() {
      await Promise.all(inFlight)
      report()
    },
  }
}
