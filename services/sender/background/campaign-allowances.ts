import type { CampaignDoc } from '#shared/model/documents.ts'

interface Allowance {
  messages: number
  at: number
}

type Campaign = Pick<CampaignDoc, '_id'>

/** Token buckets of campaigns with a rate of their own. Each fills at that rate and holds at most `aheadMs` worth of messages. */
export class CampaignAllowances {
  readonly #allowances = new Map<string, Allowance>()
  readonly #aheadMs: number

  constructor(aheadMs: number) {
    this.#aheadMs = aheadMs
  }

  /** Messages that the campaign may release now; Infinity without a rate. A campaign begins with one message. */
  of({ _id }: Campaign, perMinute: number | null): number {
    if (perMinute === null) {
      this.#allowances.delete(String(_id))
      return Infinity
    }
    const now = performance.now()
    const perMs = perMinute / 60_000
    const { messages, at } = this.#allowances.get(String(_id)) ?? { messages: 1, at: now }
    const available = Math.min(messages + (now - at) * perMs, Math.max(1, perMs * this.#aheadMs))
    this.#allowances.set(String(_id), { messages: available, at: now })
    return Math.floor(available)
  }

  spend({ _id }: Campaign, count: number): void {
    const allowance = this.#allowances.get(String(_id))
    if (allowance) allowance.messages -= count
  }

  /** Forgets campaigns that have ended. */
  keepOnly(campaignIds: ReadonlySet<string>): void {
    for (const id of this.#allowances.keys()) if (!campaignIds.has(id)) this.#allowances.delete(id)
  }
}
