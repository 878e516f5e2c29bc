import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel, ConsumeMessage } from 'amqplib'
import { Outage } from '../domain/errors.ts'
import type { Logger } from '../process/logger.ts'
import { within } from './link.ts'
import { deadLetterOf, laterOf, readDelivery, retryOf } from './origin.ts'
import type { Publisher } from './publisher.ts'
import type { BatchHandler, Delivery, Outcome, OutgoingMessage } from './types.ts'

/** How deliveries become batches. One at a time (`parallel: false`) keeps order; otherwise each is a batch of its own. */
export interface Work {
  handler: BatchHandler
  maxBatch: number
  lingerMs: number
  parallel: boolean
}

/** The life of one channel: its deliveries are settled on it and nowhere else. */
export interface Session {
  push(message: ConsumeMessage): void
  /** Why the channel ended: lost, missing, outage, or the reason given to drain. */
  ended: Promise<string>
  end(reason: string): void
  hasDelivered(): boolean
  /** No new work; work in hand finishes and is acked; then the channel closes and the rest returns to the head, in order. */
  drain(reason: string): Promise<void>
}

export interface SessionOptions {
  channel: Channel
  queue: string
  work: Work
  publisher: Publisher
  log: Logger
}

const HANDLER_MS = 60_000
/** How long a batch is repeated in place while a server is away, before the messages go back to the queue. */
const OUTAGE_IN_PLACE_MS = 60_000
const OUTAGE_WAIT_MS = [200, 500, 1000, 2000, 5000]
const REPUBLISH_WAIT_MS = 500
const DRAIN_MS = 20_000

export function openSession({ channel, queue, work, publisher, log }: SessionOptions): Session {
  let buffer: ConsumeMessage[] = []
  let timer: NodeJS.Timeout | null = null
  let hasDelivered = false
  let isDraining = false
  let isLost = false
  let endReason = 'lost'
  const running = new Set<Promise<void>>()
  const stop = new AbortController()
  let resolveEnded: (reason: string) => void = () => undefined
  const ended = new Promise<string>(resolve => {
    resolveEnded = resolve
  })

  channel.on('error', error => log.warn({ err: error, queue }, 'consuming channel'))
  channel.on('handler-error', error => log.error({ err: error, queue }, 'consuming listener'))
  channel.on('close', () => {
    isLost = true
    finish(endReason)
  })

  function finish(reason: string): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    isDraining = true
    buffer = []
    stop.abort(new Error(`the channel of ${queue} ended: ${reason}`))
    resolveEnded(reason)
  }

  function push(message: ConsumeMessage): void {
    if (isDraining) return
    hasDelivered = true
    buffer.push(message)
    if (work.parallel) start(buffer.splice(0))
    else if (running.size > 0) return
    else if (buffer.length >= work.maxBatch) startNext()
    else timer ??= setTimeout(startNext, work.lingerMs)
  }

  function startNext(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (!isDraining && buffer.length > 0 && running.size === 0) start(buffer.splice(0, work.maxBatch))
  }

  function start(messages: ConsumeMessage[]): void {
    const job: Promise<void> = processBatch(messages)
      .catch(error => log.error({ err: error, queue }, 'batch left unsettled'))
      .finally(() => {
        running.delete(job)
        startNext()
      })
    running.add(job)
  }

  async function processBatch(messages: ConsumeMessage[]): Promise<void> {
    const deliveries = messages.map(message => readDelivery(queue, message))
    const outcomes = await decide(deliveries)
    if (outcomes === 'leave' || isLost) return
    await settle(messages, deliveries, outcomes)
  }

  /** The handler's word; 'leave' when the messages shall return to the queue as they are. */
  async function decide(deliveries: Delivery[]): Promise<Outcome[] | 'leave'> {
    const startedAt = Date.now()
    for (let turn = 0; ; turn++) {
      try {
        const outcome = await limited(work.handler(deliveries, stop.signal))
        return Array.isArray(outcome) ? outcome : deliveries.map(() => outcome)
      } catch (error) {
        if (stop.signal.aborted) return 'leave'
        if (!(error instanceof Outage)) return retryAll(deliveries, error)
        if (turn === 0) log.warn({ err: error, queue }, 'waiting in place')
        if (Date.now() - startedAt > OUTAGE_IN_PLACE_MS) {
          endReason = 'outage'
          finish(endReason)
          await within(2000, channel.close())
          return 'leave'
        }
        await sleep(OUTAGE_WAIT_MS[Math.min(turn, OUTAGE_WAIT_MS.length - 1)], undefined, { signal: stop.signal }).catch(
          () => undefined,
        )
      }
    }
  }

  function retryAll(deliveries: Delivery[], error: unknown): Outcome[] {
    log.error({ err: error, queue, messageIds: deliveries.slice(0, 5).map(delivery => delivery.messageId) }, 'handler failed')
    return deliveries.map(() => ({ kind: 'retry', error }))
  }

  /** What is not done is published elsewhere first; only then is the batch acked, in one. */
  async function settle(messages: ConsumeMessage[], deliveries: Delivery[], outcomes: Outcome[]): Promise<void> {
    const moved = deliveries.flatMap(
      (delivery, i) => moveOf(delivery, outcomes[i] ?? { kind: 'retry', error: 'no outcome' }) ?? [],
    )
    await Promise.all(moved.map(republish))
    if (isLost) return
    const last = messages[messages.length - 1]
    if (last !== undefined) channel.ack(last, !work.parallel)
  }

  function moveOf(delivery: Delivery, outcome: Outcome): OutgoingMessage | null {
    if (outcome.kind === 'done') return null
    if (outcome.kind === 'later') return laterOf(delivery, outcome.delayMs)
    if (outcome.kind === 'dead-letter') return deadLetterOf(delivery, outcome.reason, outcome.error)
    return retryOf(delivery, outcome.error)
  }

  async function republish(message: OutgoingMessage): Promise<void> {
    while (!isLost) {
      try {
        return await publisher.publish(message)
      } catch (error) {
        log.warn({ err: error, queue, to: message.exchange }, 'cannot move a message yet')
        await sleep(REPUBLISH_WAIT_MS)
      }
    }
  }

  return {
    push,
    ended,
    hasDelivered: () => hasDelivered,
    end: finish,
    async drain(reason) {
      endReason = reason
      isDraining = true
      buffer = []
      stop.abort(new Error(`${queue} is draining`))
      await within(DRAIN_MS, Promise.all(running))
      if (!isLost) await within(2000, channel.close())
      finish(reason)
    },
  }
}

function limited<T>(work: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = sleep(HANDLER_MS, undefined, { signal: timer.signal }).then(
    () => Promise.reject(new Error('the handler took longer than 60 s')),
    () => new Promise<never>(() => undefined),
  )
  return Promise.race([work, late]).finally(() => timer.abort())
}
