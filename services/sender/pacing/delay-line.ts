import type { SendJob } from '#shared/contracts/send-job.ts'
import type { JobOrigin } from '../send/job-origin.ts'
import { TimingWheel } from './timing-wheel.ts'

/** A send job whose number has no free send slot yet. */
export interface Waiting {
  job: SendJob
  origin: JobOrigin
}

/** Longer waits are written to the row, where other processes see them. */
const MAX_WAIT_MS = 3000
/** Jobs that become due within one tick are released together. */
const TICK_MS = 40
const MAX_WAITING = 20_000

/**
 * Send jobs that wait in memory for a send slot of their number. Their rows stay READY, so nothing is lost when the process dies.
 * A job that waits here holds no permit of the concurrency limiter and delays no other number.
 */
export class DelayLine {
  /** Ids of the messages in the line. */
  readonly #present = new Set<string>()
  readonly #wheel: TimingWheel<Waiting>

  constructor(release: (waiting: Waiting[]) => Promise<void>) {
    this.#wheel = new TimingWheel({ tickMs: TICK_MS, ref: false }, waiting => {
      for (const { job } of waiting) this.#present.delete(job.messageId)
      void release(waiting)
    })
  }

  /** @returns false when the wait is too long or the line is full. A job that already waits here keeps its time. */
  join(job: SendJob, waitMs: number, origin: JobOrigin): boolean {
    if (this.#present.has(job.messageId)) return true
    if (waitMs > MAX_WAIT_MS || this.#present.size >= MAX_WAITING) return false
    this.#present.add(job.messageId)
    this.#wheel.add({ job, origin }, Math.ceil((performance.now() + waitMs) / TICK_MS))
    return true
  }
}
