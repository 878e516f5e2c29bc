import { setTimeout as sleep } from 'node:timers/promises'
import { Outage } from '../domain/errors.ts'
import type { Logger } from '../process/logger.ts'
import type { BatchHandler, Delivery, Outcome } from './types.ts'

/** An outcome for each delivery. `leave`: the channel is gone, settle nothing. `outage`: it lasts too long to wait in place. */
export type Decision = Outcome[] | 'leave' | 'outage'

export interface DecideOptions {
  queue: string
  /** Aborted when the channel is lost or the consumer stops, and by `decide` when the handler is late. */
  job: AbortController
  /** Time for which a batch is repeated in place during an outage, before its messages return to the queue. */
  outageInPlaceMs: number
  /** Whether the server that the handler needs is there. Without it only an Outage tells that it is not. */
  available?: (() => Promise<boolean>) | undefined
  /** See `ConsumeOptions`. */
  handlerMs?: number | undefined
  log: Logger
}

const HANDLER_MS = 60_000
const OUTAGE_WAIT_MS = [200, 500, 1000, 2000, 5000]

/**
 * Runs the handler and returns its outcomes. An error becomes a retry of all deliveries. An Outage is not an attempt, nor is any
 * other failure while the server is away: the handler is repeated with the same deliveries, for at most `outageInPlaceMs`.
 */
export async function decide(handler: BatchHandler, deliveries: Delivery[], options: DecideOptions): Promise<Decision> {
  const { queue, job, outageInPlaceMs, handlerMs = HANDLER_MS, log } = options
  const startedAt = Date.now()
  for (let repeat = 0; ; repeat++) {
    try {
      const outcome = await inTime(handler(deliveries, job.signal), job, handlerMs)
      return Array.isArray(outcome) ? outcomesFor(deliveries, outcome) : deliveries.map(() => outcome)
    } catch (error) {
      const isLate = error instanceof LateHandler
      if (job.signal.aborted && !isLate) return 'leave'
      if (!(await isOutage(error, options))) return retryAll(deliveries, error, options)
      if (repeat === 0) log.warn({ err: error, queue, waiting: deliveries.length }, 'batch waits for the end of an outage')
      // A late handler may still run: its deliveries are not given to another one in this process.
      if (isLate || Date.now() - startedAt >= outageInPlaceMs) return 'outage'
      await sleep(waitOf(repeat), undefined, { signal: job.signal }).catch(() => undefined)
      if (job.signal.aborted) return 'leave'
    }
  }
}

async function isOutage(error: unknown, { available }: DecideOptions): Promise<boolean> {
  if (error instanceof Outage) return true
  return available !== undefined && !(await available().catch(() => false))
}

class LateHandler extends Error {
  override readonly name = 'LateHandler'
}

/** Bounds the handler: then its signal is aborted and its messages are retried. @throws LateHandler */
async function inTime<T>(work: Promise<T>, job: AbortController, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new LateHandler(`the handler took longer than ${limitMs / 1000} s`))
      job.abort()
    }, limitMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function outcomesFor(deliveries: Delivery[], outcomes: Outcome[]): Outcome[] {
  return deliveries.map((_, i) => outcomes[i] ?? { kind: 'retry', error: new Error('the handler returned no outcome') })
}

function retryAll(deliveries: Delivery[], error: unknown, { log, queue }: DecideOptions): Outcome[] {
  const messageIds = deliveries.slice(0, 5).map(delivery => delivery.messageId)
  log.error({ err: error, queue, messages: deliveries.length, messageIds }, 'handler failed')
  return deliveries.map(() => ({ kind: 'retry', error }))
}

const waitOf = (repeat: number) => OUTAGE_WAIT_MS[Math.min(repeat, OUTAGE_WAIT_MS.length - 1)]
