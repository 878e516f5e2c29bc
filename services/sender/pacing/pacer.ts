import { setTimeout as sleep } from 'node:timers/promises'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { rateLimited } from '#shared/process/metrics.ts'

/**
 * A call that starts later than this after its slot would coincide with the calls of the following slots: at 80 a second with five of
 * them, and Meta lets a few more than the rate pass at once.
 */
const LATE_MS = 60
/**
 * A call that has missed so many slots starts all the same. A process that is always late makes far fewer calls than the rate allows,
 * and each slot that it gives up would make them fewer still.
 */
const MOST_MISSED = 3
/** Longest wait for a new slot. */
const MAX_WAIT_MS = 1000
/** Waits up to this length do not make a number congested: two messages may coincide by chance. */
const SHORT_WAIT_MS = 20
/** A number stops being congested when no message has waited for its rate for this time. */
const CONGESTED_FOR_MS = 2000
/** A little more than a tick and the take-ahead time: messages that are granted together are then also taken together. */
const LEAD_MS = 110

/**
 * Starts calls at their send slots, which space out a number's calls by its rate. A call that misses its slot (after a slow take
 * or in a busy process) would coincide with later calls and exceed the rate, so it gets a new slot.
 */
export class Pacer {
  readonly #limits: Pick<SendLimits, 'decide'>
  /** When each number stops being congested, by `performance.now()`. */
  readonly #congestedUntil = new Map<string, number>()

  constructor(limits: Pick<SendLimits, 'decide'>) {
    this.#limits = limits
  }

  /** Records how long a message waits for the number's rate, the lead included. */
  observe(phoneNumberId: string, waitMs: number): void {
    if (waitMs <= this.leadMs(phoneNumberId) + SHORT_WAIT_MS) return
    this.#congestedUntil.set(phoneNumberId, performance.now() + CONGESTED_FOR_MS)
  }

  /** Minimum time from now to a slot. */
  leadMs(phoneNumberId: string): number {
    return this.#isCongested(phoneNumberId) ? LEAD_MS : 0
  }

  /** Resolves with true at the slot or its replacement, with false when no slot is free within `MAX_WAIT_MS`. */
  async reach(number: ClientDoc, dueAt: number): Promise<boolean> {
    for (let slot = dueAt, missed = 0; ; missed++) {
      const waitMs = slot - performance.now()
      if (waitMs > 0) await sleep(waitMs)
      const isInTime = performance.now() - slot <= LATE_MS
      if (isInTime || missed === MOST_MISSED || !this.#isCongested(number.phoneNumberId)) return true
      rateLimited.inc({ limit: 'late' })
      const [decision] = await this.#limits.decide([slotClaim(number)], MAX_WAIT_MS)
      if (!decision?.granted) return false
      slot = performance.now() + decision.waitMs
    }
  }

  #isCongested(phoneNumberId: string): boolean {
    return (this.#congestedUntil.get(phoneNumberId) ?? 0) > performance.now()
  }
}

/** A claim on the number's rate alone: the other limits have already counted this message. */
function slotClaim({ phoneNumberId, throughput, tenantId, wabaId }: ClientDoc) {
  const number = { phoneNumberId, ratePerSecond: throughput, tenantId: String(tenantId), wabaId, priority: 'chat' } as const
  return { ...number, contactKey: null, perMinute: null, perDay: null, initiates: null, leadMs: 0 }
}
