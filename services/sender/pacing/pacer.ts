import { setTimeout as sleep } from 'node:timers/promises'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { rateLimited } from '#shared/process/metrics.ts'

/** A call that is later than this would meet those of the places behind it. */
const LATE_MS = 35
/** How far ahead a new place may lie. */
const PATIENCE_MS = 1000
/** Two that meet by chance are no crowd. */
const SHORT_WAIT_MS = 20
/** A number whose rate nobody waited for lately has places enough. */
const CROWDED_FOR_MS = 2000
/** A tick, the time before the place, and a little: so that what is granted together is taken together. */
const LEAD_MS = 110

/** A message is taken so long before its place, or a tick more: of one that is taken and not called, nobody knows that it was not. */
const TAKE_AHEAD_MS = 50
/** Pacer so close to each other are taken together. */
const TICK_MS = 50

/** Gathers what is granted by the time of its place. @returns adds more, and answers what is to be taken at once */
export function createTimingWheel<T extends { dueAt: number }>(takeSoon: (group: T[]) => void): (granted: readonly T[]) => T[] {
  const wheel = new Map<number, T[]>()

  function come(tick: number): void {
    const group = wheel.get(tick) ?? []
    wheel.delete(tick)
    takeSoon(group)
  }

  function wait(claim: T): boolean {
    const now = performance.now()
    const tick = Math.floor((claim.dueAt - TAKE_AHEAD_MS) / TICK_MS)
    if (tick * TICK_MS <= now) return false
    const group = wheel.get(tick)
    if (group) group.push(claim)
    else {
      wheel.set(tick, [claim])
      setTimeout(come, tick * TICK_MS - now, tick)
    }
    return true
  }

  return granted => granted.filter(claim => !wait(claim))
}

/**
 * Calls at their places in their number's rate. What was held up between the two (a slow take, a busy process) would go out
 * together with what comes next, faster than the rate: its place is given up for a new one.
 */
export function createPacer(limits: SendLimits) {
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
      const number = { phoneNumberId, ratePerSecond: throughput, tenantId: String(tenantId), wabaId, priority: 'chat' } as const
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

export type Pacer = ReturnType<typeof createPacer>
