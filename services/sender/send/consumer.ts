import { randomUUID } from 'node:crypto'
import { SendJob } from '#shared/contracts/send-job.ts'
import type { Priority } from '#shared/domain/messages/priority.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { readMessage } from '#shared/queue/read-message.ts'
import { type BatchHandler, type Delivery, DONE, type Outcome } from '#shared/queue/types.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { releaseSuccessors } from '#shared/store/dispatch/finish.ts'
import type { Settlement } from '#shared/store/dispatch/outcome-writes.ts'
import {
  findHeads,
  findWindows,
  mayBeTaken,
  type Postponement,
  PREDECESSOR_RECHECK_MS,
  postponeMessages,
  takeMessages,
} from '#shared/store/dispatch/take.ts'
import type { Numbers, SendingNumber } from '../numbers.ts'
import type { ConcurrencyLimiter } from '../pacing/concurrency.ts'
import { createDelayLine, type Waiting } from '../pacing/delay-line.ts'
import { createPacer, createTimingWheel } from '../pacing/pacer.ts'
import type { Publishing } from '../publishing.ts'
import type { TemplateCheck } from './check-template.ts'
import { type Claimed, CROWDED_MS, createClaim, type Traces } from './claim.ts'
import type { HeldCampaigns } from './held-campaigns.ts'
import type { Pause } from './pause.ts'
import { failedHere, givenBack, windowClosed } from './settle.ts'

export interface SendDeps {
  store: Store
  limits: SendLimits
  numbers: Numbers
  campaigns: HeldCampaigns
  pause: Pause
  limiter: ConcurrencyLimiter
  publishing: Publishing
  clock: ServerClock
  log: Logger
  owner: string
  checkTemplate: TemplateCheck
  call: (message: MessageDoc, number: SendingNumber) => Promise<Settlement>
  /** Resolves when the outcome is written. */
  finish: (settlement: Settlement) => Promise<void>
}

const TEMPLATE_RECHECK_MS = 2000
const CAMPAIGN_RECHECK_MS = 5000

/**
 * Bells to calls. The bell is only a reminder: whatever it rings for is decided by the row, and a bell that is lost here is
 * rung again by the sweep. So a batch is acked once its rows are taken, put off, or have a place soon; the calls go on
 * behind it. A row is taken shortly before its place: of one that was taken and not called, nobody knows that it was not.
 */
export function createSend(deps: SendDeps, priority: Priority) {
  const { store, limits, limiter, clock } = deps
  const delayLine = priority === 'campaign' ? createDelayLine(comeUp) : null
  const pacer = createPacer(limits)
  const claim = createClaim(deps, priority, delayLine, pacer)
  const beforePlace = createTimingWheel(takeSoon)

  async function handle(deliveries: Delivery[], signal: AbortSignal): Promise<Outcome[]> {
    const parsed = deliveries.map(delivery => readMessage(SendJob, delivery))
    const jobs = [...new Map(parsed.filter(job => job !== null).map(job => [job.messageId, job])).values()]
    const traces = new Map(deliveries.map(delivery => [delivery.messageId, delivery.traceparent]))
    await sendAll(jobs, traces, signal)
    return parsed.map(job => (job === null ? { kind: 'dead-letter', reason: 'not a send job' } : DONE))
  }

  async function sendAll(jobs: SendJob[], traces: Traces, signal?: AbortSignal): Promise<void> {
    while (jobs.length > 0 && !signal?.aborted) {
      const reserved = await limiter.reserve(priority, jobs.length)
      if (reserved === 0) break
      await sendSome(jobs.splice(0, reserved), reserved, traces)
    }
  }

  async function comeUp(waiting: Waiting[]): Promise<void> {
    const traces = new Map(waiting.map(({ job, traceparent }) => [job.messageId, traceparent]))
    const jobs = waiting.map(({ job }) => job)
    // Their rows are READY: what is not taken now is rung again by the sweep.
    await sendAll(jobs, traces).catch(error => deps.log.warn({ err: error }, 'campaign messages left to the sweep'))
  }

  /** Uses at most `reserved` slots and gives back at once those that no call needs. */
  async function sendSome(jobs: SendJob[], reserved: number, traces: Traces): Promise<void> {
    let kept = 0
    try {
      const now = clock.now()
      const known = await deps.numbers.find(jobs.map(job => job.phoneNumberId))
      const postponed: Postponement[] = []
      const running = await passPausedCampaigns(jobs, now, postponed)
      const [free, windows] = await Promise.all([passPredecessors(running, now, postponed), findWindows(store, running)])
      const claimed = await claim(free, { known, windows, now, postponed, traces })
      kept = claimed.length
      for (const { job } of claimed) limiter.enterNumber(job.phoneNumberId)
      const [taken, putOff] = await Promise.allSettled([take(beforePlace(claimed)), postponeMessages(store, postponed, now)])
      if (taken.status === 'rejected') throw taken.reason
      if (putOff.status === 'rejected') throw putOff.reason
      deps.publishing.enqueue(await releaseSuccessors(store, settlementsOf(postponed), now))
    } finally {
      limiter.release(priority, reserved - kept)
    }
  }

  /** Its rows are READY until then: what is not taken is rung again by the sweep. */
  function takeSoon(group: Claimed[]): void {
    take(group).catch(error => deps.log.warn({ err: error }, 'messages left to the sweep'))
  }

  /** Takes what is claimed and starts its calls; gives back the slots of what another took. */
  async function take(claimed: Claimed[]): Promise<void> {
    const byId = new Map(claimed.map(claim => [claim.job.messageId, claim]))
    // Two bells may have rung for one message.
    const left = new Set(claimed)
    try {
      const jobs = [...byId.values()].map(({ job }) => job)
      const taken = await takeMessages(store, jobs, { token: randomUUID(), owner: deps.owner, now: clock.now() })
      // The rows are ours: nothing that may fail comes between their take and their call.
      for (const message of taken) {
        const claim = byId.get(String(message._id)) as Claimed
        left.delete(claim)
        void carryOut(message, claim)
      }
    } finally {
      for (const { job } of left) limiter.leaveNumber(job.phoneNumberId)
      limiter.release(priority, left.size)
    }
  }

  /** Those of a campaign that is paused are looked at again from time to time; those of one that has ended, it ends itself. */
  async function passPausedCampaigns(jobs: SendJob[], now: Date, postponed: Postponement[]): Promise<SendJob[]> {
    const paused = await deps.campaigns.findHeld(jobs.flatMap(({ campaignId }) => campaignId ?? []))
    if (paused.size === 0) return jobs
    const isHeld = ({ campaignId }: SendJob) => campaignId !== null && paused.has(campaignId)
    const nextStepAt = later(now, CAMPAIGN_RECHECK_MS)
    postponed.push(...jobs.filter(isHeld).map(job => ({ job, reason: 'paused' as const, nextStepAt })))
    return jobs.filter(job => !isHeld(job))
  }

  /** Only the earliest unfinished message of a conversation may go; bells for what is done or in hand end here. */
  async function passPredecessors(jobs: SendJob[], now: Date, postponed: Postponement[]): Promise<SendJob[]> {
    const heads = await findHeads(store, jobs, now)
    return jobs.filter(job => {
      const head = heads.get(job.conversationId)
      if (head === undefined) return priority === 'campaign'
      if (head.messageId === job.messageId) return mayBeTaken(head, now)
      postponed.push({ job, reason: 'predecessor', nextStepAt: later(now, PREDECESSOR_RECHECK_MS) })
      return false
    })
  }

  async function carryOut(message: MessageDoc, claim: Claimed): Promise<void> {
    try {
      const settlement = await attempt(message, claim).finally(() => {
        limiter.leaveNumber(claim.job.phoneNumberId)
        limiter.endCall(priority)
      })
      await deps.finish({ ...settlement, traceparent: claim.traceparent })
    } catch (error) {
      // The row stays TAKEN: its lease ends, and the sweep finds an attempt without an outcome.
      deps.log.error({ err: error, messageId: claim.job.messageId }, 'attempt not settled')
    } finally {
      limiter.written()
    }
  }

  async function attempt(message: MessageDoc, { number, windowExpiresAt, dueAt }: Claimed): Promise<Settlement> {
    const now = clock.now()
    if (message.payload === null) return failedHere(message, 'unsendable', now)
    if (message.type !== 'template' && !windowIsOpen(windowExpiresAt, later(now, dueAt - performance.now())))
      return windowClosed(message, now)
    const refusal = await deps.checkTemplate(message, number)
    if (refusal === 'later') return givenBack(message, 'rate', later(now, TEMPLATE_RECHECK_MS), now)
    if (refusal !== null) return failedHere(message, refusal, now)
    if (!(await pacer.reach(number.client, dueAt))) return givenBack(message, 'rate', later(clock.now(), CROWDED_MS), clock.now())
    if (deps.numbers.isHeld(message.phoneNumberId)) return givenBack(message, 'paused', null, clock.now())
    return await deps.call(message, number)
  }

  return handle satisfies BatchHandler
}

/** The earlier message may have ended while the later one was told to wait for it; one that a restriction holds lets others by. */
const settlementsOf = (postponed: Postponement[]) =>
  postponed.filter(({ reason }) => reason === 'predecessor' || reason === 'restricted').map(({ job }) => job)

const later = (at: Date, ms: number) => new Date(at.getTime() + ms)
