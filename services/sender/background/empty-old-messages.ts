import { keptSince } from '#shared/domain/inbox/retention.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { emptyNext, findRetainingTenants, type RetainingTenant } from '#shared/store/inbox/retention.ts'
import type { RoundRobin } from './round-robin.ts'

export interface RetentionDeps {
  store: Store
  clock: Pick<ServerClock, 'now'>
  log: Logger
  roundRobin: Pick<RoundRobin, 'isolate'>
}

/** Messages of one account in a round. */
const BATCH = 500

/**
 * Empties messages that are older than their account keeps them: in each round a batch of each account, so that a large one keeps
 * no other waiting. A run of an account ends when all of a day are done, and the next begins with the next day, or with a change of
 * the setting. @returns how many messages were looked at @throws Outage
 */
export async function emptyOldMessages(deps: RetentionDeps, mayGoOn: MayGoOn, limit = BATCH): Promise<number> {
  const { store, clock, roundRobin } = deps
  const now = clock.now()
  let found = 0
  for (const tenant of await findRetainingTenants(store)) {
    const { isDue, before } = dueOf(tenant, now)
    if (!isDue) continue
    if (!mayGoOn()) break
    const job = { job: 'empty old messages', tenantId: String(tenant._id) }
    found += (await roundRobin.isolate(job, () => emptyOne(deps, tenant, { before, limit, now }))) ?? 0
  }
  return found
}

/** Whether a run has anything left, and how far it goes; to null where the setting is gone. */
function dueOf({ keepDays, state }: RetainingTenant, now: Date): { isDue: boolean; before: Date | null } {
  if (keepDays === null) return { isDue: true, before: null }
  const before = keptSince(keepDays, now)
  return { isDue: state.until?.getTime() !== before.getTime(), before }
}

async function emptyOne(
  { store, log }: RetentionDeps,
  { _id }: RetainingTenant,
  step: Parameters<typeof emptyNext>[2],
): Promise<number> {
  const { found, ended } = await emptyNext(store, _id, step)
  if (ended) log.info({ tenantId: String(_id), messages: ended, before: step.before }, 'old messages emptied')
  return found
}
