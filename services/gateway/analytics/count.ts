import type { AnalyticsStateDoc } from '#shared/model/documents.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { EventPublisher } from '#shared/queue/publish-events.ts'
import { CountedElsewhere, followClosings, followEvents, rebuildSome } from '#shared/store/analytics/follow.ts'
import {
  type AnalyticsTenant,
  beginRebuild,
  findAnalyticsState,
  findAnalyticsStates,
  listAnalyticsTenants,
} from '#shared/store/analytics/states.ts'
import type { Store } from '#shared/store/connect.ts'
import { latestSeq, latestSeqs } from '#shared/store/events/sequence.ts'

import { checkSpend } from './check-spend.ts'

export interface CountDeps {
  store: Store
  events: EventPublisher
  log: Logger
  now(): Date
}

/** Batches of one tenant in a round: a busy one must not hold up the others. */
const MOST_BATCHES = 10
/** Events are kept for 24 hours. Counters that were not up to date for nearly so long are built anew from the messages. */
const EVENTS_KEPT_MS = 20 * 3_600_000
/** A tenant without events is noted as up to date this often. */
const NOTED_MS = 3_600_000

/**
 * Keeps the counters of all tenants up to date with their streams of events, off the road of the messages. A round may stop at any
 * point and may be repeated. @returns how much was counted. @throws Outage
 */
export async function countForReports(deps: CountDeps, mayGoOn: MayGoOn = () => true): Promise<number> {
  const { store, log } = deps
  const tenants = await listAnalyticsTenants(store)
  const ids = tenants.map(({ _id }) => _id)
  const [states, latest] = await Promise.all([findAnalyticsStates(store, ids), latestSeqs(store, ids.map(String))])
  let counted = 0
  for (const tenant of tenants) {
    if (!mayGoOn()) break
    const id = String(tenant._id)
    try {
      counted += await countTenant(deps, tenant, { state: states.get(id) ?? null, latest: latest.get(id) ?? 0, mayGoOn })
    } catch (error) {
      if (!(error instanceof CountedElsewhere)) throw error
      log.info({ tenantId: id }, 'messages were counted by another process')
    }
  }
  return counted
}

interface Round {
  state: AnalyticsStateDoc | null
  /** `seq` of the tenant's last event. */
  latest: number
  mayGoOn: MayGoOn
}

async function countTenant(deps: CountDeps, tenant: AnalyticsTenant, { state: found, latest, mayGoOn }: Round): Promise<number> {
  const { store, now } = deps
  let state = found
  let counted = 0
  for (let batch = 0; batch < MOST_BATCHES && mayGoOn(); batch++) {
    if (needsRebuild(state, tenant, latest, now())) state = await rebuild(deps, tenant)
    if (state === null) break
    const { count, isMore } = await countSome(deps, state, latest)
    counted += count
    if (!isMore) break
    state = await findAnalyticsState(store, tenant._id)
  }
  await checkSpend(deps, tenant, counted > 0 ? await findAnalyticsState(store, tenant._id) : state)
  return counted
}

function needsRebuild(state: AnalyticsStateDoc | null, { settings }: AnalyticsTenant, latest: number, now: Date): boolean {
  if (state === null) return true
  if (state.rebuild !== null) return state.rebuild.timezone !== settings.timezone
  const isBehind = latest > state.cursor && state.countedAt !== null
  return state.timezone !== settings.timezone || (isBehind && ageOf(state, now) > EVENTS_KEPT_MS)
}

const ageOf = ({ countedAt }: AnalyticsStateDoc, now: Date) => now.getTime() - (countedAt?.getTime() ?? 0)

/** The place in the stream is read before the rows: what changes meanwhile is counted after them. */
async function rebuild({ store, log }: CountDeps, { _id, settings }: AnalyticsTenant): Promise<AnalyticsStateDoc> {
  const cursor = await latestSeq(store, String(_id))
  log.info({ tenantId: String(_id), timezone: settings.timezone }, 'counters of reports are built from the messages')
  return await beginRebuild(store, _id, settings.timezone, cursor)
}

async function countSome({ store, now }: CountDeps, state: AnalyticsStateDoc, latest: number) {
  if (state.rebuild !== null) return await rebuildSome(store, state)
  if (latest > state.cursor || ageOf(state, now()) > NOTED_MS) {
    const followed = await followEvents(store, state, now())
    if (followed.count > 0) return { ...followed, isMore: true }
  }
  return await followClosings(store, state)
}
