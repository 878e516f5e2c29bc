import { setTimeout as sleep } from 'node:timers/promises'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { rateLimited } from '#shared/process/metrics.ts'

/** A call that is later than this would coincide with those of the following slots. */
const LATE_MS = 35
/** How far ahead a new slot may lie. */
const PATIENCE_MS = 1000
/** Two messages that coincide by chance do not make a number crowded. */
const SHORT_WAIT_MS = 20
/** A number whose rate no message waited for in this time is not crowded any more. */
const CROWDED_FOR_MS = 2000
/** A tick and the take-ahead time, and a little more: so that what is granted together is taken together. */
const LEAD_MS = 110

/**
 * Starts calls at their slots in their number's rate. A call that was held up in between (by a slow take or a busy process)
 * would go out together with the next ones, faster than the rate: its slot is exchanged for a new one.
 */
export class Pacer {
  readonly #limits: Pick<SendLimits, 'decide'>
  /** Until when each number counts as crowded, by `performance.now()`. */
  readonly #crowdedUntil = new Map<string, number>()

  constructor(limits: Pick<SendLimits, 'decide'>) {
    this.#limits = limits
  }

  /** Notes that a message waits this long for the number's rate, the lead included. */
  observe(phoneNumberId: string, waitMs: number): void {
    if (waitMs <= this.leadMs(phoneNumberId) + SHORT_WAIT_MS) return
    this.#crowdedUntil.set(phoneNumberId, performance.now() + CROWDED_FOR_MS)
  }

  /** How far ahead of now a slot shall lie. */
  leadMs(phoneNumberId: string): number {
    return this.#isCrowded(phoneNumberId) ? LEAD_MS : 0
  }

  /** Resolves at the slot, or at the one for which it was exchanged; false when none is free soon. */
  async reach(number: ClientDoc, dueAt: number): Promise<boolean> {
    for (let slot = dueAt; ; ) {
      const waitMs = slot - performance.now()
      if (waitMs > 0) await sleep(waitMs)
      if (performance.now() - slot <= LATE_MS || !this.#isCrowded(number.phoneNumberId)) return true
      rateLimited.inc({ limit: 'late' })
      const [decision] = await this.#limits.decide([slotClaim(number)], PATIENCE_MS)
      if (!decision?.granted) return false
      slot = performance.now() + decision.waitMs
    }
  }

  #isCrowded(phoneNumberId: string): boolean {
    return (this.#crowdedUntil.get(phoneNumberId) ?? 0) > performance.now()
  }
}

/** Claims the number's rate alone: the other limits have counted this message already. */
function slotClaim({ phoneNumberId, throughput, tenantId, wabaId }: ClientDoc) {
  const number = { phoneNumberId, ratePerSecond: throughput, tenantId: String(tenantId), wabaId, priority: 'chat' } as const
  return { ...number, contactKey: null, perMinute: null, perDay: null, initiates: null, leadMs: 0 }
}
