import { portfolioOf } from '#shared/domain/numbers/sending.ts'
import type { MessagingLimitWindow } from '#shared/limits/messaging-limit.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { findFirstWritten } from '#shared/store/dispatch/first-written.ts'
import { metaIdsOf } from '#shared/store/numbers/meta-ids.ts'
import { findLimitedNumbers } from '#shared/store/numbers/sending-numbers.ts'

const DAY_MS = 86_400_000
/** Time limit of the query for one tenant in one portfolio. */
const QUERY_MS = 20_000

export interface RestoreDeps {
  store: Store
  messagingLimits: MessagingLimitWindow
  clock: ServerClock
  log: Logger
}

/**
 * Restores the messaging-limit windows from the messages when Redis, the only place that holds them, has lost them: the contacts
 * to whom a conversation was started in the last 24 h. Until then only Meta enforces the limit.
 * @throws Outage, Error while Redis is away
 */
export async function restoreMessagingLimits(deps: RestoreDeps): Promise<void> {
  if ((await deps.messagingLimits.isKept()) !== false) return
  let count = 0
  for (const [portfolioId, clients] of Map.groupBy(await findLimitedNumbers(deps.store), portfolioOf))
    for (const own of Map.groupBy(clients, ({ tenantId }) => String(tenantId)).values())
      count += await restorePortfolio(deps, portfolioId, own)
  await deps.messagingLimits.keep()
  if (count > 0) deps.log.info({ count }, 'messaging limits restored')
}

/** Restores one tenant's part, as far as the query's time limit allows, so that the other tenants are restored too. */
async function restorePortfolio(deps: RestoreDeps, portfolioId: string, clients: readonly ClientDoc[]): Promise<number> {
  const { store, messagingLimits, clock, log } = deps
  const [{ tenantId }] = clients as [ClientDoc]
  const phoneNumberIds = clients.flatMap(metaIdsOf)
  const limit = Math.max(...clients.map(({ messagingLimit }) => messagingLimit ?? 0))
  const window = { since: new Date(clock.now().getTime() - DAY_MS), limit, maxTimeMS: QUERY_MS }
  const { people, isWhole } = await findFirstWritten(store, { tenantId, phoneNumberIds }, window)
  const rows = [...people].map(([contactKey, at]) => ({ contactKey, at }))
  if (!isWhole) log.warn({ tenantId: String(tenantId), portfolioId, count: people.size }, 'messaging limit restored in part')
  await messagingLimits.add(portfolioId, rows)
  return people.size
}
