import type { SendJob } from '#shared/contracts/send-job.ts'
import { isStopped } from '#shared/domain/accounts/spend-ceiling.ts'
import { later } from '#shared/domain/later.ts'
import type { Priority } from '#shared/domain/messages/priority.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import { holdOf, portfolioOf } from '#shared/domain/numbers/sending.ts'
import type { Decision, SendClaim } from '#shared/limits/claims.ts'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import type { ThreadOwner } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Standing } from '#shared/store/dispatch/standing.ts'
import type { Postponement } from '#shared/store/dispatch/take.ts'
import { ownNumber, type SendingNumber } from '../numbers.ts'
import type { ConcurrencyLimiter } from '../pacing/concurrency.ts'
import type { DelayLine } from '../pacing/delay-line.ts'
import type { Pacer } from '../pacing/pacer.ts'
import { type Judgement, judge } from './check-consent.ts'
import { type JobOrigin, NO_ORIGIN, type Origins } from './job-origin.ts'
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

/** What a round of claims is decided by. */
export interface ClaimContext {
  /** Numbers by `phoneNumberId`. */
  known: Map<string, SendingNumber>
  /** Windows and owners of the conversations, people and templates. */
  standing: Pick<Standing, 'windows' | 'owners' | 'people' | 'templates'>
  now: Date
  /** Collects the messages that must wait in their rows. */
  postponed: Postponement[]
  origins: Origins
}

/** A message admitted by number, window and limits. */
export interface Claimed {
  job: SendJob
  number: SendingNumber
  windowExpiresAt: Date | null
  /** Other app of the business that answers the customer; null: none is known. */
  otherOwner: ThreadOwner | null
  origin: JobOrigin
  /** Whether the person and the template allow it; null: to be read from the row. A refused message is taken, and fails. */
  judgement: Judgement | null
  /** Its send slot, by `performance.now()`. The time that the take needs is part of the wait. */
  dueAt: number
}

/** Wait of a message whose number has all the calls in flight that it may have. */
export const CONGESTED_MS = 200
/** A message that the spend holds asks again at this interval: a sender may learn of a higher ceiling some seconds late. */
const SPEND_RECHECK_MS = 15_000
/** Waits in rows are rounded up to a multiple of this, so that messages become due together. */
const WAIT_STEP_MS = 50

/**
 * Decides by the numbers and the limits which messages may be sent. The others wait in their rows. Campaign messages that wait
 * for the rate use the delay line: at most two seconds' worth is enqueued, and two row writes cost more than the call.
 */
export async function claimMessages(deps: ClaimDeps, jobs: SendJob[], context: ClaimContext): Promise<Claimed[]> {
  const able = jobs.filter(job => !isHeld(deps, job, context))
  const { allowed = [], refused = [] } = Object.groupBy(able, job => (isRefused(job, context) ? 'refused' : 'allowed'))
  const admitted = admit(deps, allowed, context)
  const decisions = await deps.limits.decide(admitted.map(job => claimOf(deps, job, context)))
  const decidedAt = performance.now()
  // They are not sent, so no limit counts them.
  const granted = refused.map(job => grant(job, decidedAt, context))
  for (const [i, job] of admitted.entries()) {
    const decision: Decision = decisions[i] ?? { granted: false, waitMs: CONGESTED_MS, limit: 'number' }
    const { waitMs } = decision
    if (decision.granted || decision.limit === 'number') deps.pacer.observe(job.phoneNumberId, waitMs)
    if (decision.granted) granted.push(grant(job, decidedAt + waitMs, context))
    else refuse(deps, job, decision, context)
  }
  return granted
}

/** Whether the job's number may not send it now; the message is then postponed. */
function isHeld(deps: ClaimDeps, job: SendJob, context: ClaimContext): boolean {
  const postponement = postponementOf(deps, job, context)
  if (postponement) context.postponed.push(postponement)
  return postponement !== null
}

/** The jobs whose number has capacity left. The others wait in the delay line or in their rows. */
function admit(deps: ClaimDeps, jobs: SendJob[], context: ClaimContext): SendJob[] {
  const { known, now } = context
  const admitted = new Map<string, number>()
  return jobs.filter(job => {
    const { client } = known.get(job.phoneNumberId) as SendingNumber
    const before = admitted.get(job.phoneNumberId) ?? 0
    admitted.set(job.phoneNumberId, before + 1)
    if (before < deps.limiter.roomFor(job.phoneNumberId, client.throughput)) return true
    wait(deps, { job, reason: 'rate', nextStepAt: later(now, CONGESTED_MS) }, CONGESTED_MS, context)
    return false
  })
}

/** The wait that the number's own state imposes on the message; null when it may send. */
function postponementOf({ priority, pause, log }: ClaimDeps, job: SendJob, context: ClaimContext): Postponement | null {
  const { known, now } = context
  const number = ownNumber(known, job)
  if (!number?.token) {
    if (number?.isUnreadable) pause.unreadableToken(number.client).catch(error => log.error({ err: error }, 'number not paused'))
    return { job, reason: 'paused', nextStepAt: null }
  }
  const spends = priority === 'campaign' ? 'campaign' : job.isTemplate ? 'template' : 'reply'
  if (isStopped(number.spendLevel, spends)) return { job, reason: 'spend', nextStepAt: later(now, SPEND_RECHECK_MS) }
  const kind = priority === 'campaign' ? 'campaign' : isFirst(job, context) ? 'first' : 'reply'
  const hold = holdOf(number.client, kind, now)
  return hold && { job, reason: hold.reason, nextStepAt: hold.until }
}

/** Puts the message into the delay line if it takes it, otherwise into its row. */
function wait({ delayLine }: ClaimDeps, postponement: Postponement, waitMs: number, context: ClaimContext): void {
  const { job } = postponement
  const { postponed, origins } = context
  if (!delayLine?.join(job, waitMs, origins.get(job.messageId) ?? NO_ORIGIN)) postponed.push(postponement)
}

function refuse(deps: ClaimDeps, job: SendJob, { limit, waitMs }: Refusal, context: ClaimContext): void {
  const reason = limit === 'pair' ? 'pair' : limit === 'messaging' ? 'quota' : 'rate'
  const nextStepAt = later(context.now, Math.ceil(waitMs / WAIT_STEP_MS) * WAIT_STEP_MS)
  if (limit === 'number') wait(deps, { job, reason, nextStepAt }, waitMs, context)
  else context.postponed.push({ job, reason, nextStepAt })
}

type Refusal = Decision & { granted: false }

function grant(job: SendJob, dueAt: number, context: ClaimContext): Claimed {
  const { known, standing, origins } = context
  const number = known.get(job.phoneNumberId) as SendingNumber
  const windowExpiresAt = standing.windows.get(job.conversationId) ?? null
  const otherOwner = standing.owners.get(job.conversationId) ?? null
  const judgement = judgementOf(job, context)
  return { job, number, windowExpiresAt, otherOwner, origin: origins.get(job.messageId) ?? NO_ORIGIN, judgement, dueAt }
}

function judgementOf(job: SendJob, { known, standing }: ClaimContext): Judgement | null {
  const { client } = known.get(job.phoneNumberId) as SendingNumber
  return judge(job, client.wabaId, standing)
}

const isRefused = (job: SendJob, context: ClaimContext) => (judgementOf(job, context)?.refusal ?? null) !== null

function claimOf({ priority, pacer }: ClaimDeps, job: SendJob, context: ClaimContext): SendClaim {
  const { phoneNumberId, contactKey, tenantId } = job
  const { client, perMinute, perDay } = context.known.get(phoneNumberId) as SendingNumber
  const { throughput: ratePerSecond, wabaId, messagingLimit: limit } = client
  const initiates = isFirst(job, context) && limit ? { portfolioId: portfolioOf(client), limit } : null
  const leadMs = pacer.leadMs(phoneNumberId)
  return { phoneNumberId, ratePerSecond, contactKey, tenantId, wabaId, perMinute, perDay, initiates, priority, leadMs }
}

/** Whether the message would start a conversation, which counts against the messaging limit. */
function isFirst(job: SendJob, { standing, now }: ClaimContext): boolean {
  return job.isTemplate && !windowIsOpen(standing.windows.get(job.conversationId) ?? null, now)
}
