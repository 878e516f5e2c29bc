import { isStopped } from '#shared/domain/accounts/spend-ceiling.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { campaignPerMinute } from '#shared/domain/numbers/quality-brake.ts'
import { holdOf } from '#shared/domain/numbers/sending.ts'
import type { CampaignDoc, TemplateDoc } from '#shared/model/documents.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { countHeldBack, countUnderWay, findCampaignsIn } from '#shared/store/campaigns/queries.ts'
import { releaseRecipients } from '#shared/store/campaigns/release.ts'
import type { Store } from '#shared/store/connect.ts'
import { getTemplate } from '#shared/store/templates/templates.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'
import { type Numbers, ownNumber, type SendingNumber } from '../numbers.ts'
import type { CampaignAllowances } from './campaign-allowances.ts'
import { type CampaignDeps, step } from './campaign-steps.ts'

export interface ReleaseDeps extends CampaignDeps {
  numbers: Numbers
  allowances: CampaignAllowances
}

/** Messages released ahead, in seconds of the number's rate: enough to keep it busy, few enough to pause quickly. */
export const AHEAD_SECONDS = 2
const MIN_AHEAD = 4
const MAX_AHEAD = 600
/** Messages of one number in a round. Small, so that numbers alternate. */
const SLICE = 25
const MAX_ROUNDS = 40
/** How long an approved template is cached: a withdrawn one stops its campaigns within a second. */
const TEMPLATE_CACHE_MS = 1000
/** How long the count of held-back messages is cached: scheduled messages share its index and make counting slow. */
const HELD_CACHE_MS = 1000

/** Turns recipients of running campaigns into messages, no faster than their numbers can send. */
export class CampaignRelease {
  readonly #deps: ReleaseDeps
  readonly #heldBack = new TtlCache<string, number>(5000)
  readonly #templates = new TtlCache<string, TemplateDoc>(1000)

  constructor(deps: ReleaseDeps) {
    this.#deps = deps
  }

  /**
   * Releases a slice of each number that has room, round after round, until no number fills its slice.
   * @returns how many campaigns run. @throws Outage
   */
  async release(): Promise<number> {
    for (let round = 1; ; round++) {
      const running = await findCampaignsIn(this.#deps.store, ['RUNNING'])
      // A number that moved to another tenant may still stand in campaigns of the former one.
      const byNumber = [...Map.groupBy(running, ({ tenantId, phoneNumberId }) => `${tenantId} ${phoneNumberId}`).values()]
      const results = await Promise.allSettled(byNumber.map(campaigns => this.#releaseForNumber(campaigns)))
      for (const result of results)
        if (result.status === 'rejected') this.#deps.log.warn({ err: result.reason }, 'campaign not released')
      const isAnyFull = results.some(result => result.status === 'fulfilled' && result.value >= SLICE)
      if (!isAnyFull || round === MAX_ROUNDS) return running.length
    }
  }

  /** Divides a number's slice among its campaigns. @returns how many recipients were released */
  async #releaseForNumber(campaigns: CampaignDoc[]): Promise<number> {
    const first = campaigns[0] as CampaignDoc
    const open = campaigns.filter(({ releasedRow, audience }) => releasedRow < audience.read)
    const number = open.length > 0 ? ownNumber(await this.#deps.numbers.find([first.phoneNumberId]), first) : undefined
    const now = this.#deps.clock.now()
    if (!number?.token || holdOf(number.client, 'campaign', now) || isStopped(number.spendLevel, 'campaign')) return 0
    const room = Math.min(SLICE, await this.#roomOf(number, now))
    const share = Math.ceil(room / open.length)
    let released = 0
    if (share > 0) for (const campaign of open) released += await this.#releaseOne(campaign, number, share, open.length)
    return released
  }

  /** Further messages that may be released for the number; negative when too many are released already. */
  async #roomOf({ client: { phoneNumberId, throughput } }: SendingNumber, now: Date): Promise<number> {
    const ahead = Math.min(MAX_AHEAD, Math.max(MIN_AHEAD, Math.ceil(throughput * AHEAD_SECONDS)))
    const soon = new Date(now.getTime() + AHEAD_SECONDS * 1000)
    const heldBack = await this.#countHeldBack(phoneNumberId, soon)
    return ahead - heldBack - (await countUnderWay(this.#deps.store, phoneNumberId, soon, ahead))
  }

  /** Counts messages that wait for a limit. They count as released, so that an audience far beyond the limit stays unreleased. */
  async #countHeldBack(phoneNumberId: string, soon: Date): Promise<number> {
    const known = this.#heldBack.get(phoneNumberId)
    if (known !== undefined) return known
    const count = await countHeldBack(this.#deps.store, phoneNumberId, soon, MAX_AHEAD)
    this.#heldBack.set(phoneNumberId, count, HELD_CACHE_MS)
    return count
  }

  async #releaseOne(campaign: CampaignDoc, { client }: SendingNumber, share: number, beside: number): Promise<number> {
    const { store, allowances, publishing, clock } = this.#deps
    const template = await this.#usableTemplate(campaign)
    if (template === null) return 0
    const { qualityRating, throughput: ratePerSecond } = client
    const perMinute = campaignPerMinute(campaign, { qualityRating, ratePerSecond }, beside)
    const limit = Math.min(share, allowances.of(campaign, perMinute))
    if (limit < 1) return 0
    const tenant = await getCachedTenant(store, campaign.tenantId)
    const rows = (await releaseRecipients(store, { campaign, template, tenant, client, limit, now: clock.now() })) ?? []
    allowances.spend(campaign, rows.length)
    publishing.enqueue(rows)
    return rows.length
  }

  /** The campaign's approved template. Without approval every message would fail, so the campaign is paused and null returned. */
  async #usableTemplate(campaign: CampaignDoc): Promise<TemplateDoc | null> {
    const key = String(campaign.template.id)
    const kept = this.#templates.get(key)
    if (kept) return kept
    const template = await findTemplate(this.#deps.store, campaign)
    if (template?.status === 'APPROVED') {
      this.#templates.set(key, template, TEMPLATE_CACHE_MS)
      return template
    }
    const state = template === null ? 'deleted' : template.status.toLowerCase()
    const statusReason = `The template is ${state}. Resume when WhatsApp has approved it.`
    const statusReasonKey = { key: 'template-not-approved' as const, parameters: { state: String(state) } }
    await step(this.#deps, campaign, { status: 'PAUSED', statusReason, statusReasonKey })
    return null
  }
}

async function findTemplate(store: Store, { tenantId, template }: CampaignDoc): Promise<TemplateDoc | null> {
  return await getTemplate(store, tenantId, template.id).catch(error => {
    if (error instanceof ApiError) return null
    throw error
  })
}
