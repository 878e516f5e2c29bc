import type { SendJob } from '#shared/contracts/send-job.ts'
import { TimingWheel } from './timing-wheel.ts'

/** A send job whose number has no free send slot now. */
export interface Waiting {
  job: SendJob
  traceparent: string | null
}

/** Longer waits are written into the row, where other processes see them. */
const LONGEST_MS = 3000
/** Jobs that become due within one tick are released together. */
const TICK_MS = 40
const MOST = 20_000

/**
 * Send jobs that wait in memory for their number's next send slots. Their rows stay READY, so a process that dies with them
 * loses nothing. A number that waits here uses no capacity of the concurrency limiter and holds up no other number.
 */
export class DelayLine {
  /** Ids of the messages that wait. */
  readonly #present = new Set<string>()
  readonly #wheel: TimingWheel<Waiting>

  constructor(release: (waiting: Waiting[]) => Promise<void>) {
    this.#wheel = new TimingWheel({ tickMs: TICK_MS, ref: false }, waiting => {
      for (const { job } of waiting) this.#present.delete(job.messageId)
      void release(waiting)
    })
  }

  /** @returns false when the job must wait elsewhere. One that waits here already keeps its time. */
  join(job: SendJob, waitMs: number, traceparent: string | null): boolean {
    if (this.#present.has(job.messageId)) return true
    if (waitMs > LONGEST_MS || this.#present.size >= MOST) return false
    this.#present.add(job.messageId)
    this.#wheel.add({ job, traceparent }, Math.ceil((performance.now() + waitMs) / TICK_MS))
    return true
  }
}
