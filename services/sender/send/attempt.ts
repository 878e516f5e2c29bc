import { later } from '#shared/domain/later.ts'
import { needsWindow } from '#shared/domain/messages/direct-send.ts'
import { hasExpired } from '#shared/domain/messages/expiry.ts'
import type { Priority } from '#shared/domain/messages/priority.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { type Span, spanOf, spans } from '#shared/process/spans/spans.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Settlement } from '#shared/store/dispatch/outcome-writes.ts'
import { takenAt } from '#shared/store/dispatch/take.ts'
import type { Numbers, SendingNumber } from '../numbers.ts'
import type { ConcurrencyLimiter } from '../pacing/concurrency.ts'
import type { Pacer } from '../pacing/pacer.ts'
import type { ConsentCheck } from './check-consent.ts'
import { type Claimed, CONGESTED_MS } from './claim.ts'
import { CAMPAIGN_RECHECK_MS } from './eligible.ts'
import { explainRefusal } from './explain-refusal.ts'
import type { HeldCampaigns } from './held-campaigns.ts'
import { failedWithoutCall, returned, windowClosed } from './settle.ts'

export interface AttemptDeps {
  priority: Priority
  numbers: Numbers
  campaigns: Pick<HeldCampaigns, 'isHeld'>
  limiter: ConcurrencyLimiter
  pacer: Pacer
  clock: ServerClock
  log: Logger
  checkConsent: ConsentCheck
  call: (message: MessageDoc, number: SendingNumber, traceparent: string | null) => Promise<Settlement>
  /** Resolves when the outcome is written. */
  finish: (settlement: Settlement) => Promise<void>
}

const CONSENT_RECHECK_MS = 2000

/** Attempts a message that this process has taken, and writes the outcome. Never throws. */
export async function runAttempt(deps: AttemptDeps, message: MessageDoc, claim: Claimed): Promise<void> {
  const { limiter, priority, log } = deps
  const traceparent = spanOf(claim.origin.traceparent)
  const startedAt = performance.now()
  try {
    const settlement = await attempt(deps, message, claim, traceparent).finally(() => {
      limiter.leaveNumber(claim.job.phoneNumberId)
      limiter.endCall(priority)
    })
    if (traceparent !== null && spans.record !== null)
      spans.record({ ...spanOfAttempt(settlement), traceparent, parent: claim.origin.traceparent, startedAt })
    await deps.finish({ ...withHops(settlement, claim), traceparent })
  } catch (error) {
    // The row stays TAKEN. When its lease has ended, the sweep finds an attempt without an outcome.
    log.error({ err: error, messageId: claim.job.messageId }, 'attempt not settled')
  } finally {
    limiter.written()
  }
}

function spanOfAttempt({ message, step, entry }: Settlement): Pick<Span, 'name' | 'kind' | 'error' | 'attributes'> {
  const isRefused = entry.kind === 'attempt' && entry.outcome !== 'accepted'
  return {
    name: 'send message',
    kind: 'internal',
    error: isRefused ? (entry.outcome ?? null) : step.kind === 'failed' ? 'failed' : null,
    attributes: {
      'linko.tenant.id': String(message.tenantId),
      'linko.message.id': String(message._id),
      'linko.attempt': message.dispatch?.attempt,
      'linko.outcome': step.kind,
    },
  }
}

/** Notes with the entry of a call, which is written anyway, when its job was enqueued and its row taken. */
function withHops(settlement: Settlement, { origin: { enqueuedAt } }: Claimed): Settlement {
  if (settlement.entry.kind !== 'attempt') return settlement
  const at = takenAt(settlement.message)
  const hops = { ...(enqueuedAt && { enqueuedAt }), ...(at && { takenAt: at }) }
  return { ...settlement, entry: { ...settlement.entry, ...hops } }
}

/** Checks again what may have changed since the claim, waits for the send slot, and calls Meta. */
async function attempt(deps: AttemptDeps, message: MessageDoc, claim: Claimed, traceparent: string | null): Promise<Settlement> {
  const { number, windowExpiresAt, dueAt } = claim
  const { clock, numbers, campaigns, pacer } = deps
  const now = clock.now()
  if (message.payload === null) return failedWithoutCall(message, 'unsendable', now)
  if (hasExpired(message, now)) return failedWithoutCall(message, 'expired', now)
  const refusal = await deps.checkConsent(message, number, claim)
  if (refusal === 'later') return returned(message, 'rate', later(now, CONSENT_RECHECK_MS), now)
  if (refusal !== null) return failedWithoutCall(message, refusal, now)
  if (needsWindow(message) && !windowIsOpen(windowExpiresAt, later(now, dueAt - performance.now())))
    return windowClosed(message, now)
  if (!(await pacer.reach(number.client, dueAt))) return returned(message, 'rate', later(clock.now(), CONGESTED_MS), clock.now())
  if (numbers.isHeld(message.phoneNumberId)) return returned(message, 'paused', null, clock.now())
  if (message.campaignId && campaigns.isHeld(String(message.campaignId)))
    return returned(message, 'paused', later(clock.now(), CAMPAIGN_RECHECK_MS), clock.now())
  return explainRefusal(await deps.call(message, number, traceparent), claim.otherOwner)
}
