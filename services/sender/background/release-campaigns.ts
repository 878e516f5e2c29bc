import { ApiError } from '#shared/domain/errors.ts'
import { campaignPerMinute } from '#shared/domain/numbers/quality-brake.ts'
import { holdOf } from '#shared/domain/numbers/sending.ts'
import type { CampaignDoc, TemplateDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { countOutcomes } from '#shared/store/campaigns/campaigns.ts'
import { stepCampaign } from '#shared/store/campaigns/progress.ts'
import { countHeldBack, countUnderWay, findCampaignsIn, findLeftOver } from '#shared/store/campaigns/queries.ts'
import { releaseRecipients } from '#shared/store/campaigns/release.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { settleOne } from '#shared/store/dispatch/sweeps.ts'
import { getTemplate } from '#shared/store/templates/templates.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'
import type { Numbers, SendingNumber } from '../numbers.ts'
import type { Publishing } from '../publishing.ts'
import { failedHere } from '../send/settle.ts'

export interface ReleaseDeps {
  store: Store
  numbers: Numbers
  publishing: Publishing
  clock: ServerClock
  log: Logger
}

/** Of a number's rate, in messages: what stands ready, so that it never runs dry and a pause has little to hold. */
const AHEAD_SECONDS = 2
const LEAST_AHEAD = 4
const MOST_AHEAD = 600
/** Small, and numbers in turn: what stands ready of one is no more than of another. */
const SLICE = 25
const MOST_ROUNDS = 40
/** Of approved ones, for the slices of a round: what becomes of one is heard within a second. */
const TEMPLATE_KEPT_MS = 1000
/** Counted seldom, for scheduled messages stand in the same index. */
const HELD_KEPT_MS = 1000
const LEFT_OVER = 500
/** Counting the outcomes takes at most this part of the time. */
const COUNTING_SHARE = 20
const PROGRESS_MS = 1000

/** What campaigns do by themselves: begin at their time, release as much as the number sends, tell how far they are, end. */
export function createCampaignRelease(deps: ReleaseDeps) {
  const { store, numbers, publishing, clock, log } = deps
  const held = new TtlCache<string, number>(5000)
  const templates = new TtlCache<string, TemplateDoc>(1000)
  const throttles = new Map<string, { allowance: number; at: number }>()
  const progress = new Map<string, { reported: string; nextAt: number }>()

  async function begin(): Promise<void> {
    const now = clock.now()
    for (const campaign of await findCampaignsIn(store, ['SCHEDULED']))
      if (campaign.startAt !== null && campaign.startAt <= now) await step(campaign, { status: 'RUNNING', startedAt: now })
  }

  /** Round after round a slice of each number that has room, campaigns of one number in turn. */
  async function release(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const running = await findCampaignsIn(store, ['RUNNING'])
      const byNumber = Object.values(Object.groupBy(running, ({ phoneNumberId }) => phoneNumberId)) as CampaignDoc[][]
      const results = await Promise.allSettled(byNumber.map(releaseForNumber))
      for (const result of results) if (result.status === 'rejected') log.warn({ err: result.reason }, 'campaign not released')
      if (!results.some(result => result.status === 'fulfilled' && result.value >= SLICE)) return
    }
  }

  /** @returns how many recipients were released */
  async function releaseForNumber(campaigns: CampaignDoc[]): Promise<number> {
    const { phoneNumberId } = campaigns[0] as CampaignDoc
    const open = campaigns.filter(({ releasedRow, audience }) => releasedRow < audience.read)
    const number = open.length > 0 ? (await numbers.find([phoneNumberId])).get(phoneNumberId) : undefined
    const now = clock.now()
    if (!number?.token || holdOf(number.client, 'campaign', now)) return 0
    const ahead = Math.min(MOST_AHEAD, Math.max(LEAST_AHEAD, Math.ceil(number.client.throughput * AHEAD_SECONDS)))
    const soon = new Date(now.getTime() + AHEAD_SECONDS * 1000)
    const room = ahead - (await heldBack(phoneNumberId, soon)) - (await countUnderWay(store, phoneNumberId, soon, ahead))
    const share = Math.min(Math.ceil(SLICE / open.length), Math.ceil(room / open.length))
    let released = 0
    if (share > 0) for (const campaign of open) released += await releaseOne(campaign, number, share, open.length)
    return released
  }

  /** With a limit used up, the rest of the audience waits where it is: a campaign may be a thousand days' worth. */
  async function heldBack(phoneNumberId: string, soon: Date): Promise<number> {
    const known = held.get(phoneNumberId)
    if (known !== undefined) return known
    const count = await countHeldBack(store, phoneNumberId, soon, MOST_AHEAD)
    held.set(phoneNumberId, count, HELD_KEPT_MS)
    return count
  }

  async function releaseOne(campaign: CampaignDoc, number: SendingNumber, share: number, beside: number): Promise<number> {
    const template = await usableTemplate(campaign)
    if (template === null) return 0
    const { qualityRating, throughput: ratePerSecond } = number.client
    const perMinute = campaignPerMinute(campaign, { qualityRating, ratePerSecond }, beside)
    const limit = Math.min(share, allowance(campaign, perMinute))
    if (limit < 1) return 0
    const tenant = await getCachedTenant(store, campaign.tenantId)
    const rows = await releaseRecipients(store, { campaign, template, tenant, client: number.client, limit, now: clock.now() })
    spend(campaign, rows?.length ?? 0)
    publishing.enqueue(rows ?? [])
    return rows?.length ?? 0
  }

  /** A template that Meta no longer lets through stops the campaign before it fails a million times. */
  async function usableTemplate(campaign: CampaignDoc): Promise<TemplateDoc | null> {
    const key = String(campaign.template.id)
    const kept = templates.get(key)
    if (kept) return kept
    const template = await getTemplate(store, campaign.tenantId, campaign.template.id).catch(error => {
      if (error instanceof ApiError) return null
      throw error
    })
    if (template?.status === 'APPROVED') {
      templates.set(key, template, TEMPLATE_KEPT_MS)
      return template
    }
    const state = template === null ? 'deleted' : template.status.toLowerCase()
    await step(campaign, { status: 'PAUSED', statusReason: `The template is ${state}. Resume when WhatsApp has approved it.` })
    return null
  }

  /** Of a campaign with a rate of its own: what has gathered since, at most two seconds' worth. */
  function allowance({ _id }: CampaignDoc, perMinute: number | null): number {
    if (perMinute === null) {
      throttles.delete(String(_id))
      return Infinity
    }
    const now = performance.now()
    const perMs = perMinute / 60_000
    const before = throttles.get(String(_id)) ?? { allowance: 1, at: now }
    const gathered = Math.min(before.allowance + (now - before.at) * perMs, Math.max(1, perMs * AHEAD_SECONDS * 1000))
    throttles.set(String(_id), { allowance: gathered, at: now })
    return Math.floor(gathered)
  }

  function spend({ _id }: CampaignDoc, count: number): void {
    const throttle = throttles.get(String(_id))
    if (throttle) throttle.allowance -= count
  }

  /** Tells what has changed, and ends what is done; of a large campaign less often, for counting reads its index. */
  async function report(): Promise<void> {
    const running = await findCampaignsIn(store, ['RUNNING', 'PAUSED'])
    const known = new Set(running.map(({ _id }) => String(_id)))
    for (const map of [progress, throttles]) for (const id of map.keys()) if (!known.has(id)) map.delete(id)
    for (const campaign of running) await reportOne(campaign)
  }

  async function reportOne(campaign: CampaignDoc): Promise<void> {
    const before = progress.get(String(campaign._id))
    const started = performance.now()
    if (before && started < before.nextAt) return
    const now = clock.now()
    if (campaign.endsAt !== null && campaign.endsAt <= now)
      return await step(campaign, { status: 'CANCELLED', statusReason: 'Its time was over.' })
    const counts = await countOutcomes(store, campaign)
    const isDone = campaign.status === 'RUNNING' && campaign.releasedRow >= campaign.audience.read && counts.queued === 0
    if (isDone) return await step(campaign, { status: 'DONE', endedAt: now, counts })
    const reported = JSON.stringify([campaign.status, campaign.released, campaign.skipped, counts])
    if (
      reported !== (before?.reported ?? JSON.stringify([campaign.status, campaign.released, campaign.skipped, campaign.counts]))
    )
      await step(campaign, { counts })
    const tookMs = performance.now() - started
    progress.set(String(campaign._id), { reported, nextAt: performance.now() + Math.max(PROGRESS_MS, tookMs * COUNTING_SHARE) })
  }

  /** What a cancelled campaign has left in the rows ends; then it has ended itself. */
  async function endCancelled(): Promise<void> {
    for (const campaign of await findCampaignsIn(store, ['CANCELLED'])) {
      const rows = await findLeftOver(store, campaign, LEFT_OVER)
      for (const row of rows) {
        const events = await settleOne(store, failedHere(row, 'cancelled', clock.now()))
        if (events) await publishing.publish(events)
      }
      if (rows.length < LEFT_OVER) await step(campaign, { endedAt: clock.now(), counts: await countOutcomes(store, campaign) })
    }
  }

  async function step(campaign: CampaignDoc, set: Partial<CampaignDoc>): Promise<void> {
    const event = await stepCampaign(store, campaign, set, clock.now())
    if (event) await publishing.publish([event])
    if (set.status)
      log.info({ campaignId: String(campaign._id), status: set.status, reason: set.statusReason }, 'campaign moved on')
  }

  return { begin, release, report, endCancelled }
}
