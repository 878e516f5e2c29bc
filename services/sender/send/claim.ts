import type { SendJob } from '#shared/contracts/send-job.ts'
import { later } from '#shared/domain/later.ts'
import type { Priority } from '#shared/domain/messages/priority.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import { holdOf, portfolioOf } from '#shared/domain/numbers/sending.ts'
import type { Decision, SendClaim } from '#shared/limits/claims.ts'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Postponement } from '#shared/store/dispatch/take.ts'
import type { SendingNumber } from '../numbers.ts'
import type { ConcurrencyLimiter } from '../pacing/concurrency.ts'
import type { DelayLine } from '../pacing/delay-line.ts'
import type { Pacer } from '../pacing/pacer.ts'
import type { Pause } from './pause.ts'

export interface ClaimDeps {
  priority: Priority
  limits: SendLimits
  limiter: ConcurrencyLimiter
  pacer: Pacer
  /** Where campaign messages wait for their rate; null for chat. */
  delayLine: DelayLine | null
  pause: Pause
  log: Logger
}

/** traceparent of each send job, by its message's id. */
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

/** A message admitted by number, window and limits. */
export interface Claimed {
  job: SendJob
  number: SendingNumber
  windowExpiresAt: Date | null
  traceparent: string | null
  /** Its send slot in the number's rate, by `performance.now()`: the time that the take needs is part of the wait. */
  dueAt: number
}

/** How soon the next messages of a number at its share of the calls are tried again. */
export const CROWDED_MS = 200
/** Waits in rows are rounded up to this, so that messages become due together. */
const WAIT_STEP_MS = 50

/**
 * Asks number and limits which messages may go. The others wait in their rows; but a campaign's, of which never more than two
 * seconds' worth is enqueued, wait for the rate in the delay line: writing their rows twice would cost more than their calls.
 */
export async function claimMessages(deps: ClaimDeps, jobs: SendJob[], circumstances: Circumstances): Promise<Claimed[]> {
  const admitted = admit(deps, jobs, circumstances)
  const decisions = await deps.limits.decide(admitted.map(job => claimOf(deps, job, circumstances)))
  const decidedAt = performance.now()
  const granted: Claimed[] = []
  for (const [i, job] of admitted.entries()) {
    const decision: Decision = decisions[i] ?? { granted: false, waitMs: CROWDED_MS, limit: 'number' }
    const { waitMs } = decision
    if (decision.granted || decision.limit === 'number') deps.pacer.observe(job.phoneNumberId, waitMs)
    if (decision.granted) granted.push(grant(job, decidedAt + waitMs, circumstances))
    else refuse(deps, job, decision, circumstances)
  }
  return granted
}

/** Jobs whose number may send and has capacity left; the others are postponed, or wait in the delay line. */
function admit(deps: ClaimDeps, jobs: SendJob[], circumstances: Circumstances): SendJob[] {
  const { known, now, postponed } = circumstances
  const admitted = new Map<string, number>()
  return jobs.filter(job => {
    const hindrance = hindranceOf(deps, job, circumstances)
    if (hindrance) postponed.push(hindrance)
    if (hindrance) return false
    const { client } = known.get(job.phoneNumberId) as SendingNumber
    const before = admitted.get(job.phoneNumberId) ?? 0
    admitted.set(job.phoneNumberId, before + 1)
    if (before < deps.limiter.roomFor(job.phoneNumberId, client.throughput)) return true
    wait(deps, { job, reason: 'rate', nextStepAt: later(now, CROWDED_MS) }, CROWDED_MS, circumstances)
    return false
  })
}

/** Why the number itself does not send this message now; null when it does. */
function hindranceOf({ priority, pause, log }: ClaimDeps, job: SendJob, circumstances: Circumstances): Postponement | null {
  const { known, now } = circumstances
  const number = known.get(job.phoneNumberId)
  if (!number?.token) {
    if (number?.isUnreadable) pause.unreadableToken(number.client).catch(error => log.error({ err: error }, 'number not paused'))
    return { job, reason: 'paused', nextStepAt: null }
  }
  const kind = priority === 'campaign' ? 'campaign' : isFirst(job, circumstances) ? 'first' : 'reply'
  const hold = holdOf(number.client, kind, now)
  return hold && { job, reason: hold.reason, nextStepAt: hold.until }
}

/** Waits in the delay line if it can, otherwise in its row. */
function wait({ delayLine }: ClaimDeps, postponement: Postponement, waitMs: number, circumstances: Circumstances): void {
  const { job } = postponement
  const { postponed, traces } = circumstances
  if (!delayLine?.join(job, waitMs, traces.get(job.messageId) ?? null)) postponed.push(postponement)
}

function refuse(deps: ClaimDeps, job: SendJob, { limit, waitMs }: Refusal, circumstances: Circumstances): void {
  const reason = limit === 'pair' ? 'pair' : limit === 'messaging' ? 'quota' : 'rate'
  const nextStepAt = later(circumstances.now, Math.ceil(waitMs / WAIT_STEP_MS) * WAIT_STEP_MS)
  if (limit === 'number') wait(deps, { job, reason, nextStepAt }, waitMs, circumstances)
  else circumstances.postponed.push({ job, reason, nextStepAt })
}

type Refusal = Decision & { granted: false }

function grant(job: SendJob, dueAt: number, { known, windows, traces }: Circumstances): Claimed {
  const number = known.get(job.phoneNumberId) as SendingNumber
  const windowExpiresAt = windows.get(job.conversationId) ?? null
  return { job, number, windowExpiresAt, traceparent: traces.get(job.messageId) ?? null, dueAt }
}

function claimOf({ priority, pacer }: ClaimDeps, job: SendJob, circumstances: Circumstances): SendClaim {
  const { phoneNumberId, contactKey, tenantId } = job
  const { client, perMinute, perDay } = circumstances.known.get(phoneNumberId) as SendingNumber
  const { throughput: ratePerSecond, wabaId, messagingLimit: limit } = client
  const initiates = isFirst(job, circumstances) && limit ? { portfolioId: portfolioOf(client), limit } : null
  const leadMs = pacer.leadMs(phoneNumberId)
  return { phoneNumberId, ratePerSecond, contactKey, tenantId, wabaId, perMinute, perDay, initiates, priority, leadMs }
}

/** Whether the message would open a conversation, which counts against the messaging limit. */
function isFirst(job: SendJob, { windows, now }: Circumstances): boolean {
  return job.isTemplate && !windowIsOpen(windows.get(job.conversationId) ?? null, now)
}
