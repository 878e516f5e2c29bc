import { randomUUID } from 'node:crypto'
import { SendJob } from '#shared/contracts/send-job.ts'
import type { Priority } from '#shared/domain/messages/priority.ts'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { readMessage } from '#shared/queue/read-message.ts'
import { type BatchHandler, type Delivery, DONE, type Outcome } from '#shared/queue/types.ts'
import type { Store } from '#shared/store/connect.ts'
import { releaseSuccessors } from '#shared/store/dispatch/follow-ups.ts'
import { findStanding } from '#shared/store/dispatch/standing.ts'
import { type Postponement, postponeMessages, takeMessages } from '#shared/store/dispatch/take.ts'
import { ownNumber, type SendingNumber } from '../numbers.ts'
import { DelayLine, type Waiting } from '../pacing/delay-line.ts'
import { Pacer } from '../pacing/pacer.ts'
import { TakeAhead } from '../pacing/take-ahead.ts'
import type { Publishing } from '../publishing.ts'
import { type AttemptDeps, runAttempt } from './attempt.ts'
import { type ClaimDeps, type Claimed, claimMessages } from './claim.ts'
import { postponePausedCampaigns, postponeSuccessors } from './eligible.ts'
import type { HeldCampaigns } from './held-campaigns.ts'
import type { Origins } from './job-origin.ts'
import type { Pause } from './pause.ts'

export interface SendDeps extends Omit<AttemptDeps, 'priority' | 'pacer'> {
  store: Store
  limits: SendLimits
  campaigns: HeldCampaigns
  pause: Pause
  publishing: Publishing
  /** Name of this process in the rows that it takes. */
  owner: string
}

/** The handler of one priority's send jobs. */
export function createSend(deps: SendDeps, priority: Priority): BatchHandler {
  const consumer = new SendConsumer(deps, priority)
  return (deliveries, signal) => consumer.handle(deliveries, signal)
}

/**
 * Turns send jobs into calls. A job is only a hint, the row decides: the sweep enqueues lost jobs again. So a batch is acked
 * once its rows are taken, are postponed or have a send slot, and the calls follow later. A row is taken shortly before its
 * slot: if the process dies between take and call, it is unknown whether the message was sent.
 */
class SendConsumer {
  readonly #deps: SendDeps
  readonly #priority: Priority
  readonly #claim: ClaimDeps
  readonly #attempt: AttemptDeps
  readonly #takeAhead = new TakeAhead<Claimed>(group => this.#takeSoon(group))

  constructor(deps: SendDeps, priority: Priority) {
    this.#deps = deps
    this.#priority = priority
    const pacer = new Pacer(deps.limits)
    const delayLine = priority === 'campaign' ? new DelayLine(waiting => this.#sendDelayed(waiting)) : null
    this.#claim = { ...deps, priority, pacer, delayLine }
    this.#attempt = { ...deps, priority, pacer }
  }

  async handle(deliveries: Delivery[], signal: AbortSignal): Promise<Outcome[]> {
    const parsed = deliveries.map(delivery => readMessage(SendJob, delivery))
    const jobs = [...new Map(parsed.filter(job => job !== null).map(job => [job.messageId, job])).values()]
    const origins = new Map(
      deliveries.map(({ messageId, traceparent, publishedAt = null }) => [messageId, { traceparent, enqueuedAt: publishedAt }]),
    )
    await this.#sendAll(jobs, origins, signal)
    return parsed.map(job => (job === null ? { kind: 'dead-letter', reason: 'not a send job' } : DONE))
  }

  async #sendAll(jobs: SendJob[], origins: Origins, signal?: AbortSignal): Promise<void> {
    while (jobs.length > 0 && !signal?.aborted) {
      const reserved = await this.#deps.limiter.reserve(this.#priority, jobs.length)
      if (reserved === 0) break
      await this.#sendSome(jobs.splice(0, reserved), reserved, origins)
    }
  }

  /** Sends jobs that leave the delay line. Their rows are READY: the sweep enqueues again those that are not taken now. */
  async #sendDelayed(waiting: Waiting[]): Promise<void> {
    const origins = new Map(waiting.map(({ job, origin }) => [job.messageId, origin]))
    const jobs = waiting.map(({ job }) => job)
    const { log } = this.#deps
    await this.#sendAll(jobs, origins).catch(error => log.warn({ err: error }, 'delayed messages not taken'))
  }

  /** Uses at most `reserved` permits of the limiter, and returns at once those that no message needs. */
  async #sendSome(jobs: SendJob[], reserved: number, origins: Origins): Promise<void> {
    const { store, limiter, clock, publishing } = this.#deps
    let kept = 0
    try {
      const now = clock.now()
      const postponed: Postponement[] = []
      const claimed = await this.#claimSome(jobs, { now, postponed, origins })
      kept = claimed.length
      for (const { job } of claimed) limiter.enterNumber(job.phoneNumberId)
      const taking = this.#take(this.#takeAhead.add(claimed))
      const [taken, written] = await Promise.allSettled([taking, postponeMessages(store, postponed, now)])
      if (taken.status === 'rejected') throw taken.reason
      if (written.status === 'rejected') throw written.reason
      publishing.enqueue(await releaseSuccessors(store, conversationsToCheck(postponed), now))
    } finally {
      limiter.release(this.#priority, reserved - kept)
    }
  }

  /** Claims the jobs that may be sent now, and adds the others to `postponed`. */
  async #claimSome(jobs: SendJob[], round: { now: Date; postponed: Postponement[]; origins: Origins }): Promise<Claimed[]> {
    const { store, numbers, campaigns } = this.#deps
    const known = await numbers.find(jobs.map(job => job.phoneNumberId))
    const running = await postponePausedCampaigns(campaigns, withPresentIds(jobs, known), round)
    const standing = await findStanding(store, running, round.now)
    const { heads, erased } = standing
    // Accepted while their person was being erased: the recorder empties them.
    const alive = running.filter(({ conversationId }) => !erased.has(conversationId))
    const free = postponeSuccessors(alive, heads, this.#priority, round)
    return claimMessages(this.#claim, free, { known, standing, ...round })
  }

  /** Takes a group whose slots are close. Rows that are not taken stay READY: the sweep enqueues them again. */
  #takeSoon(group: Claimed[]): void {
    this.#take(group).catch(error => this.#deps.log.warn({ err: error }, 'messages not taken'))
  }

  /** Takes the claimed rows and starts their calls. Returns the permits of rows that another process took. */
  async #take(claimed: Claimed[]): Promise<void> {
    const { store, limiter, owner, clock } = this.#deps
    const byId = new Map(claimed.map(claim => [claim.job.messageId, claim]))
    // A set of claims, not of ids: two jobs may have claimed the same message.
    const left = new Set(claimed)
    try {
      const jobs = [...byId.values()].map(({ job }) => job)
      const taken = await takeMessages(store, jobs, { token: randomUUID(), owner, now: clock.now() })
      // The rows are taken: nothing that may fail comes before their calls.
      for (const message of taken) {
        const claim = byId.get(String(message._id)) as Claimed
        left.delete(claim)
        void runAttempt(this.#attempt, withIdOf(message, claim), claim)
      }
    } finally {
      for (const { job } of left) limiter.leaveNumber(job.phoneNumberId)
      limiter.release(this.#priority, left.size)
    }
  }
}

/** Jobs of a number that has another id at Meta by now get that one, which they are limited and sent by. */
function withPresentIds(jobs: SendJob[], known: Map<string, SendingNumber>): SendJob[] {
  return jobs.map(job => {
    const number = ownNumber(known, job)
    if (number === undefined || number.client.phoneNumberId === job.phoneNumberId) return job
    known.set(number.client.phoneNumberId, number)
    return { ...job, phoneNumberId: number.client.phoneNumberId }
  })
}

const withIdOf = (message: MessageDoc, { job: { phoneNumberId } }: Claimed): MessageDoc =>
  message.phoneNumberId === phoneNumberId ? message : { ...message, phoneNumberId }

/**
 * The postponed messages whose conversation is checked for a message that may be sent: the predecessor may have ended
 * meanwhile, and a message that a restriction or the spend holds does not block its successors.
 */
const conversationsToCheck = (postponed: Postponement[]) =>
  postponed.filter(({ reason }) => LETS_PASS.has(reason)).map(({ job }) => job)
const LETS_PASS: ReadonlySet<Postponement['reason']> = new Set(['predecessor', 'restricted', 'spend'])
