import type { SendJob } from '#shared/contracts/send-job.ts'

/** A bell whose number has no place for it just now. */
export interface Waiting {
  job: SendJob
  traceparent: string | null
}

/** Longer waits are written into the row: other processes shall see them. */
const LONGEST_MS = 3000
/** Those that come up within a tick go together. */
const TICK_MS = 40
const MOST = 20_000

/**
 * Bells that wait for their number's next places, in memory: their rows stay READY, so a process that dies with them loses
 * nothing. A number in the line keeps no slot and nobody behind it waiting.
 */
export function createDelayLine(comeUp: (waiting: Waiting[]) => Promise<void>) {
  const wheel = new Map<number, Waiting[]>()
  const present = new Set<string>()

  function release(tick: number): void {
    const waiting = wheel.get(tick) ?? []
    wheel.delete(tick)
    for (const { job } of waiting) present.delete(job.messageId)
    void comeUp(waiting)
  }

  return {
    /** False: it must wait elsewhere. One that stands in the line already stays where it is. */
    join(job: SendJob, waitMs: number, traceparent: string | null): boolean {
      if (present.has(job.messageId)) return true
      if (waitMs > LONGEST_MS || present.size >= MOST) return false
      const tick = Math.ceil((performance.now() + waitMs) / TICK_MS)
      const waiting = wheel.get(tick)
      present.add(job.messageId)
      if (waiting) waiting.push({ job, traceparent })
      else {
        wheel.set(tick, [{ job, traceparent }])
        setTimeout(release, tick * TICK_MS - performance.now(), tick).unref()
      }
      return true
    },
  }
}
