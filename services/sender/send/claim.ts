import type { SendBell } from '#shared/contracts/send-bell.ts'
import type { Lane } from '#shared/domain/messages/callback-data.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import { holdOf, portfolioOf } from '#shared/domain/numbers/sending.ts'
import type { SendClaim } from '#shared/limits/claims.ts'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Postponement } from '#shared/store/dispatch/take.ts'
import type { SendingNumber } from '../numbers.ts'
import type { Slots } from '../pacing/concurrency.ts'
import type { createLine } from '../pacing/delay-line.ts'
import type { Places } from '../pacing/pacer.ts'
import type { Pause } from './pause.ts'

export interface ClaimDeps {
  limits: SendLimits
  slots: Slots
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
  bell: SendBell
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
export function createClaim(deps: ClaimDeps, lane: Lane, line: ReturnType<typeof createLine> | null, places: Places) {
  const { limits, slots, pause, log } = deps

  /** What the number itself has against it. */
  function hindrance(bell: SendBell, isFirst: boolean, { known, now }: Circumstances): Postponement | null {
    const number = known.get(bell.phoneNumberId)
    if (!number?.token) {
      if (number?.isUnreadable)
        pause.unreadableToken(number.client).catch(error => log.error({ err: error }, 'number not paused'))
      return { bell, reason: 'paused', nextStepAt: null }
    }
    const hold = holdOf(number.client, lane === 'b' ? 'campaign' : isFirst ? 'first' : 'reply', now)
    return hold && { bell, reason: hold.reason, nextStepAt: hold.until }
  }

  /** Waits in the line if it can, otherwise in its row. */
  function wait(postponement: Postponement, waitMs: number, { postponed, traces }: Circumstances): void {
    const { bell } = postponement
    if (!line?.join(bell, waitMs, traces.get(bell.messageId) ?? null)) postponed.push(postponement)
  }

  return async function claim(bells: SendBell[], circumstances: Circumstances): Promise<Claimed[]> {
    const { known, windows, now, postponed } = circumstances
    const isFirst = (bell: SendBell) => bell.isTemplate && !windowIsOpen(windows.get(bell.conversationId) ?? null, now)
    const admitted = new Map<string, number>()
    const sendable = bells.filter(bell => {
      const hindered = hindrance(bell, isFirst(bell), circumstances)
      if (hindered) postponed.push(hindered)
      if (hindered) return false
      const { client } = known.get(bell.phoneNumberId) as SendingNumber
      const before = admitted.get(bell.phoneNumberId) ?? 0
      admitted.set(bell.phoneNumberId, before + 1)
      if (before < slots.roomFor(bell.phoneNumberId, client.throughput)) return true
      wait({ bell, reason: 'rate', nextStepAt: later(now, CROWDED_MS) }, CROWDED_MS, circumstances)
      return false
    })
    const claims = sendable.map(bell => {
      const number = known.get(bell.phoneNumberId) as SendingNumber
      return claimOf(bell, number, { lane, isFirst: isFirst(bell), leadMs: places.leadMs(bell.phoneNumberId) })
    })
    const decisions = await limits.decide(claims)
    const decidedAt = performance.now()
    return sendable.flatMap((bell, i) => {
      const decision = decisions[i] ?? { granted: false as const, waitMs: CROWDED_MS, limit: 'number' as const }
      const { waitMs } = decision
      if (decision.granted || decision.limit === 'number') places.observe(bell.phoneNumberId, waitMs)
      if (decision.granted) return [grant(bell, decidedAt + waitMs, circumstances)]
      const { limit } = decision
      const reason = limit === 'pair' ? 'pair' : limit === 'messaging' ? 'quota' : 'rate'
      const postponement: Postponement = { bell, reason, nextStepAt: later(now, Math.ceil(waitMs / 50) * 50) }
      if (limit === 'number') wait(postponement, waitMs, circumstances)
      else postponed.push(postponement)
      return []
    })
  }
}

function grant(bell: SendBell, dueAt: number, { known, windows, traces }: Circumstances): Claimed {
  const number = known.get(bell.phoneNumberId) as SendingNumber
  const windowExpiresAt = windows.get(bell.conversationId) ?? null
  return { bell, number, windowExpiresAt, traceparent: traces.get(bell.messageId) ?? null, dueAt }
}

function claimOf(
  bell: SendBell,
  number: SendingNumber,
  { isFirst, ...way }: { lane: Lane; isFirst: boolean; leadMs: number },
): SendClaim {
  const { phoneNumberId, contactKey, tenantId } = bell
  const { client, perMinute, perDay } = number
  const { throughput: ratePerSecond, wabaId, messagingLimit: limit } = client
  const initiates = isFirst && limit ? { portfolioId: portfolioOf(client), limit } : null
  return { phoneNumberId, ratePerSecond, contactKey, tenantId, wabaId, perMinute, perDay, initiates, ...way }
}

const later = (at: Date, ms: number) => new Date(at.getTime() + ms)
