import { portfolioOf } from '#shared/domain/numbers/sending.ts'
import type { MessagingLimitWindow } from '#shared/limits/messaging-limit.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { findFirstWritten } from '#shared/store/dispatch/first-written.ts'
import { findLimitedNumbers } from '#shared/store/numbers/sending-numbers.ts'

const DAY_MS = 86_400_000
/** For the numbers of one tenant in one portfolio. */
const MOST_MS = 20_000

export interface RestoreDeps {
  store: Store
  people: MessagingLimitWindow
  clock: ServerClock
  log: Logger
}

/**
 * Who was written to first in the last 24 h is counted in Redis alone. Where it has lost that, the messages tell it again; until
 * then Meta's own limit holds, as while Redis is away.
 */
export function createMessagingLimitRestore({ store, people, clock, log }: RestoreDeps) {
  return async function restore(): Promise<void> {
    if ((await people.isKept()) !== false) return
    const byPortfolio = Map.groupBy(await findLimitedNumbers(store), portfolioOf)
    let count = 0
    for (const [portfolioId, clients] of byPortfolio)
      for (const own of Map.groupBy(clients, ({ tenantId }) => String(tenantId)).values())
        count += await restoreFor(portfolioId, own)
    await people.keep()
    if (count > 0) log.info({ count }, 'people of the messaging limits counted again')
  }

  /** Of one tenant. What takes too long is left out, so that the others get their turn. */
  async function restoreFor(portfolioId: string, clients: readonly ClientDoc[]): Promise<number> {
    const [{ tenantId }] = clients as [ClientDoc]
    const phoneNumberIds = clients.map(({ phoneNumberId }) => phoneNumberId)
    const limit = Math.max(...clients.map(({ messagingLimit }) => messagingLimit ?? 0))
    const since = new Date(clock.now().getTime() - DAY_MS)
    const { people: found, isWhole } = await findFirstWritten(
      store,
      { tenantId, phoneNumberIds },
      { since, limit, maxTimeMS: MOST_MS },
    )
    if (!isWhole)
      log.warn({ tenantId: String(tenantId), portfolioId, count: found.size }, 'people of a messaging limit counted in part')
    await people.add(
      portfolioId,
      [...found].map(([contactKey, at]) => ({ contactKey, at })),
    )
    return found.size
  }
}
