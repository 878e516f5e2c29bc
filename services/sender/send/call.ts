import { later } from '#shared/domain/later.ts'
import { isNotEligible } from '#shared/domain/messages/direct-send.ts'
import { hasExpired } from '#shared/domain/messages/expiry.ts'
import { refusesMedia } from '#shared/domain/messages/media-slots.ts'
import { describeError, type ErrorScope, THROUGHPUT_LIMIT } from '#shared/domain/messages/send-errors.ts'
import { pairKey } from '#shared/limits/claims.ts'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import type { MetaClient, SendResult } from '#shared/meta/client.ts'
import type { Dispatch, MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { sendAttempt, sendQueueWait, sendTotal } from '#shared/process/metrics.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Settlement } from '#shared/store/dispatch/outcome-writes.ts'
import type { SendingNumber } from '../numbers.ts'
import type { HeldCampaigns } from './held-campaigns.ts'
import type { Pause } from './pause.ts'
import { bodyFor } from './request-body.ts'
import { type Decision, decide, failedWithoutCall, returned } from './settle.ts'
import type { StopCampaign } from './stop-campaign.ts'
import type { Uploads } from './uploads.ts'

export interface CallDeps {
  meta: MetaClient
  uploads: Uploads
  limits: SendLimits
  pause: Pause
  stopCampaign: StopCampaign
  campaigns: Pick<HeldCampaigns, 'resumedAt'>
  clock: ServerClock
  log: Logger
  unknownDeadlineMs: number
  /** Whether the other senders count this one among the living. */
  isAlive(): boolean
}

/** Wait of a message that this process could not call for in time. */
const LATE_MS = 1000

/** What the limits of a message are keyed by. */
interface Target {
  phoneNumberId: string
  contactKey: string
  wabaId: string
}

/** A message in its attempt. */
interface Attempted {
  message: MessageDoc
  number: SendingNumber
  traceparent: string | null
}

/**
 * Calls Meta for one attempt, decides what the answer means, and applies a refusal to the limits, the number and the campaign.
 */
export function createCall(deps: CallDeps) {
  const { meta, uploads, limits, pause, stopCampaign, campaigns, clock, log, unknownDeadlineMs, isAlive } = deps

  /** @param resumedAt when the message's campaign was last resumed, as known at the start of the call */
  async function applyRefusal(decision: Decision, number: SendingNumber, resumedAt: Date | null): Promise<void> {
    const { refusal, settlement } = decision
    if (refusal === null) return
    const { error, verdict, askedMs } = refusal
    const { phoneNumberId, contactKey } = settlement.message
    const { wabaId } = number.client
    switch (verdict.kind) {
      case 'pause':
        return pause.pauseFor(number.client, error)
      case 'hold-campaigns':
        await limits.hold('campaign', phoneNumberId, verdict.delayMs)
        return pause.noteHeldCampaigns(number.client, error, verdict.delayMs)
      case 'later':
        if (error.code === THROUGHPUT_LIMIT) await limits.slowDown(phoneNumberId)
        if (error.code === THROUGHPUT_LIMIT && askedMs === 0) return
        return holdScope(verdict, { phoneNumberId, contactKey, wabaId })
      case 'fail':
        if (error.scope === 'template') await stopCampaign(settlement.message, resumedAt, error)
        if (settlement.message.directSend && isNotEligible(error)) await pause.noteDirectSendRefused(number.client)
        return
      default:
        return
    }
  }

  /** Holds everything that the limit applies to. Meta counts a token's calls with those of its business account. */
  async function holdScope({ scope, delayMs }: { scope: ErrorScope; delayMs: number }, target: Target): Promise<void> {
    if (scope === 'pair') await limits.hold('pair', pairKey(target.phoneNumberId, target.contactKey), delayMs)
    else if (scope === 'app') await limits.hold('app', 'app', delayMs)
    else if (scope === 'waba' || scope === 'token') await limits.hold('waba', target.wabaId, delayMs)
    else if (scope === 'number') await limits.hold('number', target.phoneNumberId, delayMs)
  }

  /** @param mayRenew whether files that Meta has lost are uploaded again. Once only; safe, because nothing was sent yet. */
  async function attempt(target: Attempted, mayRenew: boolean): Promise<Decision> {
    const { message, number, traceparent } = target
    const prepared = await uploads.prepare(message, number)
    const now = clock.now()
    if (prepared.kind === 'later') return settledWithoutCall(returned(message, 'media', later(now, prepared.delayMs), now))
    if (prepared.kind === 'gone') return settledWithoutCall(failedWithoutCall(message, 'media-gone', now))
    const isReady = prepared.kind === 'ready'
    if (isReady && mayRenew && prepared.isKept && lostItsFile(message)) return renew(target, prepared.metaIds)
    // The process may have been frozen since it took the row: what it holds may be with another sender, or posted again, by now.
    if (isReady && !(isAlive() && holdsLease(message, clock.now()))) return settledWithoutCall(tooLate(message, clock.now()))
    // Files may have taken their time.
    if (isReady && hasExpired(message, clock.now())) return settledWithoutCall(failedWithoutCall(message, 'expired', clock.now()))
    const result = isReady
      ? await meta.sendMessage(message.phoneNumberId, number.token ?? '', bodyFor(message, prepared.payload), {
          endpoint: endpointOf(message),
          traceparent,
        })
      : prepared.result
    if (isReady && mayRenew && prepared.isKept && result.kind === 'refused' && refusesMedia(result.error))
      return renew(target, prepared.metaIds)
    if (isReady) observe(result)
    logOutcome(log, message, result)
    return decide(message, result, { at: clock.now(), unknownDeadlineMs })
  }

  async function renew(target: Attempted, metaIds: ReadonlyMap<string, string>): Promise<Decision> {
    await uploads.forget(target.message, metaIds)
    return attempt(target, false)
  }

  /** @param traceparent of the attempt, whose child the call of Meta is */
  return async function call(message: MessageDoc, number: SendingNumber, traceparent: string | null = null): Promise<Settlement> {
    observeWait(message, clock.now())
    const resumedAt = message.campaignId ? campaigns.resumedAt(String(message.campaignId)) : null
    const decision = await attempt({ message, number, traceparent }, true)
    await applyRefusal(decision, number, resumedAt).catch(error => log.error({ err: error }, 'refusal not applied'))
    return decision.settlement
  }
}

const holdsLease = ({ dispatch }: MessageDoc, now: Date) => dispatch?.leaseUntil != null && now < dispatch.leaseUntil
const tooLate = (message: MessageDoc, now: Date) => returned(message, 'rate', later(now, LATE_MS), now)

/** Whether Meta accepted the last attempt and then failed it because of its file. */
function lostItsFile({ timeline }: MessageDoc): boolean {
  const last = timeline.findLast(({ kind }) => kind === 'attempt' || kind === 'status')
  return last?.kind === 'status' && refusesMedia({ code: last.code ?? null })
}

const endpointOf = ({ marketingMessages }: MessageDoc) => (marketingMessages ? 'marketing_messages' : 'messages')

const settledWithoutCall = (settlement: Settlement): Decision => ({ settlement, refusal: null })

function observeWait(message: MessageDoc, now: Date): void {
  if ((message.dispatch as Dispatch).attempt !== 1) return
  const due = Math.max(message.createdAt.getTime(), message.sendAt?.getTime() ?? 0)
  sendQueueWait.observe(Math.max(0, now.getTime() - due) / 1000)
}

function observe(result: SendResult): void {
  sendAttempt.observe(result.latencyMs / 1000)
  const codeClass = result.kind === 'refused' ? describeError(result.error).class : 'none'
  sendTotal.inc({ outcome: result.kind, code_class: codeClass })
}

/** Logs how a call ended. Accepted messages are counted by a metric, so they are logged at debug level only. */
function logOutcome(log: Logger, message: MessageDoc, result: SendResult): void {
  const ids = { messageId: String(message._id), tenantId: String(message.tenantId), attempt: message.dispatch?.attempt }
  if (result.kind === 'accepted') log.debug({ ...ids, latencyMs: result.latencyMs }, 'message accepted')
  else if (result.kind === 'refused')
    log.info({ ...ids, code: result.error.code, httpStatus: result.httpStatus, traceId: result.traceId }, 'message refused')
  else log.warn({ ...ids, why: result.why }, result.kind === 'unknown' ? 'outcome unknown' : 'message not sent')
}
