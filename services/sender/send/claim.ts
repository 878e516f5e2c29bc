import type { SendJob } from '#shared/contracts/send-job.ts'
import type { Priority } from '#shared/domain/messages/priority.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import { holdOf, portfolioOf } from '#shared/domain/numbers/sending.ts'
import type { SendClaim } from '#shared/limits/claims.ts'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Postponement } from '#shared/store/dispatch/take.ts'
import type { SendingNumber } from '../numbers.ts'
import type { ConcurrencyLimiter } from '../pacing/concurrency.ts'
import type { createDelayLine } from '../pacing/delay-line.ts'
import type { Pacer } from '../pacing/pacer.ts'
import type { Pause } from './pause.ts'

export interface ClaimDeps {
  limits: SendLimits
  limiter: ConcurrencyLimiter
  pause: Pause
  log: Logger
}

/** traceparent of each bell, by its message's id. */
export type Traces = ReadonlyMap<string | null, string | null>

export interface Circumstances {
  known: Map<string, SendingNumber>
  /** Until when each conversation's window is open. */
  windows: Map<string, Date | null>
  now: Date
  /** Filled with what must wait in its row. */
  postponed: Postponement[]
  traces: Traces
}

/** It may go. */
export interface Claimed {
  job: SendJob
  number: SendingNumber
  windowExpiresAt: Date | null
  traceparent: string | null
  /** Its place in the number's rate, by `performance.now()`: the time that the take needs is part of the wait. */
  dueAt: number
}

/** A number at its share of the calls: its next ones are looked at again soon. */
export const CROWDED_MS = 200

/**
 * Asks number and limits for what may go at all. Refused ones wait in their rows; but a campaign's, of which never more than
 * two seconds' worth is rung, in the line: a row written twice for each would cost more than its call.
 */
export function createClaim(
  deps: ClaimDeps,
  priority: Priority,
  delayLine: ReturnType<typeof createDelayLine> | null,
  pacer: Pacer,
) {
  const { limits, limiter, pause, log } = deps

  /** What the number itself has against it. */
  function hindrance(job: SendJob, isFirst: boolean, { known, now }: Circumstances): Postponement | null {
    const number = known.get(job.phoneNumberId)
    if (!number?.token) {
      if (number?.isUnreadable)
        pause.unreadableToken(number.client).catch(error => log.error({ err: error }, 'number not paused'))
      return { job, reason: 'paused', nextStepAt: null }
    }
    const hold = holdOf(number.client, priority === 'campaign' ? 'campaign' : isFirst ? 'first' : 'reply', now)
    return hold && { job, reason: hold.reason, nextStepAt: hold.until }
  }

  /** Waits in the line if it can, otherwise in its row. */
  function wait(postponement: Postponement, waitMs: number, { postponed, traces }: Circumstances): void {
    const { job } = postponement
    if (!delayLine?.join(job, waitMs, traces.get(job.messageId) ?? null)) postponed.push(postponement)
  }

  return async function claim(jobs: SendJob[], circumstances: Circumstances): Promise<Claimed[]> {
    const { known, windows, now, postponed } = circumstances
    const isFirst = (job: SendJob) => job.isTemplate && !windowIsOpen(windows.get(job.conversationId) ?? null, now)
    const admitted = new Map<string, number>()
    const sendable = jobs.filter(job => {
      const hindered = hindrance(job, isFirst(job), circumstances)
      if (hindered) postponed.push(hindered)
      if (hindered) return false
      const { client } = known.get(job.phoneNumberId) as SendingNumber
      const before = admitted.get(job.phoneNumberId) ?? 0
      admitted.set(job.phoneNumberId, before + 1)
      if (before < limiter.roomFor(job.phoneNumberId, client.throughput)) return true
      wait({ job, reason: 'rate', nextStepAt: later(now, CROWDED_MS) }, CROWDED_MS, circumstances)
      return false
    })
    const claims = sendable.map(job => {
      const number = known.get(job.phoneNumberId) as SendingNumber
      return claimOf(job, number, { priority, isFirst: isFirst(job), leadMs: pacer.leadMs(job.phoneNumberId) })
    })
    const decisions = await limits.decide(claims)
    const decidedAt = performance.now()
    return sendable.flatMap((job, i) => {
      const decision = decisions[i] ?? { granted: false as const, waitMs: CROWDED_MS, limit: 'number' as const }
      const { waitMs } = decision
      if (decision.granted || decision.limit === 'number') pacer.observe(job.phoneNumberId, waitMs)
      if (decision.granted) return [grant(job, decidedAt + waitMs, circumstances)]
      const { limit } = decision
      const reason = limit === 'pair' ? 'pair' : limit === 'messaging' ? 'quota' : 'rate'
      const postponement: Postponement = { job, reason, nextStepAt: later(now, Math.ceil(waitMs / 50) * 50) }
      if (limit === 'number') wait(postponement, waitMs, circumstances)
      else postponed.push(postponement)
      return []
    })
  }
}

function grant(job: SendJob, dueAt: number, { known, windows, traces }: Circumstances): Claimed {
  const number = known.get(job.phoneNumberId) as SendingNumber
  const windowExpiresAt = windows.get(job.conversationId) ?? null
  return { job, number, windowExpiresAt, traceparent: traces.get(job.messageId) ?? null, dueAt }
}

function claimOf(
  job: SendJob,
  number: SendingNumber,
  { isFirst, ...way }: { priority: Priority; isFirst: boolean; leadMs: number },
): SendClaim {
  const { phoneNumberId, contactKey, tenantId } = job
  const { client, perMinute, perDay } = number
  const { throughput: ratePerSecond, wabaId, messagingLimit: limit } = client
  const initiates = isFirst && limit ? { portfolioId: portfolioOf(client), limit } : null
  return { phoneNumberId, ratePerSecond, contactKey, tenantId, wabaId, perMinute, perDay, initiates, ...way }
}

const later = (at: Date, ms: number) => new Date(at.getTime() + ms)
