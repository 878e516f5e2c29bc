import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel, ConsumeMessage } from 'amqplib'
import type { Logger } from '../process/logger.ts'
import { deadLetters } from '../process/metrics.ts'
import { decide } from './decide.ts'
import { within } from './link.ts'
import { moveOf, type RetryDelay, readDelivery } from './moves.ts'
import type { Publisher } from './publisher.ts'
import { EXCHANGES } from './topology.ts'
import type { BatchHandler, Delivery, Outcome, OutgoingMessage } from './types.ts'

/** How deliveries become batches. One at a time (`parallel: false`) keeps order; otherwise each is a batch of its own. */
export interface Work {
  handler: BatchHandler
  maxBatch: number
  lingerMs: number
  parallel: boolean
}

/** Why a channel ended. `missing`: its queue was deleted. `outage`: a server was away too long to wait in place. */
export type End = 'lost' | 'missing' | 'outage' | 'handed over' | 'stopped'

/** The life of one channel: its deliveries are settled on it and nowhere else. */
export interface Session {
  push(message: ConsumeMessage): void
  /** Resolves when the channel is closed, so that whoever subscribes next stands behind the others. */
  ended: Promise<End>
  /** Closes at once: what is unsettled returns to the head of the queue, in order. */
  end(reason: End): Promise<void>
  /** No new work; work in hand finishes and is acked; then it ends. */
  drain(reason: End): Promise<void>
  hasDelivered(): boolean
  /** Deliveries not settled yet. */
  inHand(): number
}

export interface SessionOptions {
  channel: Channel
  queue: string
  work: Work
  publisher: Publisher
  log: Logger
  outageInPlaceMs: number
  ladder: readonly RetryDelay[]
}

const REPUBLISH_WAIT_MS = 500
const DRAIN_MS = 15_000
const CLOSE_MS = 2000

export function openSession(options: SessionOptions): Session {
  const { channel, queue, work, publisher, log, ladder, outageInPlaceMs } = options
  /** Deliveries that wait for their batch. */
  let buffer: ConsumeMessage[] = []
  let oldestAt = 0
  let timer: NodeJS.Timeout | null = null
  const running = new Map<AbortController, { size: number; done: Promise<void> }>()
  let hasDelivered = false
  /** `draining` starts nothing new; `ended` settles nothing any more. */
  let state: 'open' | 'draining' | 'ended' = 'open'
  let endReason: End = 'lost'
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<End>()

  channel.on('error', error => log.warn({ err: error, queue }, 'consuming channel'))
  channel.on('handler-error', error => log.error({ err: error, queue }, 'consuming listener'))
  channel.on('close', () => {
    stopWork('ended')
    resolveEnded(endReason)
  })

  function stopWork(next: 'draining' | 'ended'): void {
    state = next
    buffer = []
    if (timer !== null) clearTimeout(timer)
    timer = null
    for (const job of running.keys()) job.abort(new Error(`${queue} is not consumed any more: ${endReason}`))
  }

  async function end(reason: End): Promise<void> {
    if (state === 'ended') return
    endReason = reason
    stopWork('ended')
    await within(CLOSE_MS, channel.close())
    resolveEnded(endReason)
  }

  async function drain(reason: End): Promise<void> {
    if (state === 'open') {
      endReason = reason
      stopWork('draining')
    }
    await within(DRAIN_MS, Promise.all([...running.values()].map(({ done }) => done)))
    await end(reason)
  }

  function push(message: ConsumeMessage): void {
    if (state !== 'open') return
    hasDelivered = true
    if (buffer.length === 0) oldestAt = performance.now()
    buffer.push(message)
    schedule()
  }

  /** A full batch goes at once, another when its oldest message has waited long enough. */
  function schedule(): void {
    if (buffer.length === 0 || (running.size > 0 && !work.parallel)) return
    const waitMs = buffer.length >= work.maxBatch ? 0 : oldestAt + work.lingerMs - performance.now()
    if (waitMs <= 0) startNext()
    else timer ??= setTimeout(startNext, waitMs)
  }

  function startNext(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (state !== 'open' || buffer.length === 0) return
    const messages = buffer.length <= work.maxBatch ? buffer : buffer.slice(0, work.maxBatch)
    buffer = buffer.slice(messages.length)
    const job = new AbortController()
    const done = processBatch(messages, job)
      .catch(error => giveUp(error))
      .finally(() => {
        running.delete(job)
        schedule()
      })
    running.set(job, { size: messages.length, done })
  }

  async function processBatch(messages: ConsumeMessage[], job: AbortController): Promise<void> {
    const deliveries = messages.map(message => readDelivery(queue, message))
    const decision = await decide(work.handler, deliveries, { queue, job, outageInPlaceMs, log })
    if (decision === 'outage') await end('outage')
    else if (decision !== 'leave') await settle(messages, deliveries, decision)
  }

  /** What is done from the head on is acked in one; the rest is published elsewhere and confirmed before its ack. */
  async function settle(messages: ConsumeMessage[], deliveries: Delivery[], outcomes: Outcome[]): Promise<void> {
    const done = outcomes.findIndex(outcome => outcome.kind !== 'done')
    if (done === -1) return ack(messages[messages.length - 1])
    if (done > 0) ack(messages[done - 1])
    const moves = deliveries.map((delivery, i) => moveOf(delivery, outcomes[i] as Outcome, ladder))
    const moved = await Promise.all(moves.map(move => move === null || republish(move)))
    if (moved.every(Boolean)) ack(messages[messages.length - 1])
  }

  /** With one batch at a time all before it is settled, so one ack takes all up to this message. */
  function ack(message: ConsumeMessage | undefined): void {
    if (state !== 'ended' && message !== undefined) channel.ack(message, !work.parallel)
  }

  /** @returns false when the channel ended first: its messages come again. */
  async function republish(message: OutgoingMessage): Promise<boolean> {
    for (let turn = 0; state !== 'ended'; turn++) {
      try {
        await publisher.publish(message)
        if (message.exchange === EXCHANGES.dead) deadLetters.inc({ queue })
        return true
      } catch (error) {
        if (turn % 20 === 0) log.warn({ err: error, queue, to: message.exchange }, 'cannot move a message yet')
        if (state !== 'open') return false
        await sleep(REPUBLISH_WAIT_MS)
      }
    }
    return false
  }

  /** A batch that cannot be settled must not stay in hand for ever: the channel returns it. */
  async function giveUp(error: unknown): Promise<void> {
    log.error({ err: error, queue }, 'a batch was left unsettled')
    await end('lost')
  }

  return {
    push,
    ended,
    end,
    drain,
    hasDelivered: () => hasDelivered,
    inHand: () => [...running.values()].reduce((sum, { size }) => sum + size, buffer.length),
  }
}
