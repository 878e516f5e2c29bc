import { setTimeout as sleep } from 'node:timers/promises'
import { Outage } from '../domain/errors.ts'
import type { Logger } from '../process/logger.ts'
import type { BatchHandler, Delivery, Outcome } from './types.ts'

/** An outcome for each delivery; `leave`: nothing is settled here any more; `outage`: too long to wait in place. */
export type Decision = Outcome[] | 'leave' | 'outage'

export interface DecideOptions {
  queue: string
  /** Aborted when the channel is lost or the consumer stops; aborted here when the handler is late. */
  job: AbortController
  /** How long a batch is repeated in place while a server is away, before its messages go back to the queue. */
  outageInPlaceMs: number
  log: Logger
}

const HANDLER_MS = 60_000
const OUTAGE_WAIT_MS = [200, 500, 1000, 2000, 5000]

/** Runs the handler until it has decided. A throw is a retry; an outage of ours is no attempt, the same deliveries wait for its end. */
export async function decide(handler: BatchHandler, deliveries: Delivery[], options: DecideOptions): Promise<Decision> {
  const { queue, job, outageInPlaceMs, log } = options
  const startedAt = Date.now()
  for (let turn = 0; ; turn++) {
    try {
      const outcome = await inTime(handler(deliveries, job.signal), job)
      return Array.isArray(outcome) ? matching(deliveries, outcome) : deliveries.map(() => outcome)
    } catch (error) {
      if (error instanceof LateHandler) return retryAll(deliveries, error, options)
      if (job.signal.aborted) return 'leave'
      if (!(error instanceof Outage)) return retryAll(deliveries, error, options)
      if (turn === 0) log.warn({ err: error, queue, waiting: deliveries.length }, 'waiting in place')
      if (Date.now() - startedAt >= outageInPlaceMs) return 'outage'
      await sleep(waitOf(turn), undefined, { signal: job.signal }).catch(() => undefined)
      if (job.signal.aborted) return 'leave'
    }
  }
}

class LateHandler extends Error {
  override readonly name = 'LateHandler'
}

/** A handler lives 60 s at most: beyond, it is told to end and its messages are tried again later. */
async function inTime<T>(work: Promise<T>, job: AbortController): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new LateHandler(`the handler took longer than ${HANDLER_MS / 1000} s`))
      job.abort()
    }, HANDLER_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function matching(deliveries: Delivery[], outcomes: Outcome[]): Outcome[] {
  return deliveries.map((_, i) => outcomes[i] ?? { kind: 'retry', error: new Error('the handler gave no outcome') })
}

function retryAll(deliveries: Delivery[], error: unknown, { log, queue }: DecideOptions): Outcome[] {
  const messageIds = deliveries.slice(0, 5).map(delivery => delivery.messageId)
  log.error({ err: error, queue, messages: deliveries.length, messageIds }, 'handler failed')
  return deliveries.map(() => ({ kind: 'retry', error }))
}

const waitOf = (turn: number) => OUTAGE_WAIT_MS[Math.min(turn, OUTAGE_WAIT_MS.length - 1)]
