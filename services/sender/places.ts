import { setTimeout as sleep } from 'node:timers/promises'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import { rateLimited } from '#shared/process/metrics.ts'
import type { ClientDoc } from '#shared/store/documents.ts'

/** A call that is later than this would meet those of the places behind it. */
const LATE_MS = 35
/** How far ahead a new place may lie. */
const PATIENCE_MS = 1000
/** Two that meet by chance are no crowd. */
const SHORT_WAIT_MS = 20
/** A number whose rate nobody waited for lately has places enough. */
const CROWDED_FOR_MS = 2000
/** A take seldom lasts longer. */
const LEAD_MS = 80

/** How long before its place a message is taken. */
const TAKE_AHEAD_MS = 50
/** Places so close to each other are taken together. */
const TICK_MS = 25

/** What is taken now, and what later, in ms. */
export function byPlace<T extends { dueAt: number }>(
  claimed: readonly T[],
  now: number,
): { atOnce: T[]; later: [number, T[]][] } {
  const atOnce: T[] = []
  const later = new Map<number, T[]>()
  for (const claim of claimed) {
    const tick = Math.floor((claim.dueAt - TAKE_AHEAD_MS - now) / TICK_MS)
    if (tick < 1) atOnce.push(claim)
    else if (later.has(tick)) later.get(tick)?.push(claim)
    else later.set(tick, [claim])
  }
  return { atOnce, later: [...later].map(([tick, group]) => [tick * TICK_MS, group]) }
}

/**
 * Calls at their places in their number's rate. What was held up between the two (a slow take, a busy process) would go out
 * together with what comes next, faster than the rate: its place is given up for a new one.
 */
export function createPlaces(limits: SendLimits) {
  const crowdedUntil = new Map<string, number>()
  const isCrowded = (phoneNumberId: string) => (crowdedUntil.get(phoneNumberId) ?? 0) > performance.now()

  /** How far ahead of now a place shall lie. */
  const leadMs = (phoneNumberId: string) => (isCrowded(phoneNumberId) ? LEAD_MS : 0)

  return {
    /** Somebody had to wait so long for the number's rate, the lead included. */
    observe(phoneNumberId: string, waitMs: number): void {
      if (waitMs > leadMs(phoneNumberId) + SHORT_WAIT_MS) crowdedUntil.set(phoneNumberId, performance.now() + CROWDED_FOR_MS)
    },
    leadMs,
    /** Resolves at the place, or at the one for which it was exchanged. False: none is free soon. */
    async reach({ phoneNumberId, throughput, tenantId, wabaId }: ClientDoc, dueAt: number): Promise<boolean> {
      const number = { phoneNumberId, ratePerSecond: throughput, tenantId: String(tenantId), wabaId, lane: 'c' } as const
      const again = { ...number, contactKey: null, perMinute: null, perDay: null, initiates: null, leadMs: 0 }
      for (let place = dueAt; ; ) {
        const waitMs = place - performance.now()
        if (waitMs > 0) await sleep(waitMs)
        if (performance.now() - place <= LATE_MS || !isCrowded(phoneNumberId)) return true
        rateLimited.inc({ limit: 'late' })
        const [decision] = await limits.decide([again], PATIENCE_MS)
        if (!decision?.granted) return false
        place = performance.now() + decision.waitMs
      }
    },
  }
}

export type Places = ReturnType<typeof createPlaces>
