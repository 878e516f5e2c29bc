import { setTimeout as sleep } from 'node:timers/promises'
import type { EventDoc } from '../model/documents.ts'
import type { Logger } from '../process/logger.ts'
import { eventMessages } from './event-message.ts'
import type { OutgoingMessage, Queue } from './types.ts'

export interface EventPublisher {
  /**
   * Publishes committed events in their order. Resolves when all are handed to the broker, not when it has confirmed them. An
   * event whose publish fails stays in the outbox, and the sweep publishes it.
   */
  publish(events: readonly EventDoc[], traceparent: string | null): Promise<void>
  /** Resolves when the broker has confirmed or refused all messages handed over so far. */
  settled(): Promise<void>
}

/** Messages in flight at most: a broker that confirms slowly delays its publishers, so that it does not fill their memory. */
const MAX_UNCONFIRMED = 100
/** Longest delay of one `publish` by a slow broker. Then the sweep publishes the rest, so that the caller can go on. */
const PATIENCE_MS = 2000

/** Creates the publisher of committed events; a process of any service has one. */
export function createEventPublisher({ queue, log }: { queue: Pick<Queue, 'publish'>; log: Logger }): EventPublisher {
  const inFlight = new Set<Promise<void>>()
  const unsent = { count: 0, error: null as unknown }

  /** Waits for the oldest message in flight, at most until `until`. @returns false when that time had passed before the call */
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
      .catch(error => countUnsent(1, error))
      .finally(() => inFlight.delete(confirm))
    inFlight.add(confirm)
  }

  function countUnsent(count: number, error: unknown): void {
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
        // Checked again after each wait: another caller may have used the room.
        if (inFlight.size < MAX_UNCONFIRMED) send(messages[sent++] as OutgoingMessage)
        else hasRoom = await waitForRoom(until)
      }
      if (!hasRoom) countUnsent(messages.length - sent, new Error('the broker confirms too slowly'))
      report()
    },
    async settled() {
      await Promise.all(inFlight)
      report()
    },
  }
}
